"""Long measurements with fewer points: which are kept."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MOST_POINTS = 20_000


def extremes(*curves: Array) -> NDArray[np.int64]:
    """Indices of the points where a curve is lowest or highest within its piece, at most ``MOST_POINTS`` in all.

    The pieces are equally long, to one point. Turning points, switching events and the width of noise stay; nothing is
    averaged. Of short curves, of shape (n,) each, all points are kept.
    """
    n = len(curves[0])
    if n <= MOST_POINTS:
        return np.arange(n)
    edges = np.linspace(0, n, MOST_POINTS // (2 * len(curves)) + 1).astype(np.int64)
    kept = [
        [first + find(curve[first:end]) for curve in curves for find in (np.argmin, np.argmax)]
        for first, end in pairwise(edges)
    ]
    return np.unique(np.array(kept, dtype=np.int64))


def log_spaced(time_s: Array) -> NDArray[np.int64]:
    """Indices of at most ``MOST_POINTS`` points at equal steps of the logarithm of a rising time, with both ends."""
    n = len(time_s)
    if n <= MOST_POINTS:
        return np.arange(n)
    since = time_s - time_s[0]
    steps = np.geomspace(since[1], since[-1], MOST_POINTS - 1)
    return np.unique(np.concatenate([[0], np.minimum(np.searchsorted(since, steps), n - 1)]))
