"""Checks of what a two-terminal device does, at its default parameters: current at 0 V, jumps, drift, runaway states.

Such a device is small enough to be evaluated on a grid of voltages and states; what is said here was seen there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from spicegen.lint.context import Context
from spicegen.lint.evaluation.arithmetic import Array
from spicegen.lint.evaluation.device import DeviceState, TwoTerminalDevice, two_terminal_device
from spicegen.lint.evaluation.evaluate import Fault, ModuleResponse, NotEvaluableError
from spicegen.lint.reading.syntax import Expr
from spicegen.lint.reading.tokens import Token
from spicegen.lint.rules import Finding, found

_VOLTS = np.linspace(-2.0137, 2.0119, 403)
_SMALL_V = 0.1
_TESTING_V = (0.47, -0.47)
_FAR_V = (-5.0137, 5.0119)
_ROUNDS, _PARTS, _PLACES = 5, 32, 3203
_MOST_JUMPS = 5
_ABRUPT = 2.0
_SECONDS = re.compile(r"(tau|t_?(ret|relax|decay)\w*)", re.IGNORECASE)
_OUTWARD = 0.02
_NOISE = frozenset({"white_noise", "flicker_noise", "noise_table", "noise_table_log"})


@dataclass(frozen=True)
class _Grid:
    """A device evaluated at all pairs of a voltage and a set of states.

    Attributes:
        volt: voltages, V, shape (voltages,).
        states: values of each state, shape (sets,).
        outcome: what came out, shape (sets * voltages,), the voltage changing faster.
    """

    volt: Array
    states: dict[str | int, Array]
    outcome: ModuleResponse

    def table(self, values: Array) -> Array:
        """Values in shape (sets, voltages)."""
        return np.broadcast_to(values, (len(self.volt) * self.sets,)).reshape(self.sets, len(self.volt))

    @property
    def sets(self) -> int:
        """Number of sets of states."""
        return len(next(iter(self.states.values()))) if self.states else 1


@dataclass(frozen=True)
class _Path:
    """A straight way through voltages and states.

    Attributes:
        low, high: voltages at its ends, V.
        first, last: states at its ends.
        text: words for a place on it.
        key: state that those words are about.
    """

    low: float
    high: float
    first: dict[str | int, float]
    last: dict[str | int, float]
    text: str
    key: str | int = ""

    def volt(self, places: Array) -> Array:
        """Voltages at places from 0 to 1, V."""
        return self.low + (self.high - self.low) * places

    def state(self, key: str | int, places: Array) -> Array:
        """Values of a state at places from 0 to 1."""
        return self.first[key] + (self.last[key] - self.first[key]) * places

    def describe(self, place: float) -> str:
        """Words for a place."""
        state = self.state(self.key, np.array(place)) if self.key in self.first else 0.0
        return self.text.format(volt=_plain(self.volt(np.array(place))), state=_plain(state))


class Behaviour:
    """Search, by evaluation, for currents and rates of a two-terminal device that no real one has.

    Args:
        device: the device.
    """

    def __init__(self, device: TwoTerminalDevice) -> None:
        self.device = device
        self.terminals = ", ".join(device.terminals)

    @cached_property
    def samples(self) -> dict[str | int, Array]:
        """Values of each state within its bounds, the start first, shape (sets,)."""
        return {s.key: np.array(s.samples()) for s in self.device.states}

    @cached_property
    def grid(self) -> _Grid:
        """The device at all voltages and samples of its states."""
        return self._grid(_VOLTS, self.samples)

    def _grid(self, volt: Array, states: dict[str | int, Array]) -> _Grid:
        sets = len(next(iter(states.values()))) if states else 1
        points = {key: np.repeat(values, len(volt)) for key, values in states.items()}
        return _Grid(volt, states, self.device.run(np.tile(volt, sets), points))

    def _currents(self, outcome: ModuleResponse) -> Iterator[tuple[tuple[str, str], Array]]:
        """The flows of the device proper: none from its states or helpers."""
        aside = self.device.lonely
        inside = {*self.device.nodes, *self.device.terminals, ""} - aside
        return ((pair, flow) for pair, flow in outcome.flows.items() if set(pair) <= inside)

    def _at(self, pair: tuple[str, str]) -> Token:
        """The first contribution to a branch that is no noise."""
        mine = [c for p, c in self.device.contributions if set(p) == set(pair)]
        return next((c.at for c in mine if c.value.text not in _NOISE), self.device.module.at)

    def faults(self) -> Iterator[tuple[Fault, str]]:
        """Functions outside their domains, each with the bias at which it was seen."""
        if not all(s.is_held for s in self.device.states):
            return
        for fault in self.grid.outcome.faults.values():
            if not -1e-9 < fault.argument < 0:
                yield fault, f"at V({self.terminals}) = {_VOLTS[fault.point % len(_VOLTS)]:.3g} V"

    def offsets(self) -> Iterator[Finding]:
        """A current without a voltage."""
        at_rest = self._grid(np.zeros(1), self.samples).outcome
        near = np.tile(np.abs(_VOLTS) < _SMALL_V, self.grid.sets)
        scale = {
            pair: np.nanmax(np.abs(np.broadcast_to(flow, near.shape)[near]), initial=0.0)
            for pair, flow in self._currents(self.grid.outcome)
        }
        for pair, flow in self._currents(at_rest):
            worst = float(flow[np.abs(flow).argmax()]) if np.isfinite(flow).all() else 0.0
            if abs(worst) > 1e-12 * scale.get(pair, 0.0):
                message = f"at 0 V a current of {worst:.3g} A flows: the device is a source"
                yield found("offset-current", self._at(pair), message)

    def jumps(self) -> Iterator[Finding]:
        """Currents that jump at some voltage, or where a state passes some value: the first jump at each place."""
        seen = set()
        for finding in self._all_jumps():
            if (finding.file, finding.line, finding.column) not in seen:
                seen.add((finding.file, finding.line, finding.column))
                yield finding

    def _all_jumps(self) -> Iterator[Finding]:
        for row in range(self.grid.sets):
            states = {key: float(values[row]) for key, values in self.samples.items()}
            yield from self._jumps(_Path(*_FAR_V, states, states, "at {volt:.4g} V"))
        start = {key: float(values[0]) for key, values in self.samples.items()}
        for state in self.device.states:
            if np.isfinite(state.high - state.low):
                low, high = ({**start, state.key: end} for end in (state.low, state.high))
                text = f"where {state.name} is {{state:.4g}}"
                for volt in _TESTING_V:
                    yield from self._jumps(_Path(volt, volt, low, high, text, state.key))

    def _jumps(self, path: _Path) -> Iterator[Finding]:
        places = np.linspace(0, 1, _PLACES)
        for pair, flow in self._currents(self._along(path, places)):
            abruptness = _abruptness(np.broadcast_to(flow, places.shape))
            for n in np.argsort(abruptness)[: -_MOST_JUMPS - 1 : -1]:
                if abruptness[n] > _ABRUPT:
                    yield from self._jump(pair, path, places[n : n + 2])

    def _along(self, path: _Path, places: Array) -> ModuleResponse:
        return self.device.run(path.volt(places), {key: path.state(key, places) for key in path.first})

    def _jump(self, pair: tuple[str, str], path: _Path, ends: Array) -> Iterator[Finding]:
        """A finding if a change of current does not shrink as one looks closer."""
        whole = None
        for _ in range(_ROUNDS):
            places = np.linspace(ends[0], ends[1], _PARTS + 1)
            outcome = self._along(path, places)
            flow = np.broadcast_to(outcome.flows.get(pair, np.zeros(1)), places.shape)
            changes = np.abs(np.diff(flow))
            if not np.isfinite(changes).all() or changes.max() == 0:
                return
            n = int(changes.argmax())
            whole = changes[n] if whole is None else whole
            if changes[n] < 0.5 * whole or changes[n] < 1e-3 * np.abs(flow[n : n + 2]).max():
                return
            ends = places[n : n + 2]
        at = next((at for at, holds in outcome.decisions.values() if holds[n] != holds[n + 1]), self._at(pair))
        yield found("jump", at, f"{path.describe(ends[0])} the current jumps from {flow[n]:.3g} to {flow[n + 1]:.3g} A")

    @cached_property
    def capacitances(self) -> dict[str | int, float]:
        """The charge of each state for a change of 1, with its sign, C; 1 for integrals."""
        return {s.key: self._capacitance(s, {}) for s in self.device.states}

    def _capacitance(self, state: DeviceState, parameters: dict[str, float]) -> float:
        if isinstance(state.key, int):
            return 1.0
        step = 1e-3 * state.width
        two = {key: np.repeat(v[:1], 2) for key, v in self.samples.items()}
        two[state.key] = two[state.key] + np.array([0.0, step])
        run = self.device.run
        outcomes = (run(np.zeros(2), two, has_charges=yes, parameters=parameters) for yes in (True, False))
        whole, rest = (self.device.flow_out_of(state.key, outcome) for outcome in outcomes)
        return float(np.diff(whole - rest)[0]) / step

    def rate(self, state: DeviceState, outcome: ModuleResponse, capacitance: float | None = None) -> Array:
        """The rate of a state, 1/s at each point; ``capacitance`` if it is not that at the default parameters."""
        if isinstance(state.key, int):
            return outcome.rates.get(state.key, np.zeros(1))
        if capacitance is None:
            capacitance = self.capacitances[state.key]
        return -self.device.flow_out_of(state.key, outcome) / capacitance if capacitance else np.zeros(1)

    def drifts(self) -> Iterator[Finding]:
        """States that move without a voltage, other than by a time constant that a parameter gives."""
        for state in self.device.states:
            rest = self._grid(np.zeros(1), self.samples)
            rate = rest.table(self.rate(state, rest.outcome))[:, 0]
            moving = self.grid.table(self.rate(state, self.grid.outcome))
            scale = np.nanmax(np.abs(moving[:, np.abs(_VOLTS) < 0.5]), initial=0.0)
            worst = int(np.nan_to_num(np.abs(rate)).argmax())
            if abs(rate[worst]) > 1e-9 * max(scale, 1e-3 * state.width) and not self._relaxes(state, rate):
                message = (
                    f"at 0 V {state.name} moves by {rate[worst]:.3g} a second where it is {self._value(state, worst)}"
                )
                yield found("drift", state.at.at, message)

    def _value(self, state: DeviceState, row: int) -> str:
        return f"{self.samples[state.key][row]:.3g}"

    def _relaxes(self, state: DeviceState, rate: Array) -> bool:
        """Whether a parameter in seconds gives the rate at 0 V."""
        for name, item in self.device.module.parameters.items():
            if str(item.attributes.get("units", "")).strip() in ("s", "sec", "ms", "us", "ns") or _SECONDS.match(name):
                value = self.device.context.constants.value(Expr("name", name))
                if value and np.isfinite(value):
                    changed = {name: 2 * value}
                    outcome = self.device.run(np.zeros(self.grid.sets), self.samples, parameters=changed)
                    slower = self.rate(state, outcome, self._capacitance(state, changed))
                    if not np.allclose(slower, rate, rtol=1e-6, atol=0):
                        return True
        return False

    def runaways(self) -> Iterator[Finding]:
        """States that run on beyond a bound at which the current stays."""
        for state in self.device.states:
            ends = {state.low, state.high, *self.device.clips(state)}
            for bound in sorted(end for end in ends if np.isfinite(end)):
                if any(self._runs_away(state, bound, outward) for outward in (-1.0, 1.0)):
                    message = f"{state.name} runs on beyond {bound:.3g}, where the current stays: it comes back late"
                    yield found("clipped-state", state.at.at, message)

    def _runs_away(self, state: DeviceState, bound: float, outward: float) -> bool:
        step = outward * _OUTWARD * state.width
        places = {key: np.repeat(v[:1], 5) for key, v in self.samples.items()}
        places[state.key] = bound + step * np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
        grid = self._grid(_VOLTS[::8], places)
        flows = [grid.table(flow) for _, flow in self._currents(grid.outcome)]
        stays = all(np.allclose(t[3], t[4], rtol=1e-12, atol=0) for t in flows)
        changes = any(not np.allclose(t[0], t[1], rtol=1e-9, atol=0) for t in flows)
        rate = outward * grid.table(self.rate(state, grid.outcome))
        pushed = rate[2].max() > 1e-6 * np.abs(rate[1]).max() and rate[3].max() > 0
        return bool(stays and changes and pushed)


def _plain(value: Array | float) -> float:
    """A number for a message: without the error of looking for it."""
    return round(float(value), 6) + 0.0


def _abruptness(flow: Array) -> Array:
    """How much more a flow changes from each place to the next than it does before and after, shape (places - 1,)."""
    changes = np.abs(np.diff(flow))
    changes = np.where(np.isfinite(changes), changes, 0.0)
    around = np.maximum(np.append(changes[1:], changes[-1]), np.insert(changes[:-1], 0, changes[0]))
    size = np.where(np.isfinite(flow), np.abs(flow), 0.0)
    return np.asarray(changes / (around + 1e-9 * np.maximum(size[1:], size[:-1]) + np.finfo(float).tiny))


def check_behaviour(context: Context) -> Iterator[Finding]:
    """Check rules 12, 16, 23 and 24 on a two-terminal device, as far as it has values."""
    behaviour = behaviour_of(context)
    if behaviour is None:
        return
    for check in (behaviour.offsets, behaviour.jumps, behaviour.drifts, behaviour.runaways):
        try:
            with np.errstate(all="ignore"):
                yield from list(check())
        except NotEvaluableError:
            continue


@lru_cache(maxsize=1)
def behaviour_of(context: Context) -> Behaviour | None:
    """The behaviour of a module that is a two-terminal device."""
    device = two_terminal_device(context)
    return Behaviour(device) if device is not None else None
