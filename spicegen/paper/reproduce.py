"""The paper's experiments on a card's simulated device: its numbers beside the paper's."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from models_va import DeviceCard
from models_va.errors import UnknownNameError
from spicegen.files import output_folder
from spicegen.paper import (
    EXPERIMENTS,
    PLATES,
    Assumptions,
    Experiment,
    Findings,
    PaperTrend,
    Plate,
    ProgramRunner,
    Target,
    draw_plate,
    paper_targets,
)
from spicegen.paper.reproduce_page import reproduction_page
from spicegen.progress import track
from spicegen.reports.page import Page
from spicegen.simulate import REFERENCE, SimulationError, simulator

ELSEWHERE = "not an experiment on one device"
NOT_ASKED = "not run"


@dataclass(frozen=True, eq=False)
class Outcome:
    """One experiment in one simulator.

    Attributes:
        experiment: which.
        engine: the simulator's name.
        data: what was measured; None if it failed.
        findings: figures of merit; empty if it failed.
        problem: why it failed; "" otherwise.
        seconds: wall time; what is kept in the cache folder counts with what it took when it was run.
        difference: largest relative difference of anything observed from the reference; NaN for the reference itself,
            and without one.
    """

    experiment: Experiment[Any]
    engine: str
    data: Any
    findings: Findings
    problem: str
    seconds: float
    difference: float = math.nan

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the experiment's tolerance; true where there is none to speak of."""
        return not self.difference > self.experiment.tolerance


@dataclass(frozen=True, eq=False)
class Row:
    """One row of the paper's table.

    Attributes:
        target: the paper's.
        found: engine -> what it shows.
    """

    target: Target
    found: Mapping[str, float | PaperTrend]

    @property
    def verdict(self) -> str:
        """The reference engine's."""
        if not self.found:
            return ELSEWHERE if self.target.id in _NETWORKS or self.target.kind == "device" else NOT_ASKED
        return self.target.verdict(self.found.get(REFERENCE, next(iter(self.found.values()))))

    @property
    def is_red(self) -> bool:
        """Whether it misses."""
        return self.verdict in ("MISSES", "FAILS")

    @property
    def relative_error(self) -> float:
        """Of the reference engine; NaN without a number."""
        found = self.found.get(REFERENCE)
        return self.target.relative_error(found) if isinstance(found, float) else math.nan

    def to_json(self) -> dict[str, Any]:
        """As in report.json."""
        shown = {engine: _plain(found) for engine, found in self.found.items()}
        return {
            "id": self.target.id,
            "figure": self.target.figure,
            "quantity": self.target.quantity,
            "unit": self.target.unit,
            "paper": self.target.value,
            "model": shown.get(REFERENCE),
            "relative_error": self.relative_error,
            "verdict": self.verdict,
            "engines": shown,
        }


@dataclass(frozen=True, eq=False)
class Reproduction:
    """What ``reproduce`` found.

    Attributes:
        card: whose device.
        assumptions: of the experiments.
        engines: the simulators, the reference first.
        outcomes: one an experiment and simulator.
    """

    card: DeviceCard
    assumptions: Assumptions
    engines: tuple[str, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """One a row of the paper's table that has a number or a trend."""
        found: dict[str, dict[str, float | PaperTrend]] = {}
        for o in self.outcomes:
            for key, number in o.findings.numbers.items():
                found.setdefault(key, {})[o.engine] = float(number)
            for key, trend in o.findings.trends.items():
                already = found.setdefault(key, {}).get(o.engine)
                found[key][o.engine] = _both(already, trend) if isinstance(already, PaperTrend) else trend
        shown = (t for t in paper_targets() if t.value is not None or t.kind == "trend")
        return tuple(Row(t, found.get(t.id, {})) for t in shown)

    @property
    def agreement(self) -> dict[tuple[str, str], float]:
        """(experiment, engine) -> largest relative difference from the reference."""
        return {(o.experiment.name, o.engine): o.difference for o in self.outcomes if not math.isnan(o.difference)}

    @property
    def failures(self) -> tuple[str, ...]:
        """Every simulation that failed."""
        return tuple(f"{o.experiment.name}: {o.problem}" for o in self.outcomes if o.problem)

    @property
    def seconds(self) -> dict[str, float]:
        """Engine -> time for all its experiments, s."""
        return {e: sum(o.seconds for o in self.outcomes if o.engine == e) for e in self.engines}

    @property
    def passed(self) -> bool:
        """No red row, and the simulators agree."""
        return not any(r.is_red for r in self.rows) and all(o.agrees for o in self.outcomes)

    @cached_property
    def plates(self) -> tuple[tuple[Plate, Figure], ...]:
        """The paper's figures as the reference engine shows them."""
        data = {o.experiment.name: o.data for o in self.outcomes if o.engine == REFERENCE and not o.problem}
        drawn = ((plate, draw_plate(plate, data, self.assumptions)) for plate in PLATES)
        return tuple((plate, figure) for plate, figure in drawn if figure)

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            "card": self.card.name,
            "card_hash": self.card.hash,
            "engines": list(self.engines),
            "seconds": self.seconds,
            "assumptions": [{"name": n, "value": v, "unit": u, "reason": r} for n, v, u, r in self.assumptions.rows()],
            "rows": [row.to_json() for row in self.rows],
            "runs": [
                {
                    "experiment": o.experiment.name,
                    "engine": o.engine,
                    "seconds": o.seconds,
                    f"difference_from_{REFERENCE}": o.difference,
                    "tolerance": o.experiment.tolerance,
                    "agrees": o.agrees,
                    "problem": o.problem,
                }
                for o in self.outcomes
            ],
            "failures": list(self.failures),
            "passed": self.passed,
        }

    @property
    def head(self) -> tuple[str, ...]:
        """Columns of ``table``."""
        return ("row", "figure", "paper", *self.engines, "error", "verdict")

    def table(self) -> list[tuple[object, ...]]:
        """The paper's table beside ours, a word for a trend."""
        found: list[tuple[object, ...]] = []
        for row in self.rows:
            paper = "trend" if row.target.kind == "trend" else _number(row.target.value)
            cells = [_text(row.found.get(e)) for e in self.engines]
            error = "" if math.isnan(row.relative_error) else f"{100 * row.relative_error:+.1f} %"
            found.append((row.target.id, row.target.figure, paper, *cells, error, row.verdict))
        return found

    def summary(self) -> str:
        """One sentence, and another about the simulators."""
        judged = [r for r in self.rows if r.found and r.target.kind == "number"]
        tight = sum(r.verdict in ("within 10 %", "within 2 %") for r in judged)
        trends = [r for r in self.rows if r.found and r.target.kind == "trend"]
        red = [r.target.id for r in self.rows if r.is_red]
        text = (
            f"{tight} of {len(judged)} numbers within 10 %, {sum(r.verdict == 'holds' for r in trends)} of "
            f"{len(trends)} trends hold; " + (f"red: {', '.join(red)}." if red else "no row is red.")
        )
        apart = [f"{o.experiment.name} in {o.engine}" for o in self.outcomes if not o.agrees]
        if apart:
            return f"{text} The simulators DO NOT AGREE: {', '.join(apart)}."
        if self.agreement:
            return f"{text} The simulators agree to {max(self.agreement.values()):.1e} or better."
        return text

    def page(self) -> Page:
        """The report page."""
        return reproduction_page(self)

    def write_figures(self, folder: Path) -> None:
        """Write the paper's figures as SVG files, to be published.

        Raises:
            InputError: the folder cannot be written to.
        """
        output_folder(folder)
        for plate, figure in self.plates:
            figure.savefig(folder / f"{plate.name}.svg", metadata={"Date": None})


