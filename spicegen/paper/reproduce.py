"""The paper's experiments on a card's simulated device: its numbers beside the paper's."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from models_va import DeviceCard
from models_va.errors import MissingDataError
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Experiment, Findings, FindingsTable, PaperTrend
from spicegen.paper.program_runner import ProgramRunner
from spicegen.paper.registry import chosen_experiments
from spicegen.paper.targets import Target, paper_targets
from spicegen.progress import track
from spicegen.simulate import REFERENCE, SimulationError, simulator

ELSEWHERE = "not an experiment on one device"
NOT_ASKED = "not run"


@dataclass(frozen=True, eq=False)
class Outcome:
    """Outcome of one experiment in one simulator.

    Attributes:
        experiment: the experiment.
        engine: name of the simulator.
        data: what was measured; None if the simulation failed.
        findings: figures of merit; empty if the simulation failed.
        problem: why the simulation failed, or which data are missing; "" if all was measured.
        seconds: wall time, s; what is kept in the cache folder counts with what it took when it was run.
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
        """Whether the difference is within the experiment's tolerance; true where there is no difference."""
        return not self.difference > self.experiment.tolerance


@dataclass(frozen=True, eq=False)
class Row:
    """One row of the paper's table beside what was simulated.

    Attributes:
        target: the paper's number or trend.
        results: engine -> the number, in the row's unit, or the trend that it shows.
    """

    target: Target
    results: Mapping[str, float | PaperTrend]

    @property
    def verdict(self) -> str:
        """Verdict on the reference engine's result, or on the first engine's where that has none."""
        if not self.results:
            return ELSEWHERE if self.target.id in _NETWORKS else NOT_ASKED
        return self.target.verdict(self.results.get(REFERENCE, next(iter(self.results.values()))))

    @property
    def is_red(self) -> bool:
        """Whether the number or trend misses the paper's."""
        return self.verdict in ("MISSES", "FAILS")

    @property
    def relative_error(self) -> float:
        """Relative error of the reference engine's number; NaN without a number."""
        result = self.results.get(REFERENCE)
        return self.target.relative_error(result) if isinstance(result, float) else math.nan

    def to_json(self) -> dict[str, Any]:
        """The row as in report.json."""
        shown = {engine: _plain(result) for engine, result in self.results.items()}
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
    """Result of ``reproduce``: the outcomes of the paper's experiments on a card's simulated device.

    Attributes:
        card: the card of the device.
        assumptions: numbers of the experiments that the paper leaves open.
        engines: names of the simulators, the reference first.
        outcomes: the outcome of each experiment in each simulator.
    """

    card: DeviceCard
    assumptions: Assumptions
    engines: tuple[str, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the paper's table that a number or a trend belongs to, each with its results."""
        results: dict[str, dict[str, float | PaperTrend]] = {}
        for o in self.outcomes:
            for key, number in o.findings.numbers.items():
                results.setdefault(key, {})[o.engine] = float(number)
            for key, trend in o.findings.trends.items():
                already = results.setdefault(key, {}).get(o.engine)
                results[key][o.engine] = _both(already, trend) if isinstance(already, PaperTrend) else trend
        shown = (t for t in paper_targets() if t.value is not None or t.kind in ("trend", "report"))
        return tuple(Row(t, results.get(t.id, {})) for t in shown)

    @property
    def agreement(self) -> dict[tuple[str, str], float]:
        """(experiment, engine) -> largest relative difference from the reference."""
        return {(o.experiment.name, o.engine): o.difference for o in self.outcomes if not math.isnan(o.difference)}

    @property
    def failures(self) -> tuple[str, ...]:
        """A sentence on every experiment whose simulation failed or whose data are missing."""
        return tuple(f"{o.experiment.name}: {o.problem}" for o in self.outcomes if o.problem)

    @property
    def tables(self) -> tuple[FindingsTable, ...]:
        """The tables of the experiments, as the reference shows them."""
        return tuple(table for o in self.outcomes if o.engine == REFERENCE for table in o.findings.tables)

    @property
    def seconds(self) -> dict[str, float]:
        """Engine -> wall time of all its experiments, s."""
        return {e: sum(o.seconds for o in self.outcomes if o.engine == e) for e in self.engines}

    @property
    def passed(self) -> bool:
        """Whether no row is red and the simulators agree."""
        return not any(r.is_red for r in self.rows) and all(o.agrees for o in self.outcomes)

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
            "tables": [{"title": t.title, "head": t.head, "rows": t.rows} for t in self.tables],
            "failures": list(self.failures),
            "passed": self.passed,
        }

    @property
    def head(self) -> tuple[str, ...]:
        """Names of the columns of ``table``."""
        return ("row", "figure", "paper", *self.engines, "error", "verdict")

    def table(self) -> list[tuple[object, ...]]:
        """The paper's table beside the simulated numbers, with a word for each trend."""
        rows: list[tuple[object, ...]] = []
        for row in self.rows:
            paper = "trend" if row.target.kind == "trend" else _number(row.target.value)
            cells = [_text(row.results.get(e)) for e in self.engines]
            error = "" if math.isnan(row.relative_error) else f"{100 * row.relative_error:+.1f} %"
            rows.append((row.target.id, row.target.figure, paper, *cells, error, row.verdict))
        return rows

    def summary(self) -> str:
        """A sentence on the numbers and trends, and another on the agreement of the simulators."""
        judged = [r for r in self.rows if r.results and r.target.kind == "number"]
        tight = sum(r.verdict in ("within 10 %", "within 2 %") for r in judged)
        trends = [r for r in self.rows if r.results and r.target.kind == "trend"]
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


