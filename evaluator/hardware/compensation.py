"""Compensation of errors that are known: by a gain and an offset of each output, or by other target conductances."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.hardware.activations import Activations
from evaluator.hardware.programmed import Hardware
from evaluator.mapping.plan import LayerPlan
from evaluator.mapping.weights import Conductances, conductances_of
from evaluator.network.graph import Graph
from evaluator.network.layer import Array
from evaluator.network.node_writer import NodeWriter
from evaluator.network.runtime import run
from evaluator.operators.arrays import ArrayPart
from evaluator.operators.one_layer import layer_session

_ROUNDS = 8
"""Most rounds of the fixed-point iteration."""
_ENOUGH = 1e-6
"""Change of a digit below which nothing more is gained."""
_SHRINKS = np.linspace(1.0, 0.2, 41)
"""Common factors of digits that are compared."""
_LEAST = 0.05
"""Least share of a current that wires are taken to leave."""


def fit_columns(graph: Graph, part: ArrayPart, activations: Activations) -> tuple[Array, Array]:
    """Gain and offset of each output by least squares over the layer's activations for the calibration images.

    Args:
        graph: the network's, whose opset the layer is run in.
        part: the arrays as they are, converters included.
        activations: activations of the layer.

    Returns:
        Gain and offset, shapes (groups, outputs): wanted product ~ gain x product of the arrays + offset.

    """
    found, wanted = products(graph, part, activations)
    means = found.mean(axis=1, keepdims=True), wanted.mean(axis=1, keepdims=True)
    variance = np.mean((found - means[0]) ** 2, axis=1)
    covariance = np.mean((found - means[0]) * (wanted - means[1]), axis=1)
    gain = np.divide(covariance, variance, out=np.ones_like(variance), where=variance > 0)
    offset = means[1][:, 0] - gain * means[0][:, 0]
    shape = part.plan.layer.weights.shape[:2]
    return gain.reshape(shape), offset.reshape(shape)


def products(graph: Graph, part: ArrayPart, activations: Activations) -> tuple[Array, Array]:
    """A layer's product as its arrays compute it and as its weights do, each of shape (groups x outputs, vectors)."""
    layer = part.plan.layer

    def exact(to: NodeWriter) -> str:
        return layer.product.write(to, "activation", layer.weights)

    session, names = layer_session(graph, part, exact)
    batches = [run(session, {"activation": tensor}, names) for tensor in activations.tensors]
    found, wanted = (np.concatenate([_by_output(t, part) for t in some], axis=1) for some in zip(*batches, strict=True))
    return found, wanted


def _by_output(tensor: NDArray[Any], part: ArrayPart) -> Array:
    """A layer's product tensor as an array of shape (groups x outputs, everything else)."""
    axis = part.plan.layer.product.output_axis
    return np.moveaxis(tensor, axis, 0).reshape(tensor.shape[axis], -1).astype(np.float64)


def reach_for_weights(plan: LayerPlan, hardware: Hardware) -> Conductances:
    """Target conductances with which the tiles, wires included, have the wanted weights in effect.

    Each round reads the tiles and moves every digit by what its slice lacks (a fixed-point iteration: wires take a
    share of each current, so it contracts), within the window. Wires take most from the far cells; for these to have
    anything to add, digits shrink by a common factor, which the digital side takes back. Levels come last: rounds that
    saw the conductances jump from one to the next would end on either.
    """
    plan = replace(plan, target=hardware.wanted(plan.layer))
    wanted = hardware.without_wires().read(plan.target, plan.layer).slices
    shrink = _shrink(plan, wanted, hardware)
    aim = shrink[..., None] * wanted
    digits, target = aim, _target(plan, aim, shrink, hardware)
    for _ in range(_ROUNDS):
        missing = aim - hardware.read(target, plan.layer).slices
        moved = np.clip(digits + missing, -1.0, 1.0)
        step, digits = float(np.abs(moved - digits).max()), moved
        target = _target(plan, digits, shrink, hardware)
        if step < _ENOUGH:
            break
    return hardware.at_levels(target)


def _shrink(plan: LayerPlan, wanted: Array, hardware: Hardware) -> Array:
    """The factor with the smallest mean square error of the weights to be expected, shape (groups, outputs).

    Less leaves fewer weights out of reach, and makes the programming error larger beside them. One for each output, or
    for the layer, as the mapping's scale is.
    """
    own = hardware.read(plan.target, plan.layer).slices
    share = np.clip(np.divide(own, wanted, out=np.ones_like(own), where=wanted != 0), _LEAST, 1.0)
    noise = _noise(plan, hardware) * share**2
    weight = (plan.target.layout.factors**2)[:, None, None, None]
    axes: tuple[int, ...] = (0, 3) if hardware.config.mapping.scale == "per-channel" else (0, 1, 2, 3)
    costs = [
        np.sum(weight * (np.maximum(np.abs(wanted) - share / tried, 0.0) ** 2 + noise / tried**2), axis=axes)
        for tried in _SHRINKS
    ]
    return np.array(np.broadcast_to(_SHRINKS[np.argmin(costs, axis=0)], wanted.shape[1:3]))


def _noise(plan: LayerPlan, hardware: Hardware) -> Array:
    """Variance of each digit by the programming error of its devices, shape (slices, groups, outputs, inputs)."""
    target = plan.target
    if hardware.spread is None:
        return np.zeros((len(target.layout.factors), *plan.layer.weights.shape))
    variance = (hardware.spread.sigma_siemens(target.g_siemens) / target.span_siemens) ** 2
    return np.tensordot(np.abs(target.layout.signs), np.moveaxis(variance, (3, 2, 1), (0, 2, 3)), 1)


def out_of_reach(plan: LayerPlan, hardware: Hardware) -> float:
    """Error of the wires that corrected conductances leave: ||W_eff - W|| / ||W|| of the layer's weights."""
    left = plan.target.weights(hardware.read(plan.target, plan.layer).slices) - plan.layer.weights
    return float(np.linalg.norm(left) / (np.linalg.norm(plan.layer.weights) or 1.0))


def _target(plan: LayerPlan, digits: Array, shrink: Array, hardware: Hardware) -> Conductances:
    """Conductances of digits that a common factor shrinks, shape (groups, outputs), which the full scale takes back."""
    shared = plan.target.reference_siemens
    ranges = 1 if shared is None else shared.shape[2]
    full_scale = plan.target.full_scale / shrink
    return conductances_of(digits, plan.target.layout, full_scale, hardware.card.window(), ranges)
