"""The mean curve without noise from point to point: a law, and the smooth residual that the data show beside it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spicegen.metrics._fitted_laws import Laws

Array = NDArray[np.float64]
_STRENGTHS = np.geomspace(1e-3, 1e12, 46)
_ORDER = 3


@dataclass(frozen=True, eq=False)
class BranchTrend:
    """Samples of the trend of a branch: the mean curve without noise from point to point; one sample a row.

    Attributes:
        laws: the fitted laws.
        w: position of each point in the branch, from 0 to 1, shape (points,).
        rest: smooth residual that is added to the preferred law, shape (rows, points), S; None if the law alone is
            better.
    """

    laws: Laws
    w: Array
    rest: Array | None

    @property
    def g_siemens(self) -> Array:
        """Conductance of the trend at each point, shape (rows, points), S."""
        law = self.laws.curves(self.w)
        return law if self.rest is None else law + self.rest

    @property
    def ends(self) -> Array:
        """Conductance of the trend before the first pulse and after the last, shape (rows, 2), S."""
        return self.laws.ends if self.rest is None else self.laws.ends + self.rest[:, [0, -1]]

    def step_siemens(self, g_siemens: Array) -> Array:
        """Change by one pulse at conductances of shape (rows, any), from the trend's slope: the same shape, S.

        Beyond the trend's ends it is the step of the law, with the offset between the two at the end.
        """
        step = self.laws.step_siemens(g_siemens)
        if self.rest is None:
            return step
        g, law = self.g_siemens, self.laws.curves(self.w)
        slope = self.laws.step_siemens(law) + np.gradient(self.rest, self.w, axis=1) / self.laws.pulses
        off = slope - self.laws.step_siemens(g)
        order = slice(None) if self.laws.rises else slice(None, None, -1)
        rising = np.maximum.accumulate(g[:, order], axis=1)
        rows = zip(g_siemens, rising, off[:, order], strict=True)
        return np.asarray(step + np.array([np.interp(at, x, y) for at, x, y in rows]))


def find_trend(
    laws: Laws, w: Array, g_siemens: Array, left_out: NDArray[np.intp], cycles_siemens: Array
) -> BranchTrend:
    """Find the trend: the preferred law alone, or with its residual through a smoother, whichever tells more.

    The smoother is Whittaker's.

    With cycles to leave out: what is nearest to each cycle when it is found from the others, which holds however
    noise hangs together within cycles. Else the corrected Akaike criterion.
    Source: smoother: Eilers, Anal. Chem. 75, 3631 (2003); cycles left out: Rice, Silverman, J. R. Stat. Soc. B 53, 233
    (1991); criterion: Hurvich, Simonoff, Tsai, J. R. Stat. Soc. B 60, 271 (1998).

    Args:
        laws: the laws fitted to ``g_siemens``.
        w: position of each point in the branch, from 0 to 1, shape (points,).
        g_siemens: mean curves, shape (rows, points), S.
        left_out: rows from which one cycle each is missing, shape (cycles,).
        cycles_siemens: the cycles that are missing there, shape (cycles, points), S; NaN where there is none.
    """
    residual = g_siemens - laws.curves(w)
    bending, basis = _smoother(len(w))
    waves = residual @ basis
    kept = 1 / (1 + _STRENGTHS[:, None] * bending)
    choices = np.concatenate([np.zeros((1, len(w))), kept])
    if len(left_out):
        apart = cycles_siemens - (g_siemens - residual)[left_out]
        other = np.where(np.isfinite(apart), apart, 0.0) @ basis
        score = np.array([np.sum((other - k * waves[left_out]) ** 2) for k in choices])
    else:
        points, free = len(w), 3 + choices.sum(axis=1)
        unexplained = np.maximum((((1 - choices) * waves[0]) ** 2).sum(axis=1), 1e-300)
        score = np.log(unexplained) + 2 * (free + 1) / np.maximum(points - free - 2, 0.5)
    best = choices[np.argmin(score)]
    return BranchTrend(laws, w, (waves * best) @ basis.T if best.any() else None)


@lru_cache(maxsize=8)
def _smoother(points: int) -> tuple[Array, Array]:
    """Eigenvalues and eigenvectors of the smoother's penalty, the squares of differences of order ``_ORDER``."""
    difference = np.diff(np.eye(points), n=min(_ORDER, points - 1), axis=0)
    values, vectors = np.linalg.eigh(difference.T @ difference)
    return np.maximum(values, 0.0), vectors
