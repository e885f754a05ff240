"""The page of the demo: a summary, each step's own page as a chapter, and the generated code."""

from __future__ import annotations

from evaluator.demo import ARRAY_SIZE, DemoReport
from evaluator.reports.evaluation_page import evaluation_page
from spicegen.reports.array_read import array_read_page
from spicegen.reports.check import check_page
from spicegen.reports.page import Page


def demo_page(report: DemoReport) -> Page:
    """The page of the demo: a summary, then each step's own page as a chapter, then the generated code."""
    page = Page(
        "From a published synapse to the accuracy of a network",
        f"{report.card.title}: rendered, simulated, put into arrays, and judged on real handwritten digits. "
        f"{report.accuracy.summary}",
    )
    page.table(("step", "result"), _steps(report))
    if report.left_out:
        page.section("Left out", "; ".join(report.left_out))
    for part in (check_page(report.check), array_read_page(report.array), evaluation_page(report.accuracy)):
        page.append(part)
    page.section("The generated models", "Both are printed from one definition of the equations.")
    for file in report.files:
        page.code(file.name, file.read_text(encoding="ascii"))
    return page


def _steps(report: DemoReport) -> list[tuple[str, str]]:
    """Name and result of each step."""
    engines = [r.engine for r in report.check.runs if not r.note]
    reads = [r for r in report.array.reads if not r.note]
    return [
        ("card", f"{report.card.name} ({report.card.hash}), {report.card.source}"),
        ("rendered", ", ".join(f.name for f in report.files)),
        ("spike train of figure 2d", f"{', '.join(engines)} agree to {report.check.agreement:.1e}"),
        (
            f"{ARRAY_SIZE} read",
            f"exact to {max(r.difference for r in reads):.0e} in {', '.join(r.engine for r in reads)}",
        ),
        ("accuracy", report.accuracy.summary),
    ]
