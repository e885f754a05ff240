"""The native engine: a simulator in numpy and scipy that is always available."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy

from models_va import C_PAR
from netlists import GROUND, Circuit, Job, ReadVectors, Transient
from spicegen.simulate.base import Array, Availability, SimResult, SimulationError, Simulator
from spicegen.simulate.native.memory_limit import check_memory
from spicegen.simulate.native.operating_point import operating_points
from spicegen.simulate.native.single_device import is_driven, run_driven
from spicegen.simulate.native.system import System
from spicegen.simulate.native.transient import transient
from spicegen.simulate.native.waveform_relaxation import relax, settling


class Native(Simulator):
    """The simulator of this project: operating points and transients, computed in numpy and scipy."""

    name = "native"

    def available(self) -> Availability:
        """The native engine is always available."""
        return Availability(True, f"numpy {np.__version__}, scipy {scipy.__version__}")

    def run(self, job: Job) -> SimResult:
        """Run ``job`` as Simulator.run says."""
        with np.errstate(all="ignore"):  # Newton's method finds and reports values that are not finite
            return self._run(job)

    def _run(self, job: Job) -> SimResult:
        if isinstance(job.stimulus, Transient):
            _check_capacitance(job.circuit)
            if is_driven(job.circuit):
                return run_driven(job, job.stimulus)
        check_memory(job.circuit, job.stimulus)
        system = System(job.circuit, job.temperature_k)
        if isinstance(job.stimulus, ReadVectors):
            return _read(job.circuit, system, job.stimulus)
        at_once, note = settling(job.circuit, system, job.stimulus)
        trace = (relax if at_once else transient)(job.circuit, system, job.stimulus)
        voltage, leaving = np.array(trace.voltage), np.array(trace.leaving)
        result = _result(job.circuit, system, np.array(trace.time_s), voltage, leaving, trace.states)
        return replace(result, notes=(note,)) if note else result


def _check_capacitance(circuit: Circuit) -> None:
    """Refuse cards with an electrode capacitance, which the transients here have no equation for."""
    for card in circuit.cards:
        if card.device_values[C_PAR.name] > 0:
            raise SimulationError(
                "native",
                f"card {card.name} has an electrode capacitance, which native's transients leave out: "
                "take ngspice or VACASK, or remove electrode_capacitance_farad from the card",
            )


def _read(circuit: Circuit, system: System, stimulus: ReadVectors) -> SimResult:
    states = [g.initial for g in system.groups]
    voltage, leaving, failed = operating_points(system, stimulus.v_volt, states)
    if len(failed) == len(stimulus.v_volt):
        raise next(iter(failed.values()))
    result = _result(circuit, system, None, voltage, leaving, [states] * len(voltage))
    return replace(result, failed={k: error.problem for k, error in failed.items()})


def _result(
    circuit: Circuit, system: System, time_s: Array | None, voltage: Array, leaving: Array, states: list[list[Array]]
) -> SimResult:
    column = {node: k for k, node in enumerate(system.nodes)}
    kept = [np.array([point[g] for point in states]) for g in range(len(system.groups))]  # (points, n, k)
    state = {
        f"{name}.{label}": kept[g][:, cell, k]
        for g, group in enumerate(system.groups)
        for cell, name in enumerate(group.names)
        for k, label in enumerate(group.model.model.state_names)
    }
    return SimResult(
        engine="native",
        time_s=time_s,
        voltage_volt={n: voltage[:, column[n]] for n in circuit.nodes if n != GROUND},
        current_amp={s.name: -leaving[:, column[s.node]] for s in circuit.sources},
        state=state,
    )
