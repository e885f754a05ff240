"""One card in every simulator that is here: does the generated code mean the same everywhere?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from spicegen.agreement.pulses import CheckTrain, check_train, conductance
from spicegen.devices.write_pulses import SPIKES_PER_BRANCH, spike_job
from spicegen.printers import render_verilog_a
from spicegen.printers.numpy_model import initial_conductance
from spicegen.progress import track
from spicegen.simulate import REFERENCE, SIMULATORS, Attempt, SimulationError, attempt, simulator
from spicegen.simulate.vacask import compile_warnings, tools

TOLERANCE = 1e-3
"""Largest relative difference in conductance between any two simulators."""
VANISHED = 0.01
"""Of the largest conductance: differences of smaller ones are relative to that; the least that simulators resolve is
absolute."""


@dataclass(frozen=True, eq=False)
class EngineRun:
    """One simulator's run of the spike train.

    Attributes:
        attempt: whether and how it ran.
        conductance_siemens: at each read, shape (spikes,), S; empty without a result.
        difference: largest from the reference engine over all reads, see ``relative_difference``; NaN without a result.
    """

    attempt: Attempt
    conductance_siemens: NDArray[np.float64]
    difference: float = float("nan")


@dataclass(frozen=True, eq=False)
class CheckReport:
    """What ``check`` found.

    Attributes:
        card: the card.
        pulses: what drove it.
        warnings: the Verilog-A compiler's; None if it is not here.
        runs: one per simulator.
    """

    card: DeviceCard
    pulses: CheckTrain
    warnings: tuple[str, ...] | None
    runs: tuple[EngineRun, ...]

    @property
    def agreement(self) -> float:
        """Largest relative difference between any two simulators over all reads."""
        done = [r.conductance_siemens for r in self.runs if not r.attempt.note]
        return float(relative_difference(np.max(done, axis=0), np.min(done, axis=0)).max())

    @property
    def failures(self) -> tuple[str, ...]:
        """Why each engine that is here but did not finish did not."""
        return tuple(r.attempt.note for r in self.runs if r.attempt.failed)

    @property
    def passed(self) -> bool:
        """No compiler warnings, no failures, and agreement within the tolerance."""
        return not self.warnings and not self.failures and self.agreement <= TOLERANCE

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            "card": self.card.name,
            "card_hash": self.card.hash,
            "stimulus": asdict(self.pulses.train),
            "stimulus_reason": self.pulses.reason,
            "compiler_warnings": None if self.warnings is None else list(self.warnings),
            "tolerance": TOLERANCE,
            "largest_difference": self.agreement,
            "passed": self.passed,
            "engines": [
                {
                    "name": r.attempt.engine,
                    "note": r.attempt.note,
                    "difference_from_" + REFERENCE: r.difference,
                    "conductance_siemens": r.conductance_siemens,
                    "seconds": r.attempt.seconds,
                }
                for r in self.runs
            ],
        }

    def rows(self) -> list[tuple[object, ...]]:
        """The table: engine, conductance ratio after each branch, difference from native, seconds."""
        start = initial_conductance(self.card)
        return [_row(r, start) for r in self.runs]


HEAD = ("engine", "G(25)/G(0)", "G(50)/G(0)", f"difference from {REFERENCE}", "seconds")


def check(card: DeviceCard) -> CheckReport:
    """Compile the card's Verilog-A and run its train of write pulses in every simulator that is here.

    Raises:
        SimulationError: the native engine, which all others are compared with, failed.
    """
    warnings = None if tools() is None else tuple(compile_warnings(render_verilog_a(card), card.identifier))
    pulses = check_train(card)
    train = pulses.train
    attempts = [attempt(simulator(name), spike_job(card, train)) for name in track(SIMULATORS, "simulators")]
    conductances = [conductance(a, train) for a in attempts]
    reference = conductances[[a.engine for a in attempts].index(REFERENCE)]
    if not len(reference):
        raise SimulationError(REFERENCE, attempts[-1].note)
    runs = (
        EngineRun(a, g, float(relative_difference(g, reference).max()) if len(g) else float("nan"))
        for a, g in zip(attempts, conductances, strict=True)
    )
    return CheckReport(card, pulses, warnings, tuple(runs))


def relative_difference(g: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Difference of conductances, relative to the reference's, or to a hundredth of its largest where it vanishes."""
    size = np.abs(reference)
    return np.asarray(np.abs(g - reference) / np.maximum(size, VANISHED * size.max()))


def _row(run: EngineRun, g_start: float) -> tuple[object, ...]:
    if run.attempt.note:
        return (run.attempt.engine, run.attempt.note, "", "", "")
    g = run.conductance_siemens
    return (
        run.attempt.engine,
        g[SPIKES_PER_BRANCH - 1] / g_start,
        g[-1] / g_start,
        run.difference,
        run.attempt.seconds,
    )
