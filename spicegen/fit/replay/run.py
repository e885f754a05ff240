"""A replay: the voltages of a measurement are applied to a model of the device, and its response is compared.

A fit compares logarithms of conductances or, because the current of a sweep passes zero, currents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_va import Model
from spicegen.measurements import Measurement
from spicegen.printers.numpy_model import numpy_model
from spicegen.simulate.native import AppliedVoltage, slopes_in_steps, states_under

Array = NDArray[np.float64]

_FINE, ROUGH = 1e-4, 1e-2
"""Relative tolerances of a run's steps: in a descent, which coarser steps would disturb, and in a first look."""
_LIMIT = 1e3
"""Largest residual, which is also that of a failed simulation, so that nothing is worse."""
_TELLING = 0.05
"""Share of the largest voltage below which a current tells nothing: it is small because the voltage is."""
_TINY = 1e-30
"""Current that counts as zero, A."""
_DIFFERENCE = 1e-5
"""Relative step of a central difference."""
_GRID = 65
"""Number of memory states of the grid on which an observed state is looked for."""
_POLISHED = 4
"""Steps of Newton's method between two states of the grid."""
_EDGE = 1e-9
"""Distance from a bound, as a share of a state's range, within which a state counts as at the bound."""
_TELLS = 0.2
"""Largest relative uncertainty of an observation that determines a state."""
MAD = 1.4826
"""Ratio of the standard deviation to the median absolute deviation of normal errors."""
_OUTLIER, _ROW = 5.0, 3
"""Number of standard deviations beyond which points are outliers, and number of such points in a row on one side from
which on none is an outlier."""


