"""Drift: programmed conductances after a time at rest, computed from the compact model itself.

At 0 V the model's states move by themselves: a programmed conductance decays, faster when warm. With all other states
at their initial values, the states after the rest are functions of one number, the memory state before it; so they are
integrated at some values of it and interpolated, unless devices differ in a parameter that the rates depend on.

The volatile part of fresh write pulses is left out, because a program-and-verify loop waits until it is gone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from models_va import ROOM_TEMPERATURE_K, TEMPERATURE, DeviceCard
from models_va.errors import InputError
from spicegen.devices.memory_state import in_parts, memory, memory_state, reach
from spicegen.printers.compiled_model import SIGNATURE, compiled_rates
from spicegen.printers.machine_code import compiled
from spicegen.printers.numpy_model import numpy_model
from spicegen.simulate.base import SimulationError
from spicegen.simulate.native.cell_step import UNLIMITED, begin, edition, next_step, workspace
from spicegen.simulate.native.tableau import SHORTEST

Array = NDArray[np.float64]
_NODES = tuple(2**k + 1 for k in range(4, 12))
_INTERPOLATION = 1e-8
"""Relative error of conductances, between every other node, at which the interpolation is good enough."""
_REL_TOL = 1e-11
"""Tolerance of one step of the integration, relative to each state plus ``STATE_FLOOR``: after hundreds of steps, the
relative error of conductances is about 1e-9."""
_FIRST_STEP = 1e-3
"""First step of the integration, as a share of the rest."""

_Ends = Callable[[Array, Mapping[str, Array]], Array]
"""Function of the memory states before the rest (n,) and instance parameters (n,) that gives all states after it
(n, k)."""


def relaxed(
    card: DeviceCard,
    g_siemens: Array,
    time_s: float,
    temperature_k: float = ROOM_TEMPERATURE_K,
    instance: Mapping[str, Array] | None = None,
) -> Array:
    """Conductances at v = 0 of programmed devices after a rest at 0 V.

    Args:
        card: card of all devices; all states but the memory have its initial values when the rest begins.
        g_siemens: programmed conductances, any shape, S. A device whose conductance is beyond its reach begins the
            rest at the end of its reach.
        time_s: duration of the rest, s; after 0 s the conductances are exactly the programmed ones.
        temperature_k: temperature during the rest and the read of the conductance, K.
        instance: the parameters in which the devices differ, each of the shape of ``g_siemens``.

    Returns:
        Conductances in the shape of ``g_siemens``, S; the relative error is of the order of 1e-9. A million devices
        take a second; if they differ in a parameter that the rates depend on, each is integrated by itself, which
        takes minutes.

    Raises:
        InputError: a conductance is not a number, a time is negative or infinite, a temperature not positive.
        CardError: the card's model has no memory state.
        SimulationError: the tolerance cannot be met.
    """
    if not 0 <= time_s < math.inf:
        raise InputError(f"relaxation: a rest of {time_s:g} s: must be finite and not negative")
    if not 0 < temperature_k < math.inf:
        raise InputError(f"relaxation: a temperature of {temperature_k:g} K: must be positive")
    if np.isnan(g_siemens).any():
        raise InputError("relaxation: a conductance is not a number")
    own = dict(instance or {})
    g = np.clip(g_siemens, *reach(card, own))
    if time_s == 0 and TEMPERATURE.name not in _used(card, [card.device_model.conductance]):
        return g
    ends = _rest(card, time_s, temperature_k, own)

    def work(g: Array, own: Mapping[str, Array]) -> Array:
        return _conductance(card, ends(memory_state(card, g, own), own), own, temperature_k)

    return in_parts(work, g, own)


def _rest(card: DeviceCard, time_s: float, temperature_k: float, instance: Mapping[str, Array]) -> _Ends:
    """The function from the memory states before the rest to all states after it, interpolated where possible."""

    def integrated(x: Array, own: Mapping[str, Array]) -> Array:
        return _integrated(card, _states(card, x, own), own, time_s, temperature_k)

    model = card.device_model
    decisive = _used(card, (s.name for state in model.states for s in state.rate.free_symbols))
    decisive |= {s.initial for s in model.states if s.name != model.memory}
    if decisive & set(instance):
        return integrated
    return _interpolated(card, integrated, temperature_k) or integrated


def _interpolated(card: DeviceCard, exact: _Ends, temperature_k: float) -> _Ends | None:
    """Interpolate ``exact`` by a cubic spline, for devices with the same rates; None if it does not get good enough.

    The nodes are doubled until the spline through every other node gives the conductances at the remaining nodes; the
    spline through all nodes is some ten times better than that.
    """
    state = memory(card)
    x = np.linspace(state.lower, state.upper, _NODES[0])
    y = exact(x, {})
    for n in _NODES[1:]:
        old = CubicSpline(x, y)
        x = np.linspace(state.lower, state.upper, n)
        y = np.insert(y, np.arange(1, len(y)), exact(x[1::2], {}), axis=0)
        there, guess = (_conductance(card, states, {}, temperature_k) for states in (y[1::2], old(x[1::2])))
        if np.all(np.abs(guess - there) <= _INTERPOLATION * there):
            spline = CubicSpline(x, y)
            return lambda x, own: np.ascontiguousarray(spline(x))
    return None


def _used(card: DeviceCard, names: Iterable[str]) -> set[str]:
    """The names of all quantities on which those called ``names`` depend, themselves included."""
    used = set(names)
    for definition in reversed(card.device_model.definitions):
        if definition.name in used:
            used |= {symbol.name for symbol in definition.expression.free_symbols}
    return used


def _states(card: DeviceCard, x: Array, instance: Mapping[str, Array]) -> Array:
    """The states of devices with memory states ``x`` when the rest begins, shape (n, k)."""
    values: dict[str, Any] = {**card.values, **instance, memory(card).initial: x}
    return np.stack([np.broadcast_to(values[s.initial], x.shape) for s in card.device_model.states], axis=1)


def _conductance(card: DeviceCard, states: Array, instance: Mapping[str, Array], temperature_k: float) -> Array:
    return numpy_model(card.device_model).conductance(states, {**card.values, **instance}, temperature_k)


def _integrated(
    card: DeviceCard, states: Array, instance: Mapping[str, Array], time_s: float, temperature_k: float
) -> Array:
    """The states of devices after the rest, shape (n, k), each device integrated by itself.

    Raises:
        SimulationError: the tolerance cannot be met.
    """
    model = card.device_model
    values: dict[str, Any] = {**card.values, **instance}
    params = np.stack([np.broadcast_to(values[p.name], len(states)) for p in model.params], axis=1)
    after = states.copy()
    if time_s > 0 and not _integrate(compiled_rates(model), params, temperature_k, after, time_s):
        raise SimulationError("native", "a device at rest: its step becomes too small for the tolerance")
    return after


_SIGNATURE: Any = numba.boolean(
    numba.types.FunctionType(SIGNATURE), numba.float64[:, ::1], numba.float64, numba.float64[:, ::1], numba.float64
)


@compiled(_SIGNATURE)
@edition
def _integrate(rates: Any, params: Array, temperature_k: float, states: Array, time_s: float) -> bool:
    """Integrate the states (n, k) of devices at 0 V over ``time_s``, in place; False if a step becomes too small."""
    n, k = states.shape
    work, x, y = workspace(k), np.empty(k), np.empty(k)
    at_rest = (0.0, 0.0, 0.0)
    for device in range(n):
        x[:] = states[device]
        begin(rates, params[device], temperature_k, 0.0, x, work)
        time, want = 0.0, _FIRST_STEP * time_s
        while time < time_s:
            time, want, _ = next_step(
                rates, params[device], temperature_k, time, time_s, want, 0.0, at_rest, x, y, _REL_TOL,
                SHORTEST * time_s, UNLIMITED, work,
            )  # fmt: skip
            if np.isnan(time):
                return False
        states[device] = x
    return True
