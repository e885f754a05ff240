"""Fit of the line sigma = slope G + offset by maximum likelihood."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_ITERATIONS = 60
_AT_ONCE = 1_000_000


def sigma_line(g_siemens: Array, variance: Array, freedom: Array) -> tuple[Array, Array]:
    """Slope (dimensionless) and offset (S) of the standard deviation of normal errors, for each row.

    The likelihood of a variance v with f degrees of freedom about sigma^2 is exp(-f v / (2 sigma^2)) / sigma^f: an
    error's square is one with f = 1. Fisher's scoring, in sigma at both ends of the conductances, which stays
    positive.

    Args:
        g_siemens: conductances, shape (rows, points), S.
        variance: variance at each conductance, S^2; NaN does not count.
        freedom: degrees of freedom of each variance; 0 does not count.

    Returns:
        Slope and offset, each of shape (rows,); NaN where all variances are zero or there is one conductance only.
    """
    weight = np.where(np.isfinite(variance) & np.isfinite(g_siemens), freedom, 0.0)
    v, g = np.where(weight > 0, variance, 0.0), np.where(weight > 0, g_siemens, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (weight * v).sum(axis=1) / weight.sum(axis=1)
        low, high = np.fmin.reduce(g, axis=1)[:, None], np.fmax.reduce(g, axis=1)[:, None]
        t = np.where(weight > 0, (g - low) / (high - low), 0.0)
    usable = (mean > 0) & (high > low)[:, 0]
    slope, offset = np.full((2, len(v)), np.nan)
    if usable.any():
        rows = np.flatnonzero(usable)
        chunks = np.array_split(rows, -(-v.size // _AT_ONCE))
        relative = [_ends(t[c], v[c] / mean[c, None], weight[c]) for c in chunks if len(c)]
        ends = np.concatenate(relative) * np.sqrt(mean[usable, None])
        slope[usable] = (ends[:, 1] - ends[:, 0]) / (high - low)[usable, 0]
        offset[usable] = ends[:, 0] - slope[usable] * low[usable, 0]
    return slope, offset


def standard_errors(g_siemens: Array, sigma: Array, freedom: Array) -> tuple[float, float]:
    """Standard errors of slope (dimensionless) and offset (S) of one line, from the likelihood's Fisher information.

    Args:
        g_siemens: conductances, shape (points,), S.
        sigma: value of the line at each conductance, S.
        freedom: degrees of freedom of the variances that it was fitted to.
    """
    weighted = np.stack([g_siemens, np.ones_like(g_siemens)]) * np.sqrt(2 * freedom) / sigma
    slope, offset = np.sqrt(np.diag(np.linalg.inv(weighted @ weighted.T)))
    return float(slope), float(offset)


def _ends(t: Array, v: Array, weight: Array) -> Array:
    """Standard deviations at t = 0 and at t = 1, shape (rows, 2)."""
    basis = np.stack([1 - t, t], axis=2)
    ends = np.ones((len(t), 2))
    for _ in range(_ITERATIONS):
        sigma = np.einsum("rnk,rk->rn", basis, ends)
        score = np.einsum("rn,rnk->rk", weight * (v / sigma**3 - 1 / sigma), basis)
        information = np.einsum("rn,rnk,rnl->rkl", 2 * weight / sigma**2, basis, basis)
        step = np.linalg.solve(information, score[..., None])[..., 0]
        ends = np.clip(ends + step, np.maximum(ends / 3, 1e-9), ends * 3)
        if np.max(np.abs(step) / ends) < 1e-10:
            break
    return ends
