"""Figures of merit of I-V sweeps, with confidence intervals by bootstrap over loops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from spicegen.measurements import Sweep
from spicegen.measurements.compliance import at_compliance
from spicegen.metrics._bootstrap import Samples, draw, means
from spicegen.metrics.metric import Metric, Statistic

Array = NDArray[np.float64]
_FEWEST = 8
_READ_VOLT = 0.1
"""Conductances of the two states of a loop are compared at this voltage, or at a lower one in a small loop."""
_CHANGE = 0.05
"""Changes of ln G below this are taken as no change of state."""
_RETURN = 0.1
"""Voltages below this share of the largest one are taken as noise of a voltage at rest, not as an excursion."""
_FULL = 0.9
"""Share of the largest voltage that a loop must reach: smaller loops are another measurement and left out of means."""


@dataclass(frozen=True, eq=False)
class Loops:
    """Loops of a sweep at one polarity: in each, the voltage goes out to its extreme and back.

    Attributes:
        v_read_volt: voltage at which states are compared, with the sign of the excursions, V.
        values: values of each excursion (see ``_excursion``) by figure of merit, shape (excursions,); NaN where it has
            none.
        seed: seed of the bootstrap.
        smaller: number of further loops, which end at smaller voltages and are left out.
    """

    v_read_volt: float
    values: dict[str, Array]
    seed: int
    smaller: int = 0

    @property
    def count(self) -> int:
        """Number of loops that are in the figures of merit."""
        return len(self.values["on_off_ratio"])

    def why_no_interval(self, name: str) -> str:
        """Reason why a figure of merit has no interval, though there are several loops."""
        known = int(np.isfinite(self.values[name]).sum())
        return "only one loop has it" if known == 1 else f"it is the same in {known} loops, to the last digit"

    def samples(self, name: str) -> Samples:
        """Samples of the loops that have this figure of merit; loops take the place of cycles."""
        known = int(np.isfinite(self.values[name]).sum())
        return draw((known,), np.random.default_rng(self.seed), paired=True)

    def mean(self, name: str) -> Array:
        """Mean of a figure of merit over the loops in each sample, shape (rows,)."""
        value = self.values[name]
        return means(value[np.isfinite(value)][:, None], self.samples(name).shifts[0])[:, 0]


def loops(sweep: Sweep, seed: int) -> dict[str, Loops]:
    """Loops of each polarity that the sweep has, under ``_pos`` and ``_neg``.

    Raises:
        InputError: no polarity has eight points out and back, the last of them below the compliance.
    """
    found = {}
    limited = at_compliance(sweep.voltage_volt, sweep.current_amp)
    for suffix, sign in (("_pos", 1), ("_neg", -1)):
        v, i = sign * sweep.voltage_volt, sign * sweep.current_amp
        every = [g for g in _out_and_back(v) if not limited[g[-1]]]
        groups = [g for g in every if v[g].max() >= _FULL * max(v[other].max() for other in every)]
        outings = [_Outing(np.pad(v[g], 1), np.pad(i[g], 1), np.pad(limited[g], 1)) for g in groups]
        if outings:
            read = min(_READ_VOLT, min(float(o.back[0][-1]) for o in outings) / 2)
            rows = [_excursion(o, read) for o in outings]
            values = {name: np.array([r[name] for r in rows]) for name in rows[0]}
            found[suffix] = Loops(sign * read, values, seed, len(every) - len(groups))
    if not found:
        raise InputError(
            f"{sweep.origin.path}: no sweep of {_FEWEST} points out to a voltage and back to zero, there below the "
            "compliance"
        )
    return found


def notes(found: dict[str, Loops], metrics: Sequence[Metric]) -> list[str]:
    """Sentences on which loops are in the figures of merit, and why some of these have no interval."""
    listed: list[str] = []
    without: dict[str, list[str]] = {}
    for suffix, data in found.items():
        left_out = f" (without {data.smaller} to less than {_FULL:.0%} of the voltage)" if data.smaller else ""
        listed.append(f"{data.count} at read {data.v_read_volt:.3g} V{left_out}")
        mine = [m.name for m in metrics if m.name.endswith(suffix) and np.isfinite(m.value) and m.ci95 is None]
        for name in mine if data.count > 1 else ():
            without.setdefault(data.why_no_interval(name.removesuffix(suffix)), []).append(name)
    reasons = [f"No interval of {', '.join(names)}: {why}." for why, names in without.items()]
    return [f"Loops: {', '.join(listed)}.", *reasons]


def measure(found: dict[str, Loops]) -> list[Metric]:
    """Compute every figure of merit of the loops of both polarities."""
    return [s.evaluate(data, data.samples(s.name), suffix) for suffix, data in found.items() for s in _ALL]


def _out_and_back(v: Array) -> list[NDArray[np.intp]]:
    """Points above 0 V of each excursion, which lie between the turning points below half of their neighbours' peaks.

    A measured voltage, or that of a unipolar loop, need not return to 0 V.
    """
    from scipy.signal import find_peaks  # a quarter of a second, for which not every command is to wait

    up = np.maximum(v, 0.0)
    turns, shape = find_peaks(-up, prominence=_RETURN * up.max())
    parts = np.split(np.arange(len(v)), turns[shape["prominences"] >= up[turns]])
    groups = [part[v[part] > 0] for part in parts]
    return [
        g for g in groups if len(g) >= _FEWEST and v[g].max() > _RETURN * up.max() and 0 < np.argmax(v[g]) < len(g) - 1
    ]


@dataclass(frozen=True, eq=False)
class _Outing:
    """One excursion from about 0 V to positive voltages and back, all currents and voltages of that sign.

    Attributes:
        v, i: voltages (V) and currents (A), shape (n,).
        limited: mask of the points at which the source meter limits the current, shape (n,).
    """

    v: Array
    i: Array
    limited: NDArray[np.bool_]

    @property
    def out(self) -> tuple[Array, Array]:
        """Voltage and current of the way out, to its extreme."""
        top = int(np.argmax(self.v)) + 1
        return self.v[:top], self.i[:top]

    @property
    def back(self) -> tuple[Array, Array]:
        """Voltage and current of the way back, turned round, from where the current is the device's own."""
        first = max(int(np.argmax(self.v)), int(np.flatnonzero(self.limited).max(initial=-1)) + 1)
        return self.v[first:][::-1], self.i[first:][::-1]