@dataclass(frozen=True, eq=False)
class ModelDevice:
    """A device of a model: its parameters, the states in which it begins, and which way around it stands.

    Attributes:
        model: the model of the device.
        values: every parameter in the model's order, shape (p,).
        initial: states at the start, shape (k,).
        turned: whether the device stands the other way around, te where the measurement has be.
    """

    model: Model
    values: Array
    initial: Array
    turned: bool

    @classmethod
    def fresh(cls, model: Model, values: Array, turned: bool) -> ModelDevice:
        """A fresh device: its states are the initial ones of its parameters."""
        names = [p.name for p in model.params]
        return cls(model, values, values[[names.index(s.initial) for s in model.states]], turned)

    @property
    def sign(self) -> float:
        """Sign of the device's voltage and current over the measurement's: -1 where it stands the other way around."""
        return -1.0 if self.turned else 1.0

    def params(self) -> dict[str, float]:
        """Parameter values by name, in the model's units."""
        return dict(zip((p.name for p in self.model.params), self.values.tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class Run:
    """The response of a model's device in a replay.

    Attributes:
        steps: the voltage at the steps that were taken; None if the run failed.
        seen: points of the steps at which there is an observation, shape (n,).
        states: states at these points, shape (n, k).
        predicted: predicted observations, in the form of the replay's ``observed``; NaN if the run failed.
    """

    steps: AppliedVoltage | None
    seen: NDArray[np.intp]
    states: Array
    predicted: Array


@dataclass(frozen=True, eq=False)
class Replay:
    """A replay of one measurement: the voltage across the device, and the observations on the way.

    Attributes:
        name: name of the replay, for people.
        measurement: the measurement that is replayed; cycles that drift stand in it as one train.
        applied: the voltage te - be over time.
        seen: points of the applied voltage at which there is an observation, shape (n,).
        read_volt: voltage of each observation, shape (n,), V.
        observed: conductances (S) or currents (A), shape (n,).
        is_current: whether the observations are currents.
        noise: standard deviation of the logarithm of a conductance, or of a current (A), shape (n,).
        temperature_k: temperature of the device, K.
        rested: whether nothing had been done to the device just before.
        cycled: whether the same cycle had been done again and again, so that it ends where it began.
        corrected: observations behind which the device is put into the memory state that they show, rising, shape (r,).
    """

    name: str
    measurement: Measurement
    applied: AppliedVoltage
    seen: NDArray[np.intp]
    read_volt: Array
    observed: Array
    is_current: bool
    noise: Array
    temperature_k: float
    rested: bool
    cycled: bool = False
    corrected: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))

    def behind_a_cycle(self, model: Model) -> Replay:
        """The replay with the same cycle once before it, where the measurement had cycled already.

        Of a model whose only state is the memory state, which is seen, the replay stays as it is.
        """
        if not self.cycled or len(model.states) < 2:
            return self
        time_s, v_volt = self.applied.time_s, self.applied.v_volt
        twice = AppliedVoltage(np.append(time_s, time_s[-1] + time_s[1:]), np.append(v_volt, v_volt[1:]))
        return replace(self, applied=twice, seen=self.seen + len(time_s) - 1, cycled=False)

    def in_parts(self, count: int) -> Replay:
        """The replay in ``count`` parts, each of which begins with the memory state that was seen last.

        What happens in one part is not lost because the one before it went wrong, so that the misfit has far fewer
        minima; that is multiple shooting, with measured states. Source: Bock, in Modelling of Chemical Reaction
        Systems (Springer 1981), 102.
        """
        n = len(self.seen)
        ends = np.unique(np.linspace(0, n - 1, min(count, n - 1) + 1).astype(np.intp))[1:-1]
        return replace(self, corrected=ends[self.relative_noise[ends] < _TELLS])

    def run(self, device: ModelDevice, rel_tol: float = _FINE) -> Run:
        """Replay the measurement on a device of a model; ``rel_tol`` is the relative tolerance of each time step."""
        steps, seen, states = self.applied, self.seen, np.empty((len(self.seen), 0))
        if device.model.states:
            applied = self._driven(device)
            found = None
            if not device.model.out_of_order(device.params()):
                found = states_under(applied, device.model, device.values, self.temperature_k, device.initial, rel_tol)
            if found is None:
                nothing = np.full((len(self.seen), len(device.initial)), np.nan)
                return Run(None, self.seen, nothing, np.full(len(self.seen), np.nan))
            steps = found[0]
            seen = np.searchsorted(steps.time_s, self.applied.time_s[self.seen])  # before a jump
            states = found[1][seen]
        return Run(steps, seen, states, self._shown(device, device.values[None], states[None])[0])

    def _driven(self, device: ModelDevice) -> AppliedVoltage:
        """The voltage across the device as it stands, with the states into which it is put on the way."""
        time_s, v_volt = self.applied.time_s, device.sign * self.applied.v_volt
        if not len(self.corrected):
            return AppliedVoltage(time_s, v_volt)
        at = self.seen[self.corrected]
        put = np.full((len(time_s), len(device.initial)), np.nan)
        put = np.insert(put, at + 1, self.memory_shown([device], self.corrected)[0][:, None], axis=0)
        return AppliedVoltage(np.insert(time_s, at + 1, time_s[at]), np.insert(v_volt, at + 1, v_volt[at]), put)

    def slopes(self, run: Run, device: ModelDevice, places: NDArray[np.intp]) -> Array:
        """Derivatives of what the device shows in a run by its parameters and by its states at the start.

        Args:
            run: the run of this device.
            device: the device at which the derivatives are taken.
            places: places, among the model's parameters, of the m parameters to differentiate by.

        Returns:
            Derivatives of the observations, shape (n, m + k); NaN if the run failed.
        """
        n, m, k = len(self.seen), len(places), len(device.initial)
        if run.steps is None:
            return np.full((n, m + k), np.nan)
        found = np.zeros((n, m + k))
        if k:
            by = slopes_in_steps(run.steps, device.model, device.values, self.temperature_k, device.initial, places)
            by = by[run.seen]
            if len(self.corrected):
                self._follow(by, run.steps, device, places)
            found = np.einsum("nk,nkm->nm", self._by_states(device, run.states), by)
        found[:, :m] += self._by_values(device, run.states, places)
        return found

    def _follow(self, by: Array, steps: AppliedVoltage, device: ModelDevice, places: NDArray[np.intp]) -> None:
        """Turn derivatives by states into which the device was put into ones by the parameters that fix them."""
        states, m = np.tile(device.initial, (len(self.seen), 1)), len(places)
        states[self.corrected] = steps.put[~np.isnan(steps.put[:, 0])]
        with np.errstate(all="ignore"):
            moved = -self._by_values(device, states, places) / self._by_states(device, states)
        inside = (states > _EDGE) & (states < 1 - _EDGE)  # states at a bound follow no parameter
        moved = np.where(inside & np.isfinite(moved), moved, 0.0)[self.corrected]
        last = np.searchsorted(self.corrected, np.arange(len(self.seen))) - 1
        after = last >= 0
        by[after, :, :m] += by[after, :, m:] * moved[last[after], None]
        by[after, :, m:] = 0.0

    def _by_states(self, device: ModelDevice, states: Array) -> Array:
        """Derivatives of what is shown in states of shape (n, k) by these states, shape (n, k)."""
        v = device.sign * self.read_volt
        _, slopes = numpy_model(device.model).current_and_slopes(v, states, device.params(), self.temperature_k)
        return np.asarray(device.sign * (slopes if self.is_current else slopes / self.read_volt[:, None]))

    def _by_values(self, device: ModelDevice, states: Array, places: NDArray[np.intp]) -> Array:
        """Derivatives of what is shown in these states by the parameters at ``places``, shape (n, m).

        The current is smooth, so that small central differences are exact enough.
        """
        m = len(places)
        step = np.maximum(_DIFFERENCE * np.abs(device.values[places]), np.finfo(float).tiny)
        ends = [np.tile(device.values, (m, 1)) for _ in range(2)]
        for values, sign in zip(ends, (1.0, -1.0), strict=True):
            values[np.arange(m), places] += sign * step
        up, down = (self._shown(device, e, np.broadcast_to(states, (m, *states.shape))) for e in ends)
        return np.asarray(((up - down) / (2 * step[:, None])).T)

    def _shown(self, device: ModelDevice, values: Array, states: Array) -> Array:
        """Observations from states of shape (m, n, k), of m devices with parameters of shape (m, p): shape (m, n)."""
        m, n, k = states.shape
        params = {p.name: np.repeat(v, n) for p, v in zip(device.model.params, values.T, strict=True)}
        v = device.sign * np.tile(self.read_volt, m)
        current = numpy_model(device.model).current(v, states.reshape(m * n, k), params, self.temperature_k)
        current = device.sign * current.reshape(m, n)
        return np.asarray(current if self.is_current else current / self.read_volt)

    def residuals(self, predicted: Array) -> Array:
        """Predicted less observed in units of the noise, shape (n,), within +-1000, also where a simulation failed."""
        with np.errstate(all="ignore"):
            if self.is_current:
                found = (predicted - self.observed) / self.noise
            else:
                found = np.log(predicted / self.observed) / self.noise
        return np.clip(np.nan_to_num(found, nan=_LIMIT), -_LIMIT, _LIMIT)

    def residual_slopes(self, predicted: Array, slopes: Array) -> Array:
        """Derivatives of the residuals from those of what is predicted, shape (n, m)."""
        scale = self.noise if self.is_current else predicted * self.noise
        with np.errstate(all="ignore"):
            found = slopes / scale[:, None]
        inside = np.abs(self.residuals(predicted)) < _LIMIT
        return np.where(inside[:, None] & np.isfinite(found), found, 0.0)

    @property
    def relative_noise(self) -> Array:
        """Noise of each observation over its magnitude, shape (n,)."""
        return self.noise / (np.abs(self.observed) + _TINY) if self.is_current else self.noise

    @cached_property
    def first(self) -> int:
        """Index of the observation that tells the state at the start: the first at a voltage not nearly zero."""
        return int(np.argmax(telling(self.read_volt)))

    @cached_property
    def g_siemens(self) -> Array:
        """Conductances that were observed, shape (m,), S: of a sweep, those at voltages that are not nearly zero."""
        g = self.observed[self.conducting]
        return np.asarray(g / self.read_volt[self.conducting] if self.is_current else g)

    @cached_property
    def conducting(self) -> NDArray[np.intp]:
        """Indices of the observations that are conductances, shape (m,).

        Points of a sweep near 0 V are not among them, because I/V has no meaning there, nor those whose current has the
        other sign than the voltage.
        """
        if not self.is_current:
            return np.arange(len(self.observed))
        return np.flatnonzero(telling(self.read_volt) & (self.observed * self.read_volt > 0))

    def free_states(self, model: Model) -> list[int]:
        """Places, among the model's states, of those whose values at the start are not known.

        They are the memory state; after a compliance, or a programming, whose relaxation is what retention is about,
        all others too.
        """
        if not self.rested:
            return list(range(len(model.states)))
        return [] if model.memory is None else [model.state_names.index(model.memory)]

    def memory_at_start(self, devices: Sequence[ModelDevice]) -> Array:
        """Memory state in which each device shows what was observed first, shape (devices,): a start for the fit."""
        return self.memory_shown(devices, np.array([self.first]))[:, 0]

    def memory_shown(self, devices: Sequence[ModelDevice], observations: NDArray[np.intp]) -> Array:
        """Memory states in which devices show what was observed, or nearly so if none does, shape (m, r).

        Args:
            devices: m of one model; their other states are those at their start.
            observations: r of them.
        """
        model, m, r = devices[0].model, len(devices), len(observations)
        place = model.state_names.index(model.memory or "")
        state = model.states[place]
        grid = np.linspace(state.lower, state.upper, _GRID)
        sign = np.repeat([d.sign for d in devices], r)
        v = sign * np.tile(self.read_volt[observations], m)
        wanted = np.tile(self.observed[observations], m) * (sign if self.is_current else v)
        states = np.repeat([d.initial for d in devices], r, axis=0)
        values = np.repeat([d.values for d in devices], r, axis=0)

        def off(memory: Array) -> tuple[Array, Array]:
            """Logarithm of the current over the wanted one, and its slope, in states of shape (m r, n)."""
            n = memory.shape[1]
            x = np.repeat(states, n, axis=0)
            x[:, place] = memory.ravel()
            params: Mapping[str, Any] = devices[0].params()
            if m > 1:  # a single device may have very many observations
                params = {p.name: np.repeat(column, n) for p, column in zip(model.params, values.T, strict=True)}
            found = numpy_model(model).current_and_slopes(np.repeat(v, n), x, params, self.temperature_k)
            current, slope = found[0].reshape(memory.shape), found[1][:, place].reshape(memory.shape)
            return np.nan_to_num(np.log(current / wanted[:, None]), nan=np.inf), slope / current

        with np.errstate(all="ignore"):
            away, _ = off(np.tile(grid, (m * r, 1)))
            crossed = (away[:, :-1] * away[:, 1:] <= 0) & np.isfinite(away[:, 1:] - away[:, :-1])
            left = np.argmax(crossed, axis=1)
            found = (grid[left] + grid[left + 1]) / 2
            for _ in range(_POLISHED):
                over, slope = (y[:, 0] for y in off(found[:, None]))
                step = np.nan_to_num(over / slope, posinf=0.0, neginf=0.0)  # beyond a bound nothing changes
                found = np.clip(found - step, grid[left], grid[left + 1])
        nearest = np.where(crossed.any(axis=1), found, grid[np.argmin(np.abs(away), axis=1)])
        return np.asarray(nearest.reshape(m, r))


