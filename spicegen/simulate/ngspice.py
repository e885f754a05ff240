"""ngspice through PySpice's shared-library binding, in a worker process of its own.

The shared library can take the Python process down with it, so it never runs in the main process.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netlists import Job, ReadVectors, Transient
from spicegen.printers import render_subcircuit
from spicegen.simulate.base import (
    Availability,
    ExternalSimulator,
    SimResult,
    SimulationError,
    deck_context,
    relevant_lines,
    unsolved,
)
from spicegen.templating import render_template

# The worker is started by its file name, with its folder off the path (-P): started as a module, it would import
# the whole package first.
_WORKER = (sys.executable, "-P", str(Path(__file__).with_name("_ngspice_worker.py")))


class Ngspice(ExternalSimulator):
    """The ngspice that PySpice finds.

    Args:
        time_limit_s: longest time that a run may take, s; a longer one is killed and reported.
        worker: the command that runs decks; tests put failing commands here.
    """

    name = "ngspice"

    def __init__(self, time_limit_s: float = 600.0, worker: tuple[str, ...] = _WORKER) -> None:
        super().__init__(time_limit_s)
        self.worker = worker

    def available(self) -> Availability:
        """Probe the library in a process of its own; the answer is kept for later calls."""
        return _probe(self.worker)

    def files(self, job: Job) -> Mapping[str, str]:
        """The input files by name: the deck, and one .lib file for each card."""
        libraries = [f"{card.identifier}.lib" for card in job.circuit.cards]
        deck = render_template("netlists/ngspice.cir.j2", libraries=libraries, **deck_context(job))
        return {"deck.cir": deck} | {f"{c.identifier}.lib": render_subcircuit(c) for c in job.circuit.cards}

    def execute(self, job: Job, folder: Path) -> SimResult:
        """Have the worker run the deck; see ExternalSimulator."""
        vectors = len(job.stimulus.v_volt) if isinstance(job.stimulus, ReadVectors) else 0
        (folder / "task.json").write_text(json.dumps({"vectors": vectors}), encoding="ascii")
        self.call([*self.worker, str(folder)], folder)
        return _read_result(job, folder / "result.npz")


def _read_result(job: Job, path: Path) -> SimResult:
    if not path.is_file():
        raise SimulationError("ngspice", "ended without a result")
    with np.load(path, allow_pickle=False) as data:
        signals = {name: data[name] for name in data.files}
    time = signals.get("time")
    if isinstance(job.stimulus, Transient) and (time is None or time[-1] < job.stimulus.stop_s * (1 - 1e-9)):
        reached = 0.0 if time is None or not len(time) else time[-1]
        raise SimulationError("ngspice", f"stopped at {reached:g} s of {job.stimulus.stop_s:g} s")
    if isinstance(job.stimulus, Transient) and time is not None:
        _check_corners(job, time)
    states = {
        f"{c.name}.{s}": signals[f"x{c.name}.n_{s}"] for c in job.circuit.cells for s in c.card.device_model.state_names
    }
    return SimResult(
        engine="ngspice",
        time_s=time,
        voltage_volt={n: signals[n] for n in job.circuit.nodes},
        current_amp={s.name: signals[f"{s.name}#branch"] for s in job.circuit.sources},
        state=states,
        failed=unsolved(signals) if time is None else {},
    )


def _check_corners(job: Job, time_s: NDArray[np.float64]) -> None:
    """Check that every corner of every waveform is a time point of the result: ngspice 39 may drop some silently."""
    waves = [s.waveform.time_s for s in job.circuit.sources if not s.waveform.is_constant]
    corners = np.concatenate([np.empty(0), *waves])
    corners = corners[corners <= time_s[-1]]
    after = np.searchsorted(time_s, corners).clip(1)
    missed = np.minimum(np.abs(time_s[after] - corners), np.abs(time_s[after - 1] - corners)) > 1e-9 * time_s[-1]
    if missed.any():
        raise SimulationError("ngspice", f"lost the waveform at {corners[missed].min():g} s: take another max_step_s")


@cache
def _probe(worker: tuple[str, ...]) -> Availability:
    with tempfile.TemporaryDirectory(prefix="spicegen-ngspice-") as name:
        folder = Path(name)
        try:
            Ngspice(30.0, worker).call([*worker, "--probe", name], folder)
            found = json.loads((folder / "probe.json").read_text(encoding="utf-8"))
        except (SimulationError, OSError, ValueError) as error:
            why = relevant_lines(folder / "log.txt")[-1:] or [str(error)]
            return Availability(False, f"{why[0]} (apt-get install libngspice0, or set NGSPICE_LIBRARY_PATH)")
    return Availability(True, found["version"], tuple(found["capabilities"]))
