"""Replays of measurements: the voltages and observations of their files, and the uncertainty of each point.

The uncertainty comes from the data: from the spread between cycles, or from how far neighbours are off a smooth curve.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from models_va.errors import InputError
from spicegen.fit.replay.run import MAD, Replay
from spicegen.measurements import Measurement, Pulses, Retention, Sweep, between_compliance
from spicegen.measurements.compliance import at_compliance
from spicegen.measurements.thinning import FIT_POINTS, log_spaced, with_turns
from spicegen.simulate.native import AppliedVoltage

Array = NDArray[np.float64]

_LEAST_NOISE = 0.005
"""Smallest relative noise: no model, and no contact, is better than that."""
_FLOOR = 1e-4
"""Share of a sweep's largest current that counts as zero."""
_SURE = 3.0
"""Number of standard deviations from which on two conductances are different."""
_FAR = 10.0
"""Number of standard deviations, estimated from neighbours, from which on cycles are different."""
_FEW_FAR, _ONE_WAY = 0.01, 0.5
"""Share of the conductances that are so far from those a cycle before, where cycles drift; and of these, the share that
went one way less that which went the other. With one state all go one way, as curves of it do not cross; outliers do
not."""
_PRIOR = 4.0
"""Degrees of freedom with which the variance of all rows counts in the variance of one row."""
_SECOND = np.sqrt(6.0)
"""Standard deviation of a second difference of white noise, in standard deviations of the noise."""


def replays(measurement: Measurement) -> list[Replay]:
    """Replays of one measurement; none for write-verify, which says nothing about a model's equations.

    Raises:
        InputError: the file does not state the amplitude or width of pulses, a sweep is all compliance or too short, or
            all conductances are 0.
    """
    if isinstance(measurement, Pulses):
        return [_of_pulses(fitted_train(measurement))]
    if isinstance(measurement, Sweep):
        return _of_sweep(measurement)
    if isinstance(measurement, Retention):
        return [_of_rest(measurement, t) for t in np.unique(measurement.temperature_k)]
    return []


