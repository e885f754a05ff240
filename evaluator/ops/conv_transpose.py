"""ConvTranspose: one vector of channels a place goes onto the arrays; what overlaps is added digitally."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evaluator.layer import Array, MappedLayer, evenly
from evaluator.ops._weights import attributes_of, constant_weights, node_name
from models_va.errors import InputError


def extract(index: int, node: onnx.NodeProto, constants: Mapping[str, NDArray[Any]]) -> MappedLayer:
    """The layer of a ConvTranspose node; outputs of a matrix are (channel, place in the kernel).

    Raises:
        InputError: the kernels are not constant, finite and floating-point, or groups do not divide them.

    """
    stored = constant_weights(node, 1, constants, range(3, 6))
    attributes = attributes_of(node)
    groups = int(attributes.get("group", 1))
    channels, outputs, *kernel = stored.shape  # outputs of a group
    if groups < 1 or channels % groups:
        raise InputError(f"group = {groups} does not divide {channels} channels: export it again")
    places, inputs = prod(kernel), channels // groups

    def to_node(weights: Array) -> NDArray[Any]:
        return np.ascontiguousarray(weights.transpose(0, 2, 1)).reshape(stored.shape).astype(stored.dtype)

    def to_vectors(activation: NDArray[Any], most: int) -> Array:
        vectors = np.moveaxis(activation, 1, -1).reshape(-1, groups, inputs)
        return np.asarray(vectors[evenly(len(vectors), most)], dtype=np.float64).transpose(1, 0, 2)

    weights = np.asarray(stored, dtype=np.float64).reshape(groups, inputs, outputs * places).transpose(0, 2, 1)
    return MappedLayer(node_name(index, node), "ConvTranspose", index, 1, 0, weights, 1, to_node, to_vectors)
