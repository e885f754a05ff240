"""Figure 6c: the programming error against conductance."""

from __future__ import annotations

from matplotlib.figure import FigureBase

from spicegen.paper.programming_error import Figure6c
from spicegen.paper.sigma_of_g import SigmaMeasurement
from spicegen.paper.targets import paper_value
from spicegen.reports.plotting import COLOURS, PAPER, axes


def draw_figure_6c(experiment: Figure6c, figure: FigureBase, data: SigmaMeasurement) -> None:
    """Draw standard deviation against conductance, with the fitted and the paper's line."""
    to_micro = 1e6 * data.unit_siemens
    g = data.target_siemens / data.unit_siemens
    ax = axes(figure, title="6c  Programming error", x="conductance (µS)", y="σ (µS)")
    measured, spread = 1e6 * data.sigma_siemens, 1e6 * data.sigma_error_siemens
    ax.errorbar(to_micro * g, measured, spread, fmt="o", ms=3, lw=0.8, color=COLOURS[0])
    fitted = f"fitted: σ = {data.line.slope:.4f} G + {data.line.offset:.4f}"
    paper, offset = paper_value("sigma_slope"), paper_value("sigma_offset")
    ax.plot(to_micro * g, to_micro * (data.line.slope * g + data.line.offset), color=COLOURS[0], lw=1, label=fitted)
    law = f"paper: σ = {paper:.4f} G + {offset:.5f}"
    ax.plot(to_micro * g, to_micro * (paper * g + offset), "--", color=PAPER, lw=0.8, label=law)
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False, fontsize=8, loc="lower right")
