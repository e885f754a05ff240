"""MatMul with one constant matrix: x W (weights second) or W x (weights first). Stacks: see ``plain_products``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evaluator.network.constants import constant_weights
from evaluator.network.layer import Array, MappedLayer, Product, evenly
from evaluator.network.node import node_name
from models_va.errors import InputError


def extract(index: int, node: onnx.NodeProto, constants: Mapping[str, NDArray[Any]]) -> MappedLayer:
    """The layer of a MatMul node.

    Raises:
        InputError: neither factor is a constant finite floating-point matrix.

    """
    first = node.input[0] in constants
    stored = constant_weights(node, 0 if first else 1, constants, range(2, 3))
    weights = np.asarray(stored if first else stored.T, dtype=np.float64)[None]
    matmul, axis = _MatMul(first, weights.shape[2]), -2 if first else -1
    return MappedLayer(
        name=node_name(index, node),
        op="MatMul",
        node=index,
        weight_input=0 if first else 1,
        activation_input=1 if first else 0,
        weights=weights,
        dtype=stored.dtype,
        block=1,
        to_node=matmul.lay_out,
        to_vectors=matmul.to_vectors,
        vectors_in=matmul.vectors_in,
        from_vectors=matmul.from_vectors,
        product=Product("MatMul", {}, first, axis, axis, int(first), matmul.lay_out, lambda _, product: product),
    )


@dataclass(frozen=True)
class _MatMul:
    """A MatMul node's tensors, and the arrays' of the same meaning; see ``MappedLayer`` for the latter.

    Attributes:
        first: whether the weights are the first factor: vectors are columns of the other, else its rows.
        inputs: number of inputs of the matrix.

    """

    first: bool
    inputs: int

    def lay_out(self, weights: Array) -> NDArray[Any]:
        """A matrix of shape (1, outputs, inputs) in the layout of the node's constant factor."""
        return np.ascontiguousarray(weights[0] if self.first else weights[0].T)

    def to_vectors(self, activation: NDArray[Any], most: int | None) -> Array:
        """Columns (weights first) or rows of an activation with any axes before them: shape (1, vectors, inputs)."""
        vectors = (np.swapaxes(activation, -1, -2) if self.first else activation).reshape(-1, self.inputs)
        return np.asarray(vectors[evenly(len(vectors), most)], dtype=np.float64)[None]

    def vectors_in(self, shape: tuple[int, ...]) -> int:
        """Number of columns or rows of an activation of this shape.

        Raises:
            InputError: the weights are the first factor, and the activation is a vector, which has no columns.

        """
        if self.first and len(shape) < 2:
            raise InputError("multiplies its weights with a vector: export the vector as a matrix of one column")
        return int(prod(shape) // self.inputs)

    def from_vectors(self, values: Array, shape: tuple[int, ...]) -> Array:
        """Output vectors, shape (1, vectors, outputs), as columns or rows behind the axes of the activation."""
        if not self.first:
            return np.asarray(values[0].reshape(*shape[:-1], values.shape[2]))
        return np.asarray(values[0].reshape(*shape[:-2], shape[-1], values.shape[2]).swapaxes(-1, -2))
