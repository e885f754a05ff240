"""The report page of ``spicegen study energy``."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from spicegen.arrays.studies.energy import PARTS, EnergyStudy
from spicegen.reports.page import Page
from spicegen.reports.plotting import COLOURS, axes, new_figure


def energy_page(study: EnergyStudy) -> Page:
    """The page of the study: energies by scheme and size, as a table and as bars."""
    c = study.config
    page = Page("Energy of writes and reads of a passive array", study.summary)
    page.section(
        "Where the energy goes",
        f"One {study.v_write_volt:g} V, {study.width_s:g} s pulse on the cell in the middle, and one read of all "
        f"columns with every row at {c.v_read_volt:g} V: the integral of voltage times current over the native "
        f"engine's transient, edges included. Cells: {c.cells}; wires: the rest of what the sources deliver, "
        f"{c.r_row_ohm:g} and {c.r_col_ohm:g} ohm a segment, drivers and sense amplifiers included. Converters and "
        "drivers' own consumption are not counted.",
    )
    page.table(study.head, study.rows())
    page.figure(_bars(study), "Parts of the energy by scheme, at the largest size; energy against the size.")
    return page


def _bars(study: EnergyStudy) -> Figure:
    """Parts by kind at the largest size; energy against size."""
    figure = new_figure(10.5, 3.4)
    left = axes(figure, 121, title=f"Parts, N = {study.sizes[-1]}", y="share of the energy / %")
    right = axes(figure, 122, title="Energy", x="N", y="energy / nJ")
    base = np.zeros(len(study.kinds))
    for k, part in enumerate(PARTS):
        share = study.energy_joule[-1, :, k] / study.supply_joule[-1] * 100
        left.bar(range(len(study.kinds)), share, bottom=base, color=COLOURS[k], width=0.6, label=part)
        base += share
    left.set_xticks(range(len(study.kinds)), [kind.replace(", ", ",\n") for kind in study.kinds], fontsize=8)
    left.legend(
        fontsize=7,
        frameon=False,
        loc="lower right",
        bbox_to_anchor=(1.05, 1),
        ncols=4,
        columnspacing=0.8,
        handlelength=1,
    )
    for b, kind in enumerate(study.kinds):
        right.loglog(study.sizes, study.supply_joule[:, b] * 1e9, "o-", ms=3, color=COLOURS[b], label=kind)
    right.set_xscale("log", base=2)
    right.set_xticks(study.sizes, [str(n) for n in study.sizes])
    right.legend(fontsize=8, frameon=False)
    return figure
