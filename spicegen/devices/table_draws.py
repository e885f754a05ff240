"""Compiled draws from update tables: the change of conductance that a table has at a probability."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from spicegen.printers.machine_code import compiled

Array = NDArray[np.float64]
_GRID, _TABLE = numba.float64[::1], numba.float64[:, ::1]
_INTERVAL: Any = (_GRID, numba.float64)
_CHANGE: Any = (_GRID, _GRID, _TABLE, numba.float64, numba.float64)
_CHANGES: Any = (_GRID, _GRID, _TABLE, _GRID, _GRID)


@compiled(_INTERVAL)
def grid_interval(grid: Array, at: float) -> tuple[int, float]:
    """Interval of a rising grid in which a value lies, and its place in it from 0 to 1; clamped to the grid.

    The interval is guessed as that of a regular grid, and then walked to, so that regular grids need no search.
    """
    last = len(grid) - 1
    if not at > grid[0]:
        return 0, 0.0 if at <= grid[0] else np.nan
    if at >= grid[last]:
        return last - 1, 1.0
    n = min(int((at - grid[0]) / (grid[last] - grid[0]) * last), last - 1)
    while grid[n + 1] <= at:
        n += 1
    while grid[n] > at:
        n -= 1
    return n, (at - grid[n]) / (grid[n + 1] - grid[n])


@compiled(_CHANGE)
def change_at(g_siemens: Array, cdf: Array, d_g_siemens: Array, at_siemens: float, probability: float) -> float:
    """Change that is not exceeded with a probability at one conductance, S; interpolated linearly in the table.

    Other compiled functions may call it, with the attributes of an ``UpdateTable`` and a random number from 0 to 1.
    """
    column, right = grid_interval(g_siemens, at_siemens)
    row, below = grid_interval(cdf, probability)
    left = d_g_siemens[row, column] * (1 - below) + d_g_siemens[row + 1, column] * below
    other = d_g_siemens[row, column + 1] * (1 - below) + d_g_siemens[row + 1, column + 1] * below
    change: float = left * (1 - right) + other * right
    return change


@compiled(_CHANGES)
def changes_at(g_siemens: Array, cdf: Array, d_g_siemens: Array, at_siemens: Array, probability: Array) -> Array:
    """``change_at`` for each of the conductances and probabilities, shape (n,), S."""
    found = np.empty(len(at_siemens))
    for n in range(len(at_siemens)):
        found[n] = change_at(g_siemens, cdf, d_g_siemens, at_siemens[n], probability[n])
    return found
