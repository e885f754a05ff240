"""The states that a card's own write pulses leave: a train from the pristine device, and every state on its way.

A device that was written by pulses alone, without waiting and verifying, holds a part of its conductance in volatile
states. How large that part is follows from the card's equations: the pulses that raise the conductance are applied to
the pristine device one after the other, and all states are recorded at the reads between them. A device of a given
conductance then lies at a number of pulses, which need not be whole: between two reads every state is interpolated
monotonically (Fritsch and Butland, SIAM J. Sci. Stat. Comput. 5, 300 (1984)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from models_va import ROOM_TEMPERATURE_K, DeviceCard, Model, load_model
from models_va.errors import InputError
from spicegen.devices.memory_state import at_conductance, in_parts
from spicegen.devices.write_pulses import PULSES_PER_POLARITY, WritePulses, card_pulses
from spicegen.printers.numpy_model import numpy_model
from spicegen.simulate import SimulationError
from spicegen.simulate.native import AppliedVoltage, states_under

Array = NDArray[np.float64]
_MOST_PULSES = 1000
_ENOUGH = 1.5
"""Conductance at which the train ends, over the top of the card's window: devices that programming errors or a spread
of parameters put beyond the window are still within the train."""
_VISIBLE = 1e-3
"""Relative rise of the conductance by ``PULSES_PER_POLARITY`` pulses below which the train ends."""
_REL_TOL = 1e-9
"""Relative tolerance of each step of the integration, so fine that the states after hundreds of pulses are exact to
about 1e-7."""
_KEPT = 16
"""Number of trains that are kept in memory, because the layers of a network and all trials share one."""


@dataclass(frozen=True, eq=False)
class PulsedStates:
    """The states of a device after each pulse of a train that raises its conductance.

    Attributes:
        model: model of the device.
        values: every parameter of the model with its value on the card, in the parameter's unit.
        numbers: numbers of pulses after which the conductance is higher than ever before, from 0, shape (n,).
        states: the model's states at the read behind so many pulses, shape (n, k).
    """

    model: Model
    values: Mapping[str, float]
    numbers: Array
    states: Array

    def reach(self, instance: Mapping[str, Array] | None = None) -> tuple[Array, Array]:
        """The conductances at v = 0 of devices before the first and after the last pulse of the train, S.

        Args:
            instance: the parameters in which the devices differ, all of one shape, which is that of the results; the
                rates and initial states must not depend on them.
        """
        shape = np.broadcast_shapes(*(np.shape(v) for v in (instance or {}).values()))
        low, high = (in_parts(self._conductances, np.full(shape, n), instance) for n in self._ends)
        return low, high

    def numbers_of(self, g_siemens: Array, instance: Mapping[str, Array] | None = None) -> Array:
        """The number of pulses, not necessarily whole, that gives each device its conductance at v = 0.

        Args:
            g_siemens: conductances within the reach of the train, any shape, S.
            instance: the parameters in which the devices differ, each of the shape of ``g_siemens``.

        Returns:
            Numbers of pulses in the shape of ``g_siemens``, exact to rounding.
        """

        def work(g: Array, own: Mapping[str, Array]) -> Array:
            return at_conductance(self._conductances, self._ends, g, own)

        return in_parts(work, g_siemens, instance)

    def interpolated(self, values: Array) -> Callable[[Array], Array]:
        """A function of the number of pulses that is monotone between the given values.

        Args:
            values: values at ``numbers``, shape (n, k).

        Returns:
            A function of numbers of pulses (m,) that gives values (m, k).
        """
        with np.errstate(over="ignore"):  # where a state hardly moves, scipy divides by its slope, and then by that
            function = PchipInterpolator(self.numbers, values)
        return lambda number: np.ascontiguousarray(function(number))

    @property
    def _ends(self) -> tuple[float, float]:
        """The first and the last number of pulses."""
        return float(self.numbers[0]), float(self.numbers[-1])

    @cached_property
    def _states_at(self) -> Callable[[Array], Array]:
        return self.interpolated(self.states)

    def _conductances(self, number: Array, instance: Mapping[str, Array]) -> Array:
        """Conductances at v = 0 and room temperature after numbers of pulses (n,), shape (n,), S."""
        return _conductances(self.model, self._states_at(number), {**self.values, **instance})


def pulsed_states(card: DeviceCard) -> PulsedStates:
    """Apply the card's potentiating write pulses to the pristine device until its conductance is high enough.

    The train ends where the conductance passes the top of the card's window by half of it, where 25 pulses do not raise
    it visibly any more, or after 1000 pulses. A pulse after which the conductance is not higher than ever before is
    passed over.

    Raises:
        CardError: the card names no write pulses, or has no conductance window.
        InputError: the pulses do not raise the conductance.
        SimulationError: the native engine cannot simulate a pulse.
    """
    pulses = card_pulses(card)
    _, top = card.window()
    train = _train(card.model, tuple(card.values.items()), pulses, top)
    if len(train.numbers) < 2:
        raise InputError(
            f"card {card.name}: its write pulses of {pulses.up_volt:g} V and {pulses.width_s:g} s do not raise the "
            "conductance of its device in its initial state: correct write_pulse or the initial states"
        )
    return train


@lru_cache(maxsize=_KEPT)
def _train(model_name: str, parameters: tuple[tuple[str, float], ...], pulses: WritePulses, top: float) -> PulsedStates:
    """The train for a conductance window that ends at ``top``, S; a single state if the pulses do not raise it."""
    model, values = load_model(model_name), dict(parameters)
    states = [np.array([values[s.initial] for s in model.states])]
    g = [_conductance(model, states[0], values)]
    for reached in _reads(model, values, pulses):
        states.append(reached)
        g.append(_conductance(model, reached, values))
        before = g[-1 - PULSES_PER_POLARITY] if len(g) > PULSES_PER_POLARITY else 0.0
        if g[-1] > _ENOUGH * top or g[-1] < (1 + _VISIBLE) * before:
            break
    numbers = np.flatnonzero(np.diff(np.maximum.accumulate(g), prepend=-np.inf) > 0)
    return PulsedStates(model, values, numbers.astype(np.float64), np.stack(states)[numbers])


def _reads(model: Model, values: Mapping[str, float], pulses: WritePulses) -> Iterator[Array]:
    """The states of the pristine device at the read behind each potentiating pulse, shape (k,), pulse by pulse."""
    if not model.states:
        return
    train = replace(pulses.train(), amplitudes_volt=(pulses.up_volt,))
    wave = train.waveform()
    period = AppliedVoltage(np.array([*wave.time_s, train.stop_s]), np.array([*wave.value_volt, 0.0]))
    params = np.array([values[p.name] for p in model.params])
    states = np.array([values[s.initial] for s in model.states])
    for _ in range(_MOST_PULSES):
        found = states_under(period, model, params, ROOM_TEMPERATURE_K, states, _REL_TOL)
        if found is None:
            raise SimulationError("native", f"a write pulse of {pulses.up_volt:g} V: the tolerance cannot be met")
        steps, on_the_way = found
        yield on_the_way[np.argmin(np.abs(steps.time_s - train.read_time_s))]
        states = on_the_way[-1].copy()


def _conductance(model: Model, states: Array, values: Mapping[str, float]) -> float:
    return float(_conductances(model, states[None], values)[0])


def _conductances(model: Model, states: Array, values: Mapping[str, float | Array]) -> Array:
    return numpy_model(model).conductance(states, values, ROOM_TEMPERATURE_K)
