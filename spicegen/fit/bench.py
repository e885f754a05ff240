"""Bench: what a measurement did to the device, to be done to a model, and what was seen.

What a fit compares is the logarithm of a conductance, or the current of a sweep, which passes zero. How uncertain each
point is comes from the data: the spread between cycles, or what neighbours miss of a smooth curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from models_va import Model
from models_va.errors import InputError
from spicegen.measurements import Measurement, Pulses, Retention, Sweep, between_compliance
from spicegen.measurements.thinning import FIT_POINTS, log_spaced, with_turns
from spicegen.printers.numpy_model import numpy_model
from spicegen.simulate.native import Drive, slopes_in_steps, states_under

Array = NDArray[np.float64]

_LEAST_NOISE = 0.005
"""Relative: no model is better than that, and no contact."""
_FLOOR = 1e-4
"""Of a sweep's largest current: what passes for zero."""
_REL_TOL = 1e-4
"""Of a run's steps."""
_LIMIT = 1e3
"""Of any residual; that of what cannot be simulated, so that nothing is worse."""
_TELLING = 0.05
"""Of the largest voltage: below it a current is small for no other reason."""
_TINY = 1e-30
"""Amperes that are nothing."""
_DIFFERENCE = 1e-5
"""Of a central difference, relative."""
_GRID = 65
"""Memory states among which the one that was seen is looked for."""
_POLISHED = 4
"""Steps of Newton's method between two of them."""
_EDGE = 1e-9
"""Of the range of a state."""
_TELLS = 0.2
"""Relative uncertainty of an observation that tells a state."""
_MAD = 1.4826
"""Standard deviations in a median absolute deviation of normal errors."""
_PRIOR = 4.0
"""Degrees of freedom of what all rows say of one row's variance."""
_SECOND = np.sqrt(6.0)
"""Standard deviations in a second difference of white noise."""


