"""Multi-start least squares with weak priors, and with what the data say of each parameter.

The comparison of posterior and prior is the identifiability.
Source: Laplace's approximation, as in Raue et al., Bioinformatics 25, 1923 (2009), for profile likelihoods' origin.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from operator import and_
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from spicegen.fit.free_parameter import Free
from spicegen.fit.solve.digits import rounded
from spicegen.fit.solve.posterior import Posterior, Problem

Array = NDArray[np.float64]
PRIOR = math.log(3.0)
"""Standard deviation of the usual prior, natural log: a factor of three either way."""
_PRIOR_LINEAR = 1.0
_STEP = 5e-3
"""Step of forward differences, in coordinates: far above the simulator's noise, far below the parameters' effect."""
_LOOSE = math.log(3.0) / 2, 0.1
"""Standard deviations, on a logarithmic and on a linear scale, beyond which a parameter does not count as fixed."""
WIDER = 3.0
"""Factor by which priors are widened to tell parameters that the data fix from those that the priors fix."""
_AT = 1e-3
"""Distance from a bound, in coordinates, within which a parameter counts as at the bound."""
_DECISIVE = 10.0
_TIED = 0.2
"""Correlation, of what the data leave open, from which on parameters count as tied: that of two parameters of six that
only show as their product."""


@dataclass(frozen=True, eq=False)
class Solution:
    """The best of all descents, with what the data say of the k fitted parameters, in coordinates (see ``Free``).

    Attributes:
        free: the fitted parameters, k of them.
        prior: standard deviation of each coordinate's prior, shape (k,).
        ends: end of each start's descent, coordinates of shape (k,).
        misfit: loss of the data at each end; the sum of squared residuals unless the loss is robust.
        chosen: index of the best start, by the loss with the priors.
        residuals: residuals of the data at the best end, shape (n,).
        jacobian: derivatives of these residuals by the coordinates, shape (n, k), weighted by the information of each
            residual (see ``fit``).
        stretch: ratio of the width of each coordinate's profile likelihood to the width from the curvature at the end,
            shape (k,); 1 where the profile was not computed.
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
        """Fitted values of the parameters, in their units, shape (k,)."""
        return np.array([f.value(c) for f, c in zip(self.free, self.ends[self.chosen], strict=True)])

    @cached_property
    def covariance(self) -> Array:
        """Covariance of the coordinates, prior included, shape (k, k).

        It is that about the best end (Laplace's approximation) and between the ends that are as good, stretched by
        ``stretch``.
        """
        return self._covariance(1.0)

    def _covariance(self, wider: float) -> Array:
        """Covariance of the coordinates with priors that are ``wider`` times wider, shape (k, k)."""
        # Normal equations are not used: what the data fix and what they do not are many orders of magnitude apart.
        _, triangle = np.linalg.qr(np.vstack([self.jacobian, np.diag(1 / (wider * self.prior))]))
        root = solve_triangular(triangle, np.eye(len(self.free)))
        local = root @ root.T
        for n in np.flatnonzero(self.at_wall):  # open beyond it, and so is what would follow it there
            follow = local[n] / local[n, n]
            local = local + (wider * self.prior[n]) ** 2 * np.outer(follow, follow)
        off = np.array([self._off(e, loss) for e, loss in self._as_good])
        return np.asarray((local + off.T @ off / len(off)) * np.outer(self.stretch, self.stretch), dtype=np.float64)

    def _off(self, end: Array, misfit: float) -> Array:
        """Distance of an end from the best, as far as the loss grows by no more than one on the way, shape (k,).

        So a descent that ended early in the valley of the best says no more than the curvature there.
        """
        return (end - self.ends[self.chosen]) / math.sqrt(max(misfit - self.misfit[self.chosen], 1.0))

    @property
    def _as_good(self) -> list[tuple[Array, float]]:
        """Ends that the data cannot tell from the best, each with its loss: at most ten, or a tenth, above the best's.

        A difference of ten is decisive between models (Burnham and Anderson, Model Selection, 2002); a tenth is what
        descents that end early may leave.
        """
        limit = self.misfit[self.chosen] + max(_DECISIVE, 0.1 * self.misfit[self.chosen])
        return [(e, loss) for e, loss in zip(self.ends, self.misfit, strict=True) if loss <= limit]

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

        None for a parameter on a logarithmic scale that the data do not fix: it is then off by a factor, see ``std``.
        """
        if self.free[place].scale == "log" and not self.is_fixed[place]:
            return None
        return rounded(float(self.value_std[place]), 2)

    @property
    def share(self) -> Array:
        """Part of each parameter's prior variance that the data take away, 0 to 1, shape (k,)."""
        return np.maximum(1 - np.diag(self.covariance) / self.prior**2, 0.0).round(9)

    @cached_property
    def is_fixed(self) -> NDArray[np.bool_]:
        """Whether the data leave less than a factor of 1.7 either way, or a fortieth of the range, shape (k,).

        That must not hang on the priors, not on those of other parameters either: it is to hold with wider ones, too.
        """
        loose = np.array([_LOOSE[f.scale == "linear"] for f in self.free])
        return np.asarray(np.sqrt(np.diag(self._covariance(WIDER))) <= loose)

    @property
    def at_bound(self) -> NDArray[np.bool_]:
        """Mask of shape (k,): which parameters stand at one of their bounds."""
        return np.array([any(at) for at in self._at_bounds])

    @property
    def at_wall(self) -> NDArray[np.bool_]:
        """Mask of shape (k,): which parameters stand at a bound that is only where the search ends.

        The data fix neither these nor what hangs on them.
        """
        return np.array([any(map(and_, at, f.walls)) for at, f in zip(self._at_bounds, self.free, strict=True)])

    @property
    def _at_bounds(self) -> list[tuple[bool, bool]]:
        """For each parameter, whether it stands at its lower bound, and whether at its upper one."""
        ends = zip(self.free, self.ends[self.chosen], strict=True)
        return [(abs(c - f.coordinate(f.lower)) < _AT, abs(c - f.coordinate(f.upper)) < _AT) for f, c in ends]

    @property
    def correlation(self) -> Array:
        """Correlation of the coordinates, shape (k, k)."""
        return np.asarray(self.covariance / np.outer(self.std, self.std))

    def directions(self) -> list[tuple[float, Array]]:
        """Combinations of coordinates with their information, the best fixed first.

        Each with its information, the data's over the prior's (below 1 the prior says more than the data), and the
        parts of the coordinates in it (exponents of the parameters on a log scale), shape (k,), of unit length.
        """
        scaled = self.jacobian * self.prior
        found, vectors = np.linalg.eigh(scaled.T @ scaled)
        return [(float(max(found[n], 0.0)), vectors[:, n]) for n in range(len(found))[::-1]]

    def tied_to(self, place: int) -> list[int]:
        """Places of the parameters that must move where the one at ``place`` does, the closest first; neither is fixed.

        What the data leave open of them, in units of the priors, is correlated; what does not show at all is not.
        """
        information, vectors = map(np.array, zip(*self.directions(), strict=True))
        left = (vectors.T / (1 + information)) @ vectors
        correlation = np.abs(left[place] / np.sqrt(left[place, place] * np.diag(left)))
        tied = (correlation > _TIED) & ~self.is_fixed
        return [n for n in np.argsort(-correlation, stable=True).tolist() if tied[n] and n != place]