_NETWORKS = ("mlp_mnist", "mlp_file_types", "mlp_fashion", "cnn_inference")
"""Rows that are networks, not measurements of one device; so are those of kind ``device``."""


def _chosen(only: Sequence[str]) -> list[Experiment[Any]]:
    """The named experiments in the paper's order; all without a name.

    Raises:
        UnknownNameError: no such experiment.
    """
    unknown = [name for name in only if name not in EXPERIMENTS]
    if unknown:
        raise UnknownNameError("experiment", unknown[0], EXPERIMENTS)
    return [e for e in EXPERIMENTS.values() if not only or e.name in only]


def reproduce(
    card: DeviceCard,
    engines: Sequence[str] = (),
    only: Sequence[str] = (),
    cache_folder: Path | None = None,
    assumptions: Assumptions | None = None,
) -> Reproduction:
    """Run the paper's experiments.

    Args:
        card: whose device.
        engines: simulators beside the native engine, which always runs.
        only: names of experiments; all if empty.
        cache_folder: folder for the records of finished programs, so that an interrupted run resumes; None keeps none.
        assumptions: of the experiments; None for the defaults.

    Raises:
        UnknownNameError: no such experiment.
    """
    a = assumptions or Assumptions()
    chosen = _chosen(only)
    names = (REFERENCE, *(e for e in dict.fromkeys(engines) if e != REFERENCE))
    runners = {name: ProgramRunner(card, simulator(name), cache_folder) for name in names}
    work = [(e, name) for name in names for e in chosen]
    outcomes = [_run(e, runners[name], a) for e, name in track(work, "experiments")]
    reference = {o.experiment.name: o for o in outcomes if o.engine == REFERENCE}
    compared = (replace(o, difference=_difference(o, reference[o.experiment.name])) for o in outcomes)
    return Reproduction(card, a, names, tuple(compared))


def _run(experiment: Experiment[Any], runner: ProgramRunner, a: Assumptions) -> Outcome:
    start, saved = time.perf_counter(), runner.saved_s
    data, problem = None, ""
    try:
        data = experiment.measure(runner, a)
    except SimulationError as error:
        problem = str(error)
    seconds = time.perf_counter() - start + runner.saved_s - saved
    findings = Findings() if problem else experiment.findings(data, a)
    return Outcome(experiment, runner.simulator.name, data, findings, problem, seconds)


def _difference(found: Outcome, reference: Outcome) -> float:
    if found is reference or found.problem or reference.problem:
        return math.nan
    expected = found.experiment.observed(reference.data)
    return float(np.max(np.abs(found.experiment.observed(found.data) / expected - 1)))


def _both(first: PaperTrend, second: PaperTrend) -> PaperTrend:
    return PaperTrend(f"{first.shown}; {second.shown}", np.concatenate([first.margins, second.margins]))


def _plain(found: float | PaperTrend) -> float | str:
    return found.shown if isinstance(found, PaperTrend) else found


def _text(found: float | PaperTrend | None) -> str:
    if found is None:
        return ""
    if isinstance(found, PaperTrend):
        return "holds" if found.holds else "FAILS"
    return _number(found)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
