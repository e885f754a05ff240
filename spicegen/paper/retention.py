"""Figures S4 and S5: retention of several states, and its dependence on temperature."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import FigureBase

from models_va import ROOM_TEMPERATURE_K, DeviceCard
from netlists import PulseProgram
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Array, Findings, PaperTrend, PulseExperiment, Records, listed, rising
from spicegen.reports.plotting import COLOURS, axes

_TIMES = (1.0, 3.0, 10.0, 30.0, 60.0, 100.0, 200.0, 400.0, 700.0, 1000.0)
_STATES = (5, 10, 15, 20, 25)
_TEMPERATURES = (ROOM_TEMPERATURE_K, 320.0, 340.0, 360.0)


def _programmed(spikes: int, temperature_k: float) -> PulseProgram:
    """Figure 3b's spikes at room temperature, then 1000 s at the given one."""
    program = PulseProgram()
    program.read()
    program.train([-2.0] * spikes, 50e-3, 0.33)
    program.end_stage(2.5e-3)
    program.relax(_TIMES, temperature_k)
    return program


def _relaxing(records: Records) -> tuple[Array, list[Array]]:
    """Times since the last spike's read, s, and the curves relative to the pristine conductance."""
    curves = [r.conductance_siemens[-len(_TIMES) :] / r.conductance_siemens[0] for r in records.values()]
    return np.array(_TIMES), curves


class FigureS4(PulseExperiment):
    """Multistate retention at room temperature."""

    name = "figS4"
    title = "Figure S4: retention of five states"

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """One device a state; the text gives neither states nor spikes: figure 3b's spikes, 5 to 25 of them."""
        return {f"{n} spikes": _programmed(n, ROOM_TEMPERATURE_K) for n in _STATES}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The states keep their order for 1000 s, and from 10 s on lose less than half of the step between them."""
        _, curves = _relaxing(records)
        end = np.array([c[-1] for c in curves])
        lost = np.array([1 - (c[-1] - 1) / (c[_TIMES.index(10.0)] - 1) for c in curves])
        shown = f"G(1000 s)/G(0): {listed(end)}; lost of the change between 10 and 1000 s: {listed(lost)}"
        return Findings(trends={"retention": PaperTrend(shown, np.concatenate([rising(end), 0.5 - lost]))})

    def draw(self, figure: FigureBase, records: Records, a: Assumptions) -> None:
        """Conductance against time."""
        _draw(figure, "S4  Five states at 300 K", records)


class FigureS5(PulseExperiment):
    """Retention of one state at four temperatures."""

    name = "figS5"
    title = "Figure S5: retention against temperature"

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """Programmed at room temperature by 20 spikes, kept at each temperature."""
        return {f"{t:.0f} K": _programmed(20, t) for t in _TEMPERATURES}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The hotter, the more is lost."""
        _, curves = _relaxing(records)
        kept = np.array([c[-1] - 1 for c in curves])
        shown = f"change kept after 1000 s relative to {_TEMPERATURES[0]:g} K, at {listed(np.array(_TEMPERATURES))} K: "
        return Findings(trends={"retention": PaperTrend(shown + listed(kept / kept[0]), -rising(kept / kept[0]))})

    def draw(self, figure: FigureBase, records: Records, a: Assumptions) -> None:
        """Conductance against time."""
        _draw(figure, "S5  One state, four temperatures", records)


def _draw(figure: FigureBase, title: str, records: Records) -> None:
    ax = axes(figure, title=title, x="time after the last spike (s)", y="G / G(0)")
    time, curves = _relaxing(records)
    for n, (label, curve) in reversed(list(enumerate(zip(records, curves, strict=True)))):
        ax.semilogx(time, curve, "o-", ms=3, color=COLOURS[n], label=label)
    ax.axhline(1, color="#9aa7b0", lw=0.8, zorder=0)
    ax.set_ylim(0, 1.3 * max(map(max, curves)))
    ax.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    ax.legend(frameon=False, fontsize=8, loc="upper right", ncols=3)
