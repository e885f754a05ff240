"""ConvTranspose: one vector of channels a place goes onto the arrays; what overlaps is added digitally."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evaluator.graph.constants import constant_weights
from evaluator.graph.emitter import Emitter
from evaluator.graph.node import attributes_of, node_name
from evaluator.layer import Array, MappedLayer, Product, evenly
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
    places, inputs, rank = prod(kernel), channels // groups, len(kernel)

    def to_node(weights: Array) -> NDArray[Any]:
        return np.ascontiguousarray(weights.transpose(0, 2, 1)).reshape(stored.shape)

    def lay_out(weights: Array) -> NDArray[Any]:
        """Of a convolution with kernels of one place."""
        of_group, some_inputs = weights.shape[1:]
        return weights.reshape(groups * of_group, some_inputs, *[1] * rank)

    def finish(to: Emitter, product: str) -> str:
        """Each place of a kernel goes where it belongs, and what meets there is added."""
        at_place = np.tile(np.eye(places).reshape(places, 1, *kernel), (groups * outputs, *[1] * (1 + rank)))
        bias = [b for b in node.input[2:] if b]
        own = attributes | {"group": groups * outputs, "kernel_shape": kernel}
        return to.node("ConvTranspose", [product, to.constant(at_place), *bias], **own)

    def to_vectors(activation: NDArray[Any], most: int | None) -> Array:
        vectors = np.moveaxis(activation, 1, -1).reshape(-1, groups, inputs)
        return np.asarray(vectors[evenly(len(vectors), most)], dtype=np.float64).transpose(1, 0, 2)

    def from_vectors(values: Array, shape: tuple[int, ...]) -> Array:
        return np.moveaxis(values.transpose(1, 0, 2).reshape(shape[0], *shape[2:], -1), -1, 1)

    return MappedLayer(
        name=node_name(index, node),
        op="ConvTranspose",
        node=index,
        weight_input=1,
        activation_input=0,
        weights=np.asarray(stored, dtype=np.float64).reshape(groups, inputs, outputs * places).transpose(0, 2, 1),
        dtype=stored.dtype,
        block=1,
        to_node=to_node,
        to_vectors=to_vectors,
        vectors_in=lambda shape: shape[0] * prod(shape[2:]),
        from_vectors=from_vectors,
        product=Product("Conv", {"group": groups}, False, 1, 1, rank, lay_out, finish),
    )
