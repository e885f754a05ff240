"""Multi-start least squares with weak priors, and with what the data say of each parameter.

Every parameter has a weak prior about its start, so that combinations which the data do not fix stay where they were
instead of drifting to a bound; the comparison of posterior and prior is the identifiability.
Source: Laplace's approximation, as in Raue et al., Bioinformatics 25, 1923 (2009), for profile likelihoods' origin.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import least_squares

from spicegen.fit.digits import rounded

Array = NDArray[np.float64]
PRIOR = math.log(3.0)
"""Standard deviation of the usual prior, natural log: a factor of three either way."""
_PRIOR_LINEAR = 1.0
_STEP = 5e-3
"""Of the forward differences: far above the simulator's noise, far below the parameters' effect."""
_LOOSE = math.log(3.0) / 2, 0.1
"""Standard deviations, logarithmic and linear, beyond which a parameter does not count as fixed."""
_WIDER = 3.0
"""Priors, if what the data fix is to be told from what the priors fix."""
_DECISIVE = 10.0
_PROFILED, _PROFILED_SHORTLY = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0), (2.0,)
"""Standard deviations by which a parameter is moved."""
_TYPICAL = 3
"""Of these moves, as many as it takes until the loss has grown."""
_TWO_STD = 4.0
"""Growth of the loss two standard deviations off."""
_FLAT = 0.05
"""Of the growth of a loss: less cannot be told from nothing."""
_SOFT = 2.0
"""Of the robust loss: residuals count in full up to about here."""


@dataclass(frozen=True, slots=True)
class Free:
    """A parameter to be fitted.

    Attributes:
        name: as the residuals know it.
        start: first value, and the centre of its prior.
        lower, upper: bounds; of one sign on a logarithmic scale.
        scale: log: the coordinate is the logarithm of the magnitude; linear: it is the value over a quarter of the
            range.
    """

    name: str
    start: float
    lower: float
    upper: float
    scale: Literal["log", "linear"] = "log"

    def coordinate(self, value: float) -> float:
        """Where a value is on the scale of the fit."""
        return math.log(abs(value)) if self.scale == "log" else 4 * value / (self.upper - self.lower)

    def value(self, coordinate: float) -> float:
        """The value at a coordinate, within the bounds whatever the rounding."""
        if self.scale == "log":
            found = math.copysign(math.exp(coordinate), self.start)
        else:
            found = coordinate * (self.upper - self.lower) / 4
        return min(max(found, self.lower), self.upper)

    def slope(self, coordinate: float) -> float:
        """Derivative of the value by the coordinate."""
        return self.value(coordinate) if self.scale == "log" else (self.upper - self.lower) / 4

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest coordinate."""
        a, b = self.coordinate(self.lower), self.coordinate(self.upper)
        return min(a, b), max(a, b)

    def std(self, coordinate_std: float, value: float) -> float:
        """Standard deviation of the value, small ones understood."""
        return coordinate_std * (abs(value) if self.scale == "log" else (self.upper - self.lower) / 4)


class Problem(Protocol):
    """Residuals in units of their uncertainty at coordinates of shape (k,); always as many, and nothing raises."""

    def residuals(self, z: Array, /) -> Array:
        """Shape (n,)."""

    def jacobian(self, z: Array, /) -> Array:
        """Their derivatives by the coordinates, shape (n, k)."""


