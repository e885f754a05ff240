"""The graph with arrays in its layers' places, or with the weights that they really have."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import numpy_helper

from evaluator.network.constants import tensor_names, unused_name, without_unused
from evaluator.network.layer import Array, MappedLayer
from evaluator.network.node_writer import Emitter
from evaluator.operators.arrays import ArrayPart, Taps, emit, is_plain, plain_weights


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
