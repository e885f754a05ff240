"""Sessions that compute one layer by itself from its activation: row signals, column currents, product."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import onnx
from onnxruntime import InferenceSession

from evaluator.network.graph import Graph
from evaluator.network.node_writer import NodeWriter
from evaluator.network.runtime import open_session
from evaluator.operators.arrays import ArrayPart, write_arrays
from evaluator.operators.inputs import Signal, write_drivers

_ACTIVATION = "activation"
"""Name of the only input of these graphs."""


def signal_session(graph: Graph, part: ArrayPart) -> tuple[InferenceSession, list[Signal]]:
    """A session that computes the signals of a layer's row drivers from the tensor ``activation``.

    Returns:
        The session and the signal of each read.

    """
    alone, to = _layer_graph(graph, part)
    on = to.of_type(part.plan.layer.array_dtype)
    signals = write_drivers(on, on.cast(_ACTIVATION, to), part.plan, part.converters, part.curve, apart=True)
    return _opened(alone, to, [s.voltage for s in signals]), signals


def current_session(graph: Graph, part: ArrayPart) -> tuple[InferenceSession, list[list[str]]]:
    """A session that computes a layer's column currents from the tensor ``activation``.

    Returns:
        The session, and for each slice the names of its currents.

    """
    alone, to = _layer_graph(graph, part)
    _, tensors = write_arrays(to, _ACTIVATION, part)
    names = [tensors.currents[s] for s in range(len(part.plan.target.layout.factors))]
    return _opened(alone, to, [n for of_slice in names for n in of_slice]), names


def layer_session(
    graph: Graph, part: ArrayPart, beside: Callable[[NodeWriter], str]
) -> tuple[InferenceSession, list[str]]:
    """A session that computes a layer's product from the tensor ``activation``, and the tensor that ``beside`` adds.

    Returns:
        The session and the names of the two tensors.

    """
    alone, to = _layer_graph(graph, part)
    product, _ = write_arrays(to, _ACTIVATION, part)
    names = [product, beside(to)]
    return _opened(alone, to, names), names


def _layer_graph(graph: Graph, part: ArrayPart) -> tuple[Graph, NodeWriter]:
    """A graph that has a layer's activation as its input and nothing else, and a writer of nodes for it."""
    kind = onnx.helper.np_dtype_to_tensor_dtype(part.plan.layer.dtype)
    activation = onnx.helper.make_tensor_value_info(_ACTIVATION, kind, None)
    model = onnx.ModelProto(
        ir_version=max(graph.model.ir_version, 4),
        opset_import=[onnx.helper.make_opsetid("", graph.opset)],
        graph=onnx.GraphProto(name="layer", input=[activation]),
    )
    alone = Graph(model)
    return alone, NodeWriter(alone, part.plan.layer.dtype)


def _opened(alone: Graph, to: NodeWriter, outputs: Iterable[str]) -> InferenceSession:
    """A session of the graph with the nodes that were written, and with these tensors as its outputs."""
    alone.replace_nodes(to.nodes)
    alone.model.graph.output.extend(onnx.ValueInfoProto(name=n) for n in dict.fromkeys(outputs))
    return open_session(alone.model, 1)  # for small batches the threads of many sessions only wait for each other
