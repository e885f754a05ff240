"""The report page of ``spicegen study programming``."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from matplotlib.figure import Figure

from spicegen.arrays.studies.write_orders import AFTER_S, ProgrammingStudy
from spicegen.reports.page import Page
from spicegen.reports.plotting import COLOURS, axes, new_figure, whole_ticks


def programming_page(study: ProgrammingStudy) -> Page:
    """The page of the study: programming errors by order, as a table, as histograms and as maps."""
    c, plan = study.config, study.results[0].written.plan
    page = Page(f"Programming a {c.rows} x {c.columns} passive array", study.summary)
    page.section(
        "Orders",
        "Errors are (G - target) / sigma(target) with the card's sigma(G), G at 0 V. A cell is left alone when a "
        "read through the array's wires is within one sigma of its target. 'As verified' is the error at that "
        "moment; what the others' writes and time have done to the cell since shows in the difference. 'Off': "
        "cells beyond one sigma at the end. Pulses: mean of a cell. Time: on the array.",
    )
    page.table(study.head, study.rows())
    page.figure(
        _distribution(study),
        "Distribution of the errors, and the card's own, as a normal distribution; what is beyond 6 is shown at 6.",
    )
    page.figure(_maps(study), "Where the errors are: rows and columns of the array.")
    page.section("The plan")
    page.table(("quantity", "value"), [(k, v) for k, v in asdict(plan).items() if k != "order"])
    return page


def _distribution(study: ProgrammingStudy) -> Figure:
    """Histograms of the errors, one panel an order."""
    figure = new_figure(9.5, 5.2)
    normal = np.linspace(-4, 4, 200)
    for n, r in enumerate(study.results):
        ax = axes(figure, 221 + n, title=r.written.plan.order, x="error / sigma(G)", y="density")
        found = np.clip(study.errors(r.written.g_siemens), -6, 6)
        later = np.clip(study.errors(r.later_siemens), -6, 6)
        bins = np.linspace(-6, 6, 25).tolist()
        ax.hist(found, bins=bins, density=True, color=COLOURS[0], label="at the end")
        ax.hist(later, bins=bins, density=True, histtype="step", color=COLOURS[1], label=f"{AFTER_S:g} s later")
        ax.plot(normal, np.exp(-(normal**2) / 2) / np.sqrt(2 * np.pi), "--", lw=1, color="0.3", label="the card's")
        if n == 0:
            ax.legend(fontsize=8, frameon=False)
    return figure


def _maps(study: ProgrammingStudy) -> Figure:
    """Maps of the errors, one panel an order."""
    figure = new_figure(9.5, 2.8)
    for n, r in enumerate(study.results):
        w = r.written
        ax = axes(figure, 141 + n, title=w.plan.order, x="column", y="row" if n == 0 else "")
        error = np.where(w.devices.alive, (w.g_siemens - w.target_siemens) / study.sigma_siemens, np.nan)
        image = ax.imshow(error, cmap="RdBu_r", vmin=-4, vmax=4, aspect="auto")
        whole_ticks(ax)
    figure.colorbar(image, ax=figure.axes, shrink=0.9, label="error / sigma(G)")
    return figure
