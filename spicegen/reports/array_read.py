"""The report page of ``spicegen array`` without a program: one read, and where the voltage is lost."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from spicegen.arrays.read import HEAD, TOLERANCE, ArrayReport
from spicegen.devices.programming import Programmed
from spicegen.reports.page import Page
from spicegen.reports.plotting import COLOURS, axes, new_figure


def array_read_page(report: ArrayReport) -> Page:
    """The page of one read of an array: engines compared, variability, IR drop and column currents."""
    c = report.config
    page = Page(
        f"Read of a {c.rows} x {c.columns} passive array",
        f"The wires take up to {report.lost.max():.2%} of a cell's voltage and up to "
        f"{np.abs(report.current_error).max():.2%} of a column's current.",
    )
    page.section(
        f"Engines against {report.reference}",
        f"Differences are relative to the largest column current; tolerance {TOLERANCE:.0e}.",
    )
    page.table(HEAD, report.rows())
    if report.programmed is not None:
        page.section("Variability", "Drawn from the seed before any simulator runs: all of them get the same devices.")
        page.table(("quantity", "value"), _variability_rows(report.programmed, c.seed, report.nonlinearity))
    page.section("Where the voltage is lost")
    page.figure(_loss_map(report), "IR drop: share of the row's input voltage that does not reach the cell.")
    page.figure(_currents(report), "Column currents with and without wires.")
    page.section("The array")
    page.table(("quantity", "value"), [(k, v) for k, v in c.model_dump().items()])
    return page


def _variability_rows(programmed: Programmed, seed: int, nonlinearity: float) -> list[tuple[object, ...]]:
    spreads = programmed.devices.card.device_to_device or {}
    return [
        ("seed", seed),
        ("programming error, root mean square over sigma(G)", programmed.error_over_sigma),
        *(
            (f"{name} from device to device: relative standard deviation, drawn from {spreads[name].value:g}", found)
            for name, found in programmed.realised_spread.items()
        ),
        ("devices at the end of their reach", programmed.limited),
        ("largest difference of a current from the exact operator, which is linear", nonlinearity),
    ]


def _loss_map(report: ArrayReport) -> Figure:
    figure = new_figure(9.5, 4.2)
    maps = (
        (121, "IR drop / % of the input", report.lost * 100, "magma_r"),
        (122, "Cell conductance / µS", report.crossbar.g_siemens * 1e6, "viridis"),
    )
    driven = {"left": "driven from the left", "both": "driven from both ends"}[report.config.drive]
    sensed = {"bottom": "sensed at the bottom", "both": "sensed at both ends"}[report.config.sense]
    for position, title, values, colours in maps:
        ax = axes(figure, position, title=title, x=f"column ({sensed})", y=f"row ({driven})")
        ax.spines[:].set_visible(False)
        image = ax.imshow(values, cmap=colours, aspect="auto")
        figure.colorbar(image, ax=ax, shrink=0.9).ax.tick_params(labelsize=8)
    return figure


def _currents(report: ArrayReport) -> Figure:
    figure = new_figure(9.5, 3.2)
    left = axes(figure, 121, title="Column currents", x="column", y="current / µA")
    right = axes(figure, 122, title="Error of the vector-matrix product", x="column", y="error / %")
    columns = np.arange(report.crossbar.columns)
    left.bar(columns, report.i_ideal_amp * 1e6, color="0.85", label="without wires")
    left.bar(columns, report.i_out_amp * 1e6, width=0.5, color=COLOURS[0], label="with wires")
    left.legend(fontsize=8, frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    right.bar(columns, report.current_error * 100, width=0.6, color=COLOURS[1])
    right.axhline(0, color="0.4", lw=0.8)
    return figure
