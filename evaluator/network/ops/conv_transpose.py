"""ConvTranspose: one vector of channels a place goes onto the arrays; what overlaps is added digitally."""

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
from evaluator.network.node import attributes_of, node_name
from evaluator.network.node_writer import NodeWriter
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
    by_input = np.asarray(stored, dtype=np.float64).reshape(groups, channels // groups, outputs * prod(kernel))
    own = _ConvTranspose(stored.shape, groups, attributes, [b for b in node.input[2:] if b])
    return MappedLayer(
        name=node_name(index, node),
        op="ConvTranspose",
        node=index,
        weight_input=1,
        activation_input=0,
        weights=by_input.transpose(0, 2, 1),
        dtype=stored.dtype,
        block=1,
        to_node=own.to_node,
        to_vectors=own.to_vectors,
        vectors_in=lambda shape: shape[0] * prod(shape[2:]),
        from_vectors=own.from_vectors,
        product=Product("Conv", {"group": groups}, False, 1, 1, len(kernel), own.lay_out, own.overlap),
    )


@dataclass(frozen=True, eq=False)
class _ConvTranspose:
    """A ConvTranspose node's tensors, and the arrays' of the same meaning; see ``MappedLayer`` for the latter.

    Attributes:
        stored: shape of the node's weights, (channels, outputs of a group, *kernel).
        groups: number of groups that share the channels.
        attributes: attributes of the node.
        bias: name of the bias, if there is one.

    """

    stored: tuple[int, ...]
    groups: int
    attributes: Mapping[str, Any]
    bias: list[str]

    def to_node(self, weights: Array) -> NDArray[Any]:
        """Matrices of shape (groups, outputs, inputs) in the layout of the node's own weights."""
        return np.ascontiguousarray(weights.transpose(0, 2, 1)).reshape(self.stored)

    def lay_out(self, weights: Array) -> NDArray[Any]:
        """Matrices of shape (groups, outputs, inputs) as weights of a convolution with kernels of one place."""
        _, outputs, inputs = weights.shape
        return weights.reshape(self.groups * outputs, inputs, *[1] * (len(self.stored) - 2))

    def overlap(self, to: NodeWriter, product: str) -> str:
        """Put each place of a kernel where it belongs, add what meets there, then the bias; the name of the result."""
        _, of_group, *kernel = self.stored
        outputs, places = self.groups * of_group, prod(kernel)
        at_place = np.tile(np.eye(places).reshape(places, 1, *kernel), (outputs, *[1] * (1 + len(kernel))))
        own = dict(self.attributes) | {"group": outputs, "kernel_shape": kernel}
        return to.node("ConvTranspose", [product, to.constant(at_place), *self.bias], **own)

    def to_vectors(self, activation: NDArray[Any], most: int | None) -> Array:
        """Input vectors of the product, one of all channels per place: shape (groups, vectors, channels)."""
        vectors = np.moveaxis(activation, 1, -1).reshape(-1, self.groups, self.stored[0] // self.groups)
        return np.asarray(vectors[evenly(len(vectors), most)], dtype=np.float64).transpose(1, 0, 2)

    def from_vectors(self, values: Array, shape: tuple[int, ...]) -> Array:
        """Output vectors, shape (groups, vectors, outputs), as the product's tensor, shape (n, channels, *axes)."""
        return np.moveaxis(values.transpose(1, 0, 2).reshape(shape[0], *shape[2:], -1), -1, 1)
