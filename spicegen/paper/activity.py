"""Figures 4a to 4d: plasticity that depends on how many, how high and how wide the spikes are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from models_va import DeviceCard
from netlists import PulseProgram
from spicegen import metrics
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Array, Findings, PaperTrend, PulseExperiment, Records, listed, rising

LOW_BETA = 4.0
"""Largest beta of a curve that is still called linear: beyond, the last step is less than 2 % of the first."""
LINEAR_BETA = 0.5
"""Size of beta below which a curve leaves its chord by less than 6 % of its range."""


def branches(
    amplitude_volt: float | Sequence[float], widths_s: Sequence[float], gap_s: float, steps: int = 5
) -> PulseProgram:
    """The program of potentiation with the given spikes, then depression with the same spikes of the other sign.

    Args:
        amplitude_volt: amplitude of all spikes or of each, V; a negative one potentiates.
        widths_s: width of each spike of a branch, s.
        gap_s: time from the end of a spike to the start of the next, s.
        steps: least number of steps that a circuit simulator makes in the shortest spike; few, because the rests are
            long.
    """
    count = len(widths_s)
    amplitudes = amplitude_volt if isinstance(amplitude_volt, Sequence) else [amplitude_volt] * count
    program = PulseProgram()
    program.read()
    for sign in (1, -1):
        for amplitude, width in zip(amplitudes, widths_s, strict=True):
            program.train([sign * amplitude], width, width + gap_s)
    program.end_stage(min(widths_s) / steps)
    return program


class SpikeFamily(PulseExperiment):
    """Potentiation and depression under a family of spike conditions, in which one quantity varies.

    Attributes:
        values: values of the varied quantity in rising order: spikes of a branch, V or ms.
    """

    values: ClassVar[tuple[float, ...]]

    @abstractmethod
    def conditions(self, a: Assumptions) -> Mapping[str, PulseProgram]:
        """Programs made by ``branches``, one for each of ``values``, by their labels."""

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """The programs of all conditions, each for a device of its own."""
        return self.conditions(a)

    @staticmethod
    def _branches(records: Records) -> list[tuple[Array, Array]]:
        """Potentiation and depression, each from the state before its first spike, S."""
        curves = (record.conductance_siemens for record in records.values())
        return [(g[: len(g) // 2 + 1], g[len(g) // 2 :]) for g in curves]

    def betas(self, records: Records) -> Array:
        """Nonlinearity beta of potentiation at each condition, shape (values,), dimensionless."""
        return np.array([metrics.beta(up) for up, _ in self._branches(records)])

    def dynamic_ranges(self, records: Records) -> Array:
        """Dynamic range of potentiation over the pristine conductance at each condition, shape (values,)."""
        return np.array([up[-1] / up[0] - 1 for up, _ in self._branches(records)])

    def asymmetric_ratios(self, records: Records) -> Array:
        """Asymmetric ratio of both branches at each condition, shape (values,), 0 is symmetric."""
        return np.array([metrics.asymmetric_ratio(*pair) for pair in self._branches(records)])

    def _remark(self, records: Records) -> str:
        """A sentence on symmetry, which the paper shows in a figure without a number."""
        return f"Asymmetric ratio (0 is symmetric): {listed(self.asymmetric_ratios(records))}."


class Figure4a(SpikeFamily):
    """Spike-number-dependent plasticity."""

    name = "fig4a"
    title = "Figure 4a: spike number"
    values = (50, 100, 200, 300, 400, 500)

    def conditions(self, a: Assumptions) -> Mapping[str, PulseProgram]:
        """Spikes of -2 V, then of +2 V, each of 20 ms, in the number that varies."""
        return {f"{n:g}": branches(-2.0, [20e-3] * int(n), a.gap_4_s) for n in self.values}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The trend that beta is low and rises with the number of spikes."""
        beta = self.betas(records)
        margins = np.concatenate([rising(beta), [beta[0], LOW_BETA - beta[-1]]])
        remark = f"{self._remark(records)} The paper calls the updates of 100 spikes or fewer reliably symmetric."
        return Findings(trends={"sndp": PaperTrend(f"beta: {listed(beta)}", margins)}, remarks=(remark,))


class _SpikeEnergy(SpikeFamily):
    """Conditions of rising spike energy: the more energy, the less linear the curve and the wider its range.

    Attributes:
        row: the row of the paper's table that the trend belongs to.
    """

    row: ClassVar[str]

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The trend that the size of beta and the dynamic range rise with the condition."""
        beta, span = self.betas(records), self.dynamic_ranges(records)
        shown = f"beta: {listed(beta)}; range / G(0): {listed(span)}"
        # steps of the range relative to it, so that all conditions are numbers of order one
        margins = np.concatenate([rising(np.abs(beta)), rising(np.log(np.maximum(span, 1e-12)))])
        return Findings(trends={self.row: PaperTrend(shown, margins)}, remarks=(self._remark(records),))


class Figure4b(_SpikeEnergy):
    """Spike-voltage-dependent plasticity."""

    name, row = "fig4b", "svdp"
    title = "Figure 4b: spike voltage"
    values = (1.0, 1.2, 1.4, 1.6, 1.8, 2.0)

    def conditions(self, a: Assumptions) -> Mapping[str, PulseProgram]:
        """Spikes of 50 ms, of the amplitude that varies."""
        return {f"{v:g} V": branches(-v, [50e-3] * a.spikes_4, a.gap_4_s) for v in self.values}


class Figure4c(_SpikeEnergy):
    """Spike-width-dependent plasticity."""

    name, row = "fig4c", "swdp"
    title = "Figure 4c: spike width"
    values = (10, 30, 50, 70, 90)

    def conditions(self, a: Assumptions) -> Mapping[str, PulseProgram]:
        """Spikes of -1.5 V, then of +1.5 V, of the width that varies."""
        return {f"{w:g} ms": branches(-1.5, [1e-3 * w] * a.spikes_4, a.gap_4_s) for w in self.values}


class Figure4d(SpikeFamily):
    """Spike-voltage-width-dependent plasticity: the width rises during the train."""

    name = "fig4d"
    title = "Figure 4d: spike width rising from 10 to 90 ms"
    values = (1.6, 1.8, 2.0)
    """Amplitudes at which trains of constant width (figure 4b) saturate, V."""

    def conditions(self, a: Assumptions) -> Mapping[str, PulseProgram]:
        """A train at each amplitude, whose spikes widen from 10 to 90 ms."""
        widths = np.linspace(10e-3, 90e-3, a.spikes_4).tolist()
        return {f"{v:g} V": branches(-v, widths, a.gap_4_s, steps=20) for v in self.values}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The trend that curves are linear: beta is about zero at each amplitude."""
        beta = self.betas(records)
        trend = PaperTrend(f"beta: {listed(beta)}", LINEAR_BETA - np.abs(beta))
        return Findings(trends={"svwdp": trend}, remarks=(self._remark(records),))
