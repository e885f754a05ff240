"""The demo: card -> code -> simulators -> array -> accuracy on an embedded example."""

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
from spicegen.simulate import simulator

CARD = "au-lixcoo2-pt"
ARRAY = ArrayConfig(rows=16, columns=16, r_row_ohm=2.5, r_col_ohm=2.5, r_source_ohm=50.0, r_sense_ohm=20.0, seed=1)
"""Wires of a narrow metal line, drivers and amplifiers that are not ideal: chosen so that IR drop shows."""
TILE = ARRAY.model_copy(update={"rows": 64, "columns": 64})
TRIALS = 10
ARRAY_SIZE = f"{ARRAY.rows} x {ARRAY.columns} array"
Say = Callable[[str], None]
Part = TypeVar("Part")


@dataclass(frozen=True, eq=False)
class DemoReport:
    """The result of the demo.

    Attributes:
        card: card of the device.
        files: files of the rendered model.
        check, array, accuracy: reports of the steps.
        left_out: simulators that are not here, each with the reason.
        seconds: wall time of all steps, s.
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
        """Whether every comparison in the demo passed."""
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
    read = _step(say, f"read {ARRAY_SIZE}", lambda: read_array(ARRAY, card, external_engines()), _loss)
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
