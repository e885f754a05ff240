"""The report page of a fit to the paper."""

from __future__ import annotations

from spicegen.paper.assumptions import ASSUMPTION_UNITS
from spicegen.paper.fit import PaperFitReport
from spicegen.reports.fit_parameters import Others, show_parameters
from spicegen.reports.page import Page

_ASSUMED = (
    "Numbers of the experiments that the paper leaves open. These were fitted with the parameters; the card is right "
    "for them, and spicegen reproduce assumes what the project ships."
)


def paper_fit_page(report: PaperFitReport) -> Page:
    """Make the report page: what the paper fixes of each parameter, and each row's part of the misfit."""
    page = Page(f"Fit of {report.card.name}", report.summary())
    show_parameters(page, report.solution, report.card.device_model, Others("assumption", _ASSUMED, ASSUMPTION_UNITS))
    page.section("Residuals", "Each row's part of the sum of squares.")
    page.table(("row", "start", "end"), [(row, b, a) for row, (b, a) in report.misfits.items()])
    return page
