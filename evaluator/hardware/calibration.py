"""Ranges of converters and drivers, from images that the network is not judged on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.hardware.activations import IMAGES_AT_ONCE, activation_names
from evaluator.hardware.programmed import Hardware
from evaluator.hardware.random_keys import CALIBRATION
from evaluator.mapping.plan import LayerPlan
from evaluator.mapping.tiles import input_ranges, output_ranges
from evaluator.network.layer import Array, MappedLayer
from evaluator.network.onnx_model import Network
from evaluator.network.runtime import run
from evaluator.operators.inputs import levels_of
from evaluator.operators.one_layer import current_session
from models_va.errors import InputError, located

MOST_IMAGES = 256
MOST_VALUES = 1 << 23
"""Most values in all calibration images: large images say more each, and take longer."""
_SAMPLES = 1 << 15
"""Number of values sampled of each layer and batch."""
_BINS = 1 << 14
"""Number of bins of magnitudes, each taken at its mean: fewer values to compare, and no difference to the choice."""
_TRIED = 48
"""Number of ranges that are compared, evenly spaced up to the largest value."""
_BEYOND = 32
"""Number of ranges that are compared beyond the largest value, each one mean excess wider."""
_TAIL = 1 / 256, 16
"""The highest values that the tail is estimated from: their share of all, and their least number."""


def plan_layers(layers: Sequence[MappedLayer], hardware: Hardware) -> list[LayerPlan]:
    """The plan of each layer: its target conductances and its tiles, before any correction and without ranges."""
    array, layout = hardware.config.array, hardware.layout
    return [
        LayerPlan(
            number=k,
            layer=x,
            target=hardware.target(x),
            rows=tuple(input_ranges(x.shape[1], array, x.block)),
            outputs=tuple(output_ranges(x.shape[0], array, layout)),
        )
        for k, x in enumerate(layers)
    ]


def with_ranges(network: Network, plans: list[LayerPlan], hardware: Hardware, images: NDArray[Any]) -> list[LayerPlan]:
    """Settle the ranges of each layer's drivers and converters.

    Args:
        network: the network in floating point.
        plans: plans with the conductances that will be programmed, on which the currents depend.
        hardware: the arrays that the network runs on.
        images: calibration images, shape (n, ...).

    Raises:
        InputError: what drives a layer is not finite; the message names file and node.

    """
    plans = _with_input_ranges(network, plans, hardware, images)
    return plans if hardware.config.converters.adc_bits is None else _with_adc_ranges(network, plans, hardware, images)


def _with_input_ranges(
    network: Network, plans: list[LayerPlan], hardware: Hardware, images: NDArray[Any]
) -> list[LayerPlan]:
    samples: list[list[Array]] = [[] for _ in plans]
    for batch in network.by_batches(activation_names(network, plans), images, IMAGES_AT_ONCE):
        for of_layer, tensor in zip(samples, batch, strict=True):
            of_layer.append(_sampled(tensor))
    with located(network.source):
        return [with_input_range(p, np.concatenate(s), hardware) for p, s in zip(plans, samples, strict=True)]


def with_input_range(plan: LayerPlan, samples: Array, hardware: Hardware) -> LayerPlan:
    """Settle the largest input, for which the read voltage stands, from some of the layer's inputs.

    Raises:
        InputError: they are not finite; the message names the node.

    """
    if not np.all(np.isfinite(samples)):
        node = f"{plan.layer.op} node {plan.layer.name!r}"
        raise InputError(f"{node}: its inputs are NaN or infinite for some images: check weights and data scale")
    signed, bits = bool(np.any(samples < 0)), hardware.config.converters.dac_bits
    largest = float(np.abs(samples).max()) or 1.0
    if bits is not None:
        largest = best_range(samples, levels_of(bits, signed=signed))
    return replace(plan, largest_input=largest, signed=signed)


def _with_adc_ranges(
    network: Network, plans: list[LayerPlan], hardware: Hardware, images: NDArray[Any]
) -> list[LayerPlan]:
    """Settle the range of each slice's converters.

    A full range is the current of the highest tile with all devices at the window's end; a calibrated range is chosen
    by the currents of the calibration images.
    """
    c = hardware.config.converters
    if c.adc_range == "full":
        gain = hardware.read_curve.gain if hardware.config.errors.nonlinearity else 1.0
        return [replace(p, adc_range=np.full(len(p.target.layout.factors), gain * _highest(p.rows))) for p in plans]
    sessions = [current_session(network.graph, hardware.part(p, p.target, CALIBRATION)) for p in plans]
    samples: list[list[list[Array]]] = [[[] for _ in p.target.layout.factors] for p in plans]
    for batch in network.by_batches(activation_names(network, plans), images, IMAGES_AT_ONCE):
        for (session, names), of_layer, tensor in zip(sessions, samples, batch, strict=True):
            for s, of_slice in enumerate(names):
                currents = run(session, {"activation": tensor}, of_slice)
                of_layer[s].append(np.concatenate([_sampled(t) for t in currents]))
    levels = levels_of(c.adc_bits or 0, signed=True)
    return [
        replace(p, adc_range=np.array([best_range(np.concatenate(s), levels) for s in of_layer]))
        for p, of_layer in zip(plans, samples, strict=True)
    ]


def best_range(samples: Array, levels: int) -> float:
    """The end of the range in which a converter with codes up to +-``levels`` has the smallest mean square error.

    Wider ranges have coarser steps, narrower ones clip. To the samples' squared error is added what is to be expected
    of values higher than any of them, see ``clipping_beyond``: of as many new values as there are samples one, unless
    the highest is a bound. Of evenly spaced ranges the best is taken.
    """
    largest = float(np.abs(samples).max(initial=0.0))
    if largest == 0:
        return 1.0
    place = np.minimum((np.abs(samples) * (_BINS / largest)).astype(np.int64), _BINS - 1)
    count = np.bincount(place, minlength=_BINS)
    mean = np.bincount(place, np.abs(samples), minlength=_BINS)[count > 0] / count[count > 0]
    count = count[count > 0]
    excess = _mean_excess(mean, count)
    tried = np.append(largest * np.arange(1, _TRIED + 1) / _TRIED, largest + excess * np.arange(1, _BEYOND + 1))
    error = np.array([count @ (quantized(mean, end, levels) - mean) ** 2 for end in tried])
    if excess > 0:
        error += clipping_beyond(tried - largest, excess)
    return float(tried[np.argmin(error)])


def clipping_beyond(end: Array, excess: float) -> Array:
    """Mean square error of values higher than a threshold in a converter whose range ends so far beyond it.

    Their excess over the threshold is taken as exponential, of mean s: peaks over threshold with a generalised Pareto
    distribution of shape 0. Of an end c beyond the threshold, E[(x - c)^2; x > c] = 2 s^2 exp(-c / s); below it all
    are clipped, E[(x - c)^2] = c^2 - 2 c s + 2 s^2.

    Args:
        end: ends of ranges, less the threshold.
        excess: s, above 0.

    Source: J. Pickands, Statistical inference using extreme order statistics, Ann. Statist. 3, 119 (1975).

    """
    below, above = np.minimum(end, 0), np.maximum(end, 0)
    return below**2 - 2 * below * excess + 2 * excess**2 * np.exp(-above / excess)


def _mean_excess(magnitude: Array, count: NDArray[Any]) -> float:
    """Mean excess over the largest value that is to be expected of still higher values; 0 if the largest is a bound.

    It is estimated from the highest values, which exceed a threshold.

    Args:
        magnitude: magnitudes in ascending order.
        count: number of times that each occurs.

    """
    part, least = _TAIL
    above = np.cumsum(count[::-1])[::-1] <= max(part * count.sum(), least)
    tail = count[above]
    if 2 * count[-1] > tail.sum():  # what is reached again and again is not exceeded: a pixel's white, a ReLU6
        return 0.0
    threshold = 0.0 if above.all() else magnitude[~above][-1]
    return float(tail @ (magnitude[above] - threshold) / tail.sum())


def quantized(samples: Array, end: float, levels: int) -> Array:
    """Values as a converter gives them: clipped at ``end``, rounded to steps of end / levels."""
    step = end / levels
    return np.clip(np.rint(samples / step), -levels, levels) * step


def _sampled(tensor: NDArray[Any]) -> Array:
    """Draw at most about ``_SAMPLES`` values at random, the lowest and the highest always among them.

    Evenly spaced values of a matrix would come from few of its columns.
    """
    flat = tensor.reshape(-1)
    if flat.size > _SAMPLES:
        some = flat[np.random.default_rng(0).integers(flat.size, size=_SAMPLES)]
        flat = np.append(some, [flat.min(), flat.max()])
    return flat.astype(np.float64)


def _highest(rows: Sequence[slice]) -> int:
    """Number of rows of the highest tile."""
    return max(int(r.stop - r.start) for r in rows)
