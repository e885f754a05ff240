"""MatMul with one constant matrix: x W (weights second) or W x (weights first); a bias is an Add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evaluator.layer import Array, MappedLayer, evenly
from evaluator.ops._weights import constant_weights, node_name


def extract(index: int, node: onnx.NodeProto, constants: Mapping[str, NDArray[Any]]) -> MappedLayer:
    """The layer of a MatMul node.

    Raises:
        InputError: neither factor is a constant finite floating-point matrix.

    """
    first = node.input[0] in constants
    stored = constant_weights(node, 0 if first else 1, constants, range(2, 3))

    def laid_out(weights: Array) -> NDArray[Any]:
        return np.ascontiguousarray(weights[0] if first else weights[0].T).astype(stored.dtype)

    def to_vectors(activation: NDArray[Any], most: int) -> Array:
        inputs_last = np.swapaxes(activation, -1, -2) if first and activation.ndim > 1 else activation
        vectors = inputs_last.reshape(-1, inputs)
        return np.asarray(vectors[evenly(len(vectors), most)], dtype=np.float64)[None]

    weights = np.asarray(stored if first else stored.T, dtype=np.float64)[None]
    inputs = weights.shape[2]
    places = (0, 1) if first else (1, 0)
    return MappedLayer(node_name(index, node), "MatMul", index, *places, weights, 1, laid_out, to_vectors)
