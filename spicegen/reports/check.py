"""The report page of ``spicegen check``: do the simulators agree?"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from spicegen.agreement.check import HEAD, TOLERANCE, VANISHED, CheckReport, relative_difference
from spicegen.reports.page import Page
from spicegen.reports.plotting import COLOURS, axes, new_figure
from spicegen.simulate import REFERENCE


def check_page(report: CheckReport) -> Page:
    """The page of a check: the verdict, the table of simulators, and their conductances read by read."""
    verdict = "agree" if report.passed else "DO NOT AGREE"
    page = Page(
        f"Check of {report.card.name}",
        f"The simulators {verdict}: largest difference in conductance {report.agreement:.1e}, "
        f"tolerance {TOLERANCE:.0e}. Driven by {report.pulses.sentence}",
    )
    compiler = "not here" if report.warnings is None else f"{len(report.warnings)} warnings"
    page.section("One definition, every simulator", f"Verilog-A compiler (openvaf-r, every lint on): {compiler}.")
    page.table(HEAD, report.rows())
    caption = (
        "Left: conductance at each read. Right: difference of each from native, relative to the conductance, or to "
        f"{VANISHED:.0%} of the train's largest where it is smaller."
    )
    page.figure(_figure(report), caption)
    return page


def _figure(report: CheckReport) -> Figure:
    figure = new_figure(9, 3.6)
    left = axes(figure, 121, title="Potentiation and depression", x="spike", y="conductance / µS")
    right = axes(figure, 122, title="Difference from native", x="spike", y="relative difference")
    conductances = {r.engine: r.result for r in report.runs if r.result is not None}
    reference = conductances[REFERENCE]
    spikes = np.arange(1, len(reference) + 1)
    marks = {"ngspice": "o", "vacask": "x", "native": "-"}
    for colour, (name, g) in zip(COLOURS, conductances.items(), strict=False):
        left.plot(spikes, g * 1e6, marks[name], color=colour, ms=4, label=name)
        if name != REFERENCE:
            right.semilogy(spikes, relative_difference(g, reference), ".-", color=colour, lw=0.8, label=name)
    right.axhline(TOLERANCE, color="0.4", ls="--", lw=0.8)
    right.text(1, TOLERANCE * 0.6, "tolerance", fontsize=8, color="0.4", va="top")
    for ax in (left, right):
        ax.legend(fontsize=8, frameon=False)
    return figure
