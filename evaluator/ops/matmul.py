"""MatMul with one constant matrix: x W (weights second) or W x (weights first). Stacks: see ``plain_products``."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evaluator.graph.constants import constant_weights
from evaluator.graph.node import node_name
from evaluator.layer import Array, MappedLayer, Product, evenly
from models_va.errors import InputError


def extract(index: int, node: onnx.NodeProto, constants: Mapping[str, NDArray[Any]]) -> MappedLayer:
    """The layer of a MatMul node.

    Raises:
        InputError: neither factor is a constant finite floating-point matrix.

    """
    first = node.input[0] in constants
    stored = constant_weights(node, 0 if first else 1, constants, range(2, 3))

    def lay_out(weights: Array) -> NDArray[Any]:
        return np.ascontiguousarray(weights[0] if first else weights[0].T)

    def to_vectors(activation: NDArray[Any], most: int | None) -> Array:
        inputs_last = np.swapaxes(activation, -1, -2) if first else activation
        vectors = inputs_last.reshape(-1, weights.shape[2])
        return np.asarray(vectors[evenly(len(vectors), most)], dtype=np.float64)[None]

    def vectors_in(shape: tuple[int, ...]) -> int:
        if first and len(shape) < 2:
            raise InputError("multiplies its weights with a vector: export the vector as a matrix of one column")
        return int(prod(shape) // weights.shape[2])

    def from_vectors(values: Array, shape: tuple[int, ...]) -> Array:
        if not first:
            return np.asarray(values[0].reshape(*shape[:-1], values.shape[2]))
        return np.asarray(values[0].reshape(*shape[:-2], shape[-1], values.shape[2]).swapaxes(-1, -2))

    weights = np.asarray(stored if first else stored.T, dtype=np.float64)[None]
    axis = -2 if first else -1
    return MappedLayer(
        name=node_name(index, node),
        op="MatMul",
        node=index,
        weight_input=0 if first else 1,
        activation_input=1 if first else 0,
        weights=weights,
        dtype=stored.dtype,
        block=1,
        to_node=lay_out,
        to_vectors=to_vectors,
        vectors_in=vectors_in,
        from_vectors=from_vectors,
        product=Product("MatMul", {}, first, axis, axis, int(first), lay_out, lambda _, product: product),
    )
