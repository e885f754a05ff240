"""The same task in several simulators, whatever comes of it in each: a comparison keeps what the others found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from spicegen.simulate.base import SimulationError, Simulator

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class EngineRun(Generic[Result]):
    """What one simulator made of a task.

    Attributes:
        engine: the simulator's name.
        result: what it found; None if there is nothing.
        note: why there is nothing; empty if there is a result.
        failed: whether the simulator is here but did not finish.
        seconds: wall time of the run, s.
        difference: of the result from a reference, as the task measures it; NaN where there is nothing to compare.
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
    """Do a task in a simulator if it is here; a failure becomes a note.

    Args:
        engine: the simulator.
        task: what is done with it.
        left_out: why the simulator is not to run although it is here, for people; empty: it runs.
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
    """The result of the engine called ``name``, which the others are compared with.

    Raises:
        SimulationError: it has none.
    """
    run = next(r for r in runs if r.engine == name)
    if run.result is None:
        raise SimulationError(name, run.note)
    return run.result


def failures(runs: Iterable[EngineRun[Result]]) -> tuple[str, ...]:
    """Why each engine that is here but did not finish did not."""
    return tuple(r.note for r in runs if r.failed)