@dataclass(frozen=True, eq=False)
class Device:
    """A model's device on the bench.

    Attributes:
        model: of the device.
        values: every parameter in the model's order, shape (p,).
        initial: states at the start, shape (k,).
        turned: whether it stands the other way around, te where the measurement has be.
    """

    model: Model
    values: Array
    initial: Array
    turned: bool

    @property
    def sign(self) -> float:
        """Of its voltage and current over the measurement's."""
        return -1.0 if self.turned else 1.0

    def params(self) -> dict[str, float]:
        """The values by name."""
        return dict(zip((p.name for p in self.model.params), self.values.tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class Run:
    """A device's run on a bench.

    Attributes:
        steps: that were taken; None if the run failed.
        seen: points of the steps at which something is observed, shape (n,).
        states: there, shape (n, k).
        predicted: what the device shows there, as the bench's ``observed``; NaN if the run failed.
    """

    steps: Drive | None
    seen: NDArray[np.intp]
    states: Array
    predicted: Array


@dataclass(frozen=True, eq=False)
class Bench:
    """What was done to one device, and what was seen.

    Attributes:
        name: for people.
        measurement: that it is of.
        rows: of the measurement that are observed, shape (n,).
        drive: the voltage te - be.
        seen: at which points of the drive, shape (n,).
        read_volt: voltage of each observation, shape (n,), V.
        observed: conductances (S) or currents (A), shape (n,).
        is_current: which of the two.
        noise: standard deviation of the logarithm of a conductance, or of a current (A), shape (n,).
        temperature_k: of the device, K.
        rested: whether nothing had been done to it just before.
        corrected: observations behind which the device is put into the memory state that they show, rising, shape (r,).
    """

    name: str
    measurement: Measurement
    rows: NDArray[np.intp]
    drive: Drive
    seen: NDArray[np.intp]
    read_volt: Array
    observed: Array
    is_current: bool
    noise: Array
    temperature_k: float
    rested: bool
    corrected: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))

    def in_parts(self, count: int) -> Bench:
        """The same in so many parts, each of which begins with the memory state that was seen last.

        What happens in one part is not lost because the one before it went wrong, so that the misfit has far fewer
        minima; that is multiple shooting, with measured states. Source: Bock, in Modelling of Chemical Reaction
        Systems (Springer 1981), 102.
        """
        n = len(self.seen)
        ends = np.unique(np.linspace(0, n - 1, min(count, n - 1) + 1).astype(np.intp))[1:-1]
        relative = self.noise / np.abs(self.observed) if self.is_current else self.noise
        return replace(self, corrected=ends[relative[ends] < _TELLS])

    def run(self, device: Device) -> Run:
        """Do it to a device."""
        steps, seen, states = self.drive, self.seen, np.empty((len(self.seen), 0))
        if device.model.states:
            drive = self._driven(device)
            found = states_under(drive, device.model, device.values, self.temperature_k, device.initial, _REL_TOL)
            if found is None:
                nothing = np.full((len(self.seen), len(device.initial)), np.nan)
                return Run(None, self.seen, nothing, np.full(len(self.seen), np.nan))
            steps = found[0]
            seen = np.searchsorted(steps.time_s, self.drive.time_s[self.seen])  # before a jump
            states = found[1][seen]
        return Run(steps, seen, states, self._shown(device, device.values[None], states[None])[0])

    def _driven(self, device: Device) -> Drive:
        """What the device sees, with the states into which it is put."""
        time_s, v_volt = self.drive.time_s, device.sign * self.drive.v_volt
        if not len(self.corrected):
            return Drive(time_s, v_volt)
        at = self.seen[self.corrected]
        put = np.full((len(time_s), len(device.initial)), np.nan)
        put = np.insert(put, at + 1, self.memory_shown(device, self.corrected)[:, None], axis=0)
        return Drive(np.insert(time_s, at + 1, time_s[at]), np.insert(v_volt, at + 1, v_volt[at]), put)

    def slopes(self, run: Run, device: Device, places: NDArray[np.intp]) -> Array:
        """Derivatives of what the device shows in a run by its parameters and by its states at the start.

        Args:
            run: of that device.
            device: at which.
            places: of the parameters among the model's, m of them.

        Returns:
            Shape (n, m + k); NaN if the run failed.
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

    def _follow(self, by: Array, steps: Drive, device: Device, places: NDArray[np.intp]) -> None:
        """Make derivatives by the states that the device was put into such by the parameters of which these follow."""
        states, m = np.tile(device.initial, (len(self.seen), 1)), len(places)
        states[self.corrected] = steps.put[~np.isnan(steps.put[:, 0])]
        with np.errstate(all="ignore"):
            moved = -self._by_values(device, states, places) / self._by_states(device, states)
        inside = (states > _EDGE) & (states < 1 - _EDGE)  # beyond, nothing follows
        moved = np.where(inside & np.isfinite(moved), moved, 0.0)[self.corrected]
        last = np.searchsorted(self.corrected, np.arange(len(self.seen))) - 1
        after = last >= 0
        by[after, :, :m] += by[after, :, m:] * moved[last[after], None]
        by[after, :, m:] = 0.0

    def _by_states(self, device: Device, states: Array) -> Array:
        """Derivatives of what is shown in states of shape (n, k) by them, shape (n, k)."""
        v = device.sign * self.read_volt
        found = device.sign * numpy_model(device.model).evaluate(v, states, device.params(), self.temperature_k).di_dx
        return np.asarray(found if self.is_current else found / self.read_volt[:, None])

    def _by_values(self, device: Device, states: Array, places: NDArray[np.intp]) -> Array:
        """Derivatives of what is shown in these states by parameters, shape (n, m).

        The current is smooth, so that small central differences are exact enough.
        """
        m = len(places)
        step = np.maximum(_DIFFERENCE * np.abs(device.values[places]), np.finfo(float).tiny)
        ends = [np.tile(device.values, (m, 1)) for _ in range(2)]
        for values, sign in zip(ends, (1.0, -1.0), strict=True):
            values[np.arange(m), places] += sign * step
        up, down = (self._shown(device, e, np.broadcast_to(states, (m, *states.shape))) for e in ends)
        return np.asarray(((up - down) / (2 * step[:, None])).T)

    def _shown(self, device: Device, values: Array, states: Array) -> Array:
        """Observations from states, shape (m, n, k) -> (m, n), of devices with these values, shape (m, p)."""
        m, n, k = states.shape
        params = {p.name: np.repeat(v, n) for p, v in zip(device.model.params, values.T, strict=True)}
        v = device.sign * np.tile(self.read_volt, m)
        current = numpy_model(device.model).current(v, states.reshape(m * n, k), params, self.temperature_k)
        current = device.sign * current.reshape(m, n)
        return np.asarray(current if self.is_current else current / self.read_volt)

    def residuals(self, predicted: Array) -> Array:
        """Predicted less observed in units of the noise, shape (n,); limited where nothing could be simulated."""
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
    def relative_noise(self) -> float:
        """How uncertain a point is in relation to itself, the median."""
        return float(np.median(self.noise / (np.abs(self.observed) + _TINY) if self.is_current else self.noise))

    @cached_property
    def first(self) -> int:
        """The observation that tells the state at the start: the first at a voltage that is not nearly zero."""
        return int(np.argmax(telling(self.read_volt)))

    @cached_property
    def g_siemens(self) -> Array:
        """The conductances that were seen, shape (m,): of a sweep, those at voltages that are not nearly zero."""
        if not self.is_current:
            return self.observed
        told = telling(self.read_volt)
        g = self.observed[told] / self.read_volt[told]
        return np.asarray(g[g > 0])

    def free_states(self, model: Model) -> list[int]:
        """Places of the states whose values at the start nobody knows.

        What keeps a conductance; after a compliance, or a programming, whose relaxation is what retention is about, all
        others too.
        """
        if not self.rested:
            return list(range(len(model.states)))
        return [] if model.memory is None else [model.state_names.index(model.memory)]

    def memory_at_start(self, device: Device) -> float:
        """The memory state in which a device shows what was seen first: a start for the fit."""
        return float(self.memory_shown(device, np.array([self.first]))[0])

    def memory_shown(self, device: Device, observations: NDArray[np.intp]) -> Array:
        """The memory states in which a device shows what was seen, or nearly so if none does, shape (r,).

        Args:
            device: its other states are those at its start.
            observations: r of them.
        """
        place = device.model.state_names.index(device.model.memory or "")
        state = device.model.states[place]
        grid = np.linspace(state.lower, state.upper, _GRID)
        v = self.read_volt[observations]
        wanted = self.observed[observations] * (1.0 if self.is_current else v)

        def off(memory: Array) -> tuple[Array, Array]:
            """Logarithm of the current over the wanted one, and its slope, in states of shape (r, n)."""
            x = np.tile(device.initial, (memory.size, 1))
            x[:, place] = memory.ravel()
            volts = np.repeat(device.sign * v, memory.shape[1])
            at = numpy_model(device.model).evaluate(volts, x, device.params(), self.temperature_k)
            current, slope = (device.sign * y.reshape(memory.shape) for y in (at.current, at.di_dx[:, place]))
            return np.nan_to_num(np.log(current / wanted[:, None]), nan=np.inf), slope / current

        with np.errstate(all="ignore"):
            away, _ = off(np.tile(grid, (len(v), 1)))
            crossed = (away[:, :-1] * away[:, 1:] <= 0) & np.isfinite(away[:, 1:] - away[:, :-1])
            left = np.argmax(crossed, axis=1)
            found = (grid[left] + grid[left + 1]) / 2
            for _ in range(_POLISHED):
                over, slope = (y[:, 0] for y in off(found[:, None]))
                found = np.clip(found - np.nan_to_num(over / slope), grid[left], grid[left + 1])
        return np.asarray(np.where(crossed.any(axis=1), found, grid[np.argmin(np.abs(away), axis=1)]))


def telling(volt: Array) -> NDArray[np.bool_]:
    """Where a voltage is not nearly zero, shape (n,)."""
    return np.asarray(np.abs(volt) >= _TELLING * np.abs(volt).max())


def benches(measurement: Measurement) -> list[Bench]:
    """The runs of a measurement; none for one that says nothing about a model's equations (write-verify).

    Raises:
        InputError: pulses whose amplitude or width the file does not say; a sweep that is all compliance; conductances
            that are all 0.
    """
    if isinstance(measurement, Pulses):
        return [_of_pulses(measurement)]
    if isinstance(measurement, Sweep):
        return _of_sweep(measurement)
    if isinstance(measurement, Retention):
        return [_of_rest(measurement, t) for t in np.unique(measurement.temperature_k)]
    return []


def _of_pulses(p: Pulses) -> Bench:
    pulse = p.direction != 0
    for what, values in (("amplitude_V: 1.5", p.amplitude_volt), ("width_ms: 10", p.width_s)):
        if np.isnan(values[pulse]).any():
            name = what.partition(":")[0]
            raise InputError(
                f"{p.origin.path}: does not say the pulses' {name}: add a column, or a line such as '# {what}'"
            )
    time, volt, ends = [0.0], [0.0], []
    longest = float(np.nanmax(np.where(pulse, p.width_s, np.nan), initial=0.0)) or 1.0
    for is_pulse, amplitude, width, gap in zip(pulse, p.amplitude_volt, p.width_s, p.gap_s, strict=True):
        now = time[-1]
        if is_pulse:
            time += [now, now + width, now + width]
            volt += [amplitude, amplitude, 0.0]
        usual = width if is_pulse else longest
        time.append(time[-1] + (usual if np.isnan(gap) or gap <= 0 else gap))
        volt.append(0.0)
        ends.append(len(time) - 1)
    curves = np.log(np.where(p.g_siemens > 0, p.g_siemens, np.nan))
    middle = np.nanmedian(np.where(np.isfinite(p.g_siemens).any(axis=1, keepdims=True), p.g_siemens, 0.0), axis=1)
    kept = _above_zero(p, middle, np.arange(len(middle)))
    drive, seen = Drive(np.array(time), np.array(volt)), np.array(ends)[kept]
    if p.cycles > 1 and {1, -1} <= set(p.direction.tolist()):  # what is seen began where a cycle ends
        drive, seen = _twice(drive), seen + len(time) - 1
    return Bench(
        name=p.origin.name,
        measurement=p,
        rows=kept,
        drive=drive,
        seen=seen,
        read_volt=np.full(len(kept), p.v_read_volt),
        observed=middle[kept],
        is_current=False,
        noise=_spread(curves[kept]),
        temperature_k=p.temperature_k,
        rested=True,
    )


def _above_zero(measurement: Pulses | Retention, g_siemens: Array, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Those of the rows whose conductance has a logarithm."""
    kept = rows[g_siemens[rows] > 0]
    if not len(kept):
        raise InputError(f"{measurement.origin.path}: conductances of 0 only: read in a smaller range of the meter")
    return kept


