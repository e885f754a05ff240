"""Bootstrap over cycles: resampling, and confidence intervals from the resamples.

Statistics are computed of many samples at once, one sample a row: row 0 is the measurement, then come those that leave
one cycle out (for the acceleration of BCa intervals), then the resamples. Means are drawn from Student's t about the
measured ones: whole cycles drawn with replacement would never leave the range of the few that were measured. What is of
the scatter between cycles is computed of cycles drawn with replacement. Where cycles are too few for either, whoever
computes the statistic simulates cycles instead, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

Array = NDArray[np.float64]
RESAMPLES = 1000
LEVEL = 0.95
_LEFT_OUT = 400
_ENOUGH = 0.9


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples of a bootstrap: how often each cycle of each branch is in them; one array a branch, shape (rows, cycles).

    Attributes:
        counts: number of times that a cycle is in a sample, used by statistics of the scatter.
        shifts: share of each cycle's deviation from the mean that is added to the mean, used by means.
        left_out: number of rows, after the first, that leave one cycle out.
        means_simulated, scatter_simulated: whether statistics of means, or of the scatter, come from simulated cycles
            instead of these samples.
    """

    counts: tuple[Array, ...]
    shifts: tuple[Array, ...]
    left_out: int
    means_simulated: bool = False
    scatter_simulated: bool = False

    @property
    def first_resample(self) -> int:
        """Row of the first resample: the measurement and those that leave one cycle out stand before it."""
        return 1 + self.left_out

    def drawn(self, values: Array) -> Array:
        """Finite resamples of a statistic of shape (rows,), shape (resamples,); none if fewer than 90 % are finite."""
        drawn = values[self.first_resample :]
        known = drawn[np.isfinite(drawn)]
        return known if len(known) >= _ENOUGH * len(drawn) else known[:0]

    @property
    def smallest(self) -> int:
        """Number of cycles of the branch that has the fewest."""
        return min(int(c.shape[1]) for c in self.counts)


def draw(cycles: tuple[int, ...], rng: np.random.Generator, *, paired: bool, resamples: int = RESAMPLES) -> Samples:
    """Draw samples of branches with so many cycles each.

    ``paired``: samples have the same cycles of all branches, which have equally many.
    """
    groups = cycles[:1] if paired else cycles
    # With many cycles the acceleration is next to nothing.
    left_out = sum(n for n in groups if 1 < n <= _LEFT_OUT)
    counts, shifts, row = [], [], 1
    for n in groups:
        count, shift = np.ones((1 + left_out + resamples, n)), np.zeros((1 + left_out + resamples, n))
        if 1 < n <= _LEFT_OUT:
            count[row : row + n] -= np.eye(n)
            shift[row : row + n] -= n / (n - 1) * np.eye(n)
            row += n
        if n > 1:
            count[1 + left_out :] = rng.multinomial(n, np.full(n, 1 / n), resamples)
            shift[1 + left_out :] = _students(n, resamples, rng)
        counts.append(count)
        shifts.append(shift)
    times = len(cycles) if paired else 1
    return Samples(tuple(counts * times), tuple(shifts * times), left_out)


def means(values: Array, shifts: Array, bins: Callable[[Array], Array] = lambda v: v) -> Array:
    """Mean over cycles in each sample, then over bins, of values of shape (cycles, points), NaN where there is none.

    Returns:
        The means, shape (rows, bins); NaN where there are no values.
    """
    there = np.isfinite(values)
    many = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there.any(axis=0), np.where(there, values, 0.0).sum(axis=0) / many, np.nan)
    return np.asarray(bins(mean) + shifts @ bins(np.where(there, values - mean, 0.0) / many))


def interval(
    values: Array, samples: Samples, *, of_scatter: bool = False, turned: bool = False
) -> tuple[float, float] | None:
    """The 95 % confidence interval (BCa) of a statistic of shape (rows,); None where nothing is known of it.

    ``of_scatter``: of cycles drawn with replacement, whose quantiles are too close together for few cycles: the
    quantiles of Student's t, times sqrt(n / (n - 1)), take the place of the normal ones. Of simulated cycles: plain
    percentiles. ``turned``: resamples are what the truth may be, so that their quantiles are limits as they are.
    Source: Efron, J. Am. Stat. Assoc. 82, 171 (1987); Hesterberg, The American Statistician 69, 371 (2015), expanded
    percentile intervals.
    """
    drawn = samples.drawn(values)
    if not np.isfinite(values[0]) or not len(drawn) or np.ptp(drawn) == 0:
        return None
    n = samples.smallest
    tail = (1 - LEVEL) / 2
    simulated = samples.scatter_simulated if of_scatter else samples.means_simulated
    wide = of_scatter and not simulated
    reach = -stdtrit(n - 1, tail) * np.sqrt(n / (n - 1)) if wide else -ndtri(tail)
    z = np.array([-reach, reach])
    if not (simulated or turned):
        below = np.clip(np.mean(drawn < values[0]) + np.mean(drawn == values[0]) / 2, 0.01, 0.99)
        centre = ndtri(below)
        room = 1 - _acceleration(values[1 : samples.first_resample]) * (centre + z)
        z = centre + (centre + z) / np.maximum(room, 0.2)
    low, high = np.quantile(drawn, ndtr(z))
    return float(low), float(high)


def _students(cycles: int, resamples: int, rng: np.random.Generator) -> Array:
    """Shifts that spread a mean by Student's t times its standard error, shape (resamples, cycles)."""
    z = rng.standard_normal((resamples, cycles))
    scale = np.sqrt(cycles / rng.chisquare(cycles - 1, (resamples, 1)))
    return np.asarray((z - z.mean(axis=1, keepdims=True)) * scale)


def _acceleration(left_out: Array) -> float:
    if not len(left_out):
        return 0.0
    apart = left_out.mean() - left_out
    scale = np.sum(apart**2) ** 1.5
    return float(np.sum(apart**3) / (6 * scale)) if np.isfinite(scale) and scale > 0 else 0.0
