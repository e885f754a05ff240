"""The graph of a network with arrays in its layers' places, or with other weights in its layers."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from evaluator.network.graph import Graph
from evaluator.network.layer import Array, MappedLayer
from evaluator.network.node_writer import NodeWriter
from evaluator.operators.arrays import ArrayPart, ArrayTensors, is_plain, plain_weights, write_arrays


def with_weights(graph: Graph, layers: Sequence[MappedLayer], weights: Sequence[Array]) -> Graph:
    """A copy of the graph in which each layer has the given matrices, shape (groups, outputs, inputs), as its own."""
    copy = graph.copy()
    _set_weights(copy, layers, weights)
    copy.drop_unused()
    return copy


def _set_weights(graph: Graph, layers: Sequence[MappedLayer], weights: Sequence[Array]) -> None:
    """Let each layer's node read the given matrices instead of its own weights."""
    for layer, matrix in zip(layers, weights, strict=True):
        stored = layer.to_node(matrix).astype(layer.dtype)
        graph.nodes[layer.node].input[layer.weight_input] = graph.store(f"effective_weights_{layer.node}", stored)


def with_arrays(graph: Graph, parts: Sequence[ArrayPart]) -> tuple[Graph, list[ArrayTensors]]:
    """A copy of the graph in which each layer's arrays stand in its place, and the names of tensors inside them.

    Layers whose arrays are only other weights stay the nodes that they are.
    """
    copy = graph.copy()
    copy.model.ir_version = max(copy.model.ir_version, 4)  # initializers need not be announced as inputs
    plain = [p for p in parts if is_plain(p)]
    _set_weights(copy, [p.plan.layer for p in plain], [plain_weights(p) for p in plain])
    nodes = {k: [node] for k, node in enumerate(copy.nodes)}
    tensors = []
    for part in parts:
        found = ArrayTensors()
        if not is_plain(part):
            nodes[part.plan.layer.node], found = _array_nodes(copy, part)
        tensors.append(found)
    copy.replace_nodes(node for k in sorted(nodes) for node in nodes[k])
    copy.drop_unused()
    return copy, tensors


def _array_nodes(graph: Graph, part: ArrayPart) -> tuple[list[onnx.NodeProto], ArrayTensors]:
    """The nodes that compute on arrays what a layer's node computes, and the names of tensors inside them."""
    layer = part.plan.layer
    node, to = graph.nodes[layer.node], NodeWriter(graph, layer.dtype)
    product, tensors = write_arrays(to, node.input[layer.activation_input], part)
    result = layer.product.finish(to, product)
    if to.nodes[-1].output[0] != result:
        raise AssertionError(f"{layer.op}: finish must add the last node")
    to.call_last(node.output[0])
    return to.nodes, tensors
