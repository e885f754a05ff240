"""Figures S4 and S5: conductance against time after the last spike."""

from __future__ import annotations

from matplotlib.figure import FigureBase

from spicegen.paper.experiment import Records
from spicegen.paper.retention import FigureS4, FigureS5, relaxation_curves
from spicegen.reports.plotting import COLOURS, axes


def draw_figure_s4(experiment: FigureS4, figure: FigureBase, records: Records) -> None:
    """Draw the relative conductance of five states against time."""
    _draw(figure, "S4  Five states at 300 K", records)


def draw_figure_s5(experiment: FigureS5, figure: FigureBase, records: Records) -> None:
    """Draw the relative conductance of one state at four temperatures against time."""
    _draw(figure, "S5  One state, four temperatures", records)


def _draw(figure: FigureBase, title: str, records: Records) -> None:
    ax = axes(figure, title=title, x="time after the last spike (s)", y="G / G(0)")
    time, curves = relaxation_curves(records)
    for n, (label, curve) in reversed(list(enumerate(zip(records, curves, strict=True)))):
        ax.semilogx(time, curve, "o-", ms=3, color=COLOURS[n], label=label)
    ax.axhline(1, color="#9aa7b0", lw=0.8, zorder=0)
    ax.set_ylim(0, 1.3 * max(map(max, curves)))
    ax.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    ax.legend(frameon=False, fontsize=8, loc="upper right", ncols=3)
