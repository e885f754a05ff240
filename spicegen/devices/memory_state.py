"""The memory state that gives a device a wanted conductance, and the range of conductances that a device can have.

A model names the state that keeps a programmed conductance, its memory state; all other states are at the card's
initial values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import elementwise

from models_va import ROOM_TEMPERATURE_K, DeviceCard, State
from models_va.errors import CardError, InputError
from spicegen.printers.numpy_model import initial_conductances

Array = NDArray[np.float64]
_PART = 1 << 14
"""Number of devices worked on at a time: the arrays of a model's evaluation for them fit into the processor's cache."""
ROUNDING = 1e-5
"""Relative amount by which a conductance may be beyond the reach: the ends of a window are often those of the reach,
written with six digits."""


def memory(card: DeviceCard) -> State:
    """The state that keeps a programmed conductance.

    Raises:
        CardError: the card's model has no memory state.
    """
    model = card.device_model
    if model.memory is None:
        raise CardError(f"card {card.name}: nothing to program: model {model.name} names no memory state")
    return model.states[model.state_names.index(model.memory)]


def reach(
    card: DeviceCard, instance: Mapping[str, Array] | None = None, temperature_k: float = ROOM_TEMPERATURE_K
) -> tuple[Array, Array]:
    """The lowest and the highest conductance of devices of a card between the bounds of their memory state, S.

    Args:
        card: card of the devices; all other states have its initial values.
        instance: the parameters in which the devices differ, all of one shape, which is that of the results.
        temperature_k: temperature of the devices, K.

    Raises:
        CardError: the card's model has no memory state.
    """
    shape = np.broadcast_shapes(*(np.shape(v) for v in (instance or {}).values()))
    ends = [_conductances_at(card, np.full(shape, x), instance, temperature_k) for x in _bounds(memory(card))]
    return np.minimum(*ends), np.maximum(*ends)


def memory_state(
    card: DeviceCard,
    g_siemens: Array,
    instance: Mapping[str, Array] | None = None,
    temperature_k: float = ROOM_TEMPERATURE_K,
) -> Array:
    """The initial memory state that gives each device its conductance at v = 0.

    Args:
        card: card of the devices; all other states have its initial values.
        g_siemens: wanted conductances, any shape, S.
        instance: the parameters in which the devices differ, each of the shape of ``g_siemens``.
        temperature_k: temperature at which the devices have these conductances, K.

    Returns:
        Values for the memory state's initial parameter, in the shape of ``g_siemens``, exact to rounding; the state's
        bound where a conductance is beyond the reach by rounding. A million devices take about a second.

    Raises:
        InputError: a conductance is out of the devices' reach.
        CardError: the card's model has no memory state.
    """
    low, high = reach(card, instance, temperature_k)
    check_within(card, g_siemens, low, high)
    state = memory(card)

    def conductance(x: Array, own: Mapping[str, Array]) -> Array:
        return initial_conductances(card, {**own, state.initial: x}, temperature_k)

    def work(g: Array, own: Mapping[str, Array]) -> Array:
        return at_conductance(conductance, _bounds(state), g, own)

    return in_parts(work, np.clip(g_siemens, low, high), instance)


def in_parts(
    work: Callable[[Array, Mapping[str, Array]], Array], values: Array, instance: Mapping[str, Array] | None = None
) -> Array:
    """Call ``work`` for many devices, a part of them at a time.

    Args:
        work: function of ``values`` and instance parameters of n devices, each of shape (n,), that returns shape (n,).
        values: one value per device, any shape.
        instance: the parameters in which the devices differ, of shapes that broadcast to that of ``values``.

    Returns:
        The results of ``work``, in the shape of ``values``.
    """
    flat = values.ravel()
    differing = {name: np.broadcast_to(v, values.shape).ravel() for name, v in (instance or {}).items()}
    found = np.empty(flat.size)
    for start in range(0, flat.size, _PART):
        part = slice(start, start + _PART)
        found[part] = work(flat[part], {name: v[part] for name, v in differing.items()})
    return found.reshape(values.shape)


def check_within(card: DeviceCard, g_siemens: Array, low: Array, high: Array) -> None:
    """Refuse conductances that are beyond the reach by more than rounding.

    Args:
        card: card of the devices, which the message names.
        g_siemens: wanted conductances, any shape, S.
        low: the lower end of the reach, of a shape that broadcasts to that of ``g_siemens``, S.
        high: the upper end of the reach, of such a shape, S.

    Raises:
        InputError: a conductance is out of reach; the message names the conductance and the reach.
    """
    g, low, high = np.broadcast_arrays(g_siemens, low, high)
    outside = ~((low * (1 - ROUNDING) <= g) & (g <= high * (1 + ROUNDING)))  # written so that a NaN is outside
    if outside.any():
        raise InputError(
            f"card {card.name}: a conductance of {g[outside][0]:g} S is out of the device's reach, "
            f"{low[outside][0]:g} to {high[outside][0]:g} S"
        )


def _conductances_at(card: DeviceCard, x: Array, instance: Mapping[str, Array] | None, temperature_k: float) -> Array:
    """Conductances at v = 0 of devices with the memory states ``x``, in the shape of ``x``, S."""
    name = memory(card).initial
    return in_parts(lambda x, own: initial_conductances(card, {**own, name: x}, temperature_k), x, instance)


def at_conductance(
    conductance: Callable[[Array, Mapping[str, Array]], Array],
    ends: tuple[float, float],
    g_siemens: Array,
    instance: Mapping[str, Array],
) -> Array:
    """Find where between two ends each device has its conductance, by Chandrupatla's method.

    Args:
        conductance: function of places (n,) and instance parameters (n,) that gives conductances (n,), S.
        ends: the two places between which to look; the conductance rises or falls from one to the other.
        g_siemens: wanted conductances, within those of the ends, shape (n,), S.
        instance: the parameters in which the devices differ, each of shape (n,).

    Returns:
        Places of shape (n,), exact to rounding.
    """
    names = list(instance)

    def excess(x: Array, g: Array, *own: Array) -> Array:
        return conductance(x, dict(zip(names, own, strict=True))) - g

    found = elementwise.find_root(excess, ends, args=(g_siemens, *instance.values()))
    # The conductance of an end may miss the wanted one by a last digit; then the function does not change its sign.
    missed = [np.abs(excess(np.full(g_siemens.shape, x), g_siemens, *instance.values())) for x in ends]
    return np.where(found.success, found.x, np.where(missed[0] <= missed[1], *ends))


def _bounds(state: State) -> tuple[float, float]:
    return state.lower, state.upper
