"""The report page of ``spicegen metrics``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spicegen.measurements import Sweep
from spicegen.metrics import HEAD, MetricsReport
from spicegen.metrics.programming import ProgrammingErrors
from spicegen.metrics.trains import Trains
from spicegen.reports import metrics_pictures as pictures
from spicegen.reports.page import Page


def metrics_page(reports: Sequence[MetricsReport]) -> Page:
    """The page of one measurement, or of several, each of which is a chapter."""
    if len(reports) == 1:
        return _page(reports[0])
    page = Page("Figures of merit", f"{len(reports)} measurements.")
    for report in reports:
        page.append(_page(report))
    return page


def _page(report: MetricsReport) -> Page:
    """The page of one measurement: its figures of merit, pictures of it, and their definitions."""
    page = Page(report.title, " ".join(report.notes))
    page.table(HEAD[:-1], [row[:-1] for row in report.rows()])
    for figure, caption in _pictures(report):
        page.figure(figure, caption)
    page.section("Definitions")
    defined = {m.definition: m for m in reversed(report.metrics)}
    page.table(("name", "definition", "source"), [(m.name, d, m.source) for d, m in reversed(defined.items())])
    page.table(("file", "SHA-256", "notes"), [(str(o.path), o.sha256, " ".join(o.notes)) for o in report.origins])
    return page


def _pictures(report: MetricsReport) -> list[pictures.Picture]:
    """Pictures of what the figures of merit were computed from, each with its caption."""
    match report.data:
        case Trains() as trains:
            return pictures.of_trains(trains, report.tables, report.first_tables)
        case ProgrammingErrors() as errors:
            return pictures.of_programming(errors)
        case Sweep() as sweep:
            return pictures.of_sweep(sweep)
        case Mapping() as relaxations:
            return pictures.of_retention(list(relaxations.values()))
        case tables:
            return pictures.of_tables(tables)
