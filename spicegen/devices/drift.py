"""Drift: programmed conductances after a time at rest, computed from the compact model itself.

At 0 V the model's states move by themselves: a programmed conductance decays, faster when warm. How far it decays
depends on how much of it is volatile, and that on how the devices were written:

- ``verified``: a write-verify loop waited until the volatile part of its pulses was gone. Only the memory state differs
  from its initial value, and the states after the rest are functions of that one number; so they are integrated at
  some values of it and interpolated, unless devices differ in a parameter that the rates depend on.
- ``pulses``: the card's own write pulses, one after the other, left every state where it is. The states after the rest
  are functions of the number of pulses; they are integrated for each number and interpolated as those before the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal, get_args

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from models_va import ROOM_TEMPERATURE_K, TEMPERATURE, DeviceCard, Model
from models_va.errors import InputError
from spicegen.devices.memory_state import in_parts, memory, memory_state, reach
from spicegen.devices.pulsed_states import PulsedStates, pulsed_states
from spicegen.printers.compiled_model import SIGNATURE, compiled_rates
from spicegen.printers.machine_code import compiled
from spicegen.printers.numpy_model import numpy_model
from spicegen.simulate.base import SimulationError
from spicegen.simulate.native.cell_step import UNLIMITED, begin, edition, next_step, workspace
from spicegen.simulate.native.tableau import SHORTEST

Array = NDArray[np.float64]
Writing = Literal["verified", "pulses"]
"""How devices were written before they rest: by write-verify into the memory state, or by the card's write pulses."""
_NODES = tuple(2**k + 1 for k in range(4, 12))
_INTERPOLATION = 1e-8
"""Relative error of conductances, between every other node, at which the interpolation is good enough."""
_REL_TOL = 1e-11
"""Tolerance of one step of the integration, relative to each state plus ``STATE_FLOOR``: after hundreds of steps, the
relative error of conductances is about 1e-9."""
_FIRST_STEP = 1e-3
"""First step of the integration, as a share of the rest."""
_KEPT = 16
"""Number of rests of trains of pulses that are kept in memory, because the layers of a network and all trials share
one."""

_Ends = Callable[[Array, Mapping[str, Array]], Array]
"""Function of the memory states, or numbers of pulses, before the rest (n,) and instance parameters (n,) that gives all
states after it (n, k)."""


def relaxed(
    card: DeviceCard,
    g_siemens: Array,
    time_s: float,
    temperature_k: float = ROOM_TEMPERATURE_K,
    instance: Mapping[str, Array] | None = None,
    after: Writing = "verified",
) -> Array:
    """Conductances at v = 0 of programmed devices after a rest at 0 V.

    Args:
        card: card of all devices.
        g_siemens: programmed conductances at room temperature, any shape, S. A device whose conductance is beyond its
            reach begins the rest at the end of its reach: that of its memory state, or that of the pulses.
        time_s: duration of the rest, s; after 0 s the conductances are exactly the programmed ones.
        temperature_k: temperature during the rest and the read of the conductance, K.
        instance: the parameters in which the devices differ, each of the shape of ``g_siemens``.
        after: how the devices were written. ``verified``: all states but the memory have the card's initial values when
            the rest begins; ``pulses``: each has the value that the card's potentiating write pulses give it on their
            way from the pristine device to the conductance, and the rest begins at the read that finds it.

    Returns:
        Conductances in the shape of ``g_siemens``, S. The relative error is of the order of 1e-9; after pulses it is
        that of the engine's run of the train, and between two pulses that of the interpolation. A million devices take
        a second or two; if they differ in a parameter that the rates depend on, each is integrated by itself, which
        takes minutes.

    Raises:
        InputError: a conductance is not a number, a time is negative or infinite, a temperature not positive; or,
            after pulses, the pulses do not raise the conductance, or the devices differ in a parameter that rates or
            initial states depend on, so that they do not share one train of pulses.
        CardError: the card's model has no memory state, or, after pulses, the card has no write pulses or no window.
        SimulationError: the tolerance cannot be met.
    """
    if not 0 <= time_s < math.inf:
        raise InputError(f"relaxation: a rest of {time_s:g} s: must be finite and not negative")
    if not 0 < temperature_k < math.inf:
        raise InputError(f"relaxation: a temperature of {temperature_k:g} K: must be positive")
    if np.isnan(g_siemens).any():
        raise InputError("relaxation: a conductance is not a number")
    if after not in get_args(Writing):
        raise InputError(f"relaxation: after {after!r}: give one of {', '.join(get_args(Writing))}")
    own = dict(instance or {})
    train = _shared_train(card, own) if after == "pulses" else None
    g = np.clip(g_siemens, *(reach(card, own) if train is None else train.reach(own)))
    if time_s == 0 and TEMPERATURE.name not in _used(card, [card.device_model.conductance]):
        return g
    ends = _rest(card, time_s, temperature_k, own) if train is None else _rest_of_train(train, time_s, temperature_k)

    def work(g: Array, own: Mapping[str, Array]) -> Array:
        before = memory_state(card, g, own) if train is None else train.numbers_of(g, own)
        return _conductance(card, ends(before, own), own, temperature_k)

    return in_parts(work, g, own)


def _shared_train(card: DeviceCard, instance: Mapping[str, Array]) -> PulsedStates:
    """The states that write pulses leave in all devices alike, which may differ in what only their conductance knows.

    Raises:
        InputError: devices differ in a parameter that rates or initial states depend on.
    """
    own_states = sorted((_in_rates(card) | {s.initial for s in card.device_model.states}) & set(instance))
    if own_states:
        raise InputError(
            f"card {card.name}: devices differ in {', '.join(own_states)}, on which their states depend, and so do not "
            "share one train of write pulses: leave out that spread, or take them as written by write-verify (verified)"
        )
    return pulsed_states(card)


@lru_cache(maxsize=_KEPT)
def _rest_of_train(train: PulsedStates, time_s: float, temperature_k: float) -> _Ends:
    """The function from the numbers of pulses before the rest to all states after it."""
    after = train.interpolated(_integrated(train.model, train.values, train.states, time_s, temperature_k))
    return lambda number, own: after(number)


def _rest(card: DeviceCard, time_s: float, temperature_k: float, instance: Mapping[str, Array]) -> _Ends:
    """The function from the memory states before the rest to all states after it, interpolated where possible."""
    model = card.device_model

    def integrated(x: Array, own: Mapping[str, Array]) -> Array:
        return _integrated(model, {**card.values, **own}, _states(card, x, own), time_s, temperature_k)

    decisive = _in_rates(card) | {s.initial for s in model.states if s.name != model.memory}
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


def _in_rates(card: DeviceCard) -> set[str]:
    """The names of all quantities on which the rates of the states depend."""
    return _used(card, (s.name for state in card.device_model.states for s in state.rate.free_symbols))


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


def _integrated(model: Model, values: Mapping[str, Any], states: Array, time_s: float, temperature_k: float) -> Array:
    """The states of devices after the rest, shape (n, k), each device integrated by itself.

    Args:
        model: model of the devices.
        values: every parameter of the model, a number or an array of shape (n,), in the parameter's unit.
        states: states when the rest begins, shape (n, k).
        time_s: duration of the rest, s.
        temperature_k: temperature during the rest, K.

    Raises:
        SimulationError: the tolerance cannot be met.
    """
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
