"""The report page of ``spicegen study disturb``."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from spicegen.arrays.studies.disturb import KINDS, DisturbStudy
from spicegen.reports.page import Page
from spicegen.reports.plotting import COLOURS, axes, new_figure, whole_ticks


def disturb_page(study: DisturbStudy) -> Page:
    """The page of the study: changes by kind of cell, as a table, as curves and as maps."""
    c = study.config
    page = Page(
        f"Write disturb in a {c.rows} x {c.columns} passive array", study.summary[0].upper() + study.summary[1:]
    )
    page.section(
        "Change by kind of cell",
        f"Cell {study.selected} is written again and again: {study.width_s:g} s pulses, {study.rest_s:g} s of rest "
        "after each. Changes are relative, of the conductance at 0 V after that rest, and include what volatile "
        "parts of a conductance still show. Beyond the card's conductance window it is the model's extrapolation: "
        "no measurement backs it.",
    )
    page.table(study.head, study.rows())
    page.figure(_curves(study), "Mean change against the number of writes; the bands span all cells of a kind.")
    page.section("Where")
    page.figure(_maps(study), "Change of every cell after the last write, in percent.")
    return page


def _curves(study: DisturbStudy) -> Figure:
    """Change against writes, one panel a run."""
    figure = new_figure(9.5, 3.0 * ((len(study.runs) + 1) // 2))
    for n, run in enumerate(study.runs):
        title = f"{run.scheme}, {run.v_write_volt:+g} V"
        ax = axes(figure, 100 * ((len(study.runs) + 1) // 2) + 21 + n, title=title, x="writes", y="change / %")
        for kind, colour in zip(KINDS[1:], COLOURS, strict=False):
            if study.kind(kind).any():
                change = study.change(run, kind)[1:] * 100
                ax.plot(run.writes[1:], change.mean(axis=1), "o-", ms=2.5, lw=1, color=colour, label=kind)
                ax.fill_between(run.writes[1:], change.min(axis=1), change.max(axis=1), color=colour, alpha=0.2, lw=0)
        ax.set_xscale("log")
        ax.axhline(0, color="0.6", lw=0.6)
        if n == 0:
            ax.legend(fontsize=8, frameon=False)
    return figure


def _maps(study: DisturbStudy) -> Figure:
    """Change of each cell at the end, one panel a run; the written cell is left out of the scale."""
    figure = new_figure(9.5, 2.8)
    for n, run in enumerate(study.runs):
        shown = study.alive & ~study.kind("selected")
        change = np.full(shown.shape, np.nan)
        change[shown] = (run.g_siemens[-1][shown] / run.g_siemens[0][shown] - 1) * 100
        most = float(np.nanmax(np.abs(change))) or 1.0
        ax = axes(figure, 100 + 10 * len(study.runs) + n + 1, title=f"{run.scheme}, {run.v_write_volt:+g} V")
        image = ax.imshow(change, cmap="RdBu_r", vmin=-most, vmax=most, aspect="auto")
        whole_ticks(ax)
        figure.colorbar(image, ax=ax, shrink=0.8).ax.tick_params(labelsize=7)
    return figure
