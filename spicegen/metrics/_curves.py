"""Branches as samples of a bootstrap: mean curves, their fits, their scatter; one sample a row."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, idct
from scipy.optimize import minimize_scalar

from spicegen.branches import Branch
from spicegen.metrics._fitting import exponential_curves, fit_exponential, fit_power

Array = NDArray[np.float64]


class Curves:
    """Samples of one branch.

    Args:
        branch: the measurement.
        counts: how often each cycle is in each sample, shape (rows, cycles).
        first_resample: the first row that is a resample.
        rng: for a branch of one cycle, whose resamples are its trend with new updates and reads of its own variances.

    Attributes:
        rises: as the branch.
        g_siemens: mean over cycles, shape (rows, points), S.
        variance: of the cycles about that mean at each point, shape (rows, points), S^2; NaN for one cycle.
        freedom: degrees of freedom of each variance, shape (rows, points).
        step_variance, step_covariance: of differences from point to point, each with itself and with its neighbour,
            after the mean over the cycles, or for one cycle the law, has been taken off, shape (rows,), S^2.
    """

    def __init__(self, branch: Branch, counts: Array, first_resample: int, rng: np.random.Generator) -> None:
        self.rises = branch.rises
        if branch.cycles > 1:
            # a resample's own variance is too small by (n - 1) / n on average
            grow = np.where(np.arange(len(counts)) < first_resample, 1.0, branch.cycles / (branch.cycles - 1))[:, None]
            self.g_siemens, self.variance, self.freedom = _moments(branch.g_siemens, branch.g_siemens, counts)
            self.variance *= grow
            step = np.diff(branch.g_siemens, axis=1)
            _, square, freedom = _moments(step, step, counts)
            _, product, product_freedom = _moments(step[:, 1:], step[:, :-1], counts)
            self.step_variance = _pooled(square * grow, freedom)
            self.step_covariance = _pooled(product * grow, product_freedom)
        else:
            self._one_cycle(branch.g_siemens, len(counts), first_resample, rng)

    def _one_cycle(self, g: Array, rows: int, first_resample: int, rng: np.random.Generator) -> None:
        self.g_siemens = g
        update, read = _local_level((g - self._law)[0])
        size = (rows - first_resample, g.shape[1])
        walk = np.sqrt(update) * rng.standard_normal(size)
        walk[:, 0] = 0
        noisy = self.trend + np.cumsum(walk, axis=1) + np.sqrt(read) * rng.standard_normal(size)
        del self.trend, self.exponential
        self.g_siemens = np.concatenate([np.repeat(g, first_resample, axis=0), noisy])
        self.variance, self.freedom = np.full_like(self.g_siemens, np.nan), np.zeros_like(self.g_siemens)
        variances = np.array([_local_level(row) for row in self.g_siemens - self._law])
        self.step_variance, self.step_covariance = variances @ [1, 2], -variances[:, 1]

    @property
    def pulses(self) -> int:
        """From the first point to the last."""
        return int(self.g_siemens.shape[1]) - 1

    @cached_property
    def exponential(self) -> Array:
        """Fitted (start, end, beta), shape (rows, 3): S, S, 1."""
        return fit_exponential(self.g_siemens)

    @cached_property
    def power(self) -> Array:
        """Fitted (start, end, alpha), rising, shape (rows, 3): S, S, 1; NaN where a conductance is not positive."""
        rising = self.g_siemens if self.rises else self.g_siemens[:, ::-1]
        if not np.nanmin(rising) > 0 or not np.nanmean(rising[0, -1:] - rising[0, :1]) > 0:
            return np.full((len(rising), 3), np.nan)
        return fit_power(rising)

    @property
    def _law(self) -> Array:
        return exponential_curves(self.exponential, self.pulses + 1)

    @cached_property
    def trend(self) -> Array:
        """The mean curve without what is noise from point to point, shape (rows, points), S.

        The fitted law plus its residual through a Whittaker smoother whose strength generalised cross-validation
        finds in row 0. Source: Eilers, Anal. Chem. 75, 3631 (2003); by cosine transforms: Garcia, Comput. Stat. Data
        Anal. 54, 1167 (2010).
        """
        waves = dct(np.where(np.isfinite(self.g_siemens), self.g_siemens - self._law, 0.0), norm="ortho", axis=1)
        bending = (2 - 2 * np.cos(np.pi * np.arange(waves.shape[1]) / waves.shape[1])) ** 2

        def score(log_strength: float) -> float:
            kept = 1 / (1 + 10**log_strength * bending)
            return float(np.sum(((1 - kept) * waves[0]) ** 2) / np.sum(1 - kept) ** 2)

        strength = 10 ** minimize_scalar(score, bounds=(-3, 9), method="bounded").x
        return np.asarray(self._law + idct(waves / (1 + strength * bending), norm="ortho", axis=1))

    def step_siemens(self, g_siemens: Array) -> Array:
        """What a pulse does at a conductance, by the fitted law, in which it is linear in G; shapes (rows, any), S."""
        start, end, beta = (self.exponential[:, n, None] for n in range(3))
        steep = np.where(np.abs(beta) < 1e-9, 1.0, beta / -np.expm1(-np.where(beta == 0, 1.0, beta)))
        return np.asarray(((end - start) * steep - beta * (g_siemens - start)) / self.pulses)


def _local_level(residual: Array) -> tuple[float, float]:
    """Variance of the steps of a random walk, and of the white noise upon it, S^2, from one series.

    Differences over m points have the variance m times the first and twice the second: m = 1, and the square root of
    the length, over which the walk shows but the shape of the curve does not yet.
    """
    far = max(2, round(np.sqrt(len(residual))))
    one, many = (float(np.mean((residual[m:] - residual[:-m]) ** 2)) for m in (1, far))
    update = min(max((many - one) / (far - 1), 0.0), one)
    return update, (one - update) / 2


def _moments(a: Array, b: Array, counts: Array) -> tuple[Array, Array, Array]:
    """Mean of ``a``, covariance of ``a`` and ``b`` over cycles and its degrees of freedom, each (rows, points)."""
    there = np.isfinite(a) & np.isfinite(b)
    offset = np.nanmean(np.where(there, a, np.nan), axis=0), np.nanmean(np.where(there, b, np.nan), axis=0)
    a0, b0 = (np.where(there, x - o, 0.0) for x, o in zip((a, b), offset, strict=True))
    many = counts @ there
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_a, mean_b = counts @ a0 / many, counts @ b0 / many
        freedom = np.maximum(many - 1, 0)
        covariance = np.where(freedom > 0, (counts @ (a0 * b0) - many * mean_a * mean_b) / freedom, np.nan)
    return offset[0] + mean_a, covariance, freedom


def _pooled(variance: Array, freedom: Array) -> Array:
    """Mean over points, each with its degrees of freedom, shape (rows,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.nansum(variance * freedom, axis=1) / np.sum(freedom, axis=1))
