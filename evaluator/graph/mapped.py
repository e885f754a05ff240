"""Which nodes of a graph go onto arrays, and the graph with the weights that the arrays really have."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import numpy_helper

from evaluator.graph.arrays import ArrayPart, Taps, emit, is_plain, plain_weights
from evaluator.graph.constants import constant_values, tensor_names, unused_name
from evaluator.graph.emitter import Emitter
from evaluator.layer import Array, MappedLayer
from evaluator.ops import EXTRACTORS, UNMAPPED
from evaluator.ops._weights import node_name
from models_va.errors import InputError, located


def mapped_layers(model: onnx.ModelProto) -> list[MappedLayer]:
    """The layers of a network, in the order of its nodes.

    A matrix that several nodes share is a layer of each: every node has arrays of its own.

    Raises:
        InputError: an operator that holds weights and is not mapped, weights that cannot be mapped, or no layer
            at all; the message names the node.

    """
    for index, node in enumerate(model.graph.node):
        _check_supported(index, node)
    constants = constant_values(model)
    layers = []
    for index, node in enumerate(model.graph.node):
        if node.op_type in EXTRACTORS and node.output[0] not in constants:
            with located(f"{node.op_type} node {node_name(index, node)!r}"):
                layers.append(EXTRACTORS[node.op_type](index, node, constants))
    if not layers:
        raise InputError(f"has no {' or '.join(EXTRACTORS)} node: there are no weights to put onto arrays")
    return layers


def with_weights(model: onnx.ModelProto, layers: Sequence[MappedLayer], weights: Sequence[Array]) -> onnx.ModelProto:
    """A copy of the graph in which each layer has the given matrices, shape (groups, outputs, inputs), as its own."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    taken = tensor_names(model)
    for layer, matrix in zip(layers, weights, strict=True):
        name = unused_name(f"effective_weights_{layer.node}", taken)
        copy.graph.initializer.append(numpy_helper.from_array(layer.to_node(matrix).astype(layer.dtype), name))
        copy.graph.node[layer.node].input[layer.weight_input] = name
    return without_unused(copy)


def with_arrays(model: onnx.ModelProto, parts: Sequence[ArrayPart]) -> tuple[onnx.ModelProto, list[Taps]]:
    """A copy of the graph in which each layer's arrays stand in its place, and the names inside them.

    Layers whose arrays are only other weights stay the nodes that they are.
    """
    plain = [p for p in parts if is_plain(p)]
    copy = with_weights(model, [p.plan.layer for p in plain], [plain_weights(p) for p in plain])
    taken = tensor_names(model) | tensor_names(copy)
    copy.ir_version = max(copy.ir_version, 4)  # initializers need not be announced as inputs
    nodes = {k: [node] for k, node in enumerate(copy.graph.node)}
    taps = []
    for part in parts:
        found = Taps()
        if not is_plain(part):
            layer, (node,) = part.plan.layer, nodes[part.plan.layer.node]
            to = Emitter(copy, layer.dtype, taken)
            product, found = emit(to, node.input[layer.activation_input], part)
            result = layer.product.finish(to, product)
            if to.nodes[-1].output[0] != result:
                raise AssertionError(f"{layer.op}: finish must add the last node")
            to.call_last(node.output[0])
            nodes[layer.node] = to.nodes
        taps.append(found)
    replaced = [node for k in sorted(nodes) for node in nodes[k]]
    del copy.graph.node[:]
    copy.graph.node.extend(replaced)
    return without_unused(copy), taps


def without_unused(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same object without initializers that no node reads, such as weights that were replaced."""
    used = {name for node in model.graph.node for name in node.input} | {o.name for o in model.graph.output}
    kept = [t for t in model.graph.initializer if t.name in used]
    gone = {t.name for t in model.graph.initializer} - used
    if gone:
        announced = [i for i in model.graph.input if i.name not in gone]
        stored = onnx.GraphProto(initializer=kept, input=announced)
        del model.graph.initializer[:], model.graph.input[:]
        model.graph.initializer.extend(stored.initializer)
        model.graph.input.extend(stored.input)
    return model


def _check_supported(index: int, node: onnx.NodeProto) -> None:
    if node.op_type in UNMAPPED or node.domain not in ("", "ai.onnx"):
        raise InputError(
            f"operator {node.op_type!r} of node {node_name(index, node)!r} may hold weights and cannot go onto arrays: "
            f"export them as {', '.join(EXTRACTORS)}; all other standard operators run digitally"
        )
