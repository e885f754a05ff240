"""The two laws of a branch, and which of them each sample prefers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spicegen.metrics._fitting import exponential_curves, fit_exponential, fit_power, power_curves

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Laws:
    """The exponential and the power law, fitted to samples of a branch, one sample a row.

    Attributes:
        rises: whether the branch rises.
        pulses: number of pulses from w = 0 to w = 1.
        exponential: parameters (start, end, beta) of the exponential law, shape (rows, 3), in S, S and 1.
        power: parameters (start, end, alpha) of the power law, rising, shape (rows, 3), in S, S and 1; NaN where a
            conductance is not positive.
        by_power: whether the power law is the nearer one, shape (rows,). Both have three parameters, so that is what
            any information criterion prefers.
    """

    rises: bool
    pulses: int
    exponential: Array
    power: Array
    by_power: NDArray[np.bool_]

    def curves(self, w: Array) -> Array:
        """Conductance by the preferred law at each w, shape (points,): shape (rows, points), S."""
        return _chosen(self.by_power, exponential_curves(self.exponential, w), self._power_curves(w))

    @cached_property
    def ends(self) -> Array:
        """Conductance by the preferred law before the first pulse and after the last, shape (rows, 2), S."""
        return self.curves(np.array([0.0, 1.0]))

    def step_siemens(self, g_siemens: Array) -> Array:
        """Change by one pulse at conductances of shape (rows, any), by the preferred law: the same shape, S.

        It is NaN where the law has no value.
        """
        start, end, beta = (self.exponential[:, n, None] for n in range(3))
        steep = np.where(np.abs(beta) < 1e-9, 1.0, beta / -np.expm1(-np.where(beta == 0, 1.0, beta)))
        linear = (end - start) * steep - beta * (g_siemens - start)
        return _chosen(self.by_power, linear, self._power_slope(g_siemens)) / self.pulses

    def _power_curves(self, w: Array) -> Array:
        return power_curves(self.power, w if self.rises else 1 - w)

    def _power_slope(self, g_siemens: Array) -> Array:
        """Slope dG/dw of the power law, in which G^a is linear in w, at conductances of shape (rows, any), S."""
        start, end, alpha = (self.power[:, n, None] for n in range(3))
        g, a = np.where(g_siemens > 0, g_siemens, np.nan), np.where(np.abs(alpha) < 1e-6, 1e-6, alpha)
        with np.errstate(over="ignore", invalid="ignore"):
            high, low = (np.expm1(a * np.log(at / g)) for at in (end, np.maximum(start, 1e-30)))
            return np.asarray((1 if self.rises else -1) * g * (high - low) / a)


def fit_laws(g_siemens: Array, w: Array, pulses: int, *, rises: bool) -> Laws:
    """Fit both laws to every row of conductances of shape (rows, points), S, at w from 0 to 1, shape (points,)."""
    exponential = fit_exponential(g_siemens, w)
    rising, at = (g_siemens, w) if rises else (g_siemens[:, ::-1], 1 - w[::-1])
    fit = np.nanmin(rising, axis=1) > 0
    power = np.full((len(rising), 3), np.nan)
    if fit[0] and rising[0, -1] > rising[0, 0]:
        power[fit] = fit_power(rising[fit], at)
    nearer = _misfit(power_curves(power, at), rising) < _misfit(exponential_curves(exponential, w), g_siemens)
    return Laws(rises, pulses, exponential, power, nearer)


def _misfit(law: Array, measured: Array) -> Array:
    return np.asarray(((law - measured) ** 2).sum(axis=1))


def _chosen(by_power: NDArray[np.bool_], exponential: Array, power: Array) -> Array:
    return np.where(by_power[:, None], power, exponential)
