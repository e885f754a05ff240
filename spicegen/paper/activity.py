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
    amplitude_volt: float | Sequence[float],
    widths_s: Sequence[float],
    gap_s: float,
    steps: int = 5,
    potentiation_only: bool = False,
) -> PulseProgram:
    """The program of potentiation with the given spikes, then depression with the same spikes of the other sign.

    Args:
        amplitude_volt: amplitude of all spikes or of each, V; a negative one potentiates.
        widths_s: width of each spike of a branch, s.
        gap_s: time from the end of a spike to the start of the next, s.
        steps: least number of steps that a circuit simulator makes in the shortest spike; few, because the rests are
            long.
        potentiation_only: whether the depression is left out.
    """
    count = len(widths_s)
    amplitudes = amplitude_volt if isinstance(amplitude_volt, Sequence) else [amplitude_volt] * count
    program = PulseProgram()
    program.read()
    for sign in (1,) if potentiation_only else (1, -1):
        for amplitude, width in zip(amplitudes, widths_s, strict=True):
            program.train([sign * amplitude], width, width + gap_s)
    program.end_stage(min(widths_s) / steps)
    return program


class SpikeFamily(PulseExperiment):
    """Potentiation and depression under a family of spike conditions, in which one quantity varies.

    Args:
        potentiation_only: whether the depression is left out; the paper's trends are of the potentiation, so that a
            fit need not wait for what only shows symmetry.

    Attributes:
        values: values of the varied quantity in rising order: spikes of a branch, V or ms.
    """

    values: ClassVar[tuple[float, ...]]

    def __init__(self, potentiation_only: bool = False) -> None:
        self.potentiation_only = potentiation_only

    @abstractmethod
    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """Programs made by ``branches``, one for each of ``values``, by their labels; each has a device of its own."""

    def potentiations(self, records: Records) -> list[Array]:
        """The potentiation of each condition, from the state before its first spike, S."""
        return [up for up, _ in self._branches(records)]

    def _branches(self, records: Records) -> list[tuple[Array, Array]]:
        """Potentiation and depression, each from the state before its first spike, S; one may have no spike."""
        curves = (record.conductance_siemens for record in records.values())
        ends = ((g, (len(g) - 1) if self.potentiation_only else len(g) // 2) for g in curves)
        return [(g[: end + 1], g[end:]) for g, end in ends]

    def betas(self, records: Records) -> Array:
        """Nonlinearity beta of potentiation at each condition, shape (values,), dimensionless."""
        return np.array([metrics.beta(up) for up in self.potentiations(records)])

    def dynamic_ranges(self, records: Records) -> Array:
        """Dynamic range of potentiation over the pristine conductance at each condition, shape (values,)."""
        return np.array([up[-1] / up[0] - 1 for up in self.potentiations(records)])

    def asymmetric_ratios(self, records: Records) -> Array:
        """Asymmetric ratio of both branches at each condition, shape (values,), 0 is symmetric."""
        return np.array([metrics.asymmetric_ratio(*pair) for pair in self._branches(records)])

    def _remarks(self, records: Records, *further: str) -> tuple[str, ...]:
        """Sentences on symmetry, which the paper shows in figures without a number; none without a depression."""
        if self.potentiation_only:
            return ()
        return (" ".join([f"Asymmetric ratio (0 is symmetric): {listed(self.asymmetric_ratios(records))}.", *further]),)


class Figure4a(SpikeFamily):
    """Spike-number-dependent plasticity."""

    name = "fig4a"
    title = "Figure 4a: spike number"
    values = (50, 100, 200, 300, 400, 500)

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """Spikes of -2 V, then of +2 V, each of 20 ms, in the number that varies.

        Potentiations by fewer spikes are the beginning of the longest one, so that it alone runs where they are all.
        """
        numbers = self.values[-1:] if self.potentiation_only else self.values
        return {
            f"{n:g}": branches(-2.0, [20e-3] * int(n), a.gap_4_s, potentiation_only=self.potentiation_only)
            for n in numbers
        }

    def potentiations(self, records: Records) -> list[Array]:
        """The potentiation by each number of spikes, from the state before its first spike, S."""
        found = super().potentiations(records)
        return [found[-1][: int(n) + 1] for n in self.values] if self.potentiation_only else found

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The trend that beta is low and rises with the number of spikes."""
        beta = self.betas(records)
        margins = np.concatenate([rising(beta), [beta[0], LOW_BETA - beta[-1]]])
        return Findings(
            trends={"sndp": PaperTrend(f"beta: {listed(beta)}", margins)},
            remarks=self._remarks(records, "The paper calls the updates of 100 spikes or fewer reliably symmetric."),
        )


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
        return Findings(trends={self.row: PaperTrend(shown, margins)}, remarks=self._remarks(records))


class Figure4b(_SpikeEnergy):
    """Spike-voltage-dependent plasticity."""

    name, row = "fig4b", "svdp"
    title = "Figure 4b: spike voltage"
    values = (1.0, 1.2, 1.4, 1.6, 1.8, 2.0)

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """Spikes of 50 ms, of the amplitude that varies."""
        return {
            f"{v:g} V": branches(-v, [50e-3] * a.spikes_4, a.gap_4_s, potentiation_only=self.potentiation_only)
            for v in self.values
        }


class Figure4c(_SpikeEnergy):
    """Spike-width-dependent plasticity."""

    name, row = "fig4c", "swdp"
    title = "Figure 4c: spike width"
    values = (10, 30, 50, 70, 90)

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """Spikes of -1.5 V, then of +1.5 V, of the width that varies."""
        return {
            f"{w:g} ms": branches(-1.5, [1e-3 * w] * a.spikes_4, a.gap_4_s, potentiation_only=self.potentiation_only)
            for w in self.values
        }


class Figure4d(SpikeFamily):
    """Spike-voltage-width-dependent plasticity: the width rises during the train."""

    name = "fig4d"
    title = "Figure 4d: spike width rising from 10 to 90 ms"
    values = (1.6, 1.8, 2.0)
    """Amplitudes at which trains of constant width (figure 4b) saturate, V."""

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """A train at each amplitude, whose spikes widen from 10 to 90 ms."""
        widths = np.linspace(10e-3, 90e-3, a.spikes_4).tolist()
        return {
            f"{v:g} V": branches(-v, widths, a.gap_4_s, steps=20, potentiation_only=self.potentiation_only)
            for v in self.values
        }

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The trend that curves are linear: beta is about zero at each amplitude."""
        beta = self.betas(records)
        trend = PaperTrend(f"beta: {listed(beta)}", LINEAR_BETA - np.abs(beta))
        return Findings(trends={"svwdp": trend}, remarks=self._remarks(records))
