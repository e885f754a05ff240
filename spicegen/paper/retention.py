"""Figures S4 and S5: retention of several states, its dependence on temperature, and what figure 2d's spikes leave."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models_va import ROOM_TEMPERATURE_K, DeviceCard
from netlists import PulseProgram
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.cycling import figure_2d
from spicegen.paper.experiment import Array, Findings, PaperTrend, PulseExperiment, Records, listed, rising

_TIMES = (1.0, 3.0, 10.0, 30.0, 60.0, 100.0, 200.0, 400.0, 700.0, 1000.0)
_STATES = (5, 10, 15, 20, 25)
_KEPT = 0.75
"""Share of figure 2d's change that a fit demands after the longest wait: with less, weights would not stay."""
_TEMPERATURES = (ROOM_TEMPERATURE_K, 320.0, 340.0, 360.0)


def _programmed(spikes: int, temperature_k: float) -> PulseProgram:
    """The program of figure 3b's spikes at room temperature, then of 1000 s of rest at the given one."""
    program = PulseProgram()
    program.read()
    program.train([-2.0] * spikes, 50e-3, 0.33)
    program.end_stage(2.5e-3)
    program.relax(_TIMES, temperature_k)
    return program


def relaxation_curves(records: Records) -> tuple[Array, list[Array]]:
    """Times since the read after the last spike, s, and each record's conductance then over the pristine one."""
    curves = [r.conductance_siemens[-len(_TIMES) :] / r.conductance_siemens[0] for r in records.values()]
    return np.array(_TIMES), curves


class FigureS4(PulseExperiment):
    """Multistate retention at room temperature."""

    name = "figS4"
    title = "Figure S4: retention of five states"

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """A program of 5 to 25 of figure 3b's spikes for each state; the text gives neither of the two."""
        return {f"{n} spikes": _programmed(n, ROOM_TEMPERATURE_K) for n in _STATES}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The trend that states keep their order for 1000 s, and from 10 s on lose less than half of their change."""
        _, curves = relaxation_curves(records)
        end = np.array([c[-1] for c in curves])
        lost = np.array([1 - (c[-1] - 1) / (c[_TIMES.index(10.0)] - 1) for c in curves])
        shown = f"G(1000 s)/G(0): {listed(end)}; lost of the change between 10 and 1000 s: {listed(lost)}"
        return Findings(trends={"retention": PaperTrend(shown, np.concatenate([rising(end), 0.5 - lost]))})


class FigureS5(PulseExperiment):
    """Retention of one state at four temperatures."""

    name = "figS5"
    title = "Figure S5: retention against temperature"

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """A program of 20 spikes at room temperature, then of rest, for each temperature."""
        return {f"{t:.0f} K": _programmed(20, t) for t in _TEMPERATURES}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The trend that the hotter a device rests, the more it loses."""
        _, curves = relaxation_curves(records)
        left = np.array([c[-1] - 1 for c in curves])
        shown = f"change kept after 1000 s relative to {_TEMPERATURES[0]:g} K, at {listed(np.array(_TEMPERATURES))} K: "
        return Findings(trends={"retention": PaperTrend(shown + listed(left / left[0]), -rising(left / left[0]))})


class Kept2d(PulseExperiment):
    """What is left of the change that figure 2d's potentiating spikes make, while the device rests.

    The paper shows the retention of states without saying how they were written, and draws the weights of its networks
    from figure 2d. So no number of the paper stands beside these; a fit demands the last one, since the weights must
    be there when they are read.

    Args:
        demanded: share of the change by all spikes that a fit demands after the longest wait; 0: none is.
    """

    name = "kept2d"
    title = "Figure 2d's potentiation after a rest"
    spikes, waits_s = _STATES, (1.0, 10.0, 100.0, 1000.0)

    def __init__(self, demanded: float = _KEPT) -> None:
        self.demanded = demanded

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """A program of 5 to 25 of figure 2d's potentiating spikes, then of 1000 s of rest, for each number."""
        return {f"{n} spikes": self._program(n, a) for n in self.spikes}

    def _program(self, spikes: int, a: Assumptions) -> PulseProgram:
        train = figure_2d(a.period_2d_s)
        program = PulseProgram()
        program.read()
        program.train(train.amplitudes_volt[:spikes], train.width_s, train.period_s)
        program.end_stage(train.width_s / 20)
        program.relax(self.waits_s)
        return program

    def kept(self, records: Records) -> Array:
        """Share of the change that is left after each wait, by number of spikes, shape (numbers, waits)."""
        curves = (r.conductance_siemens for r in records.values())
        return np.array(
            [(g[-len(self.waits_s) :] - g[0]) / (g[n] - g[0]) for n, g in zip(self.spikes, curves, strict=True)]
        )

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The share left by all spikes after each wait, and by fewer spikes after the longest."""
        kept = self.kept(records)
        numbers = {f"kept_{t:g}_s": share for t, share in zip(self.waits_s, kept[-1], strict=True)}
        numbers |= {f"kept_{n}_spikes": share for n, share in zip(self.spikes, kept[:, -1], strict=True)}
        demands = {}
        if self.demanded:
            margin = np.log(max(kept[-1, -1], 1e-6) / self.demanded)
            demands["kept"] = PaperTrend(
                f"share left after {self.waits_s[-1]:g} s: {kept[-1, -1]:.3g}", np.array([margin])
            )
        return Findings(numbers=numbers, demands=demands)
