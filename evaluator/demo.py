"""The whole way on an embedded example: card -> code -> simulators -> array -> accuracy, on one page."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from evaluator.evaluation.evaluate import evaluate
from evaluator.evaluation.report import Report
from models_va import DeviceCard, load_card
from netlists import ArrayConfig
from spicegen.agreement.check import CheckReport, check
from spicegen.arrays.read import ArrayReport, external_engines, read_array
from spicegen.printers.render import render
from spicegen.reports.array_read import array_read_page
from spicegen.reports.check import check_page
from spicegen.reports.page import Page
from spicegen.simulate import simulator

CARD = "au-lixcoo2-pt"
ARRAY = ArrayConfig(rows=16, columns=16, r_row_ohm=2.5, r_col_ohm=2.5, r_source_ohm=50.0, r_sense_ohm=20.0, seed=1)
"""Wires of a narrow metal line, drivers and amplifiers that are not ideal: chosen so that IR drop shows."""
TILE = ARRAY.model_copy(update={"rows": 64, "columns": 64})
TRIALS = 10
_SIZE = f"{ARRAY.rows} x {ARRAY.columns} array"
Say = Callable[[str], None]
Part = TypeVar("Part")


@dataclass(frozen=True, eq=False)
class DemoReport:
    """What the demo found.

    Attributes:
        card: the device.
        files: the rendered model.
        check, array, accuracy: the reports of the steps.
        left_out: simulators that are not here, each with the reason.
        seconds: wall time of the whole.
    """

    card: DeviceCard
    files: tuple[Path, ...]
    check: CheckReport
    array: ArrayReport
    accuracy: Report
    left_out: tuple[str, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether every comparison in it passed."""
        return self.check.passed and self.array.passed

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            "passed": self.passed,
            "left_out": list(self.left_out),
            "seconds": self.seconds,
            "files": [f.name for f in self.files],
            "check": self.check.to_json(),
            "array": self.array.to_json(),
            "evaluate": self.accuracy.to_json(),
        }

    def page(self) -> Page:
        """The report page: a summary, then each step's own page as a chapter, then the generated code."""
        page = Page(
            "From a published synapse to the accuracy of a network",
            f"{self.card.title}: rendered, simulated, put into arrays, and judged on real handwritten digits. "
            f"{self.accuracy.summary}",
        )
        page.table(("step", "result"), self._steps())
        if self.left_out:
            page.section("Left out", "; ".join(self.left_out))
        for part in (check_page(self.check), array_read_page(self.array), self.accuracy.page()):
            page.append(part)
        page.section("The generated models", "Both are printed from one definition of the equations.")
        for file in self.files:
            page.code(file.name, file.read_text(encoding="ascii"))
        return page

    def _steps(self) -> list[tuple[str, str]]:
        engines = [r.attempt.engine for r in self.check.runs if not r.attempt.note]
        reads = [r for r in self.array.reads if not r.attempt.note]
        return [
            ("card", f"{self.card.name} ({self.card.hash}), {self.card.source}"),
            ("rendered", ", ".join(f.name for f in self.files)),
            ("spike train of figure 2d", f"{', '.join(engines)} agree to {self.check.agreement:.1e}"),
            (
                f"{_SIZE} read",
                f"exact to {max(r.difference for r in reads):.0e} in {', '.join(r.attempt.engine for r in reads)}",
            ),
            ("accuracy", self.accuracy.summary),
        ]


def demo(folder: Path, say: Say) -> DemoReport:
    """Run every step on the embedded example, telling ``say`` what happens.

    Args:
        folder: an existing folder for the generated files.
        say: takes one line at a time.

    Raises:
        SimulationError: the native engine failed.
    """
    started = time.perf_counter()
    left_out = tuple(_missing())
    for line in left_out:
        say(f"left out: {line}")
    card = load_card(CARD)
    files = _step(say, "render", lambda: render(card, folder), lambda f: ", ".join(p.name for p in f))
    checked = _step(say, "simulate figure 2d", lambda: check(card), lambda r: f"agreement {r.agreement:.1e}")
    read = _step(say, f"read {_SIZE}", lambda: read_array(ARRAY, card, external_engines()), _loss)
    example = resources.files("evaluator") / "example"
    with resources.as_file(example) as data:
        judged = _step(
            say,
            "evaluate a network",
            lambda: evaluate(data / "digits_mlp.onnx", data / "digits.npz", card, array=TILE, trials=TRIALS),
            lambda r: r.summary,
        )
    return DemoReport(card, tuple(files), checked, read, judged, left_out, time.perf_counter() - started)


def _step(say: Say, label: str, work: Callable[[], Part], outcome: Callable[[Part], str]) -> Part:
    start = time.perf_counter()
    result = work()
    say(f"{label:<22}{outcome(result)}  [{time.perf_counter() - start:.1f} s]")
    return result


def _loss(report: ArrayReport) -> str:
    return f"wires take up to {report.lost.max():.1%} of a cell's voltage"


def _missing() -> list[str]:
    found = {name: simulator(name).available() for name in external_engines()}
    return [f"{name}: {a.version}" for name, a in found.items() if not a.here]
