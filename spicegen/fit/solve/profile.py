"""Profile likelihoods: a check whether uncertainties from the curvature at the end of a fit hold farther away.

Source: Raue et al., Bioinformatics 25, 1923 (2009).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spicegen.fit.solve.least_squares import WIDER, Solution
from spicegen.fit.solve.posterior import Posterior, Problem

Array = NDArray[np.float64]
_PROFILED, _PROFILED_SHORTLY = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0), (2.0,)
"""Distances by which a parameter is moved, in standard deviations, for a full and for a short profile."""
_TYPICAL = 3
"""Number of these moves after which the loss has usually grown enough."""
_TWO_STD = 4.0
"""Growth of the loss at a distance of two standard deviations."""
_FLAT = 0.05
"""Growth of the loss below which it cannot be told from none."""


def profiled(
    problem: Problem,
    solution: Solution,
    effort: int,
    *,
    robust: bool = False,
    each: Callable[..., Iterable[float]] = map,
) -> Solution:
    """The solution with the profile likelihood of each parameter looked at whose uncertainty is reported.

    The parameter is moved to either side, from half a standard deviation on, while the loss, with wider priors, is
    minimised over all others, until it has grown as that of a normal distribution would at two. Where it grows more
    slowly, the data say less than the curvature at the end promised, though not less than the prior.

    Args:
        problem: the residuals and their derivatives.
        solution: the solution of the fit.
        effort: number of derivatives for each side of a parameter; if it is small, only the distance of two standard
            deviations is looked at.
        robust: whether large residuals count linearly, as in ``fit``.
        each: function that goes through the sides of all parameters as ``map`` does, perhaps several at a time.
    """
    if len(solution.free) == 1:  # there are no others to minimise over
        return solution
    profile, stretch = _Profile(problem, solution, effort, robust=robust), solution.stretch.copy()
    told = np.flatnonzero(solution.is_fixed | [f.scale == "linear" for f in solution.free])
    places, sides = np.repeat(told, 2), np.tile([-1.0, 1.0], len(told))
    stretch[told] = np.reshape(list(each(profile.stretch, places, sides)), (-1, 2)).max(axis=1, initial=1.0)
    return replace(solution, stretch=np.minimum(stretch, np.maximum(solution.prior / solution.std, 1.0)))


class _Profile:
    """Profile likelihoods: walks along the valley of the loss, moving one parameter after another."""

    def __init__(self, problem: Problem, solution: Solution, effort: int, *, robust: bool) -> None:
        self._posterior = Posterior(problem, solution.free, WIDER * solution.prior, robust=robust)
        self._solution, self._end = solution, solution.ends[solution.chosen]
        self._factors = _PROFILED if effort >= _TYPICAL * 2 else _PROFILED_SHORTLY
        self._steps = max(1, effort // min(_TYPICAL, len(self._factors)) - 1)
        self._least = self._posterior.loss(self._end)

    def stretch(self, place: int, side: float) -> float:
        """Ratio of the distance at which the loss has grown as it should to that which the curvature promises.

        It is below 1 where the loss grew faster.
        """
        z, slope = self._end, self._solution.covariance[:, place]
        std, along, bend = self._solution.std[place], slope / slope[place], np.zeros(len(slope))
        bound = (self._posterior.low if side < 0 else self._posterior.high)[place]
        reach = abs(bound - z[place]) / std
        if reach < self._factors[0]:
            return 1.0
        factors, growth = [0.0], [0.0]
        for factor in np.unique(np.minimum(self._factors, reach)).tolist():
            wanted = self._end[place] + side * factor * std
            ahead, before = wanted - z[place], z
            alone, straight = z.copy(), z + ahead * along
            alone[place] = wanted
            begin = min(alone, straight, straight + ahead**2 * bend, key=self._posterior.loss)
            z, along = self._followed(begin, place)
            bend = along / ahead - (z - before) / ahead**2  # curvature of the parabola from the point before
            factors.append(factor)
            growth.append(max(self._posterior.loss(z) - self._least, growth[-1]))
            if growth[-1] >= _TWO_STD:  # on the way there, that is, however steeply it has grown since
                return float(np.interp(2.0, np.sqrt(growth), factors)) / 2
        return factors[-1] / float(np.sqrt(max(growth[-1], _FLAT)))

    def _followed(self, begin: Array, place: int) -> tuple[Array, Array]:
        """The lowest point with one parameter as it is, and how the others follow when that one moves on."""
        others = np.delete(np.arange(len(begin)), place)
        end, _ = self._posterior.lowest(begin, others, steps=self._steps, ftol=1e-3)
        there = self._posterior.jacobian(end)
        along = np.ones(len(end))
        along[others] = -np.linalg.lstsq(there[:, others], there[:, place], rcond=None)[0]
        return end, along
