"""Figures of merit of I-V sweeps, with confidence intervals by bootstrap over loops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from spicegen.measurements import Sweep
from spicegen.metrics._bootstrap import Samples, draw, means
from spicegen.metrics.report import Metric, Statistic
from spicegen.sigma import V_READ_VOLT

Array = NDArray[np.float64]
_FEWEST = 8


@dataclass(frozen=True, eq=False)
class Loops:
    """Excursions of one polarity: the voltage goes out to its extreme and back.

    Attributes:
        v_read_volt: where states are compared, of the excursions' sign, V.
        values: of each excursion (see ``_excursion``), by name, shape (excursions,).
        samples: how often each excursion is in each sample.
    """

    v_read_volt: float
    values: dict[str, Array]
    samples: Samples

    def mean(self, name: str, *, geometric: bool = False) -> Array:
        """Of a value over the excursions of each sample, shape (rows,)."""
        value = self.values[name]
        if geometric:
            value = np.log(np.where(value > 0, value, np.nan))
        mean = means(value[:, None], self.samples.shifts[0])[:, 0]
        return np.exp(mean) if geometric else mean


def loops(sweep: Sweep, seed: int) -> dict[str, Loops]:
    """The excursions of each polarity that the sweep has, under ``_pos`` and ``_neg``.

    Raises:
        InputError: no polarity has eight points out and back.
    """
    found = {}
    for suffix, sign in (("_pos", 1), ("_neg", -1)):
        v, i = sign * sweep.voltage_volt, sign * sweep.current_amp
        groups = np.split(np.arange(len(v)), np.flatnonzero(np.diff(v > 0)) + 1)
        outings = [g for g in groups if v[g[0]] > 0 and len(g) >= _FEWEST and 0 < np.argmax(v[g]) < len(g) - 1]
        if outings:
            read = min(V_READ_VOLT, min(float(v[g].max()) for g in outings) / 2)
            rows = [_excursion(np.r_[0, v[g], 0], np.r_[0, i[g], 0], read) for g in outings]
            values = {name: np.array([r[name] for r in rows]) for name in rows[0]}
            found[suffix] = Loops(sign * read, values, draw((len(rows),), np.random.default_rng(seed), paired=True))
    if not found:
        raise InputError(f"{sweep.origin.path}: no sweep of {_FEWEST} points out to a voltage and back to zero")
    return found


def measure(found: dict[str, Loops]) -> list[Metric]:
    """Every figure of merit of both polarities."""
    return [s.evaluate(data, data.samples, suffix) for suffix, data in found.items() for s in _ALL]


def _excursion(v: Array, i: Array, read: float) -> dict[str, float]:
    """What one excursion to positive voltages says, all currents and voltages of that sign."""
    top = int(np.argmax(v))
    legs = [(v[: top + 1], i[: top + 1]), (v[top:][::-1], i[top:][::-1])]
    at_read = [float(np.interp(read, *leg)) / read for leg in legs]
    back_v, back_i = legs[1]
    half = float(np.interp(v[top] / 2, back_v, back_i))
    return {
        "out": at_read[0],
        "back": at_read[1],
        "switch": _switching(*legs[0], at_read),
        "nonlinearity": float(i[top]) / half if half > 0 else np.nan,
    }


def _switching(v: Array, i: Array, at_read: list[float]) -> float:
    """Where the way out has half of the change of ln G behind it; NaN if there is none."""
    out, back = at_read
    beyond = (v > 0) & (i > 0)
    g = np.divide(i, v, out=np.ones_like(i), where=beyond)
    if out <= 0 or back <= 0 or abs(np.log(back / out)) < 0.05:
        return np.nan
    passed = (np.log(g[beyond] / np.sqrt(out * back)) * np.sign(back - out)) > 0
    return float(v[beyond][np.argmax(passed)]) if passed.any() and not passed[0] else np.nan


def on_off_ratio(data: Loops) -> Array:
    """Larger over smaller conductance at the read voltage.

    Of the way out and the way back, geometric means over loops.

    Source: arithmetic.
    """
    out, back = data.mean("out", geometric=True), data.mean("back", geometric=True)
    ratio = np.asarray(back / out)
    return ratio if ratio[0] > 1 else np.asarray(1 / ratio)


def switching_voltage(data: Loops) -> Array:
    """Voltage at which the state changes on the way out.

    Where I/V passes the geometric mean of the states before and after. None where the loop changes the state by less
    than 5 %. Source: half-way definition, as usual for set and reset.
    """
    return np.asarray(data.mean("switch") * np.sign(data.v_read_volt))


def iv_nonlinearity(data: Loops) -> Array:
    """I(V) / I(V/2) at the largest voltage; 2 is ohmic.

    I(V/2) on the way back.

    Source: arithmetic; why arrays need it: Burr et al., J. Vac. Sci. Technol. B 32, 040802 (2014).
    """
    return data.mean("nonlinearity", geometric=True)


_ALL = (
    Statistic("on_off_ratio", "1", on_off_ratio),
    Statistic("switching_voltage", "V", switching_voltage),
    Statistic("iv_nonlinearity", "1", iv_nonlinearity),
)
