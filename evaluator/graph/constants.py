"""Names and constant tensors of an ONNX graph, wherever they come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from evaluator.graph.runtime import one_line, open_session, run
from models_va.errors import InputError


def graph_inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """The inputs that need a value: not those (ONNX IR 3) that only announce an initializer."""
    stored = {t.name for t in model.graph.initializer}
    return [i for i in model.graph.input if i.name not in stored]


def tensor_names(model: onnx.ModelProto) -> set[str]:
    """Every tensor name of the graph."""
    named = (*model.graph.input, *model.graph.initializer)
    return {t.name for t in named} | {n for node in model.graph.node for n in (*node.input, *node.output)}


def unused_name(name: str, taken: set[str]) -> str:
    """``name``, with underscores added until it is not in ``taken``; from then on it is."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def constant_values(model: onnx.ModelProto) -> Mapping[str, NDArray[Any]]:
    """Every tensor that depends on no input: initializers, Constant nodes, what other nodes make of these.

    So a weight behind an Identity or a Transpose counts as constant.

    Raises:
        InputError: one is damaged, or onnxruntime cannot compute them.

    """
    values = {t.name: _stored(t) for t in model.graph.initializer}
    known = {"", *values}
    nodes = []
    for node in model.graph.node:
        if known.issuperset(node.input):
            nodes.append(node)
            known.update(node.output)
    names = [name for node in nodes for name in node.output if name]
    if names:
        values.update(zip(names, run(open_session(_part(model, nodes, names)), {}, names), strict=True))
    return values


def _stored(tensor: onnx.TensorProto) -> NDArray[Any]:
    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except Exception as error:  # of an unknown type, of another size than its shape says: whatever onnx raises
        raise InputError(f"constant {tensor.name!r} cannot be read ({one_line(error)}): export it again") from error


def _part(model: onnx.ModelProto, nodes: list[onnx.NodeProto], outputs: list[str]) -> onnx.ModelProto:
    graph = onnx.GraphProto(name="constants", node=nodes, initializer=model.graph.initializer)
    graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
    return onnx.ModelProto(ir_version=max(model.ir_version, 4), opset_import=model.opset_import, graph=graph)
