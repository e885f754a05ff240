"""Gemm, Y = alpha A B' + beta C: the weights B' on arrays; alpha, beta and the bias C digital."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evaluator.network.constants import constant_weights
from evaluator.network.layer import Array, MappedLayer, Product, evenly
from evaluator.network.node import attributes_of, node_name
from evaluator.network.products import with_bias


def extract(index: int, node: onnx.NodeProto, constants: Mapping[str, NDArray[Any]]) -> MappedLayer:
    """The layer of a Gemm node whose B is constant, and whose A is not transposed (see ``plain_products``).

    Raises:
        InputError: B is not a constant finite floating-point matrix.

    """
    stored = constant_weights(node, 1, constants, range(2, 3))
    by_outputs = bool(attributes_of(node).get("transB", 0))
    return MappedLayer(
        name=node_name(index, node),
        op="Gemm",
        node=index,
        weight_input=1,
        activation_input=0,
        weights=np.asarray(stored if by_outputs else stored.T, dtype=np.float64)[None],
        dtype=stored.dtype,
        block=1,
        to_node=_by_outputs if by_outputs else _by_inputs,
        to_vectors=_to_vectors,
        vectors_in=lambda shape: shape[0],
        from_vectors=lambda values, _shape: values[0],
        product=Product("MatMul", {}, False, 1, 1, 0, _by_inputs, lambda to, product: with_bias(to, product, node)),
    )


def _by_outputs(weights: Array) -> NDArray[Any]:
    """Matrices of shape (1, outputs, inputs) as one of shape (outputs, inputs)."""
    return np.ascontiguousarray(weights[0])


def _by_inputs(weights: Array) -> NDArray[Any]:
    """Matrices of shape (1, outputs, inputs) as one of shape (inputs, outputs)."""
    return np.ascontiguousarray(weights[0].T)


def _to_vectors(activation: NDArray[Any], most: int | None) -> Array:
    """Rows of an activation of shape (vectors, inputs), in the one group that there is: shape (1, vectors, inputs)."""
    return np.asarray(activation[evenly(len(activation), most)], dtype=np.float64)[None]