@dataclass(frozen=True, eq=False)
class Solution:
    """The best of all starts; what is said of k parameters is said of their coordinates, see ``Free``.

    Attributes:
        free: what was fitted, k of them.
        prior: standard deviation of each one's prior, shape (k,).
        ends: where each start's descent ended, coordinates of shape (k,).
        misfit: loss of the data there; the sum of squared residuals unless the loss is robust.
        chosen: which start is the best, the prior's part counted.
        residuals: of the data, shape (n,).
        jacobian: of the data by the coordinates, shape (n, k); of a robust loss, weighted as the loss does.
        stretch: how much wider the profile likelihood of each is than the curvature at the end says, shape (k,); ones
            where nobody looked.
    """

    free: tuple[Free, ...]
    prior: Array
    ends: tuple[Array, ...]
    misfit: tuple[float, ...]
    chosen: int
    residuals: Array
    jacobian: Array
    stretch: Array

    @property
    def values(self) -> Array:
        """Of the parameters, shape (k,)."""
        return np.array([f.value(c) for f, c in zip(self.free, self.ends[self.chosen], strict=True)])

    @cached_property
    def covariance(self) -> Array:
        """Prior included, shape (k, k): about the best end (Laplace) and between those as good, stretched."""
        return self._covariance(1.0)

    def _covariance(self, wider: float) -> Array:
        """With priors that are so many times wider."""
        # not by normal equations: what the data fix and what they do not are many orders of magnitude apart
        _, triangle = np.linalg.qr(np.vstack([self.jacobian, np.diag(1 / (wider * self.prior))]))
        root = solve_triangular(triangle, np.eye(len(self.free)))
        local = root @ root.T
        off = np.array([e - self.ends[self.chosen] for e in self.as_good])
        return np.asarray((local + off.T @ off / len(off)) * np.outer(self.stretch, self.stretch), dtype=np.float64)

    @property
    def as_good(self) -> list[Array]:
        """The ends that the data cannot tell from the best: their loss is not larger by more than ten or a tenth.

        A difference of ten is decisive between models (Burnham and Anderson, Model Selection, 2002); a tenth is what
        descents that end early may leave.
        """
        limit = self.misfit[self.chosen] + max(_DECISIVE, 0.1 * self.misfit[self.chosen])
        return [e for e, loss in zip(self.ends, self.misfit, strict=True) if loss <= limit]

    @property
    def std(self) -> Array:
        """Standard deviation of each coordinate, shape (k,): on a log scale the relative uncertainty while small."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def value_std(self) -> Array:
        """Standard deviation of each parameter, in its unit, shape (k,)."""
        return np.array([f.std(s, v) for f, s, v in zip(self.free, self.std, self.values, strict=True)])

    def uncertainty(self, place: int) -> float | None:
        """Standard deviation of a parameter in its unit, two digits.

        None for what the data do not fix on a logarithmic scale: it is then off by a factor, see ``std``.
        """
        if self.free[place].scale == "log" and not self.is_fixed[place]:
            return None
        return rounded(float(self.value_std[place]), 2)

    @property
    def share(self) -> Array:
        """Part of each parameter's prior variance that the data take away, 0 to 1, shape (k,)."""
        return np.maximum(1 - np.diag(self.covariance) / self.prior**2, 0.0)

    @cached_property
    def is_fixed(self) -> NDArray[np.bool_]:
        """Whether the data leave less than a factor of 1.7 either way, or a fortieth of the range, shape (k,).

        That must not hang on the priors, not on those of other parameters either: it is to hold with wider ones, too.
        """
        loose = np.array([_LOOSE[f.scale == "linear"] for f in self.free])
        return np.asarray(np.sqrt(np.diag(self._covariance(_WIDER))) <= loose)

    @property
    def at_bound(self) -> NDArray[np.bool_]:
        """Whether it stands at one of its bounds, shape (k,)."""
        z = self.ends[self.chosen]
        return np.array([min(c - f.bounds[0], f.bounds[1] - c) < 1e-3 for f, c in zip(self.free, z, strict=True)])

    @property
    def correlation(self) -> Array:
        """Of the coordinates, shape (k, k)."""
        return np.asarray(self.covariance / np.outer(self.std, self.std))

    def directions(self) -> list[tuple[float, Array]]:
        """Combinations of coordinates, the best fixed first.

        Each with its information, the data's over the prior's (below 1 the prior says more than the data), and the
        parts of the coordinates in it (exponents of the parameters on a log scale), shape (k,), of unit length.
        """
        scaled = self.jacobian * self.prior
        found, vectors = np.linalg.eigh(scaled.T @ scaled)
        return [(float(max(found[n], 0.0)), vectors[:, n]) for n in range(len(found))[::-1]]


