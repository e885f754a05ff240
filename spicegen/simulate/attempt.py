"""One job in one simulator, whatever comes of it: the comparisons keep what the others found."""

from __future__ import annotations

import time
from dataclasses import dataclass

from netlists import Job
from spicegen.simulate.base import SimResult, SimulationError, Simulator


@dataclass(frozen=True, eq=False)
class Attempt:
    """The outcome of a job.

    Attributes:
        engine: the simulator's name.
        result: what it found; None if there is nothing.
        note: why there is nothing; "" otherwise.
        failed: whether the simulator is here but did not finish.
        seconds: wall time.
    """

    engine: str
    result: SimResult | None
    note: str = ""
    failed: bool = False
    seconds: float = 0.0


def attempt(engine: Simulator, job: Job) -> Attempt:
    """Run ``job`` if the simulator is here; a failure becomes a note."""
    found = engine.available()
    if not found.here:
        return Attempt(engine.name, None, f"not here: {found.version}")
    start = time.perf_counter()
    try:
        result = engine.run(job)
    except SimulationError as error:
        return Attempt(engine.name, None, str(error), failed=True, seconds=time.perf_counter() - start)
    return Attempt(engine.name, result, seconds=time.perf_counter() - start)