def _twice(drive: Drive) -> Drive:
    return Drive(
        np.concatenate([drive.time_s, drive.time_s[-1] + drive.time_s[1:]]),
        np.concatenate([drive.v_volt, drive.v_volt[1:]]),
    )


def _spread(curves: Array) -> Array:
    """Standard deviation of the median over cycles of each row, shape (n,): from other cycles, or from neighbours.

    A row's own variance counts by its degrees of freedom, that of all rows by ``_PRIOR``, as a row of few cycles says
    little: a moderated variance. Source: Smyth, Stat. Appl. Genet. Mol. Biol. 3, 3 (2004).
    """
    count = np.isfinite(curves).sum(axis=1)
    several = count > 2
    if not several.any():
        return np.full(len(curves), max(_roughness(np.nanmedian(curves, axis=1)), _LEAST_NOISE))
    free = count - 1
    squares = np.nansum((curves - np.nanmean(curves, axis=1, keepdims=True)) ** 2, axis=1)
    usual = np.median(squares[several] / chi2.median(free[several]))
    variance = (squares + _PRIOR * usual) / (free + _PRIOR)
    of_median = np.pi / (2 * count + np.pi - 2)  # exact for one and for many, within a percent for an odd number
    return np.asarray(np.maximum(np.sqrt(of_median * variance), _LEAST_NOISE))


