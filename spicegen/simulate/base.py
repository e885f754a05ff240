"""The interface of every simulator, its results, and the run folder that the external ones share."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from models_va.errors import SpicegenError
from netlists import Job, ReadVectors, Transient
from spicegen.files import output_folder, write_text

Array = NDArray[np.float64]
_TELLING = ("error", "fail", "singular", "abort", "too small", "unknown", "unable", "not found", "fatal", "traceback")
_MAX_LOG_LINES = 8
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_READ_REL_TOL = 1e-6
_NODES_A_RUN, _FEWEST_A_RUN, _MOST_A_RUN = 1 << 16, 32, 512
"""How many read vectors one run of a simulator gets: as many as make this product of nodes and vectors, within the
smallest and the largest number of vectors in a deck. Fewer would not be worth the start of a simulator.

ngspice needs 32 s of one processor for 8 vectors of a 64 x 64 array of devices, and 60 s for 32 vectors; for a
32 x 32 array it needs 5.5 s for 8, 13 s for 32 and 22 s for 64. Its memory, 2.2 GB at 64 x 64, does not depend on the
number of vectors.
"""


class SimulationError(SpicegenError):
    """A simulator crashed, hung, did not converge or is not installed.

    Attributes:
        simulator: name of the simulator.
        problem: what happened.
        deck: the netlist that the simulator was given ("" if none was written).
        log: the relevant lines of the simulator's log.
    """

    def __init__(self, simulator: str, problem: str, deck: str = "", log: Sequence[str] = ()) -> None:
        self.simulator, self.problem, self.deck, self.log = simulator, problem, deck, tuple(log)
        super().__init__(f"{simulator}: {problem}" + "".join(f" | {line}" for line in self.log))

    def __reduce__(self) -> tuple[type[SimulationError], tuple[str, str, str, tuple[str, ...]]]:
        return type(self), (self.simulator, self.problem, self.deck, self.log)


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a simulator is installed, its version, and the capabilities that it was seen to have."""

    here: bool
    version: str
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class SimResult:
    """Result of a simulation; all arrays have one entry per point (a time, or a read vector).

    Attributes:
        engine: the simulator's name.
        time_s: times of the points, shape (points,), s; None for read vectors.
        voltage_volt: node voltages by node name, each of shape (points,), V.
        current_amp: currents from the circuit into each source (SPICE's sign) by source name, shape (points,), A.
        state: device states by ``cell.state``, shape (points,), dimensionless.
        notes: sentences on how the result was found, where the simulator had to choose a method.
        failed: reasons by the index of each read vector that could not be solved; all arrays are NaN there.
    """

    engine: str
    time_s: Array | None
    voltage_volt: Mapping[str, Array]
    current_amp: Mapping[str, Array]
    state: Mapping[str, Array]
    notes: tuple[str, ...] = ()
    failed: Mapping[int, str] = field(default_factory=dict)

    def current_at(self, source: str, time_s: Array) -> Array:
        """The current of ``source`` at ``time_s`` (shape (k,), s), interpolated linearly, A."""
        if self.time_s is None:
            raise ValueError("these are read vectors: there is no time")
        return np.interp(time_s, self.time_s, self.current_amp[source])


class Simulator(ABC):
    """Interface of every simulator: whether it is available, and how it runs a job."""

    name: ClassVar[str]

    @property
    def method(self) -> str:
        """The engine's name in tables of cost, which also tells how it solves where it can in more ways than one."""
        return self.name

    @abstractmethod
    def available(self) -> Availability:
        """Whether the simulator is installed; the question is cheap enough to be asked by every command."""

    @abstractmethod
    def run(self, job: Job) -> SimResult:
        """Run ``job``.

        Raises:
            SimulationError: the simulator is missing, crashed, hung past its time limit, or did not converge.
        """


class ExternalSimulator(Simulator):
    """A simulator that is a process of its own: this class owns the run folder, the time limit and the errors.

    Args:
        time_limit_s: longest time that a run may take, s; a longer one is killed and reported.
    """

    def __init__(self, time_limit_s: float = 600.0) -> None:
        self.time_limit_s = time_limit_s

    @abstractmethod
    def files(self, job: Job) -> Mapping[str, str]:
        """Every input file of the run by name, the deck first; a user may run these files by hand, too."""

    @abstractmethod
    def execute(self, job: Job, folder: Path) -> SimResult:
        """Run the job in ``folder``, where the files of ``files`` have been written."""

    def write_deck(self, job: Job, folder: Path) -> None:
        """Write a job so that the plain simulator runs it in ``folder``; the deck's first lines say how to run it.

        Args:
            job: a transient or read vectors.
            folder: the folder to write to; it is created.

        Raises:
            InputError: the folder cannot be written.
        """
        output_folder(folder)
        for name, text in self.files(job).items():
            write_text(folder / name, text)

    def run(self, job: Job) -> SimResult:
        """Run ``job`` as Simulator.run says; many read vectors are shared among a few runs in parallel.

        How the vectors are shared out depends on the job alone, so the number of cores changes no digit.
        """
        if not isinstance(job.stimulus, ReadVectors):
            return self._run(job)
        v = job.stimulus.v_volt
        size = vectors_a_run(len(job.circuit.nodes))
        parts = [replace(job, stimulus=ReadVectors(v[k : k + size])) for k in range(0, len(v), size)]
        if len(parts) == 1:
            return self._run(job)
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # each thread waits for a process
            waiting = [pool.submit(self._tried, part) for part in parts]
            try:
                found = [future.result() for future in waiting]
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return _joined(found, [len(p.stimulus.v_volt) for p in parts if isinstance(p.stimulus, ReadVectors)])

    def _tried(self, job: Job) -> SimResult | SimulationError:
        try:
            return self._run(job)
        except SimulationError as error:
            return error

    def _run(self, job: Job) -> SimResult:
        files = self.files(job)
        with tempfile.TemporaryDirectory(prefix=f"spicegen-{self.name}-") as name:
            folder = Path(name)
            for file, text in files.items():
                (folder / file).write_text(text, encoding="ascii")
            try:
                return self.execute(job, folder)
            except SimulationError as error:
                deck = next(iter(files.values()))
                raise SimulationError(self.name, error.problem, deck, relevant_lines(folder / "log.txt")) from error

    def call(self, command: Sequence[str], folder: Path) -> None:
        """Run ``command`` in ``folder`` within the time limit; see ``run_command``."""
        run_command(self.name, command, folder, self.time_limit_s)


