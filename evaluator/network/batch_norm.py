"""A graph pass that folds BatchNormalization into weights and bias of the layer before it, where that is exact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evaluator.network.graph import Graph
from evaluator.network.node import attributes_of, read_by

_FOLDED = {"Conv": 0, "ConvTranspose": 1, "Gemm": 1}
"""Axis of the outputs in the weights of an operator, by operator; for Gemm it is that of weights not transposed."""

Constants = Mapping[str, NDArray[Any]]


def fold_batch_norm(graph: Graph) -> Graph:
    """Fold y = scale (x - mean) / sqrt(var + epsilon) + shift into the layer before it, on a copy.

    Exact where nothing else sees the layer's output and all of its numbers are constant. What is left stays digital.

    Returns:
        The same object if there is nothing to fold.

    """
    pairs = _pairs(graph)
    if not pairs:
        return graph
    copy = graph.copy()
    for before, k in pairs:
        layer, norm = graph.nodes[before], graph.nodes[k]
        new = copy.nodes[before]
        del new.input[1:]
        for what, value in zip(("weights", "bias"), _folded(layer, norm, graph.constants), strict=True):
            new.input.append(copy.store(f"folded_{what}_{before}", value))
        for a in new.attribute:
            if a.name == "beta":
                a.f = 1.0
        new.output[0] = norm.output[0]
    copy.remove_nodes(k for _, k in pairs)
    return copy


def _pairs(graph: Graph) -> list[tuple[int, int]]:
    """Positions of a layer and of the BatchNormalization that can be folded into it, in the order of the latter."""
    nodes, constants = graph.nodes, graph.constants
    made_by = {output: k for k, node in enumerate(nodes) for output in node.output}
    uses = Counter(name for node in nodes for name in read_by(node))
    uses.update(o.name for o in graph.model.graph.output)
    norms = [(made_by.get(n.input[0]), k) for k, n in enumerate(nodes) if n.op_type == "BatchNormalization"]
    return [
        (before, k)
        for before, k in norms
        if before is not None and uses[nodes[before].output[0]] == 1 and _exact(nodes[before], nodes[k], constants)
    ]


def _exact(layer: onnx.NodeProto, norm: onnx.NodeProto, constants: Constants) -> bool:
    """Whether layer and normalization are both linear, with constant numbers and one normalization an output."""
    grouped = layer.op_type == "ConvTranspose" and attributes_of(layer).get("group", 1) != 1
    attributes = attributes_of(norm)
    trained = attributes.get("training_mode", 0) or any(norm.output[1:])
    by_place = not attributes.get("spatial", 1)  # opset 7: numbers of their own for every place
    return bool(
        layer.op_type in _FOLDED
        and layer.input[0] not in constants
        and {*layer.input[1:], *norm.input[1:5]} - {""} <= constants.keys()
        and not grouped
        and not trained
        and not by_place
        and np.all(_spread(norm, constants) > 0)  # the network itself gives NaN or infinity
    )


def _spread(norm: onnx.NodeProto, constants: Constants) -> NDArray[np.float64]:
    """Variance and epsilon, whose root a BatchNormalization divides by."""
    return constants[norm.input[4]].astype(np.float64) + float(attributes_of(norm).get("epsilon", 1e-5))


def _folded(layer: onnx.NodeProto, norm: onnx.NodeProto, constants: Constants) -> tuple[NDArray[Any], NDArray[Any]]:
    """The layer's weights and bias with the normalization in them, in the weights' type."""
    stored, attributes = constants[layer.input[1]], attributes_of(layer)
    scale, shift, mean = (constants[name].astype(np.float64) for name in norm.input[1:4])
    factor = scale / np.sqrt(_spread(norm, constants))
    bias = constants[layer.input[2]].astype(np.float64) if len(layer.input) > 2 and layer.input[2] else 0.0
    axis = 0 if attributes.get("transB", 0) else _FOLDED[layer.op_type]
    along = factor.reshape([-1 if a == axis else 1 for a in range(stored.ndim)])
    weights, bias = stored * along, (bias * attributes.get("beta", 1.0) - mean) * factor + shift
    return weights.astype(stored.dtype), bias.astype(stored.dtype)
