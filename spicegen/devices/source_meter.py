"""The source meter: stages and programs of pulses run on one device, and the records of what it sampled."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from netlists import Cell, Circuit, Job, PulseProgram, Source, Stage, Transient
from spicegen.simulate import Simulator

Array = NDArray[np.float64]
REL_TOL = 1e-5
"""Relative tolerance of circuit simulators. At 1e-4, the errors that Newton's method leaves add up to 1e-3 over a
train, the more the smaller the steps; at 1e-5 the simulators agree to a few 1e-4 in every experiment."""


@dataclass(frozen=True, eq=False)
class PulseRecord:
    """Samples that a source meter took of one device, in the order of time.

    Attributes:
        time_s: time of each sample since the start of the program (of a stage's record: of the stage), shape
            (samples,), s.
        voltage_volt: voltage from te to be at each sample, shape (samples,), V.
        current_amp: current from te to be through the device at each sample, shape (samples,), A.
    """

    time_s: Array
    voltage_volt: Array
    current_amp: Array

    @property
    def conductance_siemens(self) -> Array:
        """Current over voltage at each sample, shape (samples,), S."""
        return self.current_amp / self.voltage_volt


class DeviceUnderTest:
    """One device connected to a source meter; each stage starts from the state in which the stage before left it.

    Args:
        card: the card of the device.
        simulator: the simulator that runs the device.
        initial: values of the device's instance parameters; None for a fresh device.
    """

    def __init__(self, card: DeviceCard, simulator: Simulator, initial: Mapping[str, float] | None = None) -> None:
        self._card, self._simulator = card, simulator
        self._instance = dict(initial or {})
        self._bounds = {p.name: (p.lower, p.upper) for p in card.device_model.params}

    def copy(self) -> DeviceUnderTest:
        """Another device of the same card in the same state."""
        return DeviceUnderTest(self._card, self._simulator, self._instance)

    def run(self, stage: Stage) -> PulseRecord:
        """Run one stage, whose last states become the device's; the times of the record count from the stage's start.

        Raises:
            SimulationError: the simulator failed.
        """
        result = self._simulator.run(_job(self._card, stage, self._instance))
        samples = np.array(stage.sample_time_s)
        for s in self._card.device_model.states:
            end = float(result.state[f"d0.{s.name}"][-1])
            if abs(end) < sys.float_info.min:  # VACASK cannot read denormal numbers
                end = 0.0
            # Rounding in a simulator may leave a state just outside its bounds.
            self._instance[s.initial] = float(np.clip(end, *self._bounds[s.initial]))
        return PulseRecord(samples, stage.te.at(samples) - stage.be.at(samples), -result.current_at("vte", samples))


def run_program(card: DeviceCard, program: PulseProgram, simulator: Simulator) -> PulseRecord:
    """Run a program on a fresh device, stage by stage.

    Raises:
        SimulationError: a stage failed.
    """
    device, start = DeviceUnderTest(card, simulator), 0.0
    times, voltages, currents = [], [], []
    for stage in program.stages:
        record = device.run(stage)
        times.append(start + record.time_s)
        voltages.append(record.voltage_volt)
        currents.append(record.current_amp)
        start += stage.stop_s
    return PulseRecord(np.concatenate(times), np.concatenate(voltages), np.concatenate(currents))


def _job(card: DeviceCard, stage: Stage, instance: Mapping[str, float]) -> Job:
    """The job of a stage: the device between two voltage sources to ground, ``vte`` at te and ``vbe`` at be."""
    circuit = Circuit(
        sources=(Source("vte", "te", stage.te), Source("vbe", "be", stage.be)),
        cells=(Cell("d0", "te", "be", card, instance),),
    )
    stimulus = Transient(stage.stop_s, stage.max_step_s, REL_TOL)
    return Job(circuit, stimulus, "pulse program", stage.temperature_k)
