"""The report page of ``spicegen array`` with a program: what it leaves behind, and where the voltage is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from spicegen.arrays.run import TOLERANCE, ArrayRun
from spicegen.reports.page import Page
from spicegen.reports.plotting import axes, new_figure, whole_ticks

Array = NDArray[np.float64]


def array_run_page(run: ArrayRun) -> Page:
    """The page of one program: engines compared, conductances it leaves behind, IR drop and what was read."""
    c, moved = run.config, run.change
    page = Page(
        f"A program on a {c.rows} x {c.columns} passive array",
        f"{len(c.program)} steps, {len(run.record.time_s)} reads; conductances change by {moved.min():+.2%} to "
        f"{moved.max():+.2%}.",
    )
    page.section(
        "Engines", f"Differences of column currents and final conductances from native; tolerance {TOLERANCE:.0e}."
    )
    page.table(("engine", "outcome", "difference", "seconds"), run.rows())
    page.section("What the program leaves behind")
    page.figure(_maps(run), "Conductance at v = 0 of every cell at the end, and its change since the start.")
    page.section("Where the voltage is lost")
    page.figure(
        _voltages(run),
        "IR drop where most is between a row and a column: voltage across every cell, and the wires' share.",
    )
    if len(run.record.time_s):
        page.section("What was read")
        page.figure(_reads(run), "Current that each column delivers at each read.")
    page.section("The array")
    page.table(("quantity", "value"), [(k, v) for k, v in c.model_dump(exclude={"program"}).items()])
    page.table(("step", "what is done"), [(n + 1, str(s)) for n, s in enumerate(c.program)])
    return page


def _maps(run: ArrayRun) -> Figure:
    most = float(np.abs(run.change).max()) * 100 or 1.0
    return _side_by_side(
        ("Conductance / µS", run.g_after_siemens * 1e6, {"cmap": "viridis"}),
        ("Change / %", run.change * 100, {"cmap": "RdBu_r", "vmin": -most, "vmax": most}),
    )


def _voltages(run: ArrayRun) -> Figure:
    most = float(np.nanmax(np.abs(run.v_cell_volt), initial=0.0)) or 1.0
    return _side_by_side(
        ("Voltage across the cell / V", run.v_cell_volt, {"cmap": "RdBu_r", "vmin": -most, "vmax": most}),
        ("Lost in the wires / mV", run.v_lost_volt * 1e3, {"cmap": "magma_r"}),
    )


def _side_by_side(*maps: tuple[str, Array, dict[str, Any]]) -> Figure:
    figure = new_figure(9.5, 4.2)
    for position, (title, values, style) in zip((121, 122), maps, strict=True):
        ax = axes(figure, position, title=title, x="column", y="row")
        ax.spines[:].set_visible(False)
        whole_ticks(ax)
        image = ax.imshow(values, aspect="auto", **style)
        figure.colorbar(image, ax=ax, shrink=0.9).ax.tick_params(labelsize=8)
    return figure


def _reads(run: ArrayRun) -> Figure:
    figure = new_figure(9.5, 3.4)
    ax = axes(figure, x="read", y="column current / µA")
    number = np.arange(1, len(run.record.time_s) + 1)
    shown = np.unique(np.linspace(0, run.config.columns - 1, min(run.config.columns, 8)).astype(int))
    for j in shown:
        ax.plot(number, run.record.i_column_amp[:, j] * 1e6, "o:", ms=4, lw=0.8, label=f"column {j}")
    whole_ticks(ax, only="x")
    ax.legend(fontsize=8, frameon=False, ncols=4)
    return figure
