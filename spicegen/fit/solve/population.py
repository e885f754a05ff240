"""A population search for a start of least squares: it needs no derivatives, and kinks and side valleys do not end it.

Source: covariance matrix adaptation, Hansen and Ostermeier, Evolutionary Computation 9, 159 (2001), by the authors'
library ``cma``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import cma
import numpy as np
from numpy.typing import NDArray

from spicegen.fit.free_parameter import Free

Array = NDArray[np.float64]
SPREAD = 0.3
"""Standard deviation of the first generation about its centre, in standard deviations of the priors."""


def search_population(
    residuals: Callable[[Array], Array],
    free: Sequence[Free],
    centre: Array,
    prior: Array,
    seed: int,
    evaluations: int,
    report: Callable[[int, float], None] = lambda evaluated, misfit: None,
) -> Array:
    """The coordinates with the least sum of squared residuals, priors included, that a population search finds.

    Args:
        residuals: coordinates of a generation, shape (points, k) -> its residuals, shape (points, n).
        free: the k parameters, whose bounds are kept.
        centre: coordinates of the priors' centre, where the search begins, shape (k,).
        prior: standard deviation of each prior, in coordinates, shape (k,).
        seed: of the random numbers; the same seed gives the same generations.
        evaluations: how many points are evaluated at least; the last generation is finished.
        report: called after each generation with the number of points so far and the least loss.

    Returns:
        Coordinates of the best point of all, shape (k,); the centre, if none is better.
    """
    rng = np.random.default_rng(seed)
    lower, upper = np.array([f.bounds for f in free]).T
    settings: dict[str, Any] = {
        "bounds": [lower.tolist(), upper.tolist()],
        "CMA_stds": prior,
        "randn": lambda *shape: rng.standard_normal(shape),
        "seed": math.nan,  # the library would seed numpy's global generator
        "verbose": -9,
        "maxfevals": math.inf,
    }
    strategy = cma.CMAEvolutionStrategy(centre, SPREAD, settings)
    best, least = centre, float(_losses(residuals, centre[None], centre, prior)[0])
    evaluated = 1
    while evaluated < evaluations and not strategy.stop():
        points = np.array(strategy.ask())
        losses = _losses(residuals, points, centre, prior)
        strategy.tell(list(points), losses.tolist())
        evaluated += len(points)
        if losses.min() < least:
            best, least = points[int(np.argmin(losses))], float(losses.min())
        report(evaluated, least)
    return best


def _losses(residuals: Callable[[Array], Array], points: Array, centre: Array, prior: Array) -> Array:
    """Sum of squares of residuals and of distances from the priors' centre at each point, shape (points,)."""
    return np.asarray(np.sum(residuals(points) ** 2, axis=1) + np.sum(((points - centre) / prior) ** 2, axis=1))
