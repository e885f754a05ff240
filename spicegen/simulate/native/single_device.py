"""Transients of a single cell between sources: there are no wires to solve for, so the whole integration is compiled.

The method is that of ``transient`` (same tableau, same error control). Newton's method solves each stage with the
model's exact derivatives; steps end at every point of the waveform.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from models_va import Model
from netlists import GROUND, Circuit, Job, Transient, Waveform
from spicegen.printers.compiled_model import SIGNATURE, compiled_rates, compiled_slopes
from spicegen.printers.machine_code import compiled
from spicegen.printers.numpy_model import numpy_model
from spicegen.simulate.base import SimResult, SimulationError
from spicegen.simulate.native.cell_step import (
    FAILED,
    UNLIMITED,
    accept,
    begin,
    edition,
    next_step,
    solve,
    try_step,
    workspace,
)
from spicegen.simulate.native.system import SourceVoltages
from spicegen.simulate.native.tableau import GAMMA, NODES, SHORTEST, STAGES

Array = NDArray[np.float64]
_MOST_TRIES = 100
"""Average number of steps tried between two points of an applied voltage; a device that needs more is given up."""
_FOLLOWED = 1e-6
"""Tolerance of Newton's method where the steps are given."""
_REL_TOL = 1e-6
"""Relative tolerance of each step. It may be finer than was asked for, because accuracy is cheap here, and this engine
is the reference of all comparisons."""


def is_driven(circuit: Circuit) -> bool:
    """Whether the circuit is one cell, both of whose electrodes are driven or grounded."""
    driven = {GROUND, *(s.node for s in circuit.sources)}
    return not circuit.resistors and len(circuit.cells) == 1 and set(circuit.nodes) <= driven


