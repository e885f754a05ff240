"""Gemm, Y = alpha A B' + beta C: the weights B' on arrays; alpha, beta and the bias C digital."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evaluator.layer import Array, MappedLayer
from evaluator.ops._weights import constant_matrix, node_name
from models_va.errors import InputError


def extract(index: int, node: onnx.NodeProto, constants: Mapping[str, NDArray[Any]]) -> MappedLayer:
    """The layer of a Gemm node whose B is constant.

    Raises:
        InputError: transA is set, or B is not a constant finite floating-point matrix.

    """
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    if attributes.get("transA", 0):
        raise InputError("transA = 1: inputs must be rows of A: export it with transA = 0")
    stored = constant_matrix(node, 1, constants)
    by_outputs = bool(attributes.get("transB", 0))

    def to_node(weights: Array) -> NDArray[Any]:
        return np.ascontiguousarray(weights if by_outputs else weights.T).astype(stored.dtype)

    return MappedLayer(
        name=node_name(index, node),
        op="Gemm",
        node=index,
        weight_input=1,
        activation_input=0,
        weights=np.asarray(stored if by_outputs else stored.T, dtype=np.float64),
        to_node=to_node,
        to_vectors=lambda activation: np.asarray(activation, dtype=np.float64),
    )