def _roughness(values: Array) -> float:
    """Standard deviation of white noise on a smooth curve; 0 of fewer than four points."""
    if len(values) < 4:
        return 0.0
    return float(_MAD * np.median(np.abs(np.diff(values, 2))) / _SECOND)


def _of_sweep(s: Sweep) -> list[Bench]:
    """A run for each part that the source meter did not limit: what the device got in between is not known."""
    parts = between_compliance(s)
    if not parts:
        raise InputError(
            f"{s.origin.path}: nowhere five points in a row that are not at the compliance: measure more points, or "
            "with a higher one"
        )
    names = [f"{s.origin.name}, part {n + 1}" for n in range(len(parts))] if len(parts) > 1 else [s.origin.name]
    return [_of_part(s, part, name, FIT_POINTS // len(parts)) for part, name in zip(parts, names, strict=True)]


def _of_part(whole: Sweep, s: Sweep, name: str, most: int) -> Bench:
    kept = with_turns(s.voltage_volt, most)
    time, v, i = s.time_s[kept] - s.time_s[kept[0]], s.voltage_volt[kept], s.current_amp[kept]
    largest = float(np.abs(i).max())
    rough = np.abs(np.diff(s.current_amp, 2, prepend=s.current_amp[:1], append=s.current_amp[-1:]))[kept] / _SECOND
    high = np.abs(i) > 0.1 * largest
    relative = max(_MAD * float(np.median(rough[high] / np.abs(i[high]))), 2 * _LEAST_NOISE)
    low = np.abs(i) <= np.quantile(np.abs(i), 0.25)
    absolute = max(_MAD * float(np.median(rough[low])), _FLOOR * largest)
    return Bench(
        name=name,
        measurement=whole,
        rows=np.searchsorted(whole.time_s, s.time_s[kept]),
        drive=Drive(time, v),
        seen=np.arange(len(kept)),
        read_volt=v,
        observed=i,
        is_current=True,
        noise=np.hypot(absolute, relative * np.abs(i)),
        temperature_k=s.temperature_k,
        rested=bool(s.time_s[0] == whole.time_s[0]),
    )


def _of_rest(r: Retention, temperature_k: float) -> Bench:
    rows = _above_zero(r, r.g_siemens, np.flatnonzero(r.temperature_k == temperature_k))
    noise = max(_roughness(np.log(r.g_siemens[rows])), _LEAST_NOISE)
    rows = rows[log_spaced(r.time_s[rows], FIT_POINTS)]
    time, g = r.time_s[rows], r.g_siemens[rows]
    starts_later = time[0] > 0
    breaks = np.concatenate([[0.0], time]) if starts_later else time
    several = len(np.unique(r.temperature_k)) > 1
    return Bench(
        name=f"{r.origin.name} at {temperature_k:.0f} K" if several else r.origin.name,
        measurement=r,
        rows=rows,
        drive=Drive(breaks, np.zeros(len(breaks))),
        seen=np.arange(len(time)) + int(starts_later),
        read_volt=np.full(len(time), r.v_read_volt),
        observed=g,
        is_current=False,
        noise=np.full(len(time), noise),
        temperature_k=temperature_k,
        rested=False,
    )


def weight_of_independent(residuals: Sequence[float] | Array) -> float:
    """Share of points that are as good as independent, 0 to 1: what is left wrong is wrong for neighbours alike.

    (1 - r)/(1 + r) for a first-order autocorrelation r, not below a twentieth. Source: Bayley and Hammersley, Suppl. J.
    R. Stat. Soc. 8, 184 (1946).
    """
    e = np.asarray(residuals) - np.mean(residuals)
    power = float(e @ e)
    r = float(e[1:] @ e[:-1]) / power if power > 0 and len(e) > 3 else 0.0
    return max((1 - r) / (1 + r), 0.05) if r > 0 else 1.0
