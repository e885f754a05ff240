"""Runs of one task in several simulators; if one of them fails, the results of the others are kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from spicegen.simulate.base import SimulationError, Simulator

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class EngineRun(Generic[Result]):
    """The outcome of a task in one simulator.

    Attributes:
        engine: name of the simulator.
        result: the result of the task; None if there is none.
        note: the reason why there is no result; empty if there is one.
        failed: whether the simulator is installed but did not finish.
        seconds: wall time of the run, s.
        difference: difference of the result from a reference, in the measure of the task; NaN where there is nothing
            to compare.
    """

    engine: str
    result: Result | None
    note: str = ""
    failed: bool = False
    seconds: float = 0.0
    difference: float = float("nan")

    def compared(self, difference: Callable[[Result], float]) -> EngineRun[Result]:
        """This run with the difference of its result from a reference, if it has a result."""
        return self if self.result is None else replace(self, difference=difference(self.result))

    def to_json(self) -> dict[str, Any]:
        """The run as a part of report.json, without its result."""
        return {"name": self.engine, "note": self.note, "difference": self.difference, "seconds": self.seconds}

    def row(self, done: str) -> tuple[object, ...]:
        """The run as a row of a table: engine, outcome (``done`` if there is a result), difference, seconds."""
        return (self.engine, self.note or done, "" if self.note else self.difference, self.seconds)


def run_engine(engine: Simulator, task: Callable[[Simulator], Result], left_out: str = "") -> EngineRun[Result]:
    """Do a task in a simulator if it is installed; a failure becomes the note of the run.

    Args:
        engine: the simulator.
        task: function that does the task with the simulator.
        left_out: the reason why the simulator is not to run although it is installed, a text for people; with an
            empty text it runs.
    """
    found = engine.available()
    if not found.here:
        return EngineRun(engine.name, None, f"not here: {found.version}")
    if left_out:
        return EngineRun(engine.name, None, f"left out: {left_out}")
    start = time.perf_counter()
    try:
        result = task(engine)
    except SimulationError as error:
        return EngineRun(engine.name, None, str(error), failed=True, seconds=time.perf_counter() - start)
    return EngineRun(engine.name, result, seconds=time.perf_counter() - start)


def result_of(name: str, runs: Iterable[EngineRun[Result]]) -> Result:
    """The result of the engine called ``name``, with which the results of the others are compared.

    Raises:
        SimulationError: the engine has no result.
    """
    run = next(r for r in runs if r.engine == name)
    if run.result is None:
        raise SimulationError(name, run.note.removeprefix(f"{name}: "))
    return run.result


def failures(runs: Iterable[EngineRun[Result]]) -> tuple[str, ...]:
    """One reason for each engine that is installed but did not finish its run."""
    return tuple(r.note for r in runs if r.failed)
