"""Reads of a passive array: the exact operator compared with circuit simulators, and where voltage is lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from models_va.errors import InputError
from netlists import (
    ArrayConfig,
    Crossbar,
    Job,
    ReadVectors,
    column_node,
    crossbar_circuit,
    row_node,
    source_voltages,
)
from spicegen.arrays.identity import array_identity
from spicegen.devices.programming import Programmed, program_devices
from spicegen.progress import track
from spicegen.simulate import (
    REFERENCE,
    SIMULATORS,
    EngineRun,
    SimResult,
    Simulator,
    failures,
    read_operator,
    result_of,
    run_engine,
    simulator,
    write_decks,
)

TOLERANCE = 1e-6
"""Largest difference of a column current from the reference that counts as agreement, relative to the largest
current."""
MOST_CELLS = {"native": 256 * 256, "vacask": 256 * 256, "ngspice (OSDI)": 256 * 256, "ngspice": 64 * 64}
"""Number of cells, by ``Simulator.method``, beyond which a read takes minutes; ngspice without OSDI solves for many
more nodes."""


@dataclass(frozen=True, eq=False)
class ArrayReport:
    """Result of the command ``array`` for a read.

    Attributes:
        config: description of the array.
        card: card of its devices.
        crossbar: wires and conductances of the cells (those at 0 V, where the cells are devices).
        programmed: the devices, if the cells vary; None if the cells are fixed conductances.
        v_in_volt: input voltages of the rows, shape (rows,), V.
        i_ideal_amp: column currents of these conductances without wires, shape (columns,), A.
        i_operator_amp: column currents with wires, by the exact operator, shape (columns,), A.
        i_out_amp: column currents that all engines are compared with, shape (columns,), A: those of the exact operator
            or, for devices, which conduct nonlinearly, those of the native circuit solver.
        v_cell_volt: voltage across each cell, shape (rows, columns), V.
        reads: reads of the array, one per engine.
        job: the job that the engines were given.
    """

    config: ArrayConfig
    card: DeviceCard
    crossbar: Crossbar
    programmed: Programmed | None
    v_in_volt: NDArray[np.float64]
    i_ideal_amp: NDArray[np.float64]
    i_operator_amp: NDArray[np.float64]
    i_out_amp: NDArray[np.float64]
    v_cell_volt: NDArray[np.float64]
    reads: tuple[EngineRun[SimResult], ...]
    job: Job

    @property
    def failures(self) -> tuple[str, ...]:
        """One reason for each engine that is installed but did not finish its run."""
        return failures(self.reads)

    @property
    def passed(self) -> bool:
        """Whether every engine that ran agrees with the reference."""
        return not self.failures and all(r.difference <= TOLERANCE for r in self.reads if not r.note)

    @property
    def reference(self) -> str:
        """Name of the method that the engines are compared with."""
        return "the exact operator" if self.programmed is None else f"the {REFERENCE} circuit solver"

    @property
    def nonlinearity(self) -> float:
        """Relative difference of the column currents from the exact operator's, which takes cells as linear."""
        return _relative(self.i_operator_amp, self.i_out_amp)

    @property
    def lost(self) -> NDArray[np.float64]:
        """Share of each row's input voltage that the wires take from each cell, shape (rows, columns)."""
        v_in = np.broadcast_to(self.v_in_volt[:, None], self.v_cell_volt.shape)
        share = np.zeros(v_in.shape)
        np.divide(v_in - self.v_cell_volt, v_in, out=share, where=(v_in != 0) & np.isfinite(self.v_cell_volt))
        return share

    @property
    def current_error(self) -> NDArray[np.float64]:
        """Difference of each column current from the ideal one, relative to it (0 if that is 0), shape (columns,)."""
        error = self.i_out_amp - self.i_ideal_amp
        return np.divide(error, self.i_ideal_amp, out=np.zeros_like(error), where=self.i_ideal_amp != 0)

    def write_decks(self, folder: Path) -> None:
        """Write the read as decks of the circuit simulators, with which users may run it by hand."""
        write_decks(self.job, folder)

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            **array_identity(self.config, self.card),
            "seed": self.config.seed,
            "variability": self._variability(),
            "i_out_amp": self.i_out_amp,
            "i_ideal_amp": self.i_ideal_amp,
            "largest_voltage_loss": float(self.lost.max()),
            "largest_current_error": float(np.abs(self.current_error).max()),
            "reference": self.reference,
            "tolerance": TOLERANCE,
            "passed": self.passed,
            "engines": [r.to_json() for r in self.reads],
        }

    def rows(self) -> list[tuple[object, ...]]:
        """The rows of the table of engines."""
        return [r.row("read") for r in self.reads]

    def _variability(self) -> dict[str, Any] | None:
        if self.programmed is None:
            return None
        return {
            "error_over_sigma": self.programmed.error_over_sigma,
            "device_to_device": self.programmed.realised_spread,
            "limited": self.programmed.limited,
            "nonlinearity": self.nonlinearity,
        }