def fitted_train(p: Pulses) -> Pulses:
    """The train that a fit replays: cycles that drift one after the other, else the train as it is.

    Of cycles that drift it has as many as ``FIT_POINTS`` allow.

    The behaviour of a device on its way to cycles that repeat is data, and not noise of these cycles.
    """
    begin = replace(p, g_siemens=p.g_siemens[:, : max(2, FIT_POINTS // len(p.direction))])
    if not _drift(begin):
        return p
    amplitude, width, gap = (np.tile(row, begin.cycles) for row in (p.amplitude_volt, p.width_s, p.gap_s))
    return replace(
        p,
        amplitude_volt=amplitude,
        width_s=width,
        gap_s=gap,
        direction=np.tile(p.direction, begin.cycles),
        g_siemens=begin.g_siemens.T.reshape(-1, 1),
    )


def of_drift(measurement: Measurement, replay: Replay) -> str:
    """Sentence for the user on a measurement whose cycles drift; empty for any other measurement."""
    train = replay.measurement
    if train is measurement or not (isinstance(train, Pulses) and isinstance(measurement, Pulses)):
        return ""
    taken = f"{len(train.direction) // len(measurement.direction)} of {measurement.cycles}"
    return f"Cycles drift, each from where the one before ended: {taken} are taken one after the other, as one train."


def _drift(p: Pulses) -> bool:
    """Whether cycles go on from those before, and differ from them in one direction by far more than the noise."""
    if p.cycles == 1 or np.isnan(p.g_siemens[-1]).any():  # where a cycle ended early, nobody knows what came next
        return False
    curves = np.log(np.where(p.g_siemens > 0, p.g_siemens, np.nan))
    train, moved = curves.T.ravel(), np.diff(curves, axis=1)
    noise = max(_roughness(train[np.isfinite(train)]), _LEAST_NOISE)
    ways = np.sign(moved[np.abs(moved) > _FAR * noise])
    if len(ways) <= _FEW_FAR * moved.size or abs(ways.mean()) <= _ONE_WAY:
        return False
    return _goes_on(p.direction, curves[-1, :-1] - curves[0, 1:], np.sqrt(2) * noise)


def _of_pulses(p: Pulses) -> Replay:
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
    kept, middle = typical_cycle(p)
    noise = _spread(curves[kept])
    return Replay(
        name=p.origin.name,
        measurement=p,
        applied=AppliedVoltage(np.array(time), np.array(volt)),
        seen=np.array(ends)[kept],
        read_volt=np.full(len(kept), p.v_read_volt),
        observed=middle,
        is_current=False,
        noise=noise,
        temperature_k=p.temperature_k,
        rested=True,
        cycled=p.cycles > 1
        and _goes_on(p.direction[kept], np.log(middle[-1:] / middle[0]), float(np.hypot(noise[0], noise[-1]))),
    )


def typical_cycle(p: Pulses) -> tuple[NDArray[np.intp], Array]:
    """The rows whose median over the cycles has a logarithm, and these medians, S; both of shape (n,).

    Raises:
        InputError: there are none.
    """
    middle = np.nanmedian(np.where(np.isfinite(p.g_siemens).any(axis=1, keepdims=True), p.g_siemens, 0.0), axis=1)
    rows = _above_zero(p, middle, np.arange(len(middle)))
    return rows, middle[rows]


def _above_zero(measurement: Pulses | Retention, g_siemens: Array, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Keep those of the rows whose conductance is above 0, so that it has a logarithm."""
    kept = rows[g_siemens[rows] > 0]
    if not len(kept):
        raise InputError(f"{measurement.origin.path}: conductances of 0 only: read in a smaller range of the meter")
    return kept


def _goes_on(direction: NDArray[np.int8], apart: Array, noise: float) -> bool:
    """Whether cycles begin where those before ended; else someone reset the device.

    Where nothing was read before the first pulse, pulses both ways are taken to bring it back.

    Args:
        direction: directions of the pulses of a cycle.
        apart: logarithms of the last conductance of a cycle over the first of the next, for one or more cycles.
        noise: standard deviation of each of these.
    """
    if direction[0] == 0:
        return bool(np.median(np.abs(apart)) <= _SURE * noise)
    return {1, -1} <= set(direction.tolist())


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
    usual = np.median(squares[several] / chdtri(free[several], 0.5))
    variance = (squares + _PRIOR * usual) / (free + _PRIOR)
    of_median = np.pi / (2 * count + np.pi - 2)  # exact for one and for many, within a percent for an odd number
    return np.asarray(np.maximum(np.sqrt(of_median * variance), _LEAST_NOISE))


def _roughness(values: Array) -> float:
    """Standard deviation of white noise on a smooth curve, in the unit of ``values``; 0 for fewer than four points."""
    if len(values) < 4:
        return 0.0
    return float(MAD * np.median(np.abs(np.diff(values, 2))) / _SECOND)


def _of_sweep(s: Sweep) -> list[Replay]:
    """Replays of a sweep, one for each part that the source meter did not limit.

    What the device got in between is not known.
    """
    parts = between_compliance(s)
    if not parts:
        if at_compliance(s.voltage_volt, s.current_amp).any():
            what, remedy = "nowhere five points in a row that are not at the compliance", ", or with a higher one"
        else:
            what, remedy = f"a sweep of {len(s.current_amp)} points is too short for a fit, which takes five", ""
        raise InputError(f"{s.origin.path}: {what}: measure more points{remedy}")
    names = [f"{s.origin.name}, part {n + 1}" for n in range(len(parts))] if len(parts) > 1 else [s.origin.name]
    return [_of_part(s, part, name, FIT_POINTS // len(parts)) for part, name in zip(parts, names, strict=True)]


def _of_part(whole: Sweep, s: Sweep, name: str, most: int) -> Replay:
    kept = with_turns(s.voltage_volt, most)
    time, v, i = s.time_s[kept] - s.time_s[kept[0]], s.voltage_volt[kept], s.current_amp[kept]
    largest = float(np.abs(i).max())
    rough = np.abs(np.diff(s.current_amp, 2, prepend=s.current_amp[:1], append=s.current_amp[-1:]))[kept] / _SECOND
    high = np.abs(i) > 0.1 * largest
    relative = max(MAD * float(np.median(rough[high] / np.abs(i[high]))), 2 * _LEAST_NOISE)
    low = np.abs(i) <= np.quantile(np.abs(i), 0.25)
    absolute = max(MAD * float(np.median(rough[low])), _FLOOR * largest)
    return Replay(
        name=name,
        measurement=whole,
        applied=AppliedVoltage(time, v),
        seen=np.arange(len(kept)),
        read_volt=v,
        observed=i,
        is_current=True,
        noise=np.hypot(absolute, relative * np.abs(i)),
        temperature_k=s.temperature_k,
        rested=bool(s.time_s[0] == whole.time_s[0]),
    )


def _of_rest(r: Retention, temperature_k: float) -> Replay:
    rows = _above_zero(r, r.g_siemens, np.flatnonzero(r.temperature_k == temperature_k))
    noise = max(_roughness(np.log(r.g_siemens[rows])), _LEAST_NOISE)
    rows = rows[log_spaced(r.time_s[rows], FIT_POINTS)]
    time, g = r.time_s[rows], r.g_siemens[rows]
    starts_later = time[0] > 0
    breaks = np.concatenate([[0.0], time]) if starts_later else time
    several = len(np.unique(r.temperature_k)) > 1
    return Replay(
        name=f"{r.origin.name} at {temperature_k:.0f} K" if several else r.origin.name,
        measurement=r,
        applied=AppliedVoltage(breaks, np.zeros(len(breaks))),
        seen=np.arange(len(time)) + int(starts_later),
        read_volt=np.full(len(time), r.v_read_volt),
        observed=g,
        is_current=False,
        noise=np.full(len(time), noise),
        temperature_k=temperature_k,
        rested=False,
    )