def fit(
    problem: Problem,
    free: Iterable[Free],
    begins: Sequence[Array] = (),
    *,
    iterations: int = 30,
    prior: float = PRIOR,
    robust: bool = False,
    report: Callable[[int, int, float], None] = lambda start, iteration, misfit: None,
) -> Solution:
    """Find the parameters of least squares, from one start or several.

    Args:
        problem: residuals and their derivatives.
        free: what to fit.
        begins: coordinates of the starts, each of shape (k,); by default one, the parameters' own.
        iterations: of each start, at most.
        prior: standard deviation of the priors of parameters on a log scale.
        robust: large residuals count linearly (the soft L1 loss), not as squares.
        report: called with start, iteration, misfit.

    """
    free = tuple(free)
    centre = np.array([f.coordinate(f.start) for f in free])
    low, high = (np.array([f.bounds[k] for f in free]) for k in (0, 1))
    width = np.array([prior if f.scale == "log" else _PRIOR_LINEAR for f in free])

    def misfit(z: Array) -> float:
        square = problem.residuals(z) ** 2
        return float(np.sum(_soft(square)[0] if robust else square))

    def both(z: Array) -> Array:
        return np.concatenate([problem.residuals(z), (z - centre) / width])

    def descended(number: int, begin: Array) -> tuple[Array, float]:
        iteration = 0

        def jacobian(z: Array) -> Array:
            nonlocal iteration
            found = np.vstack([problem.jacobian(z), np.diag(1 / width)])
            report(number, iteration, misfit(z))
            iteration += 1
            return found

        inside = np.clip(begin, low + 1e-6, high - 1e-6)
        n = len(problem.residuals(inside))
        loss: Any = (lambda square: _with_priors(square, n)) if robust else "linear"
        found = least_squares(
            both, inside, jac=jacobian, bounds=(low, high), method="trf", loss=loss, ftol=1e-3, xtol=1e-4,
            max_nfev=iterations,
        )  # fmt: skip
        return found.x, float(found.cost)

    ends = [descended(k, np.clip(begin, low, high)) for k, begin in enumerate(begins or [centre])]
    best = int(np.argmin([cost for _, cost in ends]))
    z = ends[best][0]
    residuals = problem.residuals(z)
    weight = np.sqrt(_soft(residuals**2)[1]) if robust else np.ones(len(residuals))
    return Solution(
        free=free,
        prior=width,
        ends=tuple(e for e, _ in ends),
        misfit=tuple(misfit(e) for e, _ in ends),
        chosen=best,
        residuals=residuals,
        jacobian=problem.jacobian(z) * weight[:, None],
        stretch=np.ones(len(z)),
    )


def profiled(problem: Problem, solution: Solution, effort: int, *, robust: bool = False) -> Solution:
    """The same with the profile likelihood of each parameter that seems to be fixed looked at.

    The parameter is moved to either side, from half a standard deviation on, while the loss, with wider priors, is
    minimised over all others, until it has grown as that of a normal distribution would at two. Where it grows more
    slowly, the data say less than the curvature at the end promised. Source: Raue et al., Bioinformatics 25, 1923
    (2009).

    Args:
        problem: residuals and their derivatives.
        solution: what was found.
        effort: derivatives that each side of a parameter is worth; of few, only two standard deviations are looked at.
        robust: as in ``fit``.
    """
    if len(solution.free) == 1:  # no others to minimise over
        return solution
    profile, stretch = _Profile(problem, solution, effort, robust=robust), solution.stretch.copy()
    for n in np.flatnonzero(solution.is_fixed).tolist():
        stretch[n] = max(profile.stretch(n, -1.0), profile.stretch(n, 1.0), 1.0)
    return replace(solution, stretch=stretch)