_NETWORKS = ("cnn_inference",)
"""Rows that no experiment shows: ``spicegen evaluate`` and ``compare`` do."""


def reproduce(
    card: DeviceCard,
    engines: Sequence[str] = (),
    only: Sequence[str] = (),
    cache_folder: Path | None = None,
    assumptions: Assumptions | None = None,
    data_folder: Path | None = None,
    say: Callable[[str], None] | None = None,
) -> Reproduction:
    """Run the paper's experiments on a card's simulated device.

    Args:
        card: the card of the device.
        engines: names of simulators beside the native engine, which always runs.
        only: names of experiments; if empty, all but those that run only when named.
        cache_folder: folder for the records of finished programs, so that an interrupted run resumes; None keeps none.
        assumptions: numbers of the experiments that the paper leaves open; None for the defaults.
        data_folder: folder of data sets that are no part of the project, for experiments that train.
        say: is told how far an experiment is that takes long, a line at a time; another process must be able to
            import it.

    Raises:
        UnknownNameError: no experiment or no simulator has one of the names.
    """
    a = assumptions or Assumptions()
    chosen = chosen_experiments(only)
    names = (REFERENCE, *(e for e in dict.fromkeys(engines) if e != REFERENCE))
    told = () if say is None else (say,)
    runners = {name: ProgramRunner(card, simulator(name), cache_folder, data_folder, *told) for name in names}
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
    except (SimulationError, MissingDataError) as error:
        problem = str(error)
    seconds = time.perf_counter() - start + runner.saved_s - saved
    findings = Findings() if problem else experiment.findings(data, a)
    return Outcome(experiment, runner.simulator.name, data, findings, problem, seconds)


def _difference(outcome: Outcome, reference: Outcome) -> float:
    if outcome is reference or outcome.problem or reference.problem:
        return math.nan
    observed, expected = (outcome.experiment.observed(o.data) for o in (outcome, reference))
    return float(np.max(np.abs(observed / expected - 1)))


def _both(first: PaperTrend, second: PaperTrend) -> PaperTrend:
    return PaperTrend(f"{first.shown}; {second.shown}", np.concatenate([first.margins, second.margins]))


def _plain(result: float | PaperTrend) -> float | str:
    return result.shown if isinstance(result, PaperTrend) else result


def _text(result: float | PaperTrend | None) -> str:
    if result is None:
        return ""
    if isinstance(result, PaperTrend):
        return "holds" if result.holds else "FAILS"
    return _number(result)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
