"""Figures 4a to 4d: plasticity that depends on how many, how high and how wide the spikes are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from matplotlib.figure import FigureBase

from models_va import DeviceCard
from netlists import PulseProgram
from spicegen import metrics
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Array, Findings, PaperTrend, PulseExperiment, Records, listed, rising
from spicegen.reports.plotting import COLOURS, axes

LOW_BETA = 4.0
"""Above it the last step is less than 2 % of the first: such a curve is no longer called linear by anybody."""
LINEAR_BETA = 0.5
"""Below it a curve leaves its chord by less than 6 % of its range."""


def branches(
    amplitude_volt: float | Sequence[float], widths_s: Sequence[float], gap_s: float, steps: int = 5
) -> PulseProgram:
    """Potentiation with the given spikes, then depression with the same spikes of the other sign.

    Args:
        amplitude_volt: of all spikes or of each, V; negative potentiates.
        widths_s: one a spike, s.
        gap_s: end of a spike to the start of the next, s.
        steps: at least so many of a circuit simulator in the shortest spike; few, because the rests are long.
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


class _Family(PulseExperiment):
    """Potentiation and depression under a family of spike conditions.

    Attributes:
        heading: of its picture.
        axis: the varied quantity, with its unit.
        values: of the varied quantity, in that unit, in rising order.
    """

    heading: ClassVar[str]
    axis: ClassVar[str]
    values: ClassVar[tuple[float, ...]]

    @abstractmethod
    def conditions(self, a: Assumptions) -> Mapping[str, PulseProgram]:
        """Programs made by ``branches``, one a value."""

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """One device a condition."""
        return self.conditions(a)

    @staticmethod
    def _branches(records: Records) -> list[tuple[Array, Array]]:
        """Potentiation and depression, each from the state before its first spike, S."""
        curves = (record.conductance_siemens for record in records.values())
        return [(g[: len(g) // 2 + 1], g[len(g) // 2 :]) for g in curves]

    def _beta(self, records: Records) -> Array:
        return np.array([metrics.beta(up) for up, _ in self._branches(records)])

    def _range(self, records: Records) -> Array:
        """Dynamic range of potentiation in units of the pristine conductance."""
        return np.array([up[-1] / up[0] - 1 for up, _ in self._branches(records)])

    def _asymmetry(self, records: Records) -> Array:
        return np.array([metrics.asymmetric_ratio(*pair) for pair in self._branches(records)])

    def _remark(self, records: Records) -> str:
        """What the paper shows in a figure without a number: symmetry."""
        return f"Asymmetric ratio (0 is symmetric): {listed(self._asymmetry(records))}."

    def draw(self, figure: FigureBase, records: Records, a: Assumptions) -> None:
        """Curves; nonlinearity, asymmetry and dynamic range against the varied quantity."""
        panel = self.name.removeprefix("fig")
        curves = axes(figure, 141, title=f"{panel}  {self.heading}", x="spike", y="conductance (µS)")
        for n, (label, record) in reversed(list(enumerate(records.items()))):
            curves.plot(1e6 * record.conductance_siemens, color=COLOURS[n], lw=1.2, label=label)
        curves.set_ylim(bottom=0)
        curves.legend(frameon=False, fontsize=7, handlelength=1, loc="upper right")
        for position, label, values in (
            (142, "β of potentiation", self._beta(records)),
            (143, "asymmetric ratio", self._asymmetry(records)),
            (144, "range / G(0)", self._range(records)),
        ):
            ax = axes(figure, position, x=self.axis, y=label)
            ax.plot(self.values, values, "o-", ms=4, color=COLOURS[0])
            ax.set_ylim(min(0.0, 1.1 * min(values)), 1.1 * max(values))
            ax.axhline(0, color="#9aa7b0", lw=0.8, zorder=0)


class Figure4a(_Family):
    """Spike-number-dependent plasticity."""

    name = "fig4a"
    title = "Figure 4a: spike number"
    heading = "±2 V, 20 ms"
    axis = "spikes of a branch"
    values = (50, 100, 200, 300, 400, 500)

    def conditions(self, a: Assumptions) -> Mapping[str, PulseProgram]:
        """-2 V / +2 V, 20 ms."""
        return {f"{n:g}": branches(-2.0, [20e-3] * int(n), a.gap_4_s) for n in self.values}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """Beta is low and rises with the number of spikes."""
        beta = self._beta(records)
        margins = np.concatenate([rising(beta), [beta[0], LOW_BETA - beta[-1]]])
        remark = f"{self._remark(records)} The paper calls the updates of 100 spikes or fewer reliably symmetric."
        return Findings(trends={"sndp": PaperTrend(f"beta: {listed(beta)}", margins)}, remarks=(remark,))


class _Energy(_Family):
    """The more energy a spike has, the less linear the curve and the wider its range."""

    row: ClassVar[str]

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The size of beta and the range rise with the condition."""
        beta, span = self._beta(records), self._range(records)
        shown = f"beta: {listed(beta)}; range / G(0): {listed(span)}"
        # steps of the range relative to it, so that all conditions are numbers of order one
        margins = np.concatenate([rising(np.abs(beta)), rising(np.log(np.maximum(span, 1e-12)))])
        return Findings(trends={self.row: PaperTrend(shown, margins)}, remarks=(self._remark(records),))


class Figure4b(_Energy):
    """Spike-voltage-dependent plasticity."""

    name, row = "fig4b", "svdp"
    title = "Figure 4b: spike voltage"
    heading = "50 ms, amplitudes"
    axis = "amplitude (V)"
    values = (1.0, 1.2, 1.4, 1.6, 1.8, 2.0)

    def conditions(self, a: Assumptions) -> Mapping[str, PulseProgram]:
        """50 ms."""
        return {f"{v:g} V": branches(-v, [50e-3] * a.spikes_4, a.gap_4_s) for v in self.values}


class Figure4c(_Energy):
    """Spike-width-dependent plasticity."""

    name, row = "fig4c", "swdp"
    title = "Figure 4c: spike width"
    heading = "±1.5 V, widths"
    axis = "width (ms)"
    values = (10, 30, 50, 70, 90)

    def conditions(self, a: Assumptions) -> Mapping[str, PulseProgram]:
        """-1.5 V."""
        return {f"{w:g} ms": branches(-1.5, [1e-3 * w] * a.spikes_4, a.gap_4_s) for w in self.values}


class Figure4d(_Family):
    """Spike-voltage-width-dependent plasticity: the width rises during the train."""

    name = "fig4d"
    title = "Figure 4d: spike width rising from 10 to 90 ms"
    heading = "10 → 90 ms"
    axis = "amplitude (V)"
    values = (1.6, 1.8, 2.0)
    """Where the trains of constant width (figure 4b) saturate."""

    def conditions(self, a: Assumptions) -> Mapping[str, PulseProgram]:
        """One train a voltage."""
        widths = np.linspace(10e-3, 90e-3, a.spikes_4).tolist()
        return {f"{v:g} V": branches(-v, widths, a.gap_4_s, steps=20) for v in self.values}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """Linear: beta about zero at each voltage."""
        beta = self._beta(records)
        trend = PaperTrend(f"beta: {listed(beta)}", LINEAR_BETA - np.abs(beta))
        return Findings(trends={"svwdp": trend}, remarks=(self._remark(records),))
