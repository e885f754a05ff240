"""Transients of a single cell between sources: no wires to solve for, so the whole integration is compiled.

The method is that of ``transient`` (same tableau, same error control). Newton's method solves each stage with the
model's exact derivatives; steps end at every point of the waveform.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from netlists import GROUND, Circuit, Job, Transient, Waveform
from spicegen.printers.compiled_model import SIGNATURE, compiled_rates
from spicegen.printers.numpy_model import numpy_model
from spicegen.simulate.base import SimResult, SimulationError
from spicegen.simulate.native.tableau import (
    EMBEDDED,
    GAMMA,
    MAX_NEWTON,
    NEWTON_TOLERANCE,
    NODES,
    SHORTEST,
    STAGES,
    STATE_TOLERANCE,
)

Array = NDArray[np.float64]
_REL_TOL = 1e-6
"""Accuracy is cheap here: the reference of all comparisons need not be as rough as asked for."""
_ERROR_WEIGHTS = STAGES[-1] - EMBEDDED


def is_driven(circuit: Circuit) -> bool:
    """Whether the circuit is one cell, both of whose electrodes are driven or grounded."""
    driven = {GROUND, *(s.node for s in circuit.sources)}
    return not circuit.resistors and len(circuit.cells) == 1 and set(circuit.nodes) <= driven


def run_driven(job: Job, stimulus: Transient) -> SimResult:
    """The transient of such a circuit.

    Raises:
        SimulationError: the tolerance cannot be met.
    """
    (cell,) = job.circuit.cells
    model = cell.card.device_model
    values = {**cell.card.values, **cell.instance}
    waves = {s.node: s.waveform for s in job.circuit.sources} | {GROUND: Waveform.constant(0.0)}
    te, be = waves[cell.te], waves[cell.be]
    times = {0.0, stimulus.stop_s, *(t for w in (te, be) for t in w.time_s if t < stimulus.stop_s)}
    breaks = np.array(sorted(times))
    time_s, states, points = _integrate(
        compiled_rates(model),
        np.array([values[p.name] for p in model.params]),
        job.temperature_k,
        np.array([values[s.initial] for s in model.states]),
        breaks,
        te.at(breaks) - be.at(breaks),
        min(stimulus.rel_tol, _REL_TOL),
    )
    if not points:
        raise SimulationError("native", "step too small: the tolerance cannot be met")
    time_s, states = time_s[:points], states[:points]
    voltage = {s.node: s.waveform.at(time_s) for s in job.circuit.sources} | {GROUND: np.zeros(points)}
    params = {name: np.float64(value) for name, value in values.items()}
    current = numpy_model(model).current(voltage[cell.te] - voltage[cell.be], states, params, job.temperature_k)
    into = {cell.te: -current, cell.be: current} if cell.te != cell.be else {}
    return SimResult(
        engine="native",
        time_s=time_s,
        voltage_volt={node: voltage[node] for node in job.circuit.nodes if node != GROUND},
        current_amp={s.name: into.get(s.node, np.zeros(points)) for s in job.circuit.sources},
        state={f"{cell.name}.{name}": states[:, k] for k, name in enumerate(model.state_names)},
    )


@numba.njit(error_model="numpy")
def _solve(a: Array, b: Array) -> None:
    """Gaussian elimination with partial pivoting, in place: the answer replaces b."""
    k = len(b)
    for c in range(k):
        pivot = c
        for r in range(c + 1, k):
            if abs(a[r, c]) > abs(a[pivot, c]):
                pivot = r
        if pivot != c:
            for j in range(c, k):
                a[c, j], a[pivot, j] = a[pivot, j], a[c, j]
            b[c], b[pivot] = b[pivot], b[c]
        for r in range(c + 1, k):
            factor = a[r, c] / a[c, c]
            for j in range(c + 1, k):
                a[r, j] -= factor * a[c, j]
            b[r] -= factor * b[c]
    for c in range(k - 1, -1, -1):
        for j in range(c + 1, k):
            b[c] -= a[c, j] * b[j]
        b[c] /= a[c, c]


_SIGNATURE: Any = numba.types.Tuple((numba.float64[::1], numba.float64[:, ::1], numba.int64))(  # type: ignore[no-untyped-call]
    numba.types.FunctionType(SIGNATURE),
    numba.float64[::1],
    numba.float64,
    numba.float64[::1],
    numba.float64[::1],
    numba.float64[::1],
    numba.float64,
)


# one function with everything in it, because it is compiled as one
@numba.njit(_SIGNATURE, cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _integrate(  # noqa: C901
    rates: Any, params: Array, temperature_k: float, initial: Array, breaks_s: Array, v_volt: Array, rel_tol: float
) -> tuple[Array, Array, int]:
    k, stages = len(initial), len(NODES)
    times, states = np.empty(4 * len(breaks_s)), np.empty((4 * len(breaks_s), k))
    slopes, matrix = np.empty((stages, k)), np.empty((k, k))
    jacobian, base, dx, rate = np.empty((k, k)), np.empty(k), np.empty(k), np.empty(k)
    x, y = initial.copy(), initial.copy()
    times[0], states[0] = breaks_s[0], x
    points = 1
    stop = breaks_s[-1] - breaks_s[0]
    want = breaks_s[1] - breaks_s[0]
    rates(v_volt[0], x, params, temperature_k, rate, jacobian)
    slopes[0] = rate
    for segment in range(len(breaks_s) - 1):
        start, end = breaks_s[segment], breaks_s[segment + 1]
        slope_v = (v_volt[segment + 1] - v_volt[segment]) / (end - start)
        time = start
        while time < end:
            remaining = end - time
            last = want > 0.999 * remaining
            step = remaining if last else min(want, remaining / 2)
            good = True
            y[:] = x
            for i in range(1, stages):
                v = v_volt[segment] + slope_v * (time + NODES[i] * step - start)
                for a in range(k):
                    base[a] = x[a]
                    for j in range(i):
                        base[a] += step * STAGES[i, j] * slopes[j, a]
                good = False
                for _ in range(MAX_NEWTON):
                    rates(v, y, params, temperature_k, rate, jacobian)
                    for a in range(k):
                        for b in range(k):
                            matrix[a, b] = -step * GAMMA * jacobian[a, b]
                        matrix[a, a] += 1.0
                        dx[a] = base[a] + step * GAMMA * rate[a] - y[a]
                    _solve(matrix, dx)
                    change = 0.0
                    for a in range(k):
                        y[a] += dx[a]
                        relative = abs(dx[a]) / (STATE_TOLERANCE + rel_tol * abs(y[a]))
                        change = max(change, relative) if relative == relative else np.inf
                    if not change < 1e30:
                        break
                    if change <= NEWTON_TOLERANCE:
                        good = True
                        break
                if not good:
                    break
                for a in range(k):
                    slopes[i, a] = (y[a] - base[a]) / (step * GAMMA)
            error = 0.0 if good else 1e4
            if good:
                for a in range(k):
                    estimate = 0.0
                    for j in range(stages):
                        estimate += step * _ERROR_WEIGHTS[j] * slopes[j, a]
                    error = max(error, abs(estimate) / (STATE_TOLERANCE + rel_tol * abs(y[a])))
            factor = min(5.0, max(0.2, 0.9 * max(error, 1e-8) ** -0.25))
            if good and error <= 1.0:
                time = end if last else time + step
                x[:] = y
                slopes[0] = slopes[stages - 1]
                if points == len(times):
                    times, old_times = np.empty(2 * points), times
                    states, old_states = np.empty((2 * points, k)), states
                    times[:points], states[:points] = old_times, old_states
                times[points], states[points] = time, x
                points += 1
                # a step cut short by a breakpoint says little: the step wanted before it stays wanted after it
                want = max(want, step * factor) if last else step * factor
            elif step < SHORTEST * stop:
                return times, states, 0
            else:
                want = step * factor
    return times, states, points
