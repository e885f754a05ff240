"""One card in every simulator that is here: does the generated code mean the same everywhere?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from models_va import DeviceCard
from netlists import SpikeTrain
from spicegen.experiments import SPIKES_PER_BRANCH, figure_2d, spike_job
from spicegen.page import Page
from spicegen.plotting import COLOURS, axes, new_figure
from spicegen.printers import render_verilog_a
from spicegen.printers.numpy_model import initial_conductance
from spicegen.progress import track
from spicegen.simulate import REFERENCE, SIMULATORS, Attempt, SimulationError, attempt, simulator
from spicegen.simulate.vacask import compile_warnings, tools

TOLERANCE = 1e-3
"""Largest relative difference in conductance between any two simulators."""


@dataclass(frozen=True, eq=False)
class EngineRun:
    """One simulator's run of the spike train.

    Attributes:
        attempt: whether and how it ran.
        conductance_siemens: at each read, shape (spikes,), S; empty without a result.
        difference: largest relative difference from the reference engine over all reads; NaN without a result.
    """

    attempt: Attempt
    conductance_siemens: NDArray[np.float64]
    difference: float = float("nan")


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
        done = [r.conductance_siemens for r in self.runs if not r.attempt.note]
        spread = np.max(done, axis=0) - np.min(done, axis=0)
        return float(np.max(spread / np.abs(np.min(done, axis=0))))

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
            "stimulus": asdict(check_train(self.card)),
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


def check_train(card: DeviceCard) -> SpikeTrain:
    """25 potentiating and 25 depressing pulses: the card's own, else figure 2d's; each followed by a read.

    The proportions of pulse, edges, read and period are figure 2d's.
    """
    reference, pulse = figure_2d(), card.write_pulse
    if pulse is None:
        return reference
    scale = pulse.width_s.value / reference.width_s
    up, down = pulse.amplitude_p_volt.value, pulse.amplitude_d_volt.value
    return SpikeTrain(
        amplitudes_volt=(up,) * SPIKES_PER_BRANCH + (down,) * SPIKES_PER_BRANCH,
        width_s=pulse.width_s.value,
        period_s=reference.period_s * scale,
        v_read_volt=reference.v_read_volt,
        read_delay_s=reference.read_delay_s * scale,
        read_width_s=reference.read_width_s * scale,
        edge_s=reference.edge_s * scale,
    )


def check(card: DeviceCard) -> CheckReport:
    """Compile the card's Verilog-A and run its train of write pulses in every simulator that is here.

    Raises:
        SimulationError: the native engine, which all others are compared with, failed.
    """
    warnings = None if tools() is None else tuple(compile_warnings(render_verilog_a(card), card.identifier))
    train = check_train(card)
    attempts = [attempt(simulator(name), spike_job(card, train)) for name in track(SIMULATORS, "simulators")]
    conductances = [_conductance(a, train) for a in attempts]
    reference = conductances[[a.engine for a in attempts].index(REFERENCE)]
    if not len(reference):
        raise SimulationError(REFERENCE, attempts[-1].note)
    runs = (
        EngineRun(a, g, float(np.max(np.abs(g / reference - 1))) if len(g) else float("nan"))
        for a, g in zip(attempts, conductances, strict=True)
    )
    return CheckReport(card, warnings, tuple(runs))


def _conductance(a: Attempt, train: SpikeTrain) -> NDArray[np.float64]:
    if a.result is None:
        return np.empty(0)
    return -a.result.current_at("vte", train.read_time_s) / train.v_read_volt


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


def _figure(runs: tuple[EngineRun, ...]) -> Figure:
    figure = new_figure(9, 3.6)
    left = axes(figure, 121, title="Potentiation and depression", x="spike", y="conductance / µS")
    right = axes(figure, 122, title="Difference from native", x="spike", y="relative difference")
    reference = next(r.conductance_siemens for r in runs if r.attempt.engine == REFERENCE)
    spikes = np.arange(1, len(reference) + 1)
    marks = {"ngspice": "o", "vacask": "x", "native": "-"}
    for colour, run in zip(COLOURS, (r for r in runs if not r.attempt.note), strict=False):
        g, name = run.conductance_siemens, run.attempt.engine
        left.plot(spikes, g * 1e6, marks[name], color=colour, ms=4, label=name)
        if name != REFERENCE:
            right.semilogy(spikes, np.abs(g / reference - 1), ".-", color=colour, lw=0.8, label=name)
    right.axhline(TOLERANCE, color="0.4", ls="--", lw=0.8)
    right.text(1, TOLERANCE * 0.6, "tolerance", fontsize=8, color="0.4", va="top")
    for ax in (left, right):
        ax.legend(fontsize=8, frameon=False)
    return figure
