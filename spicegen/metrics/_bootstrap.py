"""Bootstrap over cycles: what is resampled, and confidence intervals from it.

Statistics are computed of many samples at once, one sample a row: row 0 is the measurement, then come those that leave
one cycle out (for the acceleration of BCa intervals), then the resamples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
RESAMPLES = 1000
LEVEL = 0.95
_LEFT_OUT = 400


@dataclass(frozen=True, eq=False)
class Samples:
    """How often each cycle of each of several branches is in each sample.

    Attributes:
        counts: one array a branch, shape (rows, cycles).
        left_out: how many rows, after the first, leave a cycle out.
    """

    counts: tuple[Array, ...]
    left_out: int

    @property
    def rows(self) -> int:
        """Of every array."""
        return len(self.counts[0])

    @property
    def first_resample(self) -> int:
        """The row."""
        return 1 + self.left_out

    @property
    def smallest(self) -> int:
        """The fewest cycles of a branch."""
        return min(int(c.shape[1]) for c in self.counts)


def draw(cycles: tuple[int, ...], rng: np.random.Generator, *, paired: bool, resamples: int = RESAMPLES) -> Samples:
    """Samples of branches with so many cycles; ``paired``: the same cycles of all branches, which are equally many."""
    groups = cycles[:1] if paired else cycles
    # of many cycles the acceleration is next to nothing
    left_out = sum(n for n in groups if 1 < n <= _LEFT_OUT)
    counts, row = [], 1
    for n in groups:
        count = np.ones((1 + left_out + resamples, n))
        if 1 < n <= _LEFT_OUT:
            count[row : row + n] -= np.eye(n)
            row += n
        if n > 1:
            count[1 + left_out :] = rng.multinomial(n, np.full(n, 1 / n), resamples)
        counts.append(count)
    return Samples(tuple(counts * len(cycles) if paired else counts), left_out)


def interval(values: Array, samples: Samples) -> tuple[float, float] | None:
    """The 95 % interval of a statistic of shape (rows,): BCa, widened for few cycles; None where nothing is known.

    The widening puts the quantiles of Student's t, times sqrt(n / (n - 1)), in place of the normal ones: percentile
    intervals of n values are otherwise too narrow. One cycle only: simulated ones, plain percentiles.
    Source: Efron, J. Am. Stat. Assoc. 82, 171 (1987); Hesterberg, The American Statistician 69, 371 (2015), section 5.
    """
    drawn = values[samples.first_resample :]
    drawn = drawn[np.isfinite(drawn)]
    if not np.isfinite(values[0]) or len(drawn) < 0.9 * (samples.rows - samples.first_resample) or np.ptp(drawn) == 0:
        return None
    n = samples.smallest
    tail = (1 - LEVEL) / 2
    reach = -stats.norm.ppf(tail) if n < 2 else -stats.t.ppf(tail, n - 1) * np.sqrt(n / (n - 1))
    z = np.array([-reach, reach])
    if n > 1:
        below = np.clip(np.mean(drawn < values[0]) + np.mean(drawn == values[0]) / 2, 0.01, 0.99)
        centre = stats.norm.ppf(below)
        room = 1 - _acceleration(values[1 : samples.first_resample]) * (centre + z)
        z = centre + (centre + z) / np.maximum(room, 0.2)
    low, high = np.quantile(drawn, stats.norm.cdf(z))
    return float(low), float(high)


def _acceleration(left_out: Array) -> float:
    if not len(left_out):
        return 0.0
    apart = left_out.mean() - left_out
    scale = np.sum(apart**2) ** 1.5
    return float(np.sum(apart**3) / (6 * scale)) if np.isfinite(scale) and scale > 0 else 0.0
