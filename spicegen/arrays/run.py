"""Runs of a program on a passive array (writes, pulses, reads, rests) in every simulator, and the array after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from netlists import ArrayConfig, ArrayProgram, ArrayStage, Crossbar, Devices, Job, ReadVectors, crossbar_circuit
from spicegen.arrays.identity import array_identity
from spicegen.arrays.program import ArrayRecord, run_array_program
from spicegen.arrays.read import cell_voltage
from spicegen.devices.programming import conductances, program_devices
from spicegen.progress import track
from spicegen.simulate import (
    REFERENCE,
    EngineRun,
    Simulator,
    failures,
    result_of,
    run_engine,
    simulator,
    write_decks,
)

Array = NDArray[np.float64]
TOLERANCE = 1e-3
"""Largest difference of a current or a conductance from the native engine's that counts as agreement, relative to the
largest current or conductance."""
MOST_CELLS = {"vacask": 64 * 64, "ngspice (OSDI)": 64 * 64, "ngspice": 8 * 8}
"""Number of cells, by ``Simulator.method``, beyond which a program takes many minutes; it is then run only if the
engine was asked for."""
MOST_STEPS = 1e7
"""Number of time steps beyond which a circuit simulator is run only if it was asked for."""
_REL_TOL = 1e-4


@dataclass(frozen=True, eq=False)
class ArrayRun:
    """Result of the command ``array`` for an array with a program.

    Attributes:
        config: description of the array and its program.
        card: card of the devices.
        g_before_siemens, g_after_siemens: conductances at v = 0 before and after it, shape (rows, columns), S.
        v_cell_volt: voltage across each cell at the highest pulse, with the devices in their first states, shape
            (rows, columns), V.
        v_lost_volt: part of this voltage that the wires take, its magnitude without wires less that with wires, shape
            (rows, columns), V.
        record: column currents and devices from the native engine.
        runs: runs of the program, one per engine, the native engine first.
        jobs: the program's stages, each from the states in which the native engine left the stage before.
    """

    config: ArrayConfig
    card: DeviceCard
    g_before_siemens: Array
    g_after_siemens: Array
    v_cell_volt: Array
    v_lost_volt: Array
    record: ArrayRecord
    runs: tuple[EngineRun[ArrayRecord], ...]
    jobs: tuple[Job, ...]

    @property
    def failures(self) -> tuple[str, ...]:
        """One reason for each engine that is installed but did not finish its run."""
        return failures(self.runs)

    @property
    def passed(self) -> bool:
        """Whether every engine that ran agrees with the native engine."""
        return not self.failures and all(r.difference <= TOLERANCE for r in self.runs if not r.note)

    @property
    def change(self) -> Array:
        """Change of each cell's conductance relative to that before (0 where that is 0), shape (rows, columns)."""
        moved = self.g_after_siemens - self.g_before_siemens
        return np.divide(moved, self.g_before_siemens, out=np.zeros_like(moved), where=self.g_before_siemens > 0)

    def write_decks(self, folder: Path) -> None:
        """Write each stage as decks of the circuit simulators, with which users may run it by hand."""
        for number, job in enumerate(self.jobs, 1):
            write_decks(job, folder / f"stage_{number}")

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            **array_identity(self.config, self.card),
            "seed": self.config.seed,
            "time_s": self.record.time_s,
            "i_column_amp": self.record.i_column_amp,
            "g_before_siemens": self.g_before_siemens,
            "g_after_siemens": self.g_after_siemens,
            "v_cell_volt": self.v_cell_volt,
            "v_lost_volt": self.v_lost_volt,
            "tolerance": TOLERANCE,
            "passed": self.passed,
            "engines": [r.to_json() for r in self.runs],
        }

    def rows(self) -> list[tuple[object, ...]]:
        """The rows of the table of engines."""
        return [r.row("run") for r in self.runs]


