"""Branches as samples of a bootstrap: mean curves, their fits, their scatter; one sample a row."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, idct
from scipy.optimize import minimize_scalar
from scipy.signal import lfilter

from spicegen.branches import Branch
from spicegen.metrics._fitting import exponential_curves, fit_exponential, fit_power

Array = NDArray[np.float64]
_TRIALS = 100
_MEMORIES = 12


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
        off_law = g - self._law
        memory = _memory(off_law, self._law, rng)
        drawn = _simulated(_noise(off_law, memory)[0], memory, (rows - first_resample, g.shape[1]), rng)
        noisy = self.trend + drawn
        del self.trend, self.exponential
        self.g_siemens = np.concatenate([np.repeat(g, first_resample, axis=0), noisy])
        self.variance, self.freedom = np.full_like(self.g_siemens, np.nan), np.zeros_like(self.g_siemens)
        scatter = np.concatenate([np.repeat(off_law, first_resample, axis=0), drawn])
        update, read = _noise(scatter, memory).T
        self.step_variance, self.step_covariance = update + 2 * read, -read

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
        fit = np.nanmin(rising, axis=1) > 0
        found = np.full((len(rising), 3), np.nan)
        if fit[0] and rising[0, -1] > rising[0, 0]:
            found[fit] = fit_power(rising[fit])
        return found

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


def _simulated(noise: Array, memory: float, size: tuple[int, int], rng: np.random.Generator) -> Array:
    """What takes so many cycles off their law: (variance of updates, of reads), updates forgotten at that rate."""
    update, read = noise
    shocks, white = rng.standard_normal((2, *size))
    shocks[:, 0] = 0
    return np.asarray(np.sqrt(update) * lfilter([1.0], [1.0, -memory], shocks) + np.sqrt(read) * white)


def _noise(residual: Array, memory: float) -> Array:
    """(Variance of updates, variance of reads) of single cycles, from what takes them off their law; (rows, 2), S^2.

    Updates that scatter leave the conductance off its law until later ones bring it back: a first-order autoregression
    x' = memory x + update; reads add white noise. From the mean squares of differences over 1 and over m points, m the
    square root of the length, which the fitted law cannot hide.
    """
    far = max(2, round(np.sqrt(residual.shape[1])))
    one, many = (np.mean((residual[:, m:] - residual[:, :-m]) ** 2, axis=1) for m in (1, far))
    grown = 2 * sum(memory**k for k in range(1, far)) / (1 + memory)
    update = np.clip((many - one) / grown, 0, one * (1 + memory) / 2)
    return np.stack([update, one / 2 - update / (1 + memory)], axis=1)


def _memory(residual: Array, law: Array, rng: np.random.Generator) -> float:
    """How much of a deviation is left after a pulse: that with which simulated cycles leave their own laws as far."""
    points = residual.shape[1]
    seen = np.mean(residual**2)
    # of updates that are forgotten sooner nothing tells reads
    for memory in 1 - np.geomspace(0.1 / points, 1 / np.sqrt(points), _MEMORIES):
        again = law + _simulated(_noise(residual, memory)[0], memory, (_TRIALS, points), rng)
        fitted = exponential_curves(fit_exponential(again), points)
        if np.mean((again - fitted) ** 2) <= seen:
            break
    return float(memory)


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
