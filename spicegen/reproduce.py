"""The paper's experiments on a card's simulated device: its numbers beside the paper's."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from models_va import DeviceCard
from models_va.errors import UnknownNameError
from spicegen.experiments import EXPERIMENTS, Assumptions, Experiment, Findings, Lab, Target, Trend, paper_targets
from spicegen.page import Page
from spicegen.plotting import new_figure
from spicegen.progress import track
from spicegen.simulate import REFERENCE, SimulationError, simulator

AGREEMENT = 1e-2
"""Largest difference of a simulator from the native engine, relative to the largest value of the experiment."""
ELSEWHERE = "not an experiment on one device"
NOT_ASKED = "not run"


@dataclass(frozen=True, eq=False)
class Outcome:
    """One experiment in one simulator.

    Attributes:
        experiment: which.
        engine: the simulator's name.
        findings: figures of merit; empty if it failed.
        observed: every measured value; None if it failed.
        figure: its picture; None if it failed or if the engine is not the reference.
        problem: why it failed; "" otherwise.
        seconds: wall time, of the run or of reading it from the notebook.
    """

    experiment: Experiment[Any]
    engine: str
    findings: Findings
    observed: np.ndarray | None
    figure: Figure | None
    problem: str
    seconds: float


@dataclass(frozen=True, eq=False)
class Row:
    """One row of the paper's table.

    Attributes:
        target: the paper's.
        found: engine -> what it shows.
    """

    target: Target
    found: Mapping[str, float | Trend]

    @property
    def verdict(self) -> str:
        """The reference engine's."""
        if not self.found:
            return ELSEWHERE if self.target.id.startswith(_NETWORKS) else NOT_ASKED
        return self.target.verdict(self.found.get(REFERENCE, next(iter(self.found.values()))))

    @property
    def is_red(self) -> bool:
        """Whether it misses."""
        return self.verdict in ("MISSES", "FAILS")

    def to_json(self) -> dict[str, Any]:
        """As in report.json."""
        shown = {engine: _plain(found) for engine, found in self.found.items()}
        model = shown.get(REFERENCE)
        return {
            "id": self.target.id,
            "figure": self.target.figure,
            "quantity": self.target.quantity,
            "unit": self.target.unit,
            "paper": self.target.value,
            "model": model,
            "relative_error": self.target.relative_error(model) if isinstance(model, float) else None,
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
        found: dict[str, dict[str, float | Trend]] = {}
        for o in self.outcomes:
            for key, number in o.findings.numbers.items():
                found.setdefault(key, {})[o.engine] = float(number)
            for key, trend in o.findings.trends.items():
                already = found.setdefault(key, {}).get(o.engine)
                found[key][o.engine] = _both(already, trend) if isinstance(already, Trend) else trend
        shown = (t for t in paper_targets() if t.value is not None or t.kind == "trend")
        return tuple(Row(t, found.get(t.id, {})) for t in shown)

    @property
    def agreement(self) -> dict[tuple[str, str], float]:
        """(experiment, engine) -> largest difference from the reference, relative to its largest value."""
        reference = {o.experiment.name: o.observed for o in self.outcomes if o.engine == REFERENCE}
        found = {}
        for o in self.outcomes:
            expected = reference.get(o.experiment.name)
            if o.engine != REFERENCE and o.observed is not None and expected is not None:
                found[o.experiment.name, o.engine] = _difference(o.observed, expected)
        return found

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
        return not any(r.is_red for r in self.rows) and all(d <= AGREEMENT for d in self.agreement.values())

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            "card": self.card.name,
            "card_hash": self.card.hash,
            "engines": list(self.engines),
            "seconds": self.seconds,
            "assumptions": [{"name": n, "value": v, "unit": u, "reason": r} for n, v, u, r in self.assumptions.rows()],
            "rows": [row.to_json() for row in self.rows],
            "agreement": [
                {"experiment": name, "engine": engine, "difference": d} for (name, engine), d in self.agreement.items()
            ],
            "agreement_tolerance": AGREEMENT,
            "failures": list(self.failures),
            "passed": self.passed,
        }

    @property
    def head(self) -> tuple[str, ...]:
        """Columns of ``table``."""
        return ("row", "figure", "paper", *self.engines, "error", "verdict")

    def table(self) -> list[tuple[object, ...]]:
        """The paper's table beside ours."""
        found: list[tuple[object, ...]] = []
        for row in self.rows:
            j = row.to_json()
            paper = "trend" if row.target.kind == "trend" else _number(row.target.value)
            cells = [_text(row.found.get(e)) for e in self.engines]
            error = "" if j["relative_error"] is None else f"{100 * j['relative_error']:+.1f} %"
            found.append((row.target.id, row.target.figure, paper, *cells, error, row.verdict))
        return found

    def summary(self) -> str:
        """One sentence."""
        judged = [r for r in self.rows if r.found and r.target.kind == "number"]
        tight = sum(r.verdict in ("within 10 %", "within 2 %") for r in judged)
        trends = [r for r in self.rows if r.found and r.target.kind == "trend"]
        red = [r.target.id for r in self.rows if r.is_red]
        return (
            f"{tight} of {len(judged)} numbers within 10 %, {sum(r.verdict == 'holds' for r in trends)} of "
            f"{len(trends)} trends hold; " + (f"red: {', '.join(red)}." if red else "no row is red.")
        )

    def page(self) -> Page:
        """The report page."""
        page = Page(f"The paper's experiments on {self.card.name}", self.summary())
        page.section("The paper's table", "The error and the verdict are the native engine's.")
        page.table(self.head, self.table())
        if self.agreement:
            page.section("Simulators against the native engine", f"Largest difference, tolerance {AGREEMENT:.0e}.")
            page.table(("experiment", "engine", "difference"), [(n, e, d) for (n, e), d in self.agreement.items()])
        page.section("Figures")
        for o in self.outcomes:
            if o.figure is not None:
                page.figure(o.figure, " ".join((o.experiment.title + ".", *o.findings.remarks)))
        page.section("Assumptions", "What the paper's text leaves open.")
        page.table(("name", "value", "unit", "why"), self.assumptions.rows())
        return page


