"""Read noise told from updates that scatter, where either may depend on conductance: a filter and its likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from spicegen.metrics._curves import Curves
from spicegen.printers.machine_code import compiled

Array = NDArray[np.float64]
_CYCLES, _POINTS = numba.float64[:, ::1], numba.float64[::1]
_FILTER: Any = (_CYCLES, _POINTS, _POINTS, numba.float64, _CYCLES, _CYCLES, numba.float64)
_NOISELESS = 1e-9
"""Steps that deviate by less than this share of the largest conductance do not deviate."""
_SURE = 2.71
"""Twice the loss of log-likelihood at which a value that cannot be negative is told from zero, 95 of 100 times."""
_STARTS = ((0.6, 0.1, 0.3, 0.3), (0.1, 0.6, 0.3, 0.3), (0.2, 0.2, 0.8, 0.8))
_MANY = 20_000
"""Number of reads from which one start of the search is enough."""
_LEAST = 1e-8
"""The least variance of a prediction error, in squares of the deviation of steps."""
_TRIES = 12


@dataclass(frozen=True, eq=False)
class UpdateNoise:
    """Noise of one branch: the deviations of its cycles are x' = memory x + update, and reads add white noise.

    Attributes:
        read: variance of each read, shape (points,), S^2: constant + (share G)^2, neither part negative.
        update: variance of what each pulse does, shape (points - 1,), S^2; its root is a line in G.
        memory: share of a deviation that is left after one pulse, dimensionless.
        spread_seen: whether the data tell the scatter of updates from none.
        unseen_siemens: standard deviation of updates up to which the data do not tell it from none, S; 0 where they do.
    """

    read: Array
    update: Array
    memory: float
    spread_seen: bool
    unseen_siemens: float

    def filtered(self, apart: Array) -> tuple[Array, Array]:
        """Best estimate of each deviation from the reads until then, and its variance (Kalman's filter).

        Args:
            apart: deviations of reads of cycles from the trend, shape (cycles, points), S; NaN where one is missing.

        Returns:
            Estimates (S) and variances (S^2), both of shape (cycles, points); infinite before the first read.
        """
        known, doubt = np.empty(apart.shape), np.empty(apart.shape)
        _filter(np.ascontiguousarray(apart), self.read, self.update, self.memory, known, doubt, 0.0)
        return known, doubt


def find_update_noise(g_siemens: Array, curves: Curves) -> UpdateNoise:
    """Noise of a branch by maximum likelihood, from deviations from the mean of its cycles, or of one from its law.

    Source: likelihood of the state-space model by prediction errors: Harvey, Forecasting, Structural Time Series Models
    and the Kalman Filter (1989).

    Args:
        g_siemens: reads of the branch, shape (cycles, points), S.
        curves: samples of the branch, the first of which is the measurement.
    """
    points = g_siemens.shape[1]
    trend = np.interp(np.linspace(0, 1, points), curves.w, curves.trend.g_siemens[0])
    apart, freedom = _deviations(g_siemens, curves)
    unit = float(np.sqrt(np.nanmean(np.diff(apart, axis=1) ** 2)))
    if not unit > _NOISELESS * float(np.max(np.abs(trend))):
        return UpdateNoise(np.zeros(points), np.zeros(points - 1), 1.0, True, 0.0)
    search = _NoiseSearch(apart / unit, freedom, trend)
    found, loss = search.best(_STARTS if apart.size < _MANY else _STARTS[:1])
    without, loss_without = search.best([(a, b, 0.0, 0.0) for a, b, *_ in _STARTS[:2]], spread=(0.0, 0.0))
    seen = 2 * (loss_without - loss) > _SURE
    read, update = search.variances(found)
    unseen = 0.0 if seen else search.unseen(loss, without)
    return UpdateNoise(unit**2 * read, unit**2 * update, float(found[4]), seen, unit * unseen)


def _deviations(g: Array, curves: Curves) -> tuple[Array, float]:
    """Deviations as large as those from the true mean, and the share of them that is free."""
    if len(g) == 1:
        return g - np.interp(np.linspace(0, 1, g.shape[1]), curves.w, curves.laws.curves(curves.w)[0]), 1.0
    many = np.isfinite(g).sum(axis=0)
    apart = (g - np.nanmean(g, axis=0)) * np.sqrt(many / np.maximum(many - 1, 1))
    return np.where(many > 1, apart, np.nan), 1 - 1 / len(g)


class _NoiseSearch:
    """Least negative log-likelihood over read noise (constant, share), update noise (at both ends of G), memory.

    All are in units in which steps deviate by one, the share in those of the largest conductance.
    """

    def __init__(self, apart: Array, freedom: float, trend: Array) -> None:
        self._apart, self._freedom = np.ascontiguousarray(apart), freedom
        self._known, self._doubt = np.empty(apart.shape), np.empty(apart.shape)
        self._g = trend / np.max(np.abs(trend))
        self._place = (trend[:-1] - trend.min()) / np.ptp(trend)
        self._least_memory = max(0.5, 1 - 2 / np.sqrt(len(trend)))

    def variances(self, p: Array) -> tuple[Array, Array]:
        sigma = p[2] + (p[3] - p[2]) * self._place
        return p[0] ** 2 + (p[1] * self._g) ** 2, sigma**2

    def loss(self, p: Array) -> float:
        read, update = self.variances(p)
        log, square = _filter(self._apart, read, update, p[4], self._known, self._doubt, _LEAST)
        return float(0.5 * self._freedom * (log + square))

    def best(self, starts: Sequence[Sequence[float]], spread: tuple[float, float] | None = None) -> tuple[Array, float]:
        """The best parameters, and their loss; the update noise may be given."""
        from scipy.optimize import minimize  # a fifth of a second, for which not every command is to wait

        free: list[tuple[float, float | None]] = [(0.0, None)] * 4
        if spread is not None:
            free[2:] = [(s, s) for s in spread]
        bounds = [*free, (self._least_memory, 1.0)]
        tries = [minimize(self.loss, [*s[:2], *(spread or s[2:4]), 0.97], bounds=bounds) for s in starts]
        found = min(tries, key=lambda t: float(t.fun))
        return np.asarray(found.x), float(found.fun)

    def unseen(self, least: float, start: Array) -> float:
        """The largest even update noise that is not told from the best, by bisection."""
        low, high = 0.0, 2.0
        for _ in range(_TRIES):
            middle = (low + high) / 2
            _, loss = self.best([start[:4].tolist()], spread=(middle, middle))
            low, high = (middle, high) if 2 * (loss - least) < _SURE else (low, middle)
        return low


@compiled(_FILTER)
def _filter(
    apart: Array, read: Array, update: Array, memory: float, known: Array, doubt: Array, least: float
) -> tuple[float, float]:
    """Filter every cycle; the sums of log variances and of squares of standardised prediction errors.

    A cycle begins unknown, so its first read is no prediction error. The variance of an error counts as ``least`` or
    more.
    """
    log, square = 0.0, 0.0
    for cycle in range(len(apart)):
        at, variance = 0.0, np.inf
        for n in range(apart.shape[1]):
            if n and variance < np.inf:
                at, variance = memory * at, memory**2 * variance + update[n - 1]
            seen = apart[cycle, n]
            if np.isfinite(seen) and variance == np.inf:
                at, variance = seen, read[n]
            elif np.isfinite(seen):
                expected = variance + read[n]
                judged = max(expected, least)
                log += np.log(judged)
                square += (seen - at) ** 2 / judged
                gain = variance / expected if expected > 0 else 1.0
                at, variance = at + gain * (seen - at), gain * read[n]
            known[cycle, n], doubt[cycle, n] = at, variance
    return log, square
