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
"""Of the robust loss: residuals count in full up to about here."""


class Problem(Protocol):
    """Residuals in units of their uncertainty at coordinates of shape (k,); always as many, and nothing raises."""

    def residuals(self, z: Array, /) -> Array:
        """Shape (n,)."""

    def jacobian(self, z: Array, /) -> Array:
        """Their derivatives by the coordinates, shape (n, k)."""


class Posterior:
    """A problem with priors: their residuals stand behind the data's, and stay squares where the data's loss is robust.

    Args:
        problem: the data's part.
        free: its coordinates, k of them.
        prior: standard deviation of each one's prior, shape (k,).
        robust: see ``fit``.
    """

    def __init__(self, problem: Problem, free: tuple[Free, ...], prior: Array, *, robust: bool) -> None:
        self._problem, self._prior, self._robust = problem, prior, robust
        self.centre = np.array([f.coordinate(f.start) for f in free])
        self.low, self.high = (np.array([f.bounds[k] for f in free]) for k in (0, 1))

    def misfit(self, z: Array) -> float:
        """The loss of the data."""
        square = self._problem.residuals(z) ** 2
        return float(np.sum(soft(square)[0] if self._robust else square))

    def loss(self, z: Array) -> float:
        """Of the data and the priors."""
        square = self._residuals(z) ** 2
        return float(np.sum(self._rho(square)[0] if self._robust else square))

    def jacobian(self, z: Array) -> Array:
        """Derivatives of all residuals, shape (n + k, k)."""
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
        """The lowest point, and its cost, from a beginning on.

        Args:
            begin: coordinates; moved inside the bounds.
            moved: which of them; the others stay.
            steps: at most.
            ftol: relative change of the loss that ends it.
            xtol: of the coordinates.
            seen: called with the coordinates of each step.
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
        """The robust loss of squared residuals with its first two derivatives by them, shape (3, n + k)."""
        n = len(square) - len(self._prior)
        rho = np.stack([square, np.ones_like(square), np.zeros_like(square)])
        rho[:, :n] = soft(square[:n])
        return rho


def soft(square: Array) -> tuple[Array, Array, Array]:
    """The soft L1 loss of squared residuals, and its first two derivatives by them."""
    t = 1 + square / _SOFT**2
    return 2 * _SOFT**2 * (np.sqrt(t) - 1), t**-0.5, -0.5 / _SOFT**2 * t**-1.5
