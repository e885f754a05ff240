"""Weights onto conductances: differential pairs, a reference column, or the digits of bit slicing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from evaluator.network.layer import Array
from evaluator.settings import MappingConfig
from models_va.errors import InputError


@dataclass(frozen=True, eq=False)
class WeightLayout:
    """How the currents of an output's columns are combined into its weighted sum.

    Attributes:
        signs: factors, shape (slices, columns of an output), with which the columns' currents add up to a slice.
        factors: factors, shape (slices,), with which the slices add up to the output.
        has_reference: whether a column that all outputs of a tile share is subtracted from every slice.
        span: share of the conductance window that the largest weight takes.

    """

    signs: Array
    factors: Array
    has_reference: bool
    span: float

    @property
    def columns_per_output(self) -> int:
        """Number of columns that an output takes, the shared one not counted."""
        return int(self.signs.shape[1])

    def outputs_in(self, columns: int) -> int:
        """Number of outputs that fit into a tile of this many columns."""
        return (columns - self.has_reference) // self.columns_per_output

    @property
    def fewest_columns(self) -> int:
        """Number of columns of a tile that holds a single output."""
        return self.columns_per_output + self.has_reference


def weight_layout(config: MappingConfig) -> WeightLayout:
    """The layout that a mapping scheme stands for."""
    if config.scheme == "reference":
        return WeightLayout(np.ones((1, 1)), np.ones(1), has_reference=True, span=0.5)
    if config.scheme == "differential":
        return WeightLayout(np.array([[1.0, -1.0]]), np.ones(1), has_reference=False, span=1.0)
    digit = 2**config.bits_per_slice
    powers = float(digit) ** np.arange(config.slices)
    signs = np.kron(np.eye(config.slices), np.array([[1.0, -1.0]]))
    return WeightLayout(signs, powers / powers.sum(), has_reference=False, span=1.0)


@dataclass(frozen=True, eq=False)
class Traits:
    """Properties of programmed devices besides their conductances; all arrays have the conductances' shape.

    Attributes:
        instance: instance parameters in which the devices differ, by name, in the parameters' units.
        stuck: mask of devices that are stuck, and so fixed conductances; None: no device is.
    """

    instance: Mapping[str, Array] = field(default_factory=dict)
    stuck: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Conductances:
    """Conductances of a layer's devices, as wanted or as programmed.

    Attributes:
        layout: way in which columns are combined into weights.
        g_siemens: conductances, shape (groups, inputs, outputs, columns of an output), S; rows of an array are inputs.
        reference_siemens: conductances of the shared columns, one for each range of outputs that a tile holds, shape
            (groups, inputs, ranges), S; None if the layout has no such column.
        full_scale: weight that the whole span of the window stands for, shape (groups, outputs).
        span_siemens: span of the conductance window, S.
        traits, reference_traits: other properties of programmed devices, and of those of the shared columns.

    """

    layout: WeightLayout
    g_siemens: Array
    reference_siemens: Array | None
    full_scale: Array
    span_siemens: float
    traits: Traits = Traits()
    reference_traits: Traits = Traits()

    @property
    def devices(self) -> int:
        """Number of devices of the layer."""
        return self.g_siemens.size + (0 if self.reference_siemens is None else self.reference_siemens.size)

    def weights(self, slices: Array) -> Array:
        """Weights, shape (groups, outputs, inputs), that slices of shape (slices, groups, outputs, inputs) add up to.

        Slices are conductances over the span; weights are in the network's units.
        """
        return np.tensordot(self.layout.factors, slices, 1) * self.full_scale[..., None]

    def with_conductances(self, g_siemens: Array, reference_siemens: Array | None) -> Conductances:
        """The same layer with other conductances, S, such as those after programming."""
        return replace(self, g_siemens=g_siemens, reference_siemens=reference_siemens)


def map_weights(
    weights: Array, config: MappingConfig, window_siemens: tuple[float, float], ranges: int = 1
) -> Conductances:
    """Map the weights of a layer onto conductances in the device's window.

    Differential pairs: G+ = g_min + s max(W, 0), G- = g_min + s max(-W, 0), s = (g_max - g_min) / full scale, so that
    one device of each pair is at g_min. Reference: G = (g_min + g_max + s W) / 2. Bit-sliced: |W| over the full scale
    is rounded to an integer of slices x bits, whose digits go onto pairs. The full scale is the largest magnitude that
    is not clipped, of the layer or of each output; where all weights are zero it is 0.

    Args:
        weights: shape (groups, outputs, inputs), any unit.
        config: scheme and scale of the mapping.
        window_siemens: low and high end of the window, S.
        ranges: number of ranges of outputs, each of which shares a reference column.

    Raises:
        InputError: a weight is NaN or infinite.

    """
    if not np.all(np.isfinite(weights)):
        place = tuple(np.argwhere(~np.isfinite(weights))[0].tolist())
        raise InputError(f"weight {list(place)} is {weights[place]}: only finite weights can be mapped")
    layout, full_scale = weight_layout(config), _full_scale(weights, config)
    relative = np.divide(weights, full_scale[..., None], out=np.zeros(weights.shape), where=full_scale[..., None] > 0)
    relative = np.clip(relative, -1.0, 1.0)
    digits = _digits(relative, config) if config.scheme == "bit-sliced" else relative[None]
    return conductances_of(digits, layout, full_scale, window_siemens, ranges)


def conductances_of(
    digits: Array, layout: WeightLayout, full_scale: Array, window_siemens: tuple[float, float], ranges: int = 1
) -> Conductances:
    """Conductances of digits from -1 to 1, shape (slices, groups, outputs, inputs); see ``map_weights``."""
    g_min, g_max = window_siemens
    window, by_device = g_max - g_min, np.moveaxis(digits, (0, 3), (3, 1))  # (groups, inputs, outputs, slices)
    reference = None
    if layout.has_reference:
        middle = (g_min + g_max) / 2
        g = middle + window / 2 * by_device
        reference = np.full((g.shape[0], g.shape[1], ranges), middle)
    else:
        g = np.stack([np.maximum(by_device, 0), np.maximum(-by_device, 0)], axis=-1)
        g *= window
        g += g_min
        g = g.reshape(*g.shape[:3], layout.columns_per_output)
    return Conductances(layout, np.clip(g, g_min, g_max), reference, full_scale, layout.span * window)


def _full_scale(weights: Array, config: MappingConfig) -> Array:
    """Magnitude of the weight that takes the whole span, shape (groups, outputs)."""
    size = np.abs(weights)
    axis = None if config.scale == "per-tensor" else -1
    if config.clip_percentile < 100:
        found = np.percentile(size, config.clip_percentile, axis=axis)
        found = np.where(found > 0, found, size.max(axis=axis))  # more zeros than the percentile leaves
    else:
        found = size.max(axis=axis)
    return np.array(np.broadcast_to(found, weights.shape[:2]))


def _digits(relative: Array, config: MappingConfig) -> Array:
    """Signed digits of weights from -1 to 1, over the largest digit, lowest first: shape (slices, *shape)."""
    bits, largest = config.bits_per_slice, 2**config.bits_per_slice - 1
    whole = np.rint(np.abs(relative) * (2 ** (bits * config.slices) - 1)).astype(np.int64)
    digits = np.stack([whole >> (bits * s) & largest for s in range(config.slices)])
    return np.asarray(np.sign(relative) * digits / largest)
