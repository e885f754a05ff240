"""MatMul with one constant matrix: x W (weights second) or W x (weights first); a bias is an Add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evaluator.layer import Array, MappedLayer
from evaluator.ops._weights import constant_matrix, node_name


def extract(index: int, node: onnx.NodeProto, constants: Mapping[str, NDArray[Any]]) -> MappedLayer:
    """The layer of a MatMul node.

    Raises:
        InputError: neither factor is a constant finite floating-point matrix.

    """
    first = node.input[0] in constants
    stored = constant_matrix(node, 0 if first else 1, constants)

    def to_node(weights: Array) -> NDArray[Any]:
        return np.ascontiguousarray(weights if first else weights.T).astype(stored.dtype)

    def to_vectors(activation: NDArray[Any]) -> Array:
        x = np.asarray(activation, dtype=np.float64)
        inputs_last = np.swapaxes(x, -1, -2) if first and x.ndim > 1 else x
        return inputs_last.reshape(-1, stored.shape[1] if first else stored.shape[0])

    return MappedLayer(
        name=node_name(index, node),
        op="MatMul",
        node=index,
        weight_input=0 if first else 1,
        activation_input=1 if first else 0,
        weights=np.asarray(stored if first else stored.T, dtype=np.float64),
        to_node=to_node,
        to_vectors=to_vectors,
    )