class _Profile:
    """Walks along the valley of one parameter after another."""

    def __init__(self, problem: Problem, solution: Solution, effort: int, *, robust: bool) -> None:
        self._problem, self._solution, self._robust = problem, solution, robust
        self._factors = _PROFILED if effort >= _TYPICAL * 2 else _PROFILED_SHORTLY
        self._steps = max(1, effort // min(_TYPICAL, len(self._factors)) - 1)
        self._low, self._high = (np.array([f.bounds[k] for f in solution.free]) for k in (0, 1))
        self._centre = np.array([f.coordinate(f.start) for f in solution.free])
        self._prior = _WIDER * solution.prior
        self._least = self._loss(solution.ends[solution.chosen])

    def stretch(self, place: int, side: float) -> float:
        """How many times farther than the curvature says the loss has grown as it should."""
        z, slope = self._solution.ends[self._solution.chosen], self._solution.covariance[:, place]
        std, before, found = self._solution.std[place], 0.0, 1.0
        along = slope / slope[place]
        for factor in self._factors:
            wanted = self._solution.ends[self._solution.chosen][place] + side * factor * std
            if not self._low[place] < wanted < self._high[place]:
                break
            alone, all_of_them = z.copy(), z + (wanted - z[place]) * along
            alone[place] = wanted
            z, along = self._minimised(min(alone, all_of_them, key=self._loss), place)
            grown = max(self._loss(z) - self._least, before)
            found, before = factor / np.sqrt(max(grown, _FLAT)), grown
            if grown >= _TWO_STD:
                break
        return float(found)

    def _loss(self, z: Array) -> float:
        n = len(self._solution.residuals)
        square = self._both(z) ** 2
        return float(np.sum(_with_priors(square, n)[0] if self._robust else square))

    def _both(self, z: Array) -> Array:
        return np.concatenate([self._problem.residuals(z), (z - self._centre) / self._prior])

    def _slopes(self, z: Array) -> Array:
        return np.vstack([self._problem.jacobian(z), np.diag(1 / self._prior)])

    def _minimised(self, begin: Array, place: int) -> tuple[Array, Array]:
        """The lowest point with one parameter as it is, and how the others follow when that one moves on."""
        others = np.array([k for k in range(len(begin)) if k != place])
        n, low, high = len(self._solution.residuals), self._low[others], self._high[others]
        z = np.clip(begin, self._low + 1e-6, self._high - 1e-6)

        def whole(some: Array) -> Array:
            found = z.copy()
            found[others] = some
            return found

        loss: Any = (lambda square: _with_priors(square, n)) if self._robust else "linear"

        def both(some: Array) -> Array:
            return self._both(whole(some))

        def slopes(some: Array) -> Array:
            return np.asarray(self._slopes(whole(some))[:, others])

        found = least_squares(
            both, z[others], jac=slopes, bounds=(low, high), method="trf", loss=loss, ftol=1e-2,
            max_nfev=self._steps,
        )  # fmt: skip
        end = whole(found.x)
        there = self._slopes(end)
        along = np.zeros(len(z))
        along[others] = -np.linalg.lstsq(there[:, others], there[:, place], rcond=None)[0]
        along[place] = 1.0
        return end, along


def step_inside(z: Array, free: Iterable[Free]) -> Array:
    """Steps of forward differences that stay within the bounds, shape (k,)."""
    high = np.array([f.bounds[1] for f in free])
    return np.where(z + _STEP < high, _STEP, -_STEP)


def _soft(square: Array) -> tuple[Array, Array, Array]:
    """The soft L1 loss of squared residuals, and its first two derivatives by them."""
    t = 1 + square / _SOFT**2
    return 2 * _SOFT**2 * (np.sqrt(t) - 1), t**-0.5, -0.5 / _SOFT**2 * t**-1.5


def _with_priors(square: Array, n: int) -> Array:
    """The loss of n data and of the priors behind them, which stay squares, with its derivatives: shape (3, n + k)."""
    rho = np.stack([square, np.ones_like(square), np.zeros_like(square)])
    rho[:, :n] = _soft(square[:n])
    return rho