HEAD = ("engine", "outcome", "difference", "seconds")


def read_array(config: ArrayConfig, card: DeviceCard, engines: list[str]) -> ArrayReport:
    """Read the array once with the exact operator, the native circuit solver, and the given engines.

    Raises:
        InputError: the array is too large for a circuit-level comparison, or a cell is out of the device's reach.
        CardError: the card lacks the variability that the config asks for.
        SimulationError: the native circuit solver, whose voltages the map shows, failed.
    """
    cells = config.rows * config.columns
    if cells > MOST_CELLS[REFERENCE]:
        raise InputError(
            f"array: {config.rows} x {config.columns} is too large to solve at circuit level: at most "
            f"{MOST_CELLS[REFERENCE]} cells; read_operator takes any size"
        )
    window, v_in = card.window(), config.draw_inputs()
    target, stuck = config.draw_cells(*window), config.draw_stuck(*window)
    programmed = _programmed(config, card, target) if config.varies else None
    working = target if programmed is None else programmed.g_siemens
    crossbar = config.crossbar(np.where(np.isnan(stuck), working, stuck))
    circuit = crossbar_circuit(crossbar, replace(programmed.devices, stuck_siemens=stuck) if programmed else None)
    job = Job(circuit, ReadVectors(source_voltages(crossbar, v_in)), "array read")
    names = [REFERENCE, *(e for e in engines if e != REFERENCE)]
    reads = [
        run_engine(engine := simulator(name), lambda engine: engine.run(job), _left_out(engine, cells))
        for name in track(names, "engines")
    ]
    native = result_of(REFERENCE, reads)
    by_operator = read_operator(crossbar) @ v_in
    reference = by_operator if programmed is None else column_currents(native, config.columns)[0]
    return ArrayReport(
        config=config,
        card=card,
        crossbar=crossbar,
        programmed=programmed,
        v_in_volt=v_in,
        i_ideal_amp=crossbar.g_siemens.T @ v_in,
        i_operator_amp=by_operator,
        i_out_amp=reference,
        v_cell_volt=cell_voltage(crossbar, native),
        reads=tuple(
            read.compared(lambda found: _relative(column_currents(found, config.columns)[0], reference))
            for read in reads
        ),
        job=job,
    )


def column_currents(result: SimResult, columns: int) -> NDArray[np.float64]:
    """Current that each column delivers to its sense amplifiers, shape (points, columns), A."""
    totals = [
        sum(result.current_amp[f"v{end}{j}"] for end in "bt" if f"v{end}{j}" in result.current_amp)
        for j in range(columns)
    ]
    return np.array(totals).T


def external_engines() -> list[str]:
    """Names of all simulators but the native engine."""
    return [name for name in SIMULATORS if name != REFERENCE]


def _left_out(engine: Simulator, cells: int) -> str:
    most = MOST_CELLS[engine.method]
    return f"more than {most} cells" if cells > most else ""


def _programmed(config: ArrayConfig, card: DeviceCard, target: NDArray[np.float64]) -> Programmed:
    return program_devices(
        card,
        target,
        config.seed,
        programming_error=config.programming_error,
        device_to_device=config.device_to_device,
    )


def _relative(currents: NDArray[np.float64], reference: NDArray[np.float64]) -> float:
    """Largest difference of currents from the reference, relative to the reference's largest current."""
    scale = np.abs(reference).max()
    return float(np.abs(currents - reference).max() / (scale if scale > 0 else 1.0))


def cell_voltage(crossbar: Crossbar, result: SimResult) -> NDArray[np.float64]:
    """Voltage te - be across each cell at the first point, shape (rows, columns), V; NaN where no node is connected."""

    def voltage(node: str) -> float:
        return float(result.voltage_volt[node][0]) if node in result.voltage_volt else np.nan  # no such node

    return np.array(
        [
            [voltage(row_node(crossbar, i, j)) - voltage(column_node(crossbar, i, j)) for j in range(crossbar.columns)]
            for i in range(crossbar.rows)
        ]
    )