def telling(volt: Array) -> NDArray[np.bool_]:
    """Mask of shape (n,): where a voltage, shape (n,), is at least a twentieth of the largest one."""
    return np.asarray(np.abs(volt) >= _TELLING * np.abs(volt).max())


def scale_of_most(residuals: Array) -> float:
    """Standard deviation of most residuals, in units of the noise, which outliers do not change; at least 1."""
    return max(1.0, MAD * float(np.median(np.abs(residuals))))


def outliers(residuals: Array) -> NDArray[np.bool_]:
    """Mask of shape (n,): which points of a replay are outliers, from its residuals in units of the noise.

    Several points in a row that are far off on one side are no outliers, but a misfit of the model.
    """
    side = np.where(np.abs(residuals) > _OUTLIER * scale_of_most(residuals), np.sign(residuals), 0.0)
    rows = np.abs(np.convolve(side, np.ones(_ROW))) == _ROW  # at their ends
    in_row = np.convolve(rows, np.ones(_ROW))[_ROW - 1 : len(side) + _ROW - 1] > 0
    return np.asarray((side != 0) & ~in_row)


def weight_of_independent(residuals: Sequence[float] | Array) -> float:
    """Share of points that are as good as independent, 0 to 1, from the residuals of one replay.

    What a model gets wrong it gets wrong for neighbouring points alike, so the share is (1 - r)/(1 + r) for a
    first-order autocorrelation r, not below a twentieth. Source: Bayley and Hammersley, Suppl. J. R. Stat. Soc. 8, 184
    (1946).
    """
    e = np.asarray(residuals) - np.mean(residuals)
    power = float(e @ e)
    r = float(e[1:] @ e[:-1]) / power if power > 0 and len(e) > 3 else 0.0
    return max((1 - r) / (1 + r), 0.05) if r > 0 else 1.0