def _excursion(outing: _Outing, read: float) -> dict[str, float]:
    """Figures of merit of one loop, logarithms of those that are ratios; NaN where it has none."""
    out, back = (float(np.interp(read, *leg)) / read for leg in (outing.out, outing.back))
    v, i = outing.back
    half = float(np.interp(v[-1] / 2, v, i)) if v[1] <= v[-1] / 2 else 0.0
    return {
        "on_off_ratio": _log_ratio(back, out),
        "switching_voltage": _switching(outing, out, back),
        "iv_nonlinearity": _log_ratio(float(i[-1]), half),
    }


def _log_ratio(one: float, other: float) -> float:
    return float(np.log(one / other)) if min(one, other) > 0 else np.nan


def _switching(outing: _Outing, before: float, after: float) -> float:
    """Voltage on the way out behind which half of the change of ln G has happened for good; NaN if there is none."""
    if before <= 0 or after <= 0 or abs(np.log(after / before)) < _CHANGE:
        return np.nan
    v, i = outing.out
    passed = (i - v * np.sqrt(before * after)) * np.sign(after - before) > 0
    # at the compliance, the conductance is larger than it looks
    passed = np.where(outing.limited[: len(v)], after > before, passed)[v > 0]
    first = int(np.flatnonzero(~passed).max(initial=-1)) + 1
    return float(v[v > 0][first]) if 0 < first < len(passed) else np.nan


def _exp(logarithm: Array) -> Array:
    return np.asarray(np.exp(np.minimum(logarithm, 700.0)))  # the largest that is finite: of two loops, samples go far


def on_off_ratio(data: Loops) -> Array:
    """Larger over smaller conductance at the read voltage.

    Of the way out and the way back, geometric mean over loops.

    Source: arithmetic.
    """
    change = data.mean("on_off_ratio")
    return _exp(np.maximum(np.copysign(1.0, change[0]) * change, 0.0))


def switching_voltage(data: Loops) -> Array:
    """Voltage at which the state changes on the way out.

    Where I/V passes the geometric mean of the states before and after for the last time. None where the loop changes
    the state by less than 5 %. Source: half-way definition, as usual for set and reset.
    """
    return np.asarray(data.mean("switching_voltage") * np.sign(data.v_read_volt))


def iv_nonlinearity(data: Loops) -> Array:
    """I(V) / I(V/2) at the largest voltage; 2 is ohmic.

    Both on the way back, below the source meter's compliance; none if no point is as low as V/2.

    Source: arithmetic; why arrays need it: Burr et al., J. Vac. Sci. Technol. B 32, 040802 (2014).
    """
    return _exp(data.mean("iv_nonlinearity"))


_ALL = (
    Statistic("on_off_ratio", "1", on_off_ratio),
    Statistic("switching_voltage", "V", switching_voltage),
    Statistic("iv_nonlinearity", "1", iv_nonlinearity),
)
