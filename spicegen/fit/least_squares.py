"""Multi-start least squares with weak priors, and with what the data say of each parameter.

Every parameter has a weak prior about its start, so that combinations which the data do not fix stay where they were
instead of drifting to a bound; the comparison of posterior and prior is the identifiability.
Source: Laplace's approximation, as in Raue et al., Bioinformatics 25, 1923 (2009), for profile likelihoods' origin.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

Array = NDArray[np.float64]
Evaluate = Callable[[Array], Array]
"""Coordinates of points, shape (points, k) -> residuals in units of their uncertainty, shape (points, n)."""

PRIOR = math.log(3.0)
"""Standard deviation of the usual prior, natural log: a factor of three either way."""
_PRIOR_LINEAR = 1.0
_STEP = 5e-3
"""Of the forward differences: far above the simulator's noise, far below the parameters' effect."""
_LOOSE = math.log(3.0) / 2, 0.25
"""Standard deviations, logarithmic and linear, beyond which a parameter does not count as fixed."""
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

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest coordinate."""
        a, b = self.coordinate(self.lower), self.coordinate(self.upper)
        return min(a, b), max(a, b)

    def std(self, coordinate_std: float, value: float) -> float:
        """Standard deviation of the value, small ones understood."""
        return coordinate_std * (abs(value) if self.scale == "log" else (self.upper - self.lower) / 4)


@dataclass(frozen=True, eq=False)
class Solution:
    """The best of all starts; what is said of k parameters is said of their coordinates, see ``Free``.

    Attributes:
        free: what was fitted, k of them.
        prior: standard deviation of each one's prior, shape (k,).
        values: of the parameters, shape (k,).
        misfit: loss of the data at the end of each start, the chosen one's last value included; the sum of squared
            residuals unless the loss is robust.
        chosen: which start is the best, the prior's part counted.
        residuals: of the data, shape (n,).
        jacobian: of the data by the coordinates, shape (n, k).
        evaluations: of the residuals, over all starts.
    """

    free: tuple[Free, ...]
    prior: Array
    values: Array
    misfit: tuple[float, ...]
    chosen: int
    residuals: Array
    jacobian: Array
    evaluations: int

    @cached_property
    def covariance(self) -> Array:
        """Prior included, shape (k, k)."""
        return np.asarray(np.linalg.inv(self.jacobian.T @ self.jacobian + np.diag(self.prior**-2)), dtype=np.float64)

    @property
    def std(self) -> Array:
        """Standard deviation of each coordinate, shape (k,): on a log scale the relative uncertainty while small."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def value_std(self) -> Array:
        """Standard deviation of each parameter, in its unit, shape (k,)."""
        return np.array([f.std(s, v) for f, s, v in zip(self.free, self.std, self.values, strict=True)])

    @property
    def share(self) -> Array:
        """Part of each parameter's prior variance that the data take away, 0 to 1, shape (k,)."""
        return 1 - np.diag(self.covariance) / self.prior**2

    @property
    def is_fixed(self) -> NDArray[np.bool_]:
        """Whether the data leave less than a factor of 1.7 either way, or a sixteenth of the range, shape (k,)."""
        loose = np.array([_LOOSE[f.scale == "linear"] for f in self.free])
        return np.asarray(self.std <= loose)

    @property
    def at_bound(self) -> NDArray[np.bool_]:
        """Whether it stands at one of its bounds, shape (k,)."""
        z = [f.coordinate(v) for f, v in zip(self.free, self.values, strict=True)]
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
    evaluate: Evaluate,
    free: Iterable[Free],
    begins: Sequence[Array] = (),
    *,
    iterations: int = 30,
    prior: float = PRIOR,
    robust: bool = False,
    report: Callable[[int, int, float], None] = lambda start, iteration, misfit: None,
) -> Solution:
    """Find the parameters of least squares: from their start, and from others.

    Args:
        evaluate: must not raise, and give always as many residuals; coordinates are those of ``Free``.
        free: what to fit.
        begins: coordinates of further starts, each of shape (k,).
        iterations: of each start, at most.
        prior: standard deviation of the priors of parameters on a log scale.
        robust: large residuals count linearly (the soft L1 loss), not as squares.
        report: called with start, iteration, misfit.

    """
    free = tuple(free)
    centre = np.array([f.coordinate(f.start) for f in free])
    low, high = (np.array([f.bounds[k] for f in free]) for k in (0, 1))
    width = np.array([prior if f.scale == "log" else _PRIOR_LINEAR for f in free])
    known: dict[bytes, Array] = {}

    def at(points: Array) -> Array:
        """Residuals at each point; each is computed once."""
        new = [p for p in points if p.tobytes() not in known]
        if new:
            known.update({p.tobytes(): r for p, r in zip(new, evaluate(np.array(new)), strict=True)})
        return np.array([known[p.tobytes()] for p in points])

    def both(z: Array) -> Array:
        return np.concatenate([at(z[None])[0], (z - centre) / width])

    def slopes(z: Array) -> Array:
        step = np.where(z + _STEP < high, _STEP, -_STEP)
        change = at(z + np.diag(step)) - at(z[None])
        return np.asarray((change / step[:, None]).T)

    def loss_of(residuals: Array) -> Array:
        return _soft(residuals**2)[0] if robust else residuals**2

    def descended(number: int, begin: Array) -> tuple[Array, float]:
        iteration = 0

        def jacobian(z: Array) -> Array:
            nonlocal iteration
            found = np.vstack([slopes(z), np.diag(1 / width)])
            report(number, iteration, float(np.sum(loss_of(at(z[None])[0]))))
            iteration += 1
            return found

        n = len(at(begin[None])[0])
        loss: Any = (lambda square: _with_priors(square, n)) if robust else "linear"
        inside = np.clip(begin, low + 1e-6, high - 1e-6)
        found = least_squares(
            both, inside, jac=jacobian, bounds=(low, high), method="trf", loss=loss, ftol=1e-3, xtol=1e-4,
            max_nfev=iterations,
        )  # fmt: skip
        return found.x, float(found.cost)

    ends = [descended(k, np.clip(begin, low, high)) for k, begin in enumerate([centre, *begins])]
    best = int(np.argmin([cost for _, cost in ends]))
    z = ends[best][0]
    residuals, jacobian = at(z[None])[0], slopes(z)
    weight = np.sqrt(_soft(residuals**2)[1]) if robust else np.ones(len(residuals))
    return Solution(
        free=free,
        prior=width,
        values=np.array([f.value(c) for f, c in zip(free, z, strict=True)]),
        misfit=tuple(float(np.sum(loss_of(at(e[None])[0]))) for e, _ in ends),
        chosen=best,
        residuals=residuals,
        jacobian=jacobian * weight[:, None],
        evaluations=len(known),
    )


def _soft(square: Array) -> tuple[Array, Array, Array]:
    """The soft L1 loss of squared residuals, and its first two derivatives by them."""
    t = 1 + square / _SOFT**2
    return 2 * _SOFT**2 * (np.sqrt(t) - 1), t**-0.5, -0.5 / _SOFT**2 * t**-1.5


def _with_priors(square: Array, n: int) -> Array:
    """The loss of n data and of the priors behind them, which stay squares, with its derivatives: shape (3, n + k)."""
    rho = np.stack([square, np.ones_like(square), np.zeros_like(square)])
    rho[:, :n] = _soft(square[:n])
    return rho
