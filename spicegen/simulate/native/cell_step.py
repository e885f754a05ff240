"""The states of one cell under a given voltage, step by step, compiled: the method of ``tableau``.

Newton's method with the model's exact derivatives solves each stage. Everything that knows the voltage of a cell over
time integrates its states with ``next_step``: a single driven cell, the cells of an array between two solutions of the
wires, and devices at rest.
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
UNLIMITED = 1 << 62
"""Number of steps that may be tried where nothing but the shortest step ends the search."""
FAILED = 1e4
"""Error of a step whose Newton iteration did not converge."""


def edition(function: Function) -> Function:
    """Names a function after the source of this module and of the method's constants, for numba's cache on disk.

    That cache looks at a function's own file only: without this, machine code of the one version would go on to be used
    with the other's data after an update, and end in a crash.
    """
    function.__qualname__ += f"_{source_digest()}"
    return function


@cache
def source_digest() -> str:
    """The first 12 hex digits of the SHA-256 of the step's source, this module and the method's constants."""
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
def next_step(
    rates: Any, params: Array, temperature_k: float, time_s: float, end_s: float, want_s: float, start_s: float, v: Any,
    x: Array, y: Array, rel_tol: float, shortest_s: float, most: int, work: Any,
) -> Any:  # fmt: skip
    """Take one step that meets the tolerance from ``time_s`` towards ``end_s``; shorter ones are tried until one does.

    Args:
        rates: the model's compiled rates.
        params: every parameter in the model's order, shape (p,).
        temperature_k: of the device, K.
        time_s: where the step begins, s.
        end_s: where the voltage's present course ends: no step goes beyond it, and the last one meets it exactly, s.
        want_s: length of the step to try first, s.
        start_s: where the voltage's present course begins, s.
        v: the voltage t seconds after ``start_s`` is v[0] + t v[1] + t^2 v[2], V.
        x: states at ``time_s``, shape (k,); those at the end of the step when this returns.
        y: room for k states.
        rel_tol: allowed error of the step, relative to each state plus ``STATE_FLOOR``.
        shortest_s: a step shorter than this that still misses the tolerance is the last that is tried, s.
        most: so many steps are tried at most.
        work: see ``workspace``.

    Returns:
        The time that was reached, s, NaN if no step meets the tolerance; the step to try next, s; how many were tried.
    """
    for tries in range(1, most + 1):
        remaining = end_s - time_s
        last = want_s > 0.999 * remaining
        # two halves, rather than nearly all of it and a tiny rest
        step = remaining if last else min(want_s, remaining / 2)
        error = try_step(rates, params, temperature_k, time_s - start_s, step, v, x, y, rel_tol, work)
        longer = step * _factor_after(error)
        if error <= 1.0:
            accept(x, y, work)
            # a step that was cut short by the end says little: what was wanted before it stays wanted after it
            return (end_s, max(want_s, longer), tries) if last else (time_s + step, longer, tries)
        if step < shortest_s:
            return np.nan, want_s, tries
        want_s = longer
    return np.nan, want_s, most


@numba.njit(error_model="numpy")
def _factor_after(error: float) -> float:
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