def run_driven(job: Job, stimulus: Transient) -> SimResult:
    """The transient of a circuit of one cell, both of whose electrodes are driven or grounded.

    Raises:
        SimulationError: the error tolerance cannot be met.
    """
    (cell,) = job.circuit.cells
    model = cell.card.device_model
    values = {**cell.card.values, **cell.instance}
    waves = {s.node: s.waveform for s in job.circuit.sources} | {GROUND: Waveform.constant(0.0)}
    te, be = waves[cell.te], waves[cell.be]
    points_s = SourceVoltages(job.circuit.sources).points(stimulus)
    time_s, states, points = _integrate(
        compiled_rates(model),
        np.array([values[p.name] for p in model.params]),
        job.temperature_k,
        np.array([values[s.initial] for s in model.states]),
        points_s,
        te.at(points_s) - be.at(points_s),
        np.empty((0, 0)),
        min(stimulus.rel_tol, _REL_TOL),
        UNLIMITED,
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


@dataclass(frozen=True, eq=False)
class AppliedVoltage:
    """A voltage te - be over time, linear between given points.

    Attributes:
        time_s: times of the points, rising, shape (n,), s; two points at one time are a jump.
        v_volt: voltages at these points, shape (n,), V.
        put: states that the device is set to at a point behind a jump, whatever state it was in, shape (n, k); NaN at
            points where it goes on from its own state. Empty if it does so everywhere.
    """

    time_s: Array
    v_volt: Array
    put: Array = field(default_factory=lambda: np.empty((0, 0)))


def states_under(
    applied: AppliedVoltage,
    model: Model,
    params: Array,
    temperature_k: float,
    initial: Array,
    rel_tol: float = _REL_TOL,
) -> tuple[AppliedVoltage, Array] | None:
    """Integrate one device under a given voltage; other threads run meanwhile, so that thousands of runs are fast.

    Args:
        applied: the voltage over time.
        model: model of the device.
        params: values of every parameter in the model's order, shape (p,).
        temperature_k: temperature of the device, K.
        initial: states at the start, shape (k,).
        rel_tol: relative tolerance of each step.

    Returns:
        The voltage at the points of the steps taken, the applied voltage's own among them, and the states there, shape
        (points, k); None if the tolerance cannot be met, or only in very many steps.
    """
    rates, most = compiled_rates(model), _MOST_TRIES * len(applied.time_s)
    time_s, states, points = _integrate(
        rates, params, temperature_k, initial, applied.time_s, applied.v_volt, applied.put, rel_tol, most
    )
    if not points:
        return None
    return _along(applied, time_s[:points]), states[:points]


def _along(applied: AppliedVoltage, times: Array) -> AppliedVoltage:
    """The applied voltage at the points of the steps taken, among which its own points are."""
    before = np.searchsorted(applied.time_s, applied.time_s)
    own = np.searchsorted(times, applied.time_s) + np.arange(len(before)) - before
    v = np.interp(times, applied.time_s, applied.v_volt)
    v[own] = applied.v_volt
    put = np.full((len(times), applied.put.shape[1]), np.nan) if len(applied.put) else applied.put
    put[own[: len(put)]] = applied.put
    return AppliedVoltage(times, v, put)


def slopes_in_steps(
    steps: AppliedVoltage, model: Model, params: Array, temperature_k: float, initial: Array, places: NDArray[np.intp]
) -> Array:
    """Derivatives of a device's states by parameters and by the states at the start, in given steps.

    They are the exact derivatives of what the method of ``tableau`` computes in these steps: its stages are linearised
    where they stand. Source: internal numerical differentiation, Bock, in Modelling of Chemical Reaction Systems
    (Springer 1981), 102.

    Args:
        steps: the voltage at the points of the steps, from ``states_under``.
        model: model of the device.
        params: values of every parameter in the model's order, shape (p,).
        temperature_k: temperature of the device, K.
        initial: states at the start, shape (k,).
        places: indices, among the model's parameters, of the m parameters to differentiate by.

    Returns:
        The derivatives, shape (points, k, m + k); NaN where Newton's method fails. Behind a point at which the device
        was set to a state, the last k are derivatives by that state instead of the state at the start.
    """
    k, points = len(initial), len(steps.time_s)
    found = np.full((points, k, len(places) + k), np.nan)
    rates, slopes = compiled_rates(model), compiled_slopes(model)
    _linearised(rates, slopes, params, temperature_k, initial, steps.time_s, steps.v_volt, steps.put, places, found)
    return found


_SIGNATURE: Any = numba.types.Tuple((numba.float64[::1], numba.float64[:, ::1], numba.int64))(  # type: ignore[no-untyped-call]
    numba.types.FunctionType(SIGNATURE),
    numba.float64[::1],
    numba.float64,
    numba.float64[::1],
    numba.float64[::1],
    numba.float64[::1],
    numba.float64[:, ::1],
    numba.float64,
    numba.int64,
)


@numba.njit(error_model="numpy")
def _recorded(times: Array, states: Array, points: int, time: float, x: Array) -> tuple[Array, Array]:
    """The arrays ``times`` and ``states`` with one more point; they are made twice as long if they were full."""
    if points == len(times):
        longer, more = np.empty(2 * points), np.empty((2 * points, len(x)))
        longer[:points], more[:points] = times, states
        times, states = longer, more
    times[points], states[points] = time, x
    return times, states


@compiled(_SIGNATURE, nogil=True)
@edition
def _integrate(
    rates: Any, params: Array, temperature_k: float, initial: Array, breaks_s: Array, v_volt: Array, put: Array,
    rel_tol: float, most: int,
) -> tuple[Array, Array, int]:  # fmt: skip
    k = len(initial)
    times, states = np.empty(4 * len(breaks_s)), np.empty((4 * len(breaks_s), k))
    x, y, work = initial.copy(), initial.copy(), workspace(k)
    times[0], states[0] = breaks_s[0], x
    points = 1
    shortest = SHORTEST * (breaks_s[-1] - breaks_s[0])
    want = 0.0
    begin(rates, params, temperature_k, v_volt[0], x, work)
    for segment in range(len(breaks_s) - 1):
        start, end = breaks_s[segment], breaks_s[segment + 1]
        if end == start:
            if len(put) and not np.isnan(put[segment + 1, 0]):
                x[:] = put[segment + 1]
            begin(rates, params, temperature_k, v_volt[segment + 1], x, work)
            times, states = _recorded(times, states, points, end, x)
            points += 1
            continue
        voltage = (v_volt[segment], (v_volt[segment + 1] - v_volt[segment]) / (end - start), 0.0)
        time = start
        want = want if want > 0.0 else end - start
        while time < end:
            time, want, tries = next_step(
                rates, params, temperature_k, time, end, want, start, voltage, x, y, rel_tol, shortest, most, work
            )
            most -= tries
            if np.isnan(time):
                return times, states, 0
            times, states = _recorded(times, states, points, time, x)
            points += 1
    return times, states, points


@numba.njit(error_model="numpy")
def _product(jacobian: Array, now: Array, of_params: Array, places: Any, out: Array) -> None:
    """Put the rate of change of the derivatives S of the states, df/dx S + df/dp, into ``out``."""
    k, m = len(jacobian), len(places)
    for a in range(k):
        for c in range(m + k):
            out[a, c] = of_params[a, places[c]] if c < m else 0.0
        for b in range(k):
            for c in range(m + k):
                out[a, c] += jacobian[a, b] * now[b, c]


@compiled(
    numba.types.void(
        numba.types.FunctionType(SIGNATURE),
        numba.types.FunctionType(SIGNATURE),
        numba.float64[::1],
        numba.float64,
        numba.float64[::1],
        numba.float64[::1],
        numba.float64[::1],
        numba.float64[:, ::1],
        numba.int64[::1],
        numba.float64[:, :, ::1],
    ),
    nogil=True,
)
@edition
# This is one long function because it is compiled as one.
def _linearised(  # noqa: C901
    rates: Any, by_params: Any, params: Array, temperature_k: float, initial: Array, time_s: Array, v_volt: Array,
    put: Array, places: Any, found: Array,
) -> None:  # fmt: skip
    k, m, stages = len(initial), len(places), len(NODES)
    work = workspace(k)
    x, y, rate = initial.copy(), initial.copy(), np.empty(k)
    jacobian, of_params = np.empty((k, k)), np.empty((k, len(params)))
    now, moved, matrix = np.zeros((k, m + k)), np.zeros((stages, k, m + k)), np.empty((k, k))
    right = np.empty((k, m + k))
    for a in range(k):
        now[a, m + a] = 1.0
    found[0] = now
    fresh = True
    for n in range(len(time_s) - 1):
        step = time_s[n + 1] - time_s[n]
        if step == 0.0:
            fresh = True
            if len(put) and not np.isnan(put[n + 1, 0]):
                x[:], now[:] = put[n + 1], 0.0
                for a in range(k):
                    now[a, m + a] = 1.0
            found[n + 1] = now
            continue
        slope = (v_volt[n + 1] - v_volt[n]) / step
        if fresh:  # the last stage of a step is the first of the next one, except across a jump
            begin(rates, params, temperature_k, v_volt[n], x, work)
            rates(v_volt[n], x, params, temperature_k, rate, jacobian)
            by_params(v_volt[n], x, params, temperature_k, rate, of_params)
            _product(jacobian, now, of_params, places, moved[0])
            fresh = False
        if try_step(rates, params, temperature_k, 0.0, step, (v_volt[n], slope, 0.0), x, y, _FOLLOWED, work) == FAILED:
            return
        at = work[6]
        h = step * GAMMA
        for i in range(1, stages):
            volt = v_volt[n] + NODES[i] * step * slope
            rates(volt, at[i], params, temperature_k, rate, jacobian)
            by_params(volt, at[i], params, temperature_k, rate, of_params)
            for a in range(k):
                moved[i, a] = now[a]
                for j in range(i):
                    weight = step * STAGES[i, j]
                    for c in range(m + k):  # side by side in memory, so that the processor computes several at once
                        moved[i, a, c] += weight * moved[j, a, c]
                right[a] = moved[i, a]
                for c in range(m):
                    right[a, c] += h * of_params[a, places[c]]
                for b in range(k):
                    matrix[a, b] = -h * jacobian[a, b]
                matrix[a, a] += 1.0
            solve(matrix, right)
            for a in range(k):
                for c in range(m + k):
                    moved[i, a, c] = (right[a, c] - moved[i, a, c]) / h
        now[:] = right
        moved[0] = moved[stages - 1]
        accept(x, y, work)
        found[n + 1] = now
