"""The report page of ``spicegen fit`` of measurement files."""

from __future__ import annotations

from spicegen.fit import FILE_HEAD, MODEL_HEAD, MeasuredReport
from spicegen.measurements import Measurement, WriteVerify
from spicegen.reports.fit_parameters import show_parameters
from spicegen.reports.fit_pictures import measured_against_fitted
from spicegen.reports.metrics_pictures import Picture, of_programming
from spicegen.reports.page import Page


def fit_page(report: MeasuredReport) -> Page:
    """The page of a fit: models compared, measured against fitted, the parameters, and where the card holds."""
    page = Page(f"Fit of {report.card.name}", report.summary())
    if len(report.fits) > 1:
        page.section(
            "Models",
            f"{report.comparison()} Akaike's criterion, corrected for small samples, weighs what a model misses "
            "against its number of parameters; a difference of 10 is decisive. What is missed counts at points "
            "that are independent in what the best model leaves of a file, the correction takes all points "
            "(QAICc): of files that show a smooth misfit and little noise it leans to the larger model, if to any.",
        )
        page.table(MODEL_HEAD, report.model_rows())
    page.section(
        "Measured and fitted",
        "Errors are root mean squares: relative ones of conductances, over the rms current of sweeps. Noise is "
        "what cycles, or neighbouring points, differ by; where the error is a multiple of it, the model misses "
        "something, and the file counts that much less.",
    )
    page.table(FILE_HEAD, report.file_rows())
    for m in report.task.measurements:
        page.section(m.origin.name, " ".join(report.notes_on(m)))
        for figure, caption in _pictures(report, m):
            page.figure(figure, caption)
    show_parameters(page, report.best.solution, report.best.model)
    _show_held(page, report)
    if report.warnings:
        page.section("Warnings")
        page.table(("warning",), [(w,) for w in report.warnings])
    _show_card(page, report)
    return page


def _pictures(report: MeasuredReport, m: Measurement) -> list[Picture]:
    if not isinstance(m, WriteVerify):
        return [measured_against_fitted([(replay, report.best.predicted[n]) for n, replay in report.replays_of(m)])]
    return of_programming(report.sigma.errors) if report.sigma.errors and m is report.sigma.measurement else []


def _show_held(page: Page, report: MeasuredReport) -> None:
    model = report.best.model
    fitted = {name for name, q in report.card.parameters.items() if q.provenance == "fitted"}
    page.section("Parameters that were not fitted")
    page.table(
        ("parameter", "unit", "value", "why", "meaning"),
        [
            (p.name, p.unit, float(value), report.best.held[p.name], p.description)
            for p, value in zip(model.params, report.best.values, strict=True)
            if p.name in report.best.held and p.name not in fitted
        ],
    )


def _show_card(page: Page, report: MeasuredReport) -> None:
    page.section("Where the card holds", "What the files cover; beyond it the model is an extrapolation.")
    if record := report.card.fit:
        covered = [(q, low, record.valid_to[q]) for q, low in record.valid_from.items()]
        page.table(("quantity", "from", "to"), covered)
    files = [(str(m.origin.path), m.origin.sha256) for m in report.task.measurements]
    page.table(("file", "SHA-256"), files)
    page.code("The card", report.card.to_yaml())
