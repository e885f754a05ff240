"""Branches as samples of a bootstrap: mean curves, their laws and trends, their scatter; one sample a row."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spicegen.measurements.branches import Branch
from spicegen.metrics._bins import Bins
from spicegen.metrics._bootstrap import Samples, means
from spicegen.metrics._fitted_laws import Laws, fit_laws
from spicegen.metrics._fitting import exponential_curves
from spicegen.metrics._noise import of_one_cycle, variances
from spicegen.metrics._scatter import Scatter, of_cycles, resampled, simulated
from spicegen.metrics._trend import BranchTrend, find_trend
from spicegen.metrics.sigma_line import sigma_line

Array = NDArray[np.float64]
FEW_CYCLES = 20


class Curves:
    """Samples of one branch: mean curves and the scatter about them. Long trains are binned.

    Each point of a long train is the mean over a bin of neighbouring points.

    Samples for which there are too few cycles are simulated: the mean curve of a single cycle, as its trend with new
    updates and reads of its own variances; and the scatter of fewer than 20 cycles, with normal noise.

    Args:
        branch: the measured branch.
        samples: samples of its cycles.
        rng: random number generator of the simulations.

    Attributes:
        samples: the given samples, marked with what is simulated instead.
        rises: whether the branch rises.
        pulses: number of pulses from the first point to the last.
        w: position of each point in the branch, from 0 to 1, shape (points,).
        g_siemens: mean conductance over cycles, shape (rows, points), S.
        scatter: scatter of the cycles about that mean.
    """

    g_siemens: Array
    scatter: Scatter

    def __init__(self, branch: Branch, samples: Samples, rng: np.random.Generator) -> None:
        (counts,), (shifts,), first_resample = samples.counts, samples.shifts, samples.first_resample
        self.rises, self.pulses = branch.rises, branch.g_siemens.shape[1] - 1
        self._bins = Bins(self.pulses + 1)
        self.w = self._bins.mean(np.linspace(0, 1, self.pulses + 1))
        self._left_out, missing = np.nonzero(shifts[:first_resample] < 0)
        self._cycles_siemens = self._bins.mean(branch.g_siemens[missing])
        rows = (first_resample, len(counts) - first_resample)
        single, few = branch.cycles == 1, branch.cycles < FEW_CYCLES
        self.samples = replace(samples, means_simulated=single, scatter_simulated=few)
        if single:
            self._one_cycle(branch.g_siemens, rows, rng)
        else:
            self.g_siemens = means(branch.g_siemens, shifts, self._bins.mean)
            self.scatter = resampled(branch.g_siemens, counts[:1] if few else counts, first_resample)
            if few:
                self._few_cycles(branch.cycles, rows, rng)

    def _one_cycle(self, g: Array, rows: tuple[int, int], rng: np.random.Generator) -> None:
        self.g_siemens = self._bins.mean(g)
        w = np.linspace(0, 1, self.pulses + 1)
        noise = of_one_cycle((g - self.laws.curves(w))[0], exponential_curves(self.laws.exponential, w)[0], rng)
        trend, (repeated, drawn) = self.trend.g_siemens, rows
        curves = [np.repeat(self.g_siemens, repeated, axis=0)]
        spread = [np.array([[noise.update, noise.read]] * repeated)]
        for apart in noise.chunks((drawn, 1), self.pulses + 1, rng):
            curves.append(trend + self._bins.mean(apart[:, 0]))
            spread.append(variances(apart[:, 0], noise.memory))
        del self.laws, self.trend
        self.g_siemens = np.concatenate(curves)
        update, read = np.concatenate(spread).T
        unknown = np.full_like(self.g_siemens, np.nan)
        self.scatter = Scatter(unknown, np.zeros_like(unknown), update + 2 * read, -read)

    def _few_cycles(self, cycles: int, rows: tuple[int, int], rng: np.random.Generator) -> None:
        seen, g = self.scatter, self.g_siemens[:1]
        (slope,), (offset,) = sigma_line(g, seen.variance, seen.freedom)
        points = self.pulses + 1
        noise = of_cycles(seen, points)
        line = np.interp(np.linspace(0, 1, points), self.w, slope * g[0] + offset)
        sigma = line if np.all(line > 0) else np.sqrt(noise.variance(points))
        self.scatter = seen.repeated(rows[0], simulated(noise, sigma, (rows[1], cycles), rng))

    @cached_property
    def laws(self) -> Laws:
        """Both laws fitted to the mean curve of every sample."""
        return fit_laws(self.g_siemens, self.w, self.pulses, rises=self.rises)

    @cached_property
    def trend(self) -> BranchTrend:
        """The mean curve of every sample without what is noise from point to point."""
        return find_trend(self.laws, self.w, self.g_siemens, self._left_out, self._cycles_siemens)
