"""Figures S4 and S5: retention of several states, and its dependence on temperature."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models_va import ROOM_TEMPERATURE_K, DeviceCard
from netlists import PulseProgram
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Array, Findings, PaperTrend, PulseExperiment, Records, listed, rising

_TIMES = (1.0, 3.0, 10.0, 30.0, 60.0, 100.0, 200.0, 400.0, 700.0, 1000.0)
_STATES = (5, 10, 15, 20, 25)
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
