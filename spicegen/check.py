"""One card in every simulator that is here: does the generated code mean the same everywhere?"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from spicegen.experiments import SPIKES_PER_BRANCH, figure_2d, spike_job
from spicegen.page import Page
from spicegen.plotting import COLOURS, axes, new_figure
from spicegen.printers import render_verilog_a
from spicegen.printers.numpy_model import initial_conductance
from spicegen.progress import track
from spicegen.simulate import SIMULATORS, SimulationError, simulator
from spicegen.simulate.vacask import compile_warnings, tools

TOLERANCE = 1e-3
"""Largest relative difference in conductance between any two simulators."""
REFERENCE = "native"


@dataclass(frozen=True, eq=False)
class EngineRun:
    """One simulator's run of the spike train.

    Attributes:
        engine: the simulator.
        note: "" or why there is no result.
        failed: whether it was here but did not finish.
        conductance_siemens: at each read, shape (spikes,), S; empty without a result.
        difference: largest relative difference from the reference engine over all reads.
        seconds: wall time.
    """

    engine: str
    note: str
    failed: bool = False
    conductance_siemens: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    difference: float = float("nan")
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class CheckReport:
    """What ``check`` found.

    Attributes:
        card: the card.
        warnings: the Verilog-A compiler's; None if it is not here.
        runs: one per simulator.
    """

    card: DeviceCard
    warnings: tuple[str, ...] | None
    runs: tuple[EngineRun, ...]

    @property
    def agreement(self) -> float:
        """Largest relative difference between any two simulators over all reads."""
        done = [r.conductance_siemens for r in self.runs if not r.note]
        spread = np.max(done, axis=0) - np.min(done, axis=0)
        return float(np.max(spread / np.abs(np.min(done, axis=0))))

    @property
    def failed(self) -> bool:
        """Whether a simulator that is here did not finish."""
        return any(r.failed for r in self.runs)

    @property
    def passed(self) -> bool:
        """No compiler warnings, no failures, and agreement within the tolerance."""
        return not self.warnings and not self.failed and self.agreement <= TOLERANCE

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            "card": self.card.name,
            "card_hash": self.card.hash,
            "experiment": "figure 2d: 25 spikes of -1.5 V and 25 of +1.1 V, 10 ms, period 13 ms, read at 0.1 V",
            "compiler_warnings": None if self.warnings is None else list(self.warnings),
            "tolerance": TOLERANCE,
            "largest_difference": self.agreement,
            "passed": self.passed,
            "engines": [
                {
                    "name": r.engine,
                    "note": r.note,
                    "difference_from_" + REFERENCE: r.difference,
                    "conductance_siemens": r.conductance_siemens,
                    "seconds": r.seconds,
                }
                for r in self.runs
            ],
        }

    def rows(self) -> list[tuple[object, ...]]:
        """The table: engine, conductance ratio after each branch, difference from native, seconds."""
        start = initial_conductance(self.card)
        return [_row(r, start) for r in self.runs]

    def page(self) -> Page:
        """The report page."""
        verdict = "agree" if self.passed else "DO NOT AGREE"
        page = Page(
            f"Check of {self.card.name}",
            f"The simulators {verdict}: largest difference in conductance {self.agreement:.1e}, "
            f"tolerance {TOLERANCE:.0e}.",
        )
        compiler = "not here" if self.warnings is None else f"{len(self.warnings)} warnings"
        page.section("One definition, every simulator", f"Verilog-A compiler (openvaf-r, every lint on): {compiler}.")
        page.table(HEAD, self.rows())
        page.figure(_figure(self.runs), "Left: conductance at each read. Right: difference of each from native.")
        return page


HEAD = ("engine", "G(25)/G(0)", "G(50)/G(0)", f"difference from {REFERENCE}", "seconds")


def check(card: DeviceCard) -> CheckReport:
    """Compile the card's Verilog-A and run figure 2d's spike train in every simulator that is here."""
    warnings = None if tools() is None else tuple(compile_warnings(render_verilog_a(card), card.identifier))
    runs = [_run(card, name) for name in track(list(SIMULATORS), "simulators")]
    reference = next(r.conductance_siemens for r in runs if r.engine == REFERENCE)
    return CheckReport(card, warnings, tuple(_compared(r, reference) for r in runs))


def _run(card: DeviceCard, name: str) -> EngineRun:
    engine = simulator(name)
    found = engine.available()
    if not found.here:
        return EngineRun(name, f"not here: {found.version}")
    train = figure_2d()
    start = time.perf_counter()
    try:
        result = engine.run(spike_job(card, train))
    except SimulationError as error:
        if name == REFERENCE:
            raise
        return EngineRun(name, str(error), failed=True)
    current = -result.current_at("vte", train.read_time_s)
    return EngineRun(name, "", conductance_siemens=current / train.v_read_volt, seconds=time.perf_counter() - start)


def _compared(run: EngineRun, reference: NDArray[np.float64]) -> EngineRun:
    if run.note:
        return run
    difference = float(np.max(np.abs(run.conductance_siemens / reference - 1)))
    return EngineRun(run.engine, "", False, run.conductance_siemens, difference, run.seconds)


def _row(run: EngineRun, g_start: float) -> tuple[object, ...]:
    if run.note:
        return (run.engine, run.note, "", "", "")
    g = run.conductance_siemens
    return (run.engine, g[SPIKES_PER_BRANCH - 1] / g_start, g[-1] / g_start, run.difference, run.seconds)


def _figure(runs: tuple[EngineRun, ...]) -> Any:
    figure = new_figure(9, 3.6)
    left = axes(figure, 121, title="Spike train of figure 2d", x="spike", y="conductance / µS")
    right = axes(figure, 122, title="Difference from native", x="spike", y="relative difference")
    reference = next(r.conductance_siemens for r in runs if r.engine == REFERENCE)
    spikes = np.arange(1, len(reference) + 1)
    marks = {"ngspice": "o", "vacask": "x", "native": "-"}
    for colour, run in zip(COLOURS, (r for r in runs if not r.note), strict=False):
        g = run.conductance_siemens
        left.plot(spikes, g * 1e6, marks[run.engine], color=colour, ms=4, label=run.engine)
        if run.engine != REFERENCE:
            right.semilogy(spikes, np.abs(g / reference - 1), ".-", color=colour, lw=0.8, label=run.engine)
    right.axhline(TOLERANCE, color="0.4", ls="--", lw=0.8)
    right.text(1, TOLERANCE * 0.6, "tolerance", fontsize=8, color="0.4", va="top")
    for ax in (left, right):
        ax.legend(fontsize=8, frameon=False)
    return figure
