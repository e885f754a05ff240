"""Figure 4e: curves made by choosing the spike pattern, and the shapes that were wanted."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import FigureBase

from spicegen.paper.experiment import Records
from spicegen.paper.tailoring import SHAPES, SPIKES, Figure4e
from spicegen.reports.plotting import COLOURS, axes


def draw_figure_4e(experiment: Figure4e, figure: FigureBase, records: Records) -> None:
    """Draw all curves as points, with the wanted shapes as lines."""
    ax = axes(figure, title="4e  Tailored curves", x="spike", y="conductance (µS)")
    for n, (label, record) in enumerate(records.items()):
        g = 1e6 * record.conductance_siemens
        w = np.linspace(0, 1, SPIKES + 1)
        for start, branch in zip((0, SPIKES + 1), np.split(g, 2), strict=True):
            at = start + np.arange(SPIKES + 1)
            ax.plot(at, branch, "o", ms=3, color=COLOURS[n], label=label if start == 0 else None)
            wanted = branch[0] + (branch[-1] - branch[0]) * SHAPES[label](w)
            ax.plot(at, wanted, color=COLOURS[n], lw=0.8)
    ax.legend(frameon=False, fontsize=7)
