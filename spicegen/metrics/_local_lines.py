"""Local lines: the mean of scattered points against conductance, and their spread about it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FEWEST_NEAR = 50
_SHARE_NEAR = 20
_KNOTS = (1, 2, 3, 5, 9)
_POINTS_A_KNOT = 40
_LEAST = 1e-3
"""The least standard deviation of a point that a likelihood takes, as a share of all of theirs."""


def near(points: int) -> int:
    """How many of the points a local line and local quantiles rest on."""
    return max(FEWEST_NEAR, points // _SHARE_NEAR)


def line_weights(x: Array, at: Array, least_width: float) -> Array:
    """Weights of values at ``x`` in the local line's value at each of ``at``, shape (at, x).

    Straight lines by least squares, with the tricube weight of the distance; as wide as the nearest twentieth of the
    points, 50 of them or more, and no narrower than ``least_width``.
    Source: Cleveland, J. Am. Stat. Assoc. 74, 829 (1979).
    """
    rows = np.empty((len(at), len(x)))
    nearest = min(near(len(x)), len(x)) - 1
    for row, centre in zip(rows, at, strict=True):
        distance = np.abs(x - centre)
        width = max(1.001 * float(np.partition(distance, nearest)[nearest]), least_width)
        weight = np.clip(1 - (distance / width) ** 3, 0, None) ** 3 if width > 0 else np.ones(len(x))
        weight /= weight.sum()
        apart = x - weight @ x
        variance = float(weight @ apart**2)
        slope = weight * apart / variance if variance > (1e-9 * width) ** 2 else np.zeros(len(x))
        row[:] = weight + (centre - weight @ x) * slope
    return rows


def spread_at(x: Array, residual: Array, added: Array, at: Array, mean: Array) -> Array:
    """Standard deviation of residuals at conductances ``at``, without the variance that was ``added`` to each.

    By maximum likelihood of normal errors, so it is never negative. It is even, or proportional to the mean change, or
    linear between evenly spaced knots, as many as there need be: whichever the Bayesian information criterion takes.

    Args:
        x: conductance of each point, shape (n,), S.
        residual: residual of each point, shape (n,), S.
        added: variance of each residual that does not count, shape (n,), S^2.
        at: conductances, rising, from the first to the last knot, shape (g,), S.
        mean: mean change at these conductances, shape (g,), S.
    """
    unit = float(np.sqrt(np.mean(residual**2)))
    if not unit > 1e-9 * float(np.max(np.abs(x))):
        return np.zeros(len(at))
    square, noise = (residual / unit) ** 2, added / unit**2
    place = np.linspace(0, 1, len(at))
    bases = [_tents(place, k) for k in _KNOTS if k == 1 or k * _POINTS_A_KNOT <= len(x)]
    bases.append(np.abs(mean)[:, None] / np.max(np.abs(mean)))
    best, least = np.zeros(len(at)), np.inf
    for basis in bases:
        own = np.stack([np.interp(x, at, column) for column in basis.T], axis=1)
        parameters, loss = _fit(own, square, noise)
        if 2 * loss + basis.shape[1] * np.log(len(x)) < least:
            best, least = basis @ parameters, 2 * loss + basis.shape[1] * float(np.log(len(x)))
    return np.asarray(unit * best)


def shape_quantiles(values: Array, cdf: Array) -> Array:
    """Quantiles of the values, brought to mean 0 and standard deviation 1 of a table that is linear between them."""
    quantiles = np.quantile(values, cdf, method="hazen")
    quantiles -= np.trapezoid(quantiles, cdf)
    centre, width = (quantiles[1:] + quantiles[:-1]) / 2, np.diff(quantiles)
    spread = float(np.sqrt(np.diff(cdf) @ (centre**2 + width**2 / 12)))
    return np.asarray(quantiles / spread) if spread > 0 else np.zeros(len(cdf))


def _tents(place: Array, knots: int) -> Array:
    """Functions that are 1 at one of the evenly spaced knots from 0 to 1 and 0 at others, shape (place, knots)."""
    return np.asarray(np.maximum(1 - np.abs(place[:, None] * (knots - 1) - np.arange(knots)), 0))


def _fit(basis: Array, square: Array, noise: Array) -> tuple[Array, float]:
    """Factors of the functions of ``basis``, shape (n, k), that add up to sigma; the negative log-likelihood."""
    from scipy.optimize import minimize  # a fifth of a second, for which not every command is to wait

    def loss(factors: Array) -> tuple[float, Array]:
        sigma = basis @ factors
        variance = np.maximum(sigma**2 + noise, _LEAST**2)
        slope = (1 / variance - square / variance**2) * sigma * (variance > _LEAST**2)
        return float(0.5 * np.sum(np.log(variance) + square / variance)), slope @ basis

    start = np.full(basis.shape[1], np.sqrt(max(float(np.mean(square - noise)), 0.05)))
    found = minimize(loss, start, jac=True, bounds=[(0.0, None)] * basis.shape[1])
    return np.asarray(found.x), float(found.fun)
