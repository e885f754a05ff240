"""The report page of ``spicegen study margin``."""

from __future__ import annotations

from matplotlib.figure import Figure

from netlists import SCHEMES
from spicegen.arrays.studies.margin import MarginStudy
from spicegen.reports.page import Page
from spicegen.reports.plotting import COLOURS, axes, new_figure


def margin_page(study: MarginStudy) -> Page:
    """The page of the study: read margin, sneak share and power by scheme and size."""
    c = study.config
    low, high = study.card.window()
    page = Page("Reading one cell of a passive array", study.summary)
    page.section(
        "Read margin and sneak current",
        "The cell farthest from drivers and sense amplifiers is read: its row and column differ by "
        f"{c.v_read_volt:g} V, the other lines are as in the write scheme of that name. Margin: (I_high - I_low) / "
        "I_high, each for the others' state that is worst for it; without wires and sneak paths it would be "
        f"{1 - low / high:.2f}. Sneak share: the largest part of the column's current that does not come through "
        "the cell. 'Worst others': which of them make a low cell look highest. Cells are real devices at "
        f"{low * 1e6:g} and {high * 1e6:g} uS; {c.r_row_ohm:g} and {c.r_col_ohm:g} ohm a segment.",
    )
    page.table(study.head, study.rows())
    page.figure(_curves(study), "Margin, sneak share and the power that all sources deliver, against the size.")
    return page


def _curves(study: MarginStudy) -> Figure:
    """Margin, sneak share and power against size."""
    figure = new_figure(9.5, 3.2)
    shown = (
        ("Read margin", "margin", study.margin),
        ("Sneak current", "share of the column's current", study.sneak_share),
        ("Power while reading", "supply / µW", study.supply_watt.max(axis=(2, 3)) * 1e6),
    )
    for n, (title, label, values) in enumerate(shown):
        ax = axes(figure, 131 + n, title=title, x="N", y=label)
        for b, scheme in enumerate(SCHEMES):
            ax.plot(study.sizes, values[:, b], "o-", ms=3, lw=1.2, color=COLOURS[b], label=scheme)
        ax.set_xscale("log", base=2)
        ax.set_xticks(study.sizes, [str(size) for size in study.sizes])
        if n == 2:
            ax.set_yscale("log")
            ax.legend(fontsize=8, frameon=False)
    return figure
