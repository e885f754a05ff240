"""The report page of ``spicegen study read-error``."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from spicegen.arrays.studies.read_error import INPUTS, PATTERNS, ReadErrorStudy
from spicegen.reports.page import Page
from spicegen.reports.plotting import COLOURS, axes, new_figure


def read_error_page(study: ReadErrorStudy) -> Page:
    """The page of the study: largest arrays, and errors by size, wire resistance and pattern."""
    c = study.config
    low, high = study.card.window()
    page = Page("Error of the vector-matrix product", study.summary)
    page.section(
        f"Largest square array for {study.limit:.0%}",
        "Error: largest difference of a column current from the one without any wire, relative to the largest of "
        f"these. Conductances from {low * 1e6:g} to {high * 1e6:g} uS; driven {c.drive}, sensed {c.sense}, source "
        f"{c.r_source_ohm:g} ohm, sense {c.r_sense_ohm:g} ohm. 'Far row only' is the row farthest from the sense "
        "amplifiers. The operator is exact and takes cells as linear; random patterns are one draw from the seed.",
    )
    page.table(study.head, study.rows())
    page.figure(_curves(study), "Error against the size of the array.")
    page.figure(_heat(study), "The worst pattern's error, by size and wire resistance.")
    page.section("All errors")
    page.table(("N", "ohm a segment", "cells", "inputs", "largest error", "rms error"), _all(study))
    return page


def _all(study: ReadErrorStudy) -> list[tuple[object, ...]]:
    return [
        (n, r, *pattern, study.largest[a, b, c], study.rms[a, b, c])
        for a, n in enumerate(study.sizes)
        for b, r in enumerate(study.r_ohm)
        for c, pattern in enumerate(PATTERNS)
    ]


def _curves(study: ReadErrorStudy) -> Figure:
    """Error against size, a panel for each resistance."""
    figure = new_figure(9.5, 3.4)
    for b, r in enumerate(study.r_ohm):
        ax = axes(figure, 100 + 10 * len(study.r_ohm) + b + 1, title=f"{r:g} Ω a segment", x="N", y="error / %")
        for c, (cells, inputs) in enumerate(PATTERNS):
            style = ("-", "--", ":")[c % len(INPUTS)]
            colour = COLOURS[c // len(INPUTS)]
            ax.loglog(study.sizes, study.largest[:, b, c] * 100, style, color=colour, lw=1.3,
                      label=f"{cells}; {inputs}")  # fmt: skip
        ax.axhline(study.limit * 100, color="0.5", lw=0.7)
    figure.legend(*ax.get_legend_handles_labels(), loc="outside right center", fontsize=7, frameon=False,
                  title="cells; inputs", title_fontsize=7)  # fmt: skip
    return figure


def _heat(study: ReadErrorStudy) -> Figure:
    """The worst error, by size and resistance."""
    figure = new_figure(6.5, 3.2)
    ax = axes(figure, x="N", y="Ω a segment", title="Largest error / %")
    worst = study.largest.max(axis=2).T * 100
    image = ax.imshow(worst, cmap="magma_r", aspect="auto", vmin=0, vmax=100)
    ax.set_xticks(range(len(study.sizes)), [str(n) for n in study.sizes])
    ax.set_yticks(range(len(study.r_ohm)), [f"{r:g}" for r in study.r_ohm])
    for (y, x), value in np.ndenumerate(worst):
        ax.text(x, y, f"{value:.2g}", ha="center", va="center", fontsize=8, color="w" if value > 50 else "k")
    figure.colorbar(image, ax=ax, shrink=0.9)
    return figure
