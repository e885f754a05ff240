"""The graph with arrays in its layers' places, or with the weights that they really have."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from evaluator.network.graph import Graph
from evaluator.network.layer import Array, MappedLayer
from evaluator.network.node_writer import Emitter
from evaluator.operators.arrays import ArrayPart, Taps, emit, is_plain, plain_weights


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


def with_arrays(graph: Graph, parts: Sequence[ArrayPart]) -> tuple[Graph, list[Taps]]:
    """A copy of the graph in which each layer's arrays stand in its place, and the names inside them.

    Layers whose arrays are only other weights stay the nodes that they are.
    """
    copy = graph.copy()
    copy.model.ir_version = max(copy.model.ir_version, 4)  # initializers need not be announced as inputs
    plain = [p for p in parts if is_plain(p)]
    _set_weights(copy, [p.plan.layer for p in plain], [plain_weights(p) for p in plain])
    nodes = {k: [node] for k, node in enumerate(copy.nodes)}
    taps = []
    for part in parts:
        found = Taps()
        if not is_plain(part):
            nodes[part.plan.layer.node], found = _array_nodes(copy, part)
        taps.append(found)
    copy.replace_nodes(node for k in sorted(nodes) for node in nodes[k])
    copy.drop_unused()
    return copy, taps


def _array_nodes(graph: Graph, part: ArrayPart) -> tuple[list[onnx.NodeProto], Taps]:
    """The nodes that compute on arrays what a layer's node computes, and the names inside them."""
    layer = part.plan.layer
    node, to = graph.nodes[layer.node], Emitter(graph, layer.dtype)
    product, taps = emit(to, node.input[layer.activation_input], part)
    result = layer.product.finish(to, product)
    if to.nodes[-1].output[0] != result:
        raise AssertionError(f"{layer.op}: finish must add the last node")
    to.call_last(node.output[0])
    return to.nodes, taps
