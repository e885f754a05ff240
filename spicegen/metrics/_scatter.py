"""Scatter of cycles about their mean in each sample, which has cycles drawn with replacement, or simulated ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spicegen.metrics._bins import Bins
from spicegen.metrics._noise import Noise
from spicegen.progress import track

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scatter:
    """Variances and covariances over the cycles of a branch, one sample a row.

    Attributes:
        variance: variance at each point, shape (rows, points), S^2; NaN for one cycle.
        freedom: degrees of freedom of each variance, shape (rows, points).
        step_variance, step_covariance: variance of the differences from point to point, and covariance of neighbouring
            differences, shape (rows,), S^2. The mean over the cycles, or for one cycle the law, is taken off before.
    """

    variance: Array
    freedom: Array
    step_variance: Array
    step_covariance: Array

    @property
    def pooled_variance(self) -> Array:
        """Variance over cycles, mean over all points by their degrees of freedom, shape (rows,), S^2.

        It is NaN for one cycle.
        """
        return _pooled(self.variance, self.freedom)

    def repeated(self, rows: int, more: Scatter) -> Scatter:
        """The first sample, ``rows`` times, and then the samples of ``more``."""
        names = ("variance", "freedom", "step_variance", "step_covariance")
        each = ((getattr(self, name)[:1], getattr(more, name)) for name in names)
        return Scatter(*(np.concatenate([np.repeat(one, rows, axis=0), other]) for one, other in each))


def resampled(g_siemens: Array, counts: Array, first_resample: int) -> Scatter:
    """Scatter of the cycles of each sample, from conductances of shape (cycles, points), S.

    ``counts``, shape (rows, cycles), says how often each cycle is in each sample.
    """
    cycles, step = len(g_siemens), np.diff(g_siemens, axis=1)
    variance, freedom = _moments(g_siemens, g_siemens, counts)
    square, product = (_pooled(*_moments(a, b, counts)) for a, b in ((step, step), (step[:, 1:], step[:, :-1])))
    # The variance of a resample is too small by (n - 1) / n on average.
    grow = np.where(np.arange(len(counts)) < first_resample, 1.0, cycles / (cycles - 1))
    return Scatter(variance * grow[:, None], freedom, square * grow, product * grow)


def of_cycles(measured: Scatter, points: int) -> Noise:
    """Noise that has the moments of the first sample, for trains of so many points.

    Updates are never forgotten, and what they do not explain is an offset of each cycle: if that is not so, points say
    more than is assumed, and intervals are wider than they need be.
    """
    step_variance, step_covariance, variance = (
        float(m[0]) for m in (measured.step_variance, measured.step_covariance, measured.pooled_variance)
    )
    read = float(np.clip(-step_covariance, 0.0, step_variance / 2))
    found = Noise(step_variance - 2 * read, read, 0.0, 1.0)
    return replace(found, offset=max(variance - float(found.variance(points).mean()), 0.0))


def simulated(noise: Noise, sigma_siemens: Array, shape: tuple[int, int], rng: np.random.Generator) -> Scatter:
    """Scatter of simulated cycles of that noise, in samples and cycles of ``shape``.

    At each point they are as far apart as ``sigma_siemens``, shape (points,), S.

    For few cycles, of whose scatter resamples say too little: of two or three they are often the same one twice.
    Where the scatter of a sample comes out at r times the true one, what was measured may be r times the truth: the
    sample gets 1 / r, so that percentiles are confidence limits.
    """
    points, parts = len(sigma_siemens), []
    own, bins = np.sqrt(noise.variance(points)), Bins(points)
    scale = np.divide(sigma_siemens, own, out=np.zeros_like(own), where=own > 0)
    for apart in noise.chunks(shape, points, rng):
        variance = np.var(apart * scale, axis=1, ddof=1)
        seen = variance.mean(axis=1, keepdims=True)
        variance *= np.divide(np.mean(sigma_siemens**2), seen, out=np.ones_like(seen), where=seen > 0) ** 2
        step = np.diff(apart, axis=2)
        step -= step.mean(axis=1, keepdims=True)
        products = ((step**2).sum(axis=1), (step[..., 1:] * step[..., :-1]).sum(axis=1))
        parts.append((bins.mean(variance), *(p.mean(axis=1) / (shape[1] - 1) for p in products)))
    variance, square, product = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Scatter(variance, np.full_like(variance, shape[1] - 1), square, product)


def _moments(a: Array, b: Array, counts: Array) -> tuple[Array, Array]:
    """Covariance of ``a`` and ``b``, of shape (cycles, points), over cycles, and its freedom: each (rows, bins)."""
    bins, there = Bins(a.shape[1]), np.isfinite(a) & np.isfinite(b)
    a0, b0 = (np.where(there, x - np.nanmean(np.where(there, x, np.nan), axis=0), 0.0) for x in (a, b))
    parts = list(bins.parts(len(counts)))
    columns = []
    for part, starts in track(parts, "scatter of cycles") if len(parts) > 1 else parts:
        x, y, many = a0[:, part], b0[:, part], counts @ there[:, part]
        product = counts @ (x * y) - (counts @ x) * (counts @ y) / np.maximum(many, 1)
        columns.append([np.add.reduceat(z, starts, axis=1) for z in (product, np.maximum(many - 1, 0))])
    product, freedom = (np.concatenate(column, axis=1) for column in zip(*columns, strict=True))
    return np.divide(product, freedom, out=np.full_like(product, np.nan), where=freedom > 0), freedom


def _pooled(variance: Array, freedom: Array) -> Array:
    """Mean of variances over points, weighted by their degrees of freedom, shape (rows,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.nansum(variance * freedom, axis=1) / np.sum(freedom, axis=1))
