"""Figures 4a to 4d: plasticity that depends on how many, how high and how wide the spikes are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from models_va import DeviceCard
from netlists import PulseProgram
from spicegen import metrics
from spicegen.experiments.assumptions import Assumptions
from spicegen.experiments.base import Array, Findings, PulseExperiment, Records, Trend, listed, rising
from spicegen.plotting import COLOURS, axes

LOW_BETA = 4.0
"""Above it the last step is less than 2 % of the first: such a curve is no longer called linear by anybody."""
LINEAR_BETA = 0.5
"""Below it a curve leaves its chord by less than 6 % of its range."""


def branches(amplitude_volt: float | Sequence[float], widths_s: Sequence[float], gap_s: float) -> PulseProgram:
    """Potentiation with the given spikes, then depression with the same spikes of the other sign.

    Args:
        amplitude_volt: of all spikes or of each, V; negative potentiates.
        widths_s: one a spike, s.
        gap_s: end of a spike to the start of the next, s.
    """
    count = len(widths_s)
    amplitudes = amplitude_volt if isinstance(amplitude_volt, Sequence) else [amplitude_volt] * count
    program = PulseProgram()
    program.read()
    for sign in (1, -1):
        for amplitude, width in zip(amplitudes, widths_s, strict=True):
            program.train([sign * amplitude], width, width + gap_s)
    program.end_stage(min(widths_s) / 5)  # enough with the tolerance of the lab, and the rests are long
    return program


class _Family(PulseExperiment):
    """Potentiation and depression under a family of spike conditions."""

    axis: str

    @abstractmethod
    def conditions(self, a: Assumptions) -> Mapping[str, PulseProgram]:
        """Programs made by ``branches``, in rising order of the varied quantity."""

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """One device a condition."""
        return self.conditions(a)

    def _potentiation(self, records: Records) -> dict[str, Array]:
        found = {}
        for label, record in records.items():
            g = record.conductance_siemens
            found[label] = g[: len(g) // 2 + 1]
        return found

    def _beta(self, records: Records) -> Array:
        return np.array([metrics.beta(g) for g in self._potentiation(records).values()])

    def _range(self, records: Records) -> Array:
        """Dynamic range of potentiation in units of the pristine conductance."""
        return np.array([g[-1] / g[0] - 1 for g in self._potentiation(records).values()])

    def draw(self, figure: Figure, records: Records, a: Assumptions) -> None:
        """Curves; nonlinearity and dynamic range against the varied quantity."""
        curves = axes(figure, 131, title=self.title, x="spike", y="conductance (µS)")
        for n, (label, record) in enumerate(records.items()):
            curves.plot(1e6 * record.conductance_siemens, color=COLOURS[n % len(COLOURS)], lw=1, label=label)
        curves.legend(frameon=False, fontsize=7)
        labels = list(records)
        for position, title, values in (
            (132, "β of potentiation", self._beta(records)),
            (133, "range / G(0)", self._range(records)),
        ):
            ax = axes(figure, position, title=title, x=self.axis)
            ax.plot(labels, values, "o-", color=COLOURS[0])
            ax.tick_params(axis="x", rotation=45)


class Figure4a(_Family):
    """Spike-number-dependent plasticity."""

    name = "fig4a"
    title = "Figure 4a: spike number"
    axis = "spikes"
    numbers = (50, 100, 200, 300, 400, 500)

    def conditions(self, a: Assumptions) -> Mapping[str, PulseProgram]:
        """-2 V / +2 V, 20 ms."""
        return {str(n): branches(-2.0, [20e-3] * n, a.gap_4_s) for n in self.numbers}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """Beta is low and rises with the number of spikes."""
        beta = self._beta(records)
        margins = np.concatenate([rising(beta), [beta[0], LOW_BETA - beta[-1]]])
        return Findings(trends={"sndp": Trend(f"beta: {listed(beta)}", margins)})


class _Energy(_Family):
    """The more energy a spike has, the less linear the curve and the wider its range."""

    row: str

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The size of beta and the range rise with the condition."""
        beta, span = self._beta(records), self._range(records)
        shown = f"beta: {listed(beta)}; range / G(0): {listed(span)}"
        # steps of the range relative to it, so that all conditions are numbers of order one
        margins = np.concatenate([rising(np.abs(beta)), rising(np.log(np.maximum(span, 1e-12)))])
        return Findings(trends={self.row: Trend(shown, margins)})


class Figure4b(_Energy):
    """Spike-voltage-dependent plasticity."""

    name, row = "fig4b", "svdp"
    title = "Figure 4b: spike voltage"
    axis = "amplitude"
    amplitudes = (1.0, 1.2, 1.4, 1.6, 1.8, 2.0)

    def conditions(self, a: Assumptions) -> Mapping[str, PulseProgram]:
        """50 ms."""
        return {f"{v:g} V": branches(-v, [50e-3] * a.spikes_4, a.gap_4_s) for v in self.amplitudes}


class Figure4c(_Energy):
    """Spike-width-dependent plasticity."""

    name, row = "fig4c", "swdp"
    title = "Figure 4c: spike width"
    axis = "width"
    widths = (10e-3, 30e-3, 50e-3, 70e-3, 90e-3)

    def conditions(self, a: Assumptions) -> Mapping[str, PulseProgram]:
        """-1.5 V."""
        return {f"{1e3 * w:.0f} ms": branches(-1.5, [w] * a.spikes_4, a.gap_4_s) for w in self.widths}


class Figure4d(_Family):
    """Spike-voltage-width-dependent plasticity: the width rises during the train."""

    name = "fig4d"
    title = "Figure 4d: width rising from 10 to 90 ms"
    axis = "amplitude"
    amplitudes = (1.6, 1.8, 2.0)
    """Where the trains of constant width (figure 4b) saturate."""

    def conditions(self, a: Assumptions) -> Mapping[str, PulseProgram]:
        """One train a voltage."""
        widths = np.linspace(10e-3, 90e-3, a.spikes_4).tolist()
        return {f"{v:g} V": branches(-v, widths, a.gap_4_s) for v in self.amplitudes}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """Linear: beta about zero at each voltage."""
        beta = self._beta(records)
        return Findings(trends={"svwdp": Trend(f"beta: {listed(beta)}", LINEAR_BETA - np.abs(beta))})