_NETWORKS = ("mlp_", "cnn_", "table1_")
"""Rows that are networks, not measurements of one device."""


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
    notebook: Path | None = None,
    assumptions: Assumptions | None = None,
) -> Reproduction:
    """Run the paper's experiments.

    Args:
        card: whose device.
        engines: simulators beside the native engine, which always runs.
        only: names of experiments; all if empty.
        notebook: folder for finished records, so that an interrupted run goes on.
        assumptions: of the experiments; None for the defaults.

    Raises:
        UnknownNameError: no such experiment.
    """
    a = assumptions or Assumptions()
    chosen = _chosen(only)
    names = (REFERENCE, *(e for e in dict.fromkeys(engines) if e != REFERENCE))
    labs = {name: Lab(card, simulator(name), notebook) for name in names}
    work = [(e, name) for name in names for e in chosen]
    outcomes = [_run(e, labs[name], a) for e, name in track(work, "experiments")]
    return Reproduction(card, a, names, tuple(outcomes))


def _run(experiment: Experiment[Any], lab: Lab, a: Assumptions) -> Outcome:
    start = time.perf_counter()
    name = lab.simulator.name
    try:
        data = experiment.measure(lab, a)
    except SimulationError as error:
        return Outcome(experiment, name, Findings(), None, None, str(error), time.perf_counter() - start)
    seconds = time.perf_counter() - start
    figure = None
    if name == REFERENCE:
        figure = new_figure(10.5, 3.6)
        experiment.draw(figure, data, a)
    return Outcome(experiment, name, experiment.findings(data, a), experiment.observed(data), figure, "", seconds)


def _difference(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.max(np.abs(found - expected)) / np.max(np.abs(expected)))


def _both(first: Trend, second: Trend) -> Trend:
    return Trend(f"{first.shown}; {second.shown}", np.concatenate([first.margins, second.margins]))


def _plain(found: float | Trend) -> float | str:
    return found.shown if isinstance(found, Trend) else found


def _text(found: float | Trend | None) -> str:
    if found is None:
        return ""
    return found.shown if isinstance(found, Trend) else _number(found)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
