"""What the pulses of one direction of a measured train did: conductance before, change, what reads add to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from spicegen.measurements.branches import Branch
from spicegen.metrics._curves import Curves
from spicegen.metrics._local_lines import FEWEST_NEAR, line_weights
from spicegen.metrics._update_noise import UpdateNoise, find_update_noise

Array = NDArray[np.float64]
NAMES = {True: "rising", False: "falling"}
_STEPS_WIDE = 3.0
_ROUNDED = 1e-9
"""Share of the mean step below which a spread is what rounding leaves."""
_CARRIED = 4.0
_SURE, _PART = 4.0, 0.25
"""The first pulse after a change of direction is set apart if its mean change differs from that of later ones by more
than so many standard errors, and by more than this share of theirs."""


@dataclass(frozen=True, eq=False)
class DirectionUpdates:
    """Pulses of one direction whose change was measured.

    Attributes:
        rises: whether the pulses raise the conductance.
        before: best estimate of the conductance before each pulse from the reads until then, shape (n,), S.
        change: next read less that estimate, shape (n,), S.
        added: variance of that difference that reads add, shape (n,), S^2.
        first_read: whether there are reads before the first pulses after a change of direction.
        set_apart: which pulses are such first ones and do another thing than later ones, shape (n,); their table is
            without them.
        range_siemens: lowest and highest mean conductance before the pulses that are not set apart, S.
        mean_step: mean change by a pulse, S.
        least_width: distance of conductances within which changes are averaged at least, S: three mean steps.
        noise: read noise and updates told apart.
    """

    rises: bool
    before: Array
    change: Array
    added: Array
    first_read: bool
    set_apart: NDArray[np.bool_]
    range_siemens: tuple[float, float]
    mean_step: float
    least_width: float
    noise: UpdateNoise

    def notes(self, sigma_siemens: float) -> list[str]:
        """What the data do not tell, for a table whose mean standard deviation is ``sigma_siemens``."""
        if self.noise.spread_seen:
            return []
        shown = sigma_siemens if sigma_siemens > _ROUNDED * abs(self.mean_step) else 0.0
        return [
            f"Of {NAMES[self.rises]} pulses the data do not tell a spread of updates from read noise: up to "
            f"{self.noise.unseen_siemens:.2g} S would not be seen, and the table has {shown:.2g} S."
        ]


def direction_updates(branch: Branch, curves: Curves, place: str, *, turned: bool) -> DirectionUpdates:
    """Changes of one direction, without taking read noise for updates.

    A read that came out too high is followed by a lower one, and a plain table would say that pulses go back. So the
    conductance before a pulse is the best estimate from the reads until then: Kalman's filter about the trend, with
    noise that may depend on the conductance. Without read noise that is the plain read.

    Args:
        branch: the branch of that direction.
        curves: samples of the branch, the first of which is the measurement.
        place: name of the measurement, for error messages.
        turned: whether runs of this direction follow pulses of the other.

    Raises:
        InputError: there are fewer than 100 pulses in all cycles.
    """
    g = branch.g_siemens
    trend = np.interp(np.linspace(0, 1, g.shape[1]), curves.w, curves.trend.g_siemens[0])
    noise = find_update_noise(g, curves)
    known, doubt = noise.filtered(g - trend)
    before = np.where(np.isfinite(doubt), trend + known, np.nan)[:, :-1]
    change, added = g[:, 1:] - before, noise.memory**2 * doubt[:, :-1] + noise.read[1:]
    is_first = np.zeros(before.shape, dtype=bool)
    is_first[:, 0] = turned and branch.first_read
    there = np.isfinite(before) & np.isfinite(change)
    if there.sum() < 2 * FEWEST_NEAR:
        many = f"{there.sum()} pulses of one direction"
        raise InputError(f"{place}: {many}: an update table needs {2 * FEWEST_NEAR} or more")
    before, change, added, first = before[there], change[there], added[there], is_first[there]
    mean_step = float(trend[-1] - trend[0]) / (len(trend) - 1)
    width = _STEPS_WIDE * abs(mean_step)
    differs = _differs(before, change, added + float(noise.update.mean()), first, width)
    apart = first if differs else np.zeros_like(first)
    ends = trend[int(apart.any()) : -1]
    window = (max(float(ends.min()), float(np.nanmin(g))), min(float(ends.max()), float(np.nanmax(g))))
    return DirectionUpdates(
        branch.rises, before, change, added, branch.first_read, apart, window, mean_step, width, noise
    )


def _differs(before: Array, change: Array, variance: Array, first: NDArray[np.bool_], width: float) -> bool:
    """Whether first pulses change the conductance by another amount than later ones would from there.

    What later ones would do is read off a line that is four times as wide as it has to be carried on.
    """
    if not first.any():
        return False
    at = float(before[first].mean())
    gap = float(np.min(np.abs(before[~first] - at)))
    weights = line_weights(before[~first], np.array([at]), max(width, _CARRIED * gap))[0]
    later = float(weights @ change[~first])
    difference = abs(float(change[first].mean()) - later)
    of_first = max(float(change[first].var()), float(variance[first].mean())) / first.sum()
    error = np.sqrt(of_first + weights**2 @ variance[~first])
    return bool(difference > max(_SURE * error, _PART * abs(later)))
