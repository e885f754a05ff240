"""Conv over any number of axes, with groups: each group's kernels are a matrix, its rows a kernel's places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from evaluator.network.constants import constant_weights
from evaluator.network.layer import Array, MappedLayer, Product, evenly
from evaluator.network.node import attributes_of, node_name
from evaluator.network.node_writer import NodeWriter
from models_va.errors import InputError


def extract(index: int, node: onnx.NodeProto, constants: Mapping[str, NDArray[Any]]) -> MappedLayer:
    """The layer of a Conv node whose kernels are constant; inputs of a matrix are (channel, place in the kernel).

    Raises:
        InputError: the kernels are not constant, finite and floating-point, or groups do not divide them.

    """
    stored = constant_weights(node, 1, constants, range(3, 6))
    outputs, channels, *kernel = stored.shape
    attributes = attributes_of(node) | {"kernel_shape": kernel}
    groups = int(attributes.get("group", 1))
    if groups < 1 or outputs % groups:
        raise InputError(f"group = {groups} does not divide {outputs} outputs: export it again")
    conv = _Conv(kernel, groups, attributes, node.input[2] if len(node.input) > 2 else "", constants)
    return MappedLayer(
        name=node_name(index, node),
        op="Conv",
        node=index,
        weight_input=1,
        activation_input=0,
        weights=np.asarray(stored, dtype=np.float64).reshape(groups, outputs // groups, channels * prod(kernel)),
        dtype=stored.dtype,
        block=prod(kernel),
        to_node=conv.lay_out,
        to_vectors=conv.to_vectors,
        vectors_in=conv.vectors_in,
        from_vectors=conv.from_vectors,
        product=Product("Conv", attributes, False, 1, 1, len(kernel), conv.lay_out, conv.with_bias),
    )


@dataclass(frozen=True, eq=False)
class _Conv:
    """A Conv node's tensors, and the arrays' of the same meaning; see ``MappedLayer`` for the latter.

    Attributes:
        kernel: lengths of the kernels along the axes.
        groups: number of groups that share the channels.
        attributes: attributes of the node: strides, dilations, pads, auto_pad.
        bias: name of the bias, "" for none.
        constants: every constant tensor of the graph.

    """

    kernel: list[int]
    groups: int
    attributes: Mapping[str, Any]
    bias: str
    constants: Mapping[str, NDArray[Any]]

    def lay_out(self, weights: Array) -> NDArray[Any]:
        """Matrices of shape (groups, outputs, inputs) in the layout of a Conv node's kernels."""
        _, outputs, inputs = weights.shape
        return weights.reshape(self.groups * outputs, inputs // prod(self.kernel), *self.kernel)

    def with_bias(self, to: NodeWriter, product: str) -> str:
        """Add the node's bias, shape (channels,), to a product; the name of the result."""
        behind = [1] * len(self.kernel)
        if not self.bias:
            return product
        if self.bias in self.constants:
            return to.node("Add", [product, to.constant(self.constants[self.bias].reshape(-1, *behind))])
        shape = to.constant([1, -1, *behind], np.int64)
        return to.node("Add", [product, to.node("Reshape", [self.bias, shape])])

    def to_vectors(self, activation: NDArray[Any], most: int | None) -> Array:
        """Input vectors of an activation (n, channels, *axes), one per place: shape (groups, vectors, inputs)."""
        rank = len(self.kernel)
        strides, dilations, span, pads = self._geometry(activation.shape[2:])
        padded = np.pad(activation, [(0, 0), (0, 0), *pads])
        steps = (1, 1, *strides, *dilations)
        seen = sliding_window_view(padded, span, tuple(range(2, 2 + rank)))
        seen = seen[tuple(slice(None, None, step) for step in steps)]
        n, channels, *places = seen.shape[: 2 + rank]
        at = np.unravel_index(evenly(n * prod(places), most), (n, *places))
        vectors = np.moveaxis(seen, 1, 1 + rank)[at]  # (vectors, channels, *kernel)
        grouped = vectors.reshape(len(vectors), self.groups, channels // self.groups * prod(self.kernel))
        return np.asarray(grouped, dtype=np.float64).transpose(1, 0, 2)

    def places(self, shape: tuple[int, ...]) -> list[int]:
        """Number of places that the kernels take along each axis of an activation of this shape."""
        strides, _, span, pads = self._geometry(shape[2:])
        room = [n + sum(p) - s + 1 for n, p, s in zip(shape[2:], pads, span, strict=True)]
        return [len(range(0, n, s)) for n, s in zip(room, strides, strict=True)]

    def vectors_in(self, shape: tuple[int, ...]) -> int:
        """Number of input vectors of an activation of this shape: one for each place of the kernels."""
        return shape[0] * prod(self.places(shape))

    def from_vectors(self, values: Array, shape: tuple[int, ...]) -> Array:
        """Output vectors, shape (groups, vectors, outputs), as the product's tensor, shape (n, channels, *axes)."""
        return np.moveaxis(values.transpose(1, 0, 2).reshape(shape[0], *self.places(shape), -1), -1, 1)

    def _geometry(self, lengths: Sequence[int]) -> tuple[list[int], list[int], list[int], list[tuple[int, int]]]:
        """Strides, dilations, length of a dilated kernel, and zeros before and after, each along every axis."""
        ones = [1] * len(self.kernel)
        strides, dilations = (list(self.attributes.get(name, ones)) for name in ("strides", "dilations"))
        span = [d * (k - 1) + 1 for k, d in zip(self.kernel, dilations, strict=True)]
        return strides, dilations, span, paddings(lengths, span, strides, self.attributes)


def paddings(
    lengths: Sequence[int], span: Sequence[int], strides: Sequence[int], attributes: Mapping[str, Any]
) -> list[tuple[int, int]]:
    """Number of zeros before and after each axis, by ONNX's attributes pads and auto_pad."""
    rank, auto = len(span), attributes.get("auto_pad", "NOTSET")
    if auto == "VALID":
        return [(0, 0)] * rank
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        total = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(lengths, span, strides, strict=True)]
        return [(t // 2, t - t // 2) if auto == "SAME_UPPER" else (t - t // 2, t // 2) for t in total]
    pads = attributes.get("pads", [0] * 2 * rank)
    return list(zip(pads[:rank], pads[rank:], strict=True))
