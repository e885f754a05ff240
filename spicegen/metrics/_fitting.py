"""Least squares of many curves at once: each row is a fit of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from spicegen.metrics.laws import MOST_ALPHA, MOST_BETA, exponential_law, power_law

Array = NDArray[np.float64]
_ITERATIONS = 200
_STEP = 1e-6
_CLOSE = 1e-8
_FLAT = 1e-8
_BETA_STARTS = (-10.0, -2.0, 0.5, 3.0, 10.0, 30.0)
_ALPHA_STARTS = (-10.0, -3.0, 1.0, 3.0, 10.0)


def least_squares(law: Callable[[Array], Array], start: Array, y: Array, most: Array) -> Array:
    """Fit every row of ``y`` at once by the method of Levenberg and Marquardt.

    Args:
        law: the curves, shape (rows, points), for parameters of shape (rows, parameters).
        start: first values of the parameters, shape (rows, parameters).
        y: values to fit, shape (rows, points); NaN points do not count.
        most: the largest magnitude of each parameter, shape (parameters,).

    Returns:
        The parameters, shape (rows, parameters).
    """
    there = np.isfinite(y)
    data = np.where(there, y, 0.0)
    found = np.clip(start, -most, most)
    residual = np.where(there, law(found) - data, 0.0)
    damping, active = np.full(len(y), 1e-3), np.arange(len(y))
    for _ in range(_ITERATIONS):
        at, r, ok = found[active], residual[active], there[active]
        slope = np.stack([(law(at + step) - data[active] - r) / _STEP for step in _STEP * np.eye(len(most))], axis=1)
        slope = np.where(ok[:, None], slope, 0.0)
        curvature = slope @ slope.transpose(0, 2, 1)
        diagonal = np.einsum("rpp->rp", curvature)
        damped = curvature + (damping[active, None] * diagonal + 1e-15)[:, :, None] * np.eye(len(most))
        tried = np.clip(at - np.linalg.solve(damped, slope @ r[..., None])[..., 0], -most, most)
        tried_residual = np.where(ok, law(tried) - data[active], 0.0)
        cost, tried_cost = ((x**2).sum(axis=1) for x in (r, tried_residual))
        better = tried_cost < cost
        found[active[better]], residual[active[better]] = tried[better], tried_residual[better]
        damping[active] = np.clip(np.where(better, damping[active] / 5, damping[active] * 4), 1e-12, 1e9)
        still = (np.abs(tried - at).max(axis=1) >= _CLOSE) & (damping[active] < 1e9)
        active = active[still & ~(better & (cost - tried_cost < _FLAT * cost))]
        if not len(active):
            break
    return found


def fit_exponential(y: Array, w: Array) -> Array:
    """Fit (start, end, beta) of ``exponential_law`` at w from 0 to 1, its ends too; shape (rows, 3).

    Shapes of y: (rows, points), of w: (points,). The first row is fitted from several starts, the others from its
    result.
    """
    return _scaled(lambda p: exponential_curves(p, w), y, _BETA_STARTS, MOST_BETA)


def exponential_curves(fitted: Array, w: Array) -> Array:
    """Exponential laws with (start, end, beta) of shape (rows, 3), at each w: shape (rows, points)."""
    start, end, beta = (fitted[:, n, None] for n in range(3))
    return np.asarray(start + (end - start) * exponential_law(w, beta))


def fit_power(y: Array, w: Array) -> Array:
    """Fit (start, end, alpha) of ``power_law`` at w to positive, rising ``y``; shape (rows, 3)."""
    return _scaled(lambda p: power_curves(p, w), y, _ALPHA_STARTS, MOST_ALPHA)


def power_curves(fitted: Array, w: Array) -> Array:
    """Power laws, rising and positive, with (start, end, alpha) of shape (rows, 3), at each w: shape (rows, points)."""
    start, end, alpha = (fitted[:, n, None] for n in range(3))
    start = np.maximum(start, 1e-30)
    ratio = np.maximum(end / start, 1 + 1e-9)
    return np.asarray(start + (end - start) * power_law(w, alpha, ratio))


def _scaled(law: Callable[[Array], Array], y: Array, starts: Sequence[float], most: float) -> Array:
    """Fit in units of the largest value, ends first guessed as they are; the best start of the first row serves all."""
    unit = np.nanmax(np.abs(y))
    scaled = y / unit
    bounds = np.array([10.0, 10.0, most])
    tries = np.array([[scaled[0, 0], scaled[0, -1], start] for start in starts])
    first = np.repeat(scaled[:1], len(starts), axis=0)
    found = least_squares(law, tries, first, bounds)
    best = found[np.argmin(((law(found) - first) ** 2).sum(axis=1))]
    rows = np.concatenate([best[None], least_squares(law, np.tile(best, (len(y) - 1, 1)), scaled[1:], bounds)])
    return np.asarray(rows * np.array([unit, unit, 1.0]))