def fit(
    problem: Problem,
    free: Iterable[Free],
    begins: Sequence[Array] = (),
    *,
    iterations: int = 30,
    prior: float = PRIOR,
    robust: bool = False,
    information: Callable[[Array], Array] = np.ones_like,
    report: Callable[[int, int, float], None] = lambda start, iteration, misfit: None,
    each: Callable[..., Iterable[Any]] = map,
) -> Solution:
    """Find the parameters of least squares with weak priors, from one start or from several.

    Args:
        problem: the residuals and their derivatives.
        free: the parameters to fit.
        begins: coordinates of the starts, each of shape (k,); by default there is one, the parameters' own.
        iterations: largest number of iterations of each start.
        prior: standard deviation of the priors of parameters on a log scale.
        robust: whether large residuals count linearly (the soft L1 loss), not as squares.
        information: function of the residuals at the end that gives the information of each on the parameters, relative
            to that of a normal error of its uncertainty, shape (n,).
        report: function that is called with start, iteration and misfit.
        each: function that goes through the starts as ``map`` does, perhaps several at a time.
    """
    free = tuple(free)
    width = prior_widths(free, prior)
    posterior = Posterior(problem, free, width, robust=robust)

    def descended(number: int, begin: Array) -> tuple[Array, float]:
        steps = count()

        def seen(z: Array) -> None:
            report(number, next(steps), posterior.misfit(z))

        return posterior.lowest(begin, steps=iterations, ftol=1e-3, xtol=1e-4, seen=seen)

    begins = begins or [posterior.centre]
    ends = list(each(descended, range(len(begins)), begins))
    best = int(np.argmin([cost for _, cost in ends]))
    z = ends[best][0]
    residuals = problem.residuals(z)
    weight = np.sqrt(information(residuals))
    return Solution(
        free=free,
        prior=width,
        ends=tuple(e for e, _ in ends),
        misfit=tuple(posterior.misfit(e) for e, _ in ends),
        chosen=best,
        residuals=residuals,
        jacobian=problem.jacobian(z) * weight[:, None],
        stretch=np.ones(len(z)),
    )


def prior_widths(free: Iterable[Free], prior: float = PRIOR) -> Array:
    """Standard deviation of each parameter's prior, in coordinates, shape (k,); ``prior`` is that on a log scale."""
    return np.array([prior if f.scale == "log" else _PRIOR_LINEAR for f in free])


def step_inside(z: Array, free: Iterable[Free]) -> Array:
    """Steps of forward differences of each coordinate that stay within its bounds, shape (k,)."""
    high = np.array([f.bounds[1] for f in free])
    return np.where(z + _STEP < high, _STEP, -_STEP)