def run_array(config: ArrayConfig, card: DeviceCard, engines: list[str], *, whatever_it_takes: bool) -> ArrayRun:
    """Run the config's program with the native engine and the given others.

    Args:
        config: description of the array and its program, with at least one step.
        card: card of the devices.
        engines: names of the engines.
        whatever_it_takes: whether engines that are slow at this size are run, too.

    Raises:
        InputError: a step or a fault does not fit the array, or a conductance is out of the device's reach.
        CardError: the card lacks the variability that the config asks for.
        SimulationError: the native engine failed.
    """
    program, window = config.array_program(card), card.window()
    devices = program_devices(
        card,
        config.draw_cells(*window),
        config.seed,
        programming_error=config.programming_error,
        device_to_device=config.device_to_device,
    ).devices
    devices = replace(devices, stuck_siemens=config.draw_stuck(*window))
    crossbar = config.crossbar(np.zeros(devices.shape))

    jobs: list[Job] = []

    def run(engine: Simulator) -> ArrayRecord:
        seen = jobs.append if engine.name == REFERENCE else None
        return run_array_program(crossbar, devices, program, engine, _REL_TOL, seen)

    cells = config.rows * config.columns
    runs = [
        run_engine(engine := simulator(name), run, "" if whatever_it_takes else _left_out(engine, cells, program))
        for name in track([REFERENCE, *(e for e in engines if e != REFERENCE)], "engines")
    ]
    native = result_of(REFERENCE, runs)
    v_cell, v_lost = _highest_pulse(crossbar, devices, program)
    return ArrayRun(
        config=config,
        card=card,
        g_before_siemens=conductances(devices),
        g_after_siemens=conductances(native.devices),
        v_cell_volt=v_cell,
        v_lost_volt=v_lost,
        record=native,
        runs=tuple(r.compared(lambda record: _difference(record, native)) for r in runs),
        jobs=tuple(jobs),
    )


def _left_out(engine: Simulator, cells: int, program: ArrayProgram) -> str:
    most = MOST_CELLS.get(engine.method, cells)
    if cells > most:
        return f"slow beyond {most} cells; --engine {engine.name} runs it"
    steps = sum(stage.stop_s / stage.max_step_s for stage in program.stages)
    if engine.name != REFERENCE and steps > MOST_STEPS:
        return f"{steps:.1g} steps, each a twentieth of the shortest pulse or read; --engine {engine.name} runs it"
    return ""


def _difference(found: ArrayRecord, reference: ArrayRecord) -> float:
    pairs = [(conductances(found.devices), conductances(reference.devices))]
    if reference.i_column_amp.size:
        pairs.append((found.i_column_amp, reference.i_column_amp))
    return max(float(np.abs(a - b).max() / (np.abs(b).max() or 1.0)) for a, b in pairs)


def _highest_pulse(crossbar: Crossbar, devices: Devices, program: ArrayProgram) -> tuple[Array, Array]:
    """Voltages at the time of the highest voltage between a row and a column, shape (rows, columns), V.

    Returns:
        The voltage across each cell, and the part of it that the wires take.
    """
    waves = {wave for stage in program.stages for wave in (*stage.lines.rows, *stage.lines.columns) if wave}
    corners = {wave: dict(zip(wave.time_s, wave.value_volt, strict=True)) for wave in waves}

    def between(stage: ArrayStage, time: float) -> float:
        rows, columns = ([corners[w][time] for w in side if w] for side in (stage.lines.rows, stage.lines.columns))
        return max(max(rows) - min(columns), max(columns) - min(rows)) if rows and columns else 0.0

    # All waveforms of a stage have their corners at the same times.
    points = [(s, t) for s in program.stages for t in next(w for w in (*s.lines.rows, *s.lines.columns) if w).time_s]
    stage, time = max(points, key=lambda point: between(*point))

    def across(array: Crossbar) -> Array:
        circuit = crossbar_circuit(array, devices, stage.lines)
        vector = np.array([[s.waveform.at(time) for s in circuit.sources]])
        return cell_voltage(array, simulator(REFERENCE).run(Job(circuit, ReadVectors(vector), "highest pulse")))

    found = across(crossbar)
    ideal = replace(crossbar, r_row_ohm=0.0, r_col_ohm=0.0, r_source_ohm=0.0, r_sense_ohm=0.0)
    return found, np.abs(across(ideal)) - np.abs(found)