def run_command(name: str, command: Sequence[str], folder: Path, time_limit_s: float) -> None:
    """Run ``command`` in ``folder``, its output appended to log.txt there.

    Args:
        name: the program as the error names it.
        command: the program's file and its arguments.
        folder: the working directory.
        time_limit_s: longest time that it may take, s.

    Raises:
        SimulationError: the command is not there, was killed by the time limit or a signal, or returned a
            non-zero exit code.
    """
    try:
        with (folder / "log.txt").open("ab") as log:
            done = subprocess.run(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                timeout=time_limit_s, check=False,
            )  # fmt: skip
    except OSError as error:
        raise SimulationError(name, f"cannot start {command[0]}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise SimulationError(name, f"killed after the time limit of {time_limit_s:g} s") from error
    if done.returncode < 0:
        raise SimulationError(name, f"crashed with signal {-done.returncode}")
    if done.returncode > 0:
        raise SimulationError(name, f"failed with exit code {done.returncode}")


def vectors_a_run(nodes: int) -> int:
    """The number of read vectors that one run of an external simulator gets for a circuit of ``nodes`` nodes."""
    return min(max(_FEWEST_A_RUN, _NODES_A_RUN // nodes), _MOST_A_RUN)


def _joined(parts: Sequence[SimResult | SimulationError], sizes: Sequence[int]) -> SimResult:
    """Join the results of a job's parts into one; values are NaN where a part failed.

    Raises:
        SimulationError: all parts failed; it is the error of the first.
    """
    good = next((p for p in parts if isinstance(p, SimResult)), None)
    if good is None:
        (first, *_) = parts
        assert isinstance(first, SimulationError)
        raise first
    failed: dict[int, str] = {}
    start = 0
    for part, size in zip(parts, sizes, strict=True):
        why = dict.fromkeys(range(size), part.problem) if isinstance(part, SimulationError) else part.failed
        failed |= {start + k: text for k, text in why.items()}
        start += size

    def whole(kind: str) -> dict[str, Array]:
        return {
            name: np.concatenate(
                [
                    np.full(size, np.nan) if isinstance(part, SimulationError) else getattr(part, kind)[name]
                    for part, size in zip(parts, sizes, strict=True)
                ]
            )
            for name in getattr(good, kind)
        }

    return replace(
        good,
        voltage_volt=whole("voltage_volt"),
        current_amp=whole("current_amp"),
        state=whole("state"),
        failed=failed,
    )


def unsolved(signals: Mapping[str, Array]) -> dict[int, str]:
    """The content of ``SimResult.failed`` for read vectors whose signals the simulator left as NaN."""
    return dict.fromkeys(np.flatnonzero(np.isnan(next(iter(signals.values())))).tolist(), "no convergence")


def deck_context(job: Job) -> dict[str, object]:
    """The variables with which the deck templates of all circuit simulators are filled."""
    transient = job.stimulus if isinstance(job.stimulus, Transient) else None
    return {
        "title": job.title,
        "circuit": job.circuit,
        "transient": transient,
        "vectors": job.stimulus.v_volt.tolist() if isinstance(job.stimulus, ReadVectors) else (),
        "rel_tol": _rel_tol(job),
        "temperature_c": job.temperature_k - 273.15,
        "zip": zip,
    }


def _rel_tol(job: Job) -> float:
    """The relative tolerance of a deck: see ``Model.abrupt``."""
    if not isinstance(job.stimulus, Transient):
        return _READ_REL_TOL
    abrupt = any(card.device_model.abrupt for card in job.circuit.cards)
    return float(f"{job.stimulus.rel_tol / (10 if abrupt else 1):.6g}")


def log_lines(log: Path) -> list[str]:
    """The lines of a log without the colours that compilers add for terminals; none where there is no log."""
    if not log.is_file():
        return []
    return _COLOUR.sub("", log.read_text(errors="replace")).splitlines()


def relevant_lines(log: Path) -> list[str]:
    """The last lines of a log that contain a word of ``_TELLING``, or simply its last lines if there are none."""
    lines = [line.strip() for line in log_lines(log) if line.strip()]
    telling = [line for line in lines if any(word in line.lower() for word in _TELLING)]
    return list(dict.fromkeys(telling or lines))[-_MAX_LOG_LINES:]
