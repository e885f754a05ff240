"""Conv over any number of axes, with groups: each group's kernels are a matrix, its rows a kernel's places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from evaluator.graph.constants import constant_weights
from evaluator.graph.emitter import Emitter
from evaluator.graph.node import attributes_of, node_name
from evaluator.layer import Array, MappedLayer, Product, evenly
from models_va.errors import InputError


def extract(index: int, node: onnx.NodeProto, constants: Mapping[str, NDArray[Any]]) -> MappedLayer:
    """The layer of a Conv node whose kernels are constant; inputs of a matrix are (channel, place in the kernel).

    Raises:
        InputError: the kernels are not constant, finite and floating-point, or groups do not divide them.

    """
    stored = constant_weights(node, 1, constants, range(3, 6))
    attributes = attributes_of(node)
    groups = int(attributes.get("group", 1))
    outputs, channels, *kernel = stored.shape
    if groups < 1 or outputs % groups:
        raise InputError(f"group = {groups} does not divide {outputs} outputs: export it again")
    attributes["kernel_shape"] = kernel
    bias = node.input[2] if len(node.input) > 2 else ""

    def lay_out(weights: Array) -> NDArray[Any]:
        of_group, inputs = weights.shape[1:]
        return weights.reshape(groups * of_group, inputs // prod(kernel), *kernel)

    def finish(to: Emitter, product: str) -> str:
        return with_bias(to, product, bias, constants, len(kernel))

    def to_vectors(activation: NDArray[Any], most: int | None) -> Array:
        return windows(activation, kernel, attributes, groups, most)

    def places(shape: tuple[int, ...]) -> list[int]:
        return [len(range(0, n, s)) for n, s in zip(*_room(shape[2:], kernel, attributes), strict=True)]

    def from_vectors(values: Array, shape: tuple[int, ...]) -> Array:
        return np.moveaxis(values.transpose(1, 0, 2).reshape(shape[0], *places(shape), -1), -1, 1)

    return MappedLayer(
        name=node_name(index, node),
        op="Conv",
        node=index,
        weight_input=1,
        activation_input=0,
        weights=np.asarray(stored, dtype=np.float64).reshape(groups, outputs // groups, channels * prod(kernel)),
        dtype=stored.dtype,
        block=prod(kernel),
        to_node=lay_out,
        to_vectors=to_vectors,
        vectors_in=lambda shape: shape[0] * prod(places(shape)),
        from_vectors=from_vectors,
        product=Product("Conv", attributes, False, 1, 1, len(kernel), lay_out, finish),
    )


def with_bias(to: Emitter, product: str, bias: str, constants: Mapping[str, NDArray[Any]], rank: int) -> str:
    """Add a Conv's bias, shape (channels,), to a product with ``rank`` axes behind the channels."""
    if not bias:
        return product
    if bias in constants:
        return to.node("Add", [product, to.constant(constants[bias].reshape(-1, *[1] * rank))])
    shape = to.constant([1, -1, *[1] * rank], np.int64)
    return to.node("Add", [product, to.node("Reshape", [bias, shape])])


def windows(
    activation: NDArray[Any], kernel: Sequence[int], attributes: Mapping[str, Any], groups: int, most: int | None
) -> Array:
    """What the kernels see, shape (groups, vectors, channels of a group x places), evenly spaced vectors.

    Args:
        activation: shape (n, channels, *axes).
        kernel: lengths along the axes.
        attributes: of the Conv node: strides, dilations, pads, auto_pad.
        groups: how many share the channels.
        most: vectors at most; None: all of them.

    """
    rank = len(kernel)
    strides, dilations, span, pads = _geometry(activation.shape[2:], kernel, attributes)
    padded = np.pad(activation, [(0, 0), (0, 0), *pads])
    steps = (1, 1, *strides, *dilations)
    seen = sliding_window_view(padded, span, tuple(range(2, 2 + rank)))
    seen = seen[tuple(slice(None, None, step) for step in steps)]
    n, channels, *places = seen.shape[: 2 + rank]
    at = np.unravel_index(evenly(n * prod(places), most), (n, *places))
    vectors = np.moveaxis(seen, 1, 1 + rank)[at]  # (vectors, channels, *kernel)
    grouped = vectors.reshape(len(vectors), groups, channels // groups * prod(kernel))
    return np.asarray(grouped, dtype=np.float64).transpose(1, 0, 2)


def _geometry(
    lengths: Sequence[int], kernel: Sequence[int], attributes: Mapping[str, Any]
) -> tuple[list[int], list[int], list[int], list[tuple[int, int]]]:
    """Strides, dilations, how far a kernel reaches, and zeros around each axis."""
    strides, dilations = (list(attributes.get(name, [1] * len(kernel))) for name in ("strides", "dilations"))
    span = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
    return strides, dilations, span, paddings(lengths, span, strides, attributes)


def _room(lengths: Sequence[int], kernel: Sequence[int], attributes: Mapping[str, Any]) -> tuple[list[int], list[int]]:
    """How many places a kernel could stand at along each axis, and the strides between those taken."""
    strides, _, span, pads = _geometry(lengths, kernel, attributes)
    return [n + sum(p) - s + 1 for n, p, s in zip(lengths, pads, span, strict=True)], strides


def paddings(
    lengths: Sequence[int], span: Sequence[int], strides: Sequence[int], attributes: Mapping[str, Any]
) -> list[tuple[int, int]]:
    """Zeros before and after each axis, as ONNX's pads and auto_pad say."""
    rank, auto = len(span), attributes.get("auto_pad", "NOTSET")
    if auto == "VALID":
        return [(0, 0)] * rank
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        total = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(lengths, span, strides, strict=True)]
        return [(t // 2, t - t // 2) if auto == "SAME_UPPER" else (t - t // 2, t // 2) for t in total]
    pads = attributes.get("pads", [0] * 2 * rank)
    return list(zip(pads[:rank], pads[rank:], strict=True))
