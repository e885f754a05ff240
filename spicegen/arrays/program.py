"""Runs of an array's program in a simulator: the currents of its columns, and the states of its devices at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from netlists import ArrayProgram, Crossbar, Devices, Job, Transient, crossbar_circuit
from spicegen.simulate import SimResult, Simulator

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ArrayRecord:
    """Record of a program.

    Attributes:
        time_s: times of the samples since the program's start, shape (samples,), s.
        i_column_amp: current that each column delivers to its sense amplifiers, shape (samples, columns), A; 0 where
            the column floats.
        devices: the devices in their states at the end.
    """

    time_s: Array
    i_column_amp: Array
    devices: Devices


def run_array_program(
    crossbar: Crossbar,
    devices: Devices,
    program: ArrayProgram,
    simulator: Simulator,
    rel_tol: float = 1e-5,
    seen: Callable[[Job], None] | None = None,
) -> ArrayRecord:
    """Run a program, stage by stage, each starting from the states in which the last one ended.

    Args:
        crossbar: wires and terminations; its conductances are not used.
        devices: the devices in their states at the start.
        program: the program to run.
        simulator: simulator that runs the program.
        rel_tol: relative tolerance of the transients.
        seen: function that is called with the job of every stage before it runs.

    Raises:
        SimulationError: a stage failed.
    """
    times, currents, start = [np.zeros(0)], [np.zeros((0, crossbar.columns))], 0.0
    for stage in program.stages:
        circuit = crossbar_circuit(crossbar, devices, stage.lines)
        job = Job(circuit, Transient(stage.stop_s, stage.max_step_s, rel_tol), "array program")
        if seen:
            seen(job)
        result = simulator.run(job)
        samples = np.array(stage.sample_time_s)
        times.append(start + samples)
        currents.append(_column_currents(result, samples, crossbar.columns))
        devices = _as_left(devices, result)
        start += stage.stop_s
    return ArrayRecord(np.concatenate(times), np.concatenate(currents), devices)


def _column_currents(result: SimResult, time_s: Array, columns: int) -> Array:
    found = np.zeros((len(time_s), columns))
    for j in range(columns):
        for source in (f"vb{j}", f"vt{j}"):
            if source in result.current_amp:
                found[:, j] += result.current_at(source, time_s)
    return found


def _as_left(devices: Devices, result: SimResult) -> Devices:
    """The devices in the states of the last point, clipped to their bounds, as rounding may have taken them beyond."""
    instance = dict(devices.instance)
    model = devices.card.device_model
    for state in model.states:
        param = model.param[state.initial]
        ends = np.full(devices.shape, param.default)
        for i, j in np.argwhere(devices.alive):
            ends[i, j] = result.state[f"d{i}_{j}.{state.name}"][-1]
        instance[state.initial] = np.clip(ends, param.lower, param.upper)
    return replace(devices, instance=instance)
