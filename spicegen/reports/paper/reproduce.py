"""The report page of ``reproduce``."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure

from spicegen.paper.experiment import PaperTrend
from spicegen.paper.reproduce import Reproduction, Row
from spicegen.reports.page import Page
from spicegen.reports.paper.figures import draw_figures
from spicegen.reports.plotting import COLOURS, PAPER, axes, new_figure
from spicegen.simulate import REFERENCE


def reproduction_page(report: Reproduction) -> Page:
    """Make the report page: numbers, trends, the simulators side by side, the figures, and what was assumed."""
    page = Page(f"The paper's experiments on {report.card.name}", report.summary())
    _numbers(page, report)
    _trends(page, report)
    _simulators(page, report)
    _figures(page, report)
    page.section("Assumptions", "What the paper's text leaves open.")
    page.table(("name", "value", "unit", "why"), report.assumptions.rows())
    _elsewhere(page, report)
    return page


def _numbers(page: Page, r: Reproduction) -> None:
    rows = [row for row in r.rows if row.results and row.target.kind != "trend"]
    page.section(
        "Numbers",
        f"Error and verdict are the {REFERENCE} engine's. Where the paper's own numbers exclude each other, rows are "
        "only reported.",
    )
    head = ("figure", "quantity", "unit", "paper", *r.engines, "error", "verdict")
    page.table(head, [_number_row(r, x) for x in rows])


def _number_row(r: Reproduction, row: Row) -> tuple[object, ...]:
    t, error = row.target, row.relative_error
    shown = "" if math.isnan(error) else f"{100 * error:+.1f}\N{NO-BREAK SPACE}%"
    verdict = row.verdict.replace(" ", "\N{NO-BREAK SPACE}")
    paper = "" if t.value is None else t.value
    return (t.figure, t.quantity, t.unit, paper, *(row.results.get(e, "") for e in r.engines), shown, verdict)


def _trends(page: Page, r: Reproduction) -> None:
    rows = [row for row in r.rows if row.results and row.target.kind == "trend"]
    if rows:
        page.section("Trends", f"What was measured is the {REFERENCE} engine's.")
        head = ("figure", "trend", *r.engines, "measured")
        page.table(head, [(x.target.figure, x.target.quantity, *_verdicts(r, x), _measured(x)) for x in rows])


def _verdicts(r: Reproduction, row: Row) -> list[str]:
    return [
        ("holds" if t.holds else "FAILS") if isinstance(t := row.results.get(e), PaperTrend) else "" for e in r.engines
    ]


def _measured(row: Row) -> str:
    result = row.results.get(REFERENCE)
    return result.shown if isinstance(result, PaperTrend) else ""


def _simulators(page: Page, r: Reproduction) -> None:
    others = [e for e in r.engines if e != REFERENCE]
    page.section(
        "Simulators side by side",
        "Wall time of each experiment in each simulator, s"
        + (f", and the largest relative difference of any conductance from the {REFERENCE} engine." if others else "."),
    )
    head = ["experiment", *(f"{e} (s)" for e in r.engines), *others, *(["tolerance", "verdict"] if others else [])]
    rows: list[tuple[object, ...]] = []
    for name in dict.fromkeys(o.experiment.name for o in r.outcomes):
        runs = {o.engine: o for o in r.outcomes if o.experiment.name == name}
        differences = [_difference(runs[e].difference) for e in others]
        verdict = "agree" if all(o.agrees and not o.problem for o in runs.values()) else "DO NOT AGREE"
        judged = [f"{runs[REFERENCE].experiment.tolerance:.0e}", verdict] if others else []
        rows.append((name, *(f"{runs[e].seconds:.1f}" for e in r.engines), *differences, *judged))
    blank = [""] * (len(head) - 1 - len(r.engines))
    rows.append(("all", *(f"{r.seconds[e]:.1f}" for e in r.engines), *blank))
    page.table(head, rows)
    for failure in r.failures:
        page.code("A simulation failed", failure)
    if others:
        page.figure(
            _agreement_figure(r, others), "Left: largest difference; what is below 1e-7 is not shown. Right: wall time."
        )


def _difference(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.1e}"


def _agreement_figure(r: Reproduction, others: list[str]) -> Figure:
    figure = new_figure(10.5, 3.6)
    tolerances = {o.experiment.name: o.experiment.tolerance for o in r.outcomes}
    names = list(tolerances)
    at = np.arange(len(names))
    left = axes(figure, 121, title="Agreement", y=f"relative difference from {REFERENCE}")
    right = axes(figure, 122, title="Wall time", y="seconds")
    for n, engine in enumerate(r.engines):
        runs = {o.experiment.name: o for o in r.outcomes if o.engine == engine}
        style = {"marker": "os^"[n % 3], "ls": "", "ms": 4, "color": COLOURS[n], "label": engine}
        right.semilogy(at, [runs[name].seconds for name in names], **style)
        if engine in others:
            left.semilogy(at, [runs[name].difference for name in names], **style)
    left.plot(at, list(tolerances.values()), "_", ms=12, color=PAPER, label="tolerance")
    left.set_ylim(1e-7, 0.1)
    for ax in (left, right):
        ax.set_xticks(at, names, rotation=60, ha="right", fontsize=7)
        ax.legend(frameon=False, fontsize=8)
    return figure


def _figures(page: Page, r: Reproduction) -> None:
    page.section("Figures", f"As the {REFERENCE} engine shows them. Dashed lines and stars are the paper's.")
    captions = {
        o.experiment.name: " ".join((f"{o.experiment.title}.", *o.findings.remarks))
        for o in r.outcomes
        if o.engine == REFERENCE
    }
    for paper, figure in draw_figures(r):
        names = dict.fromkeys(panel.experiment for row in paper.rows for panel in row)
        page.figure(figure, " ".join(captions[name] for name in names if name in captions))
    for table in r.tables:
        page.table(table.head, table.rows, table.title)


def _elsewhere(page: Page, r: Reproduction) -> None:
    rows = [row for row in r.rows if not row.results]
    if rows:
        page.section("Not here", "Rows of the paper's table that this run does not show.")
        head = ("figure", "quantity", "unit", "paper", "why")
        page.table(head, [(x.target.figure, x.target.quantity, x.target.unit, _paper(x), x.verdict) for x in rows])


def _paper(row: Row) -> str:
    if row.target.value is None:
        return "trend" if row.target.kind == "trend" else "not in the text"
    return f"{row.target.value:.4g}"
