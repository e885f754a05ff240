"""A graph pass: BatchNormalization behind a layer becomes part of its weights and bias, where that is exact."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
from onnx import numpy_helper

from evaluator.graph.constants import constant_values, tensor_names, unused_name
from evaluator.graph.node import attributes_of

_FOLDED = {"Conv": 0, "ConvTranspose": 1, "Gemm": 1}
"""Operator -> axis of the outputs in its weights."""


def fold_batch_norm(model: onnx.ModelProto) -> onnx.ModelProto:
    """Fold y = scale (x - mean) / sqrt(var + epsilon) + shift into the layer before it, on a copy.

    Exact where nothing else sees the layer's output and all of its numbers are constant. What is left stays digital.
    """
    constants = constant_values(model)
    made_by = {output: k for k, node in enumerate(model.graph.node) for output in node.output}
    uses = Counter(name for node in model.graph.node for name in node.input)
    uses.update(o.name for o in model.graph.output)
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    taken = tensor_names(model)
    gone = []
    for k, norm in enumerate(model.graph.node):
        before = made_by.get(norm.input[0]) if norm.op_type == "BatchNormalization" else None
        if before is None or not _exact(model.graph.node[before], norm, uses, set(constants)):
            continue
        layer, attributes = model.graph.node[before], attributes_of(model.graph.node[before])
        stored = constants[layer.input[1]]
        scale, shift, mean, variance = (constants[name].astype(np.float64) for name in norm.input[1:5])
        spread = variance + attributes_of(norm).get("epsilon", 1e-5)
        if not np.all(spread > 0):  # the network itself gives NaN or infinity
            continue
        factor = scale / np.sqrt(spread)
        bias = constants[layer.input[2]].astype(np.float64) if len(layer.input) > 2 and layer.input[2] else 0.0
        axis = _FOLDED[layer.op_type]
        if layer.op_type == "Gemm":
            axis = 0 if attributes.get("transB", 0) else 1
            bias = bias * attributes.get("beta", 1.0)
        along = factor.reshape([-1 if a == axis else 1 for a in range(stored.ndim)])
        new = copy.graph.node[before]
        del new.input[1:]
        for what, value in (("weights", stored * along), ("bias", (bias - mean) * factor + shift)):
            name = unused_name(f"folded_{what}_{before}", taken)
            copy.graph.initializer.append(numpy_helper.from_array(value.astype(stored.dtype), name))
            new.input.append(name)
        for a in new.attribute:
            if a.name == "beta":
                a.f = 1.0
        new.output[0] = norm.output[0]
        gone.append(k)
    for k in reversed(gone):
        del copy.graph.node[k]
    return copy


def _exact(layer: onnx.NodeProto, norm: onnx.NodeProto, uses: Counter[str], constants: set[str]) -> bool:
    numbers = {*layer.input[1:], *norm.input[1:5]} - {""}
    grouped = layer.op_type == "ConvTranspose" and attributes_of(layer).get("group", 1) != 1
    attributes = attributes_of(norm)
    trained = attributes.get("training_mode", 0) or any(norm.output[1:])
    by_place = not attributes.get("spatial", 1)  # opset 7: numbers of their own for every place
    return bool(
        layer.op_type in _FOLDED
        and layer.input[0] not in constants
        and uses[layer.output[0]] == 1
        and numbers <= constants
        and not grouped
        and not trained
        and not by_place
    )
