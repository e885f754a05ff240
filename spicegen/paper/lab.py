"""The lab: one card's devices, one simulator as the source meter, and a notebook of what was measured."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from netlists import Cell, Circuit, Job, PulseProgram, Source, Stage, Transient
from spicegen import __version__
from spicegen.simulate import REFERENCE, Simulator

Array = NDArray[np.float64]
REL_TOL = 1e-5
"""Of circuit simulators: at 1e-4, what Newton's method leaves adds up to 1e-3 over a train, the more the smaller the
steps; at 1e-5 every experiment agrees to a few 1e-4."""


@dataclass(frozen=True, eq=False)
class Record:
    """What was sampled, in the order of the program.

    Attributes:
        time_s: since the program's start, s.
        voltage_volt: te - be, V.
        current_amp: from te to be through the device, A.
    """

    time_s: Array
    voltage_volt: Array
    current_amp: Array

    @property
    def conductance_siemens(self) -> Array:
        """Current over voltage at each sample, S."""
        return self.current_amp / self.voltage_volt


class Lab:
    """Runs pulse programs.

    Args:
        card: whose devices.
        simulator: the source meter.
        notebook: a folder where each finished program's record is kept; an interrupted study goes on from there.

    Attributes:
        saved_s: time that the notebook saved so far, s.
    """

    def __init__(self, card: DeviceCard, simulator: Simulator, notebook: Path | None = None) -> None:
        self.card, self.simulator, self.notebook = card, simulator, notebook
        self.saved_s = 0.0
        # the native engine is limited by Python itself, the others are processes of their own
        self._workers = 1 if simulator.name == REFERENCE else os.cpu_count() or 1

    def measure(self, programs: Mapping[str, PulseProgram]) -> Mapping[str, Record]:
        """Run each program on a fresh device.

        Raises:
            SimulationError: a stage failed; the records of finished programs are in the notebook.
        """
        at_once = min(self._workers, len(programs))
        found = {label: record for label, program in programs.items() if (record := self._kept(program, at_once))}
        missing = {label: program for label, program in programs.items() if label not in found}
        if self._workers == 1:
            found |= {label: self._run(program) for label, program in missing.items()}
        else:
            found |= self._side_by_side(missing)
        return {label: found[label] for label in programs}

    def _side_by_side(self, programs: Mapping[str, PulseProgram]) -> dict[str, Record]:
        with ThreadPoolExecutor(self._workers) as pool:
            waiting = {label: pool.submit(self._run, program) for label, program in programs.items()}
            try:
                return {label: future.result() for label, future in waiting.items()}
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _page(self, notebook: Path, program: PulseProgram) -> Path:
        model = self.card.device_model.version
        key = f"{__version__}|{self.card.hash}|{model}|{self.simulator.name}|{REL_TOL}|{program.stages!r}"
        return notebook / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.npz"

    def _kept(self, program: PulseProgram, at_once: int) -> Record | None:
        if not self.notebook or not (path := self._page(self.notebook, program)).is_file():
            return None
        with np.load(path, allow_pickle=False) as kept:
            self.saved_s += float(kept["seconds"]) / at_once
            return Record(kept["time_s"], kept["voltage_volt"], kept["current_amp"])

    def _run(self, program: PulseProgram) -> Record:
        start = time.perf_counter()
        record = run_program(self.card, program, self.simulator)
        if self.notebook:
            path = self._page(self.notebook, program)
            partial = path.with_suffix(".partial.npz")
            np.savez(partial, **asdict(record), seconds=time.perf_counter() - start)
            partial.replace(path)  # whole or not there, also when interrupted
        return record


class Device:
    """One device on the bench: what is done to it changes it.

    Args:
        card: what it is.
        simulator: that runs it.
        initial: values of its instance parameters; None for a fresh device.
    """

    def __init__(self, card: DeviceCard, simulator: Simulator, initial: Mapping[str, float] | None = None) -> None:
        self._card, self._simulator = card, simulator
        self._instance = dict(initial or {})
        self._bounds = {p.name: (p.lower, p.upper) for p in card.device_model.params}

    def copy(self) -> Device:
        """Another device in the same state."""
        return Device(self._card, self._simulator, self._instance)

    def run(self, stage: Stage) -> Record:
        """Do it; times count from the stage's start.

        Raises:
            SimulationError: the simulator failed.
        """
        result = self._simulator.run(_job(self._card, stage, self._instance))
        samples = np.array(stage.sample_time_s)
        for s in self._card.device_model.states:
            end = float(result.state[f"d0.{s.name}"][-1])
            if abs(end) < sys.float_info.min:  # VACASK cannot read denormal numbers
                end = 0.0
            # a simulator's rounding may leave a state just outside its bounds
            self._instance[s.initial] = float(np.clip(end, *self._bounds[s.initial]))
        return Record(samples, stage.te.at(samples) - stage.be.at(samples), -result.current_at("vte", samples))


def run_program(card: DeviceCard, program: PulseProgram, simulator: Simulator) -> Record:
    """Run a program on a fresh device, stage by stage.

    Raises:
        SimulationError: a stage failed.
    """
    device, start = Device(card, simulator), 0.0
    times, voltages, currents = [], [], []
    for stage in program.stages:
        record = device.run(stage)
        times.append(start + record.time_s)
        voltages.append(record.voltage_volt)
        currents.append(record.current_amp)
        start += stage.stop_s
    return Record(np.concatenate(times), np.concatenate(voltages), np.concatenate(currents))


def _job(card: DeviceCard, stage: Stage, instance: Mapping[str, float]) -> Job:
    circuit = Circuit(
        sources=(Source("vte", "te", stage.te), Source("vbe", "be", stage.be)),
        cells=(Cell("d0", "te", "be", card, instance),),
    )
    stimulus = Transient(stage.stop_s, stage.max_step_s, REL_TOL)
    return Job(circuit, stimulus, "paper experiment", stage.temperature_k)
