"""Residuals with weak priors, and the way to their lowest point.

Every parameter has a weak prior about its start, so that combinations which the data do not fix stay where they were
instead of drifting to a bound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from spicegen.fit.free_parameter import Free

Array = NDArray[np.float64]
_SOFT = 2.0
"""Scale of the robust loss: residuals up to about this size, in units of their uncertainty, count in full."""


class Problem(Protocol):
    """Residuals in units of their uncertainty at coordinates of shape (k,).

    There are always as many, and computing them raises nothing.
    """

    def residuals(self, z: Array, /) -> Array:
        """Residuals at the coordinates, in units of their uncertainty, shape (n,)."""

    def jacobian(self, z: Array, /) -> Array:
        """Derivatives of the residuals by the coordinates, shape (n, k)."""


class Posterior:
    """A problem with its priors: the priors' residuals, k of them, stand behind those of the data, n of them.

    The priors' residuals stay squares where the loss of the data is robust.

    Args:
        problem: the residuals of the data.
        free: the fitted parameters, k of them.
        prior: standard deviation of each coordinate's prior, shape (k,).
        robust: whether large residuals count linearly, see ``fit``.
    """

    def __init__(self, problem: Problem, free: tuple[Free, ...], prior: Array, *, robust: bool) -> None:
        self._problem, self._prior, self._robust = problem, prior, robust
        self.centre = np.array([f.coordinate(f.start) for f in free])
        self.low, self.high = (np.array([f.bounds[k] for f in free]) for k in (0, 1))

    def misfit(self, z: Array) -> float:
        """Loss of the data at coordinates z: the sum of squared residuals, or the robust loss."""
        square = self._problem.residuals(z) ** 2
        return float(np.sum(soft(square)[0] if self._robust else square))

    def loss(self, z: Array) -> float:
        """Loss of the data and of the priors together at coordinates z."""
        square = self._residuals(z) ** 2
        return float(np.sum(self._rho(square)[0] if self._robust else square))

    def jacobian(self, z: Array) -> Array:
        """Derivatives of all residuals, the priors' included, by the coordinates, shape (n + k, k)."""
        return np.vstack([self._problem.jacobian(z), np.diag(1 / self._prior)])

    def lowest(
        self,
        begin: Array,
        moved: slice | NDArray[np.intp] = slice(None),
        *,
        steps: int,
        ftol: float,
        xtol: float = 1e-8,
        seen: Callable[[Array], None] = lambda z: None,
    ) -> tuple[Array, float]:
        """Descend to the lowest point of the loss; its coordinates, shape (k,), and its cost, half of its loss.

        Args:
            begin: coordinates from which to descend, shape (k,); they are first moved inside the bounds.
            moved: the coordinates that are moved; the others stay.
            steps: largest number of steps.
            ftol: relative change of the loss below which the descent ends.
            xtol: relative change of the coordinates below which it ends.
            seen: function that is called with the coordinates of each step.
        """
        inside = np.clip(begin, self.low + 1e-6, self.high - 1e-6)

        def whole(some: Array) -> Array:
            z = inside.copy()
            z[moved] = some
            return z

        def residuals(some: Array) -> Array:
            return self._residuals(whole(some))

        def jacobian(some: Array) -> Array:
            z = whole(some)
            found = self.jacobian(z)[:, moved]
            seen(z)
            return found

        loss: Any = self._rho if self._robust else "linear"
        found = least_squares(
            residuals, inside[moved], jac=jacobian, bounds=(self.low[moved], self.high[moved]), method="trf",
            loss=loss, ftol=ftol, xtol=xtol, max_nfev=steps,
        )  # fmt: skip
        return whole(found.x), float(found.cost)

    def _residuals(self, z: Array) -> Array:
        return np.concatenate([self._problem.residuals(z), (z - self.centre) / self._prior])

    def _rho(self, square: Array) -> Array:
        """Robust loss of squared residuals, and its first two derivatives by them, shape (3, n + k)."""
        n = len(square) - len(self._prior)
        rho = np.stack([square, np.ones_like(square), np.zeros_like(square)])
        rho[:, :n] = soft(square[:n])
        return rho


def soft(square: Array) -> tuple[Array, Array, Array]:
    """Soft L1 loss of squared residuals, and its first two derivatives by them, each of the residuals' shape."""
    t = 1 + square / _SOFT**2
    return 2 * _SOFT**2 * (np.sqrt(t) - 1), t**-0.5, -0.5 / _SOFT**2 * t**-1.5
