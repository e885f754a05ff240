"""Figures 2d, 6b and S3: cycles of potentiation and depression, and their drift."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import FigureBase

from spicegen import metrics
from spicegen.paper.cycling import SPIKES_PER_BRANCH, Figure2d, FigureS3, cycle_conductances
from spicegen.paper.experiment import Array, Records
from spicegen.paper.targets import paper_value
from spicegen.reports.plotting import COLOURS, PAPER, axes, paper_level


def draw_figure_2d(experiment: Figure2d, figure: FigureBase, records: Records) -> None:
    """Draw the conductances of the first cycle."""
    g = 1e6 * cycle_conductances(records)[0]
    ax = axes(figure, title="2d  Spikes of 10 ms", x="spike", y="conductance (µS)")
    for start, label, colour in ((0, "−1.5 V", COLOURS[0]), (SPIKES_PER_BRANCH, "+1.1 V", COLOURS[1])):
        spikes = start + np.arange(SPIKES_PER_BRANCH + 1)
        ax.plot(spikes, g[spikes], "o-", ms=3, color=colour, label=label)
    paper_level(ax, paper_value("pulse_up") * g[0], "paper: 4 × G(0)")
    paper_level(ax, paper_value("pulse_down") * g[0], "paper: G(0)", below=True)
    ax.set_ylim(0, 1.2 * max(g))
    ax.legend(frameon=False, fontsize=8, loc="upper left")


def draw_figure_6b(experiment: Figure2d, figure: FigureBase, records: Records) -> None:
    """Draw all cycles superposed, and the laws of the fitted and of the paper's nonlinearity beta."""
    cycles = 1e6 * cycle_conductances(records)
    ax = axes(figure, title=f"6b  {experiment.cycles} cycles superposed", x="spike", y="conductance (µS)")
    ax.plot(cycles.T, color="#c3ccd3", lw=0.5)
    mean = cycles.mean(axis=0)
    for start, row, colour in ((0, "beta_p", COLOURS[0]), (SPIKES_PER_BRANCH, "beta_d", COLOURS[1])):
        spikes = start + np.arange(SPIKES_PER_BRANCH + 1)
        branch, name = mean[spikes], row.replace("beta_", "β")
        ax.plot(spikes, branch, "o", ms=3, mfc="none", color=colour)
        for beta, style, shade, whose in (
            (metrics.beta(branch), "-", colour, ""),
            (paper_value(row), "--", PAPER, "paper: "),
        ):
            ax.plot(spikes, _law(branch, beta), style, color=shade, lw=0.9, label=f"{whose}{name} = {beta:.2f}")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False, fontsize=8, loc="lower center")


def _law(branch: Array, beta: float) -> Array:
    """The exponential law of nonlinearity beta between the ends of a branch, in the branch's unit."""
    w = np.linspace(0, 1, len(branch))
    return np.asarray(branch[0] + (branch[-1] - branch[0]) * metrics.exponential_law(w, beta))


def draw_figure_s3(experiment: FigureS3, figure: FigureBase, records: Records) -> None:
    """Draw both ends of every cycle, and the drift of the lower one."""
    cycles = cycle_conductances(records)
    number = np.arange(1, len(cycles) + 1)
    low, high = cycles[:, -1], cycles[:, SPIKES_PER_BRANCH]
    left = axes(figure, 121, title="S3  Ends of each cycle", x="cycle", y="conductance (µS)")
    left.plot(number, 1e6 * high, color=COLOURS[0], label="after 25 spikes of −1.5 V")
    left.plot(number, 1e6 * low, color=COLOURS[1], label="after 25 spikes of +1.1 V")
    left.set_ylim(bottom=0)
    left.legend(frameon=False, fontsize=8, loc="center right")
    right = axes(figure, 122, title="S3  Drift", x="cycle", y="lower end over G(0) (%)")
    right.plot(number, 100 * (low / cycles[0, 0] - 1), color=COLOURS[1])
    drift = 100 * (paper_value("endurance") - 1)
    right.plot(experiment.paper_cycles, drift, "*", color=PAPER, mfc="none", ms=10, label="paper: about 5 % after 350")
    right.set_ylim(0, 1.3 * drift)
    right.legend(frameon=False, fontsize=8, loc="upper left")
