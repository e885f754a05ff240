"""Figures 4a to 4d: curves under a family of spike conditions, and what they have in common."""

from __future__ import annotations

from matplotlib.figure import FigureBase

from spicegen.paper.activity import Figure4a, Figure4b, Figure4c, Figure4d, SpikeFamily
from spicegen.paper.experiment import Records
from spicegen.reports.plotting import COLOURS, axes


def draw_figure_4a(experiment: Figure4a, figure: FigureBase, records: Records) -> None:
    """Draw curves and figures of merit against the number of spikes."""
    _draw(experiment, figure, records, "4a  ±2 V, 20 ms", "spikes of a branch")


def draw_figure_4b(experiment: Figure4b, figure: FigureBase, records: Records) -> None:
    """Draw curves and figures of merit against the amplitude of the spikes."""
    _draw(experiment, figure, records, "4b  50 ms, amplitudes", "amplitude (V)")


def draw_figure_4c(experiment: Figure4c, figure: FigureBase, records: Records) -> None:
    """Draw curves and figures of merit against the width of the spikes."""
    _draw(experiment, figure, records, "4c  ±1.5 V, widths", "width (ms)")


def draw_figure_4d(experiment: Figure4d, figure: FigureBase, records: Records) -> None:
    """Draw curves and figures of merit against the amplitude of spikes whose width rises."""
    _draw(experiment, figure, records, "4d  10 → 90 ms", "amplitude (V)")


def _draw(experiment: SpikeFamily, figure: FigureBase, records: Records, title: str, varied: str) -> None:
    """Curves; nonlinearity, asymmetric ratio and dynamic range against the varied quantity."""
    curves = axes(figure, 141, title=title, x="spike", y="conductance (µS)")
    for n, (label, record) in reversed(list(enumerate(records.items()))):
        curves.plot(1e6 * record.conductance_siemens, color=COLOURS[n], lw=1.2, label=label)
    curves.set_ylim(bottom=0)
    curves.legend(frameon=False, fontsize=7, handlelength=1, loc="upper right")
    for position, label, values in (
        (142, "β of potentiation", experiment.betas(records)),
        (143, "asymmetric ratio", experiment.asymmetric_ratios(records)),
        (144, "range / G(0)", experiment.dynamic_ranges(records)),
    ):
        ax = axes(figure, position, x=varied, y=label)
        ax.plot(experiment.values, values, "o-", ms=4, color=COLOURS[0])
        ax.set_ylim(min(0.0, 1.1 * min(values)), 1.1 * max(values))
        ax.axhline(0, color="#9aa7b0", lw=0.8, zorder=0)
