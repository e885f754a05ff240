"""Figures S4 and S5, conductance against time after the last spike, and what figure 2d's spikes leave."""

from __future__ import annotations

from matplotlib.figure import FigureBase

from spicegen.paper.experiment import Records
from spicegen.paper.retention import FigureS4, FigureS5, Kept2d, relaxation_curves
from spicegen.reports.plotting import COLOURS, axes


def draw_figure_s4(experiment: FigureS4, figure: FigureBase, records: Records) -> None:
    """Draw the relative conductance of five states against time."""
    _draw(figure, "S4  Five states at 300 K", records)


def draw_figure_s5(experiment: FigureS5, figure: FigureBase, records: Records) -> None:
    """Draw the relative conductance of one state at four temperatures against time."""
    _draw(figure, "S5  One state, four temperatures", records)


def draw_kept_2d(experiment: Kept2d, figure: FigureBase, records: Records) -> None:
    """Draw the share of the change by figure 2d's spikes that is left, against time and against their number."""
    kept = experiment.kept(records)
    ax = axes(figure, 121, title="2d  Its change, at rest", x="time after the last spike (s)", y="share left")
    for n, (number, shares) in reversed(list(enumerate(zip(experiment.spikes, kept, strict=True)))):
        ax.semilogx(experiment.waits_s, shares, "o-", ms=3, color=COLOURS[n], label=f"{number} spikes")
    ax.set_ylim(0, 1.3)
    ax.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    ax.legend(frameon=False, fontsize=8, loc="upper right", ncols=3)
    ax = axes(figure, 122, x="spikes", y=f"share left after {experiment.waits_s[-1]:g} s")
    ax.plot(experiment.spikes, kept[:, -1], "o-", ms=4, color=COLOURS[0])
    ax.set_ylim(0, 1)


def _draw(figure: FigureBase, title: str, records: Records) -> None:
    ax = axes(figure, title=title, x="time after the last spike (s)", y="G / G(0)")
    time, curves = relaxation_curves(records)
    for n, (label, curve) in reversed(list(enumerate(zip(records, curves, strict=True)))):
        ax.semilogx(time, curve, "o-", ms=3, color=COLOURS[n], label=label)
    ax.axhline(1, color="#9aa7b0", lw=0.8, zorder=0)
    ax.set_ylim(0, 1.3 * max(map(max, curves)))
    ax.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    ax.legend(frameon=False, fontsize=8, loc="upper right", ncols=3)
