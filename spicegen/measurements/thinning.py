"""Thinning of long measurements: the choice of the points that are kept."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spicegen.measurements.direction import turning_points

Array = NDArray[np.float64]
MOST_POINTS = 20_000
FIT_POINTS = 600
"""Number of points of a sweep, or of the retention at one temperature, that a fit takes: more add no information."""
_TURN = 0.05
"""Share of a sweep's voltage range. A sweep turns where it goes back by so much, which is more than the noise of a
measured voltage; it jumps where it does so from one point to the next."""


def extremes(*curves: Array) -> NDArray[np.int64]:
    """Indices of the points where a curve is lowest or highest within its piece, at most ``MOST_POINTS`` in all.

    The pieces are equally long, to one point. Turning points, switching events and the width of noise stay; nothing is
    averaged. All points of short curves are kept. Each curve has the shape (n,).
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


def with_turns(voltage_volt: Array, most: int) -> NDArray[np.int64]:
    """Indices of at most ``most`` points: evenly spaced ones, and both ends of each turn and jump of the voltage.

    If turns and jumps would take more than half of the points, the sweep is cut off behind the last of that half.
    """
    n = len(voltage_volt)
    if n <= most:
        return np.arange(n)
    turns = np.array(turning_points(voltage_volt, _TURN), dtype=np.int64)
    steps = np.abs(np.diff(voltage_volt))
    ends = np.append(np.flatnonzero(steps), n - 1)  # ends of holds, most of which are one point long
    jumps = np.flatnonzero(steps > _TURN * np.ptp(voltage_volt))
    corners = np.unique(np.concatenate([turns, ends[np.searchsorted(ends, turns)], jumps, jumps + 1, [n - 1]]))
    corners = corners[: most // 2]
    return np.union1d(corners, np.linspace(0, corners[-1], most - len(corners)).astype(np.int64))


def log_spaced(time_s: Array, most: int = MOST_POINTS) -> NDArray[np.int64]:
    """Indices of at most ``most`` points at equal steps of the logarithm of a rising time, with both ends."""
    n = len(time_s)
    if n <= most:
        return np.arange(n)
    since = time_s - time_s[0]
    steps = np.geomspace(since[1], since[-1], most - 1)
    return np.unique(np.concatenate([[0], np.minimum(np.searchsorted(since, steps), n - 1)]))
