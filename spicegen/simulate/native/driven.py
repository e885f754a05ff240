"""Transients of a single cell between sources: no wires to solve for, so the whole integration is compiled.

The method is that of ``transient`` (same tableau, same error control). Newton's method solves each stage with the
model's exact derivatives; steps end at every point of the waveform.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from models_va import Model
from netlists import GROUND, Circuit, Job, Transient, Waveform
from spicegen.printers.compiled_model import SIGNATURE, compiled_rates
from spicegen.printers.numpy_model import numpy_model
from spicegen.simulate.base import SimResult, SimulationError
from spicegen.simulate.native.cell_step import accept, begin, factor_after, try_step, workspace
from spicegen.simulate.native.tableau import SHORTEST

Array = NDArray[np.float64]
_REL_TOL = 1e-6
"""Accuracy is cheap here: the reference of all comparisons need not be as rough as asked for."""


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


def states_at(
    model: Model,
    params: Array,
    temperature_k: float,
    initial: Array,
    breaks_s: Array,
    v_volt: Array,
    rel_tol: float = _REL_TOL,
) -> Array | None:
    """States of one device under a piecewise-linear voltage; for whoever needs thousands of such runs.

    Other threads run meanwhile.

    Args:
        model: of the device.
        params: every parameter, in the model's order, shape (p,).
        temperature_k: K.
        initial: states at the first break, shape (k,).
        breaks_s: rising times, shape (n,), s.
        v_volt: te - be at these times, shape (n,), V.
        rel_tol: relative tolerance of each step.

    Returns:
        The states at these times, shape (n, k); None if the tolerance cannot be met.
    """
    time_s, states, points = _integrate(
        compiled_rates(model), params, temperature_k, initial, breaks_s, v_volt, rel_tol
    )
    if not points:
        return None
    found: Array = states[np.searchsorted(time_s[:points], breaks_s)]
    return found


_SIGNATURE: Any = numba.types.Tuple((numba.float64[::1], numba.float64[:, ::1], numba.int64))(  # type: ignore[no-untyped-call]
    numba.types.FunctionType(SIGNATURE),
    numba.float64[::1],
    numba.float64,
    numba.float64[::1],
    numba.float64[::1],
    numba.float64[::1],
    numba.float64,
)


@numba.njit(_SIGNATURE, cache=True, error_model="numpy", nogil=True)  # type: ignore[untyped-decorator]
def _integrate(
    rates: Any, params: Array, temperature_k: float, initial: Array, breaks_s: Array, v_volt: Array, rel_tol: float
) -> tuple[Array, Array, int]:
    k = len(initial)
    times, states = np.empty(4 * len(breaks_s)), np.empty((4 * len(breaks_s), k))
    x, y, work = initial.copy(), initial.copy(), workspace(k)
    times[0], states[0] = breaks_s[0], x
    points = 1
    stop = breaks_s[-1] - breaks_s[0]
    want = breaks_s[1] - breaks_s[0]
    begin(rates, params, temperature_k, v_volt[0], x, work)
    for segment in range(len(breaks_s) - 1):
        start, end = breaks_s[segment], breaks_s[segment + 1]
        slope = (v_volt[segment + 1] - v_volt[segment]) / (end - start)
        time = start
        while time < end:
            remaining = end - time
            last = want > 0.999 * remaining
            step = remaining if last else min(want, remaining / 2)
            voltage = (v_volt[segment], slope, 0.0)
            error = try_step(rates, params, temperature_k, time - start, step, voltage, x, y, rel_tol, work)
            factor = factor_after(error)
            if error <= 1.0:
                time = end if last else time + step
                accept(x, y, work)
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
