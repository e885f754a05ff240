"""Table 1: normalised curves of the other Li-ion synapses, and their figures of merit beside the table's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from spicegen.paper.experiment import Records
from spicegen.paper.table_1 import MERITS, Table1
from spicegen.paper.targets import paper_value
from spicegen.reports.plotting import COLOURS, PAPER, axes

_NAMES = ("WSe₂/LiClO₄", "MoO₃/LiClO₄", "LiCoO₂/LiPON", "LiCoO₂/Li₃POₓSeₓ", "WO₃/LiClO₄")


def draw_table_1(experiment: Table1, figure: FigureBase, records: Records) -> None:
    """Draw normalised curves, and the figures of merit beside the table's; each device has its colour."""
    curves = axes(figure, 131, title="T1  Own write pulses", x="pulse", y="(G − G(0)) / range")
    for colour, record in zip(COLOURS, records.values(), strict=False):
        g = record.conductance_siemens
        curves.plot((g - g.min()) / np.ptp(g), color=colour, lw=1.2)
    merits = experiment.merits(records)
    _compare(axes(figure, 132, y="nonlinearity α"), merits, {"potentiation": 0, "depression": 1})
    _compare(axes(figure, 133, y="asymmetric ratio"), merits, {"simulated": 2})


def _compare(ax: Axes, merits: Mapping[str, tuple[float, ...]], shown: Mapping[str, int]) -> None:
    """Simulated figures of merit beside the paper's.

    Args:
        ax: the axes.
        merits: device -> its figures of merit, in the order of ``MERITS``.
        shown: label in the legend -> which of them.
    """
    for n, (device, values) in enumerate(merits.items()):
        for marker, merit in zip("^v", shown.values(), strict=False):
            ax.plot(n, values[merit], marker, ms=5, color=COLOURS[n])
            ax.plot(n, paper_value(f"table1_{device}_{MERITS[merit]}"), "*", ms=11, mfc="none", color=PAPER)
    for marker, label in zip("^v", shown, strict=False):
        ax.plot([], [], marker, color="#5c6b7a", label=label)
    ax.plot([], [], "*", ms=11, mfc="none", color=PAPER, label="paper")
    ticks = ax.set_xticks(range(len(_NAMES)), _NAMES, rotation=35, ha="right")
    for colour, tick in zip(COLOURS, ticks, strict=False):
        tick.label1.set_color(colour)
    ax.axhline(0, color="#9aa7b0", lw=0.8, zorder=0)
    ax.set_ylim(top=1.35 * ax.get_ylim()[1])
    ax.legend(frameon=False, fontsize=7, loc="upper right", ncols=3)
