"""One step of one cell under a given voltage, compiled: the method of ``tableau``, Newton with exact derivatives.

Both transients that know the voltage of each cell over time share it: a single driven cell, and the cells of an
array between two solutions of the wires.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from spicegen.simulate.native.tableau import (
    EMBEDDED,
    GAMMA,
    MAX_NEWTON,
    NEWTON_TOLERANCE,
    NODES,
    STAGES,
    STATE_FLOOR,
)

Array = NDArray[np.float64]
Function = TypeVar("Function", bound=Callable[..., Any])
_ERROR_WEIGHTS = STAGES[-1] - EMBEDDED
FAILED = 1e4
"""Error of a step whose Newton iteration did not converge."""


def edition(function: Function) -> Function:
    """Names a function after the source of this module and of the method's constants, for numba's cache on disk.

    That cache looks at a function's own file only: without this, machine code of the one version would go on to be used
    with the other's data after an update, and end in a crash.
    """
    function.__qualname__ += f"_{_source()}"
    return function


@cache
def _source() -> str:
    folder = Path(__file__).parent
    return hashlib.sha256(b"".join((folder / n).read_bytes() for n in ("cell_step.py", "tableau.py"))).hexdigest()[:12]


@numba.njit(error_model="numpy")
def workspace(k: int) -> Any:
    """Arrays that ``try_step`` needs, for k states: slopes, matrix, jacobian, base, dx, rate; states of the stages."""
    square = (np.empty((k, k)), np.empty((k, k)))
    return (np.empty((len(NODES), k)), *square, np.empty(k), np.empty(k), np.empty(k), np.empty((len(NODES), k)))


@numba.njit(error_model="numpy")
def begin(rates: Any, params: Array, temperature_k: float, v_volt: float, x: Array, work: Any) -> None:
    """Put the rates at a point from which steps start into the workspace."""
    slopes, _, jacobian, _, _, rate, _ = work
    rates(v_volt, x, params, temperature_k, rate, jacobian)
    slopes[0] = rate


@numba.njit(error_model="numpy")
def accept(x: Array, y: Array, work: Any) -> None:
    """Take the step that was tried: x becomes y."""
    x[:] = y
    work[0][0] = work[0][len(NODES) - 1]


@numba.njit(error_model="numpy")
def factor_after(error: float) -> float:
    """How much longer the next step may be than one of this error, in units of the tolerance."""
    return float(min(5.0, max(0.2, 0.9 * max(error, 1e-8) ** -0.25)))


# one function with everything in it, because it is compiled as one
@numba.njit(error_model="numpy")
def try_step(  # noqa: C901
    rates: Any, params: Array, temperature_k: float, time_s: float, step_s: float, v: Any, x: Array, y: Array,
    rel_tol: float, work: Any,
) -> float:  # fmt: skip
    """From x at ``time_s`` to y one step later under v = v[0] + t v[1] + t^2 v[2], V.

    Returns:
        The error in units of the tolerance; at most 1 is good. ``FAILED`` without convergence.
    """
    k, stages = len(x), len(NODES)
    slopes, matrix, jacobian, base, dx, rate, stage = work
    y[:] = x
    for i in range(1, stages):
        time = time_s + NODES[i] * step_s
        volt = v[0] + time * (v[1] + time * v[2])
        for a in range(k):
            base[a] = x[a]
            for j in range(i):
                base[a] += step_s * STAGES[i, j] * slopes[j, a]
        good = False
        for _ in range(MAX_NEWTON):
            rates(volt, y, params, temperature_k, rate, jacobian)
            for a in range(k):
                for b in range(k):
                    matrix[a, b] = -step_s * GAMMA * jacobian[a, b]
                matrix[a, a] += 1.0
                dx[a] = base[a] + step_s * GAMMA * rate[a] - y[a]
            solve(matrix, dx.reshape((k, 1)))
            change = 0.0
            for a in range(k):
                y[a] += dx[a]
                relative = abs(dx[a]) / (rel_tol * (STATE_FLOOR + abs(y[a])))
                change = max(change, relative) if relative == relative else np.inf
            if not change < 1e30:
                break
            if change <= NEWTON_TOLERANCE:
                good = True
                break
        if not good:
            return FAILED
        for a in range(k):
            slopes[i, a] = (y[a] - base[a]) / (step_s * GAMMA)
            stage[i, a] = y[a]
    error = 0.0
    for a in range(k):
        estimate = 0.0
        for j in range(stages):
            estimate += step_s * _ERROR_WEIGHTS[j] * slopes[j, a]
        error = max(error, abs(estimate) / (rel_tol * (STATE_FLOOR + abs(y[a]))))
    return error


# one function with everything in it, because it is compiled as one
@numba.njit(error_model="numpy")
def solve(a: Array, b: Array) -> None:  # noqa: C901
    """Gaussian elimination with partial pivoting, in place: the answers replace b, shape (k, columns)."""
    k, columns = b.shape
    for c in range(k):
        pivot = c
        for r in range(c + 1, k):
            if abs(a[r, c]) > abs(a[pivot, c]):
                pivot = r
        if pivot != c:
            for j in range(c, k):
                a[c, j], a[pivot, j] = a[pivot, j], a[c, j]
            for j in range(columns):
                b[c, j], b[pivot, j] = b[pivot, j], b[c, j]
        for r in range(c + 1, k):
            factor = a[r, c] / a[c, c]
            for j in range(c + 1, k):
                a[r, j] -= factor * a[c, j]
            for j in range(columns):
                b[r, j] -= factor * b[c, j]
    for c in range(k - 1, -1, -1):
        for r in range(c + 1, k):
            for j in range(columns):
                b[c, j] -= a[c, r] * b[r, j]
        for j in range(columns):
            b[c, j] /= a[c, c]
