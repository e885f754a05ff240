"""The worker process around libngspice: ``python -P _ngspice_worker.py [--probe] FOLDER``.

This file imports nothing of this package, whose dependencies take far longer to load than ngspice does.

The worker reads deck.cir and task.json in FOLDER and writes result.npz: ``names``, ngspice's own names of the vectors
of the run, and ``values``, the vectors, shape (vectors, points). With --probe it writes probe.json: the version, and
the capabilities that were found by trying them.
"""

from __future__ import annotations

import ctypes.util
import json
import logging
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

_LOGGER = logging.getLogger("PySpice.Spice.NgSpice.Shared.NgSpiceShared")
_DIVIDER = "divider\nv1 a 0 1\nr1 a b 1k\nr2 b 0 1k\n.options klu\n.op\n.end\n"


def main(arguments: list[str]) -> int:
    """Run the deck of the folder, or probe the library with ``--probe``; returns the exit code."""
    logging.basicConfig(level=logging.WARNING)
    # PySpice 1.5 says so of every version after 34 and works with them all the same.
    _LOGGER.addFilter(lambda record: not record.getMessage().startswith("Unsupported Ngspice version"))
    folder = Path(arguments[-1])
    os.chdir(folder)  # .include is relative to the working directory
    shared = _load_library()
    if "--probe" in arguments:
        (folder / "probe.json").write_text(json.dumps(_probe(shared)), encoding="utf-8")
        return 0
    task = json.loads((folder / "task.json").read_text(encoding="ascii"))
    shared.load_circuit((folder / "deck.cir").read_text(encoding="ascii"))
    signals: dict[str, Any]
    try:
        shared.run()
        signals = dict(_vectors(shared))
    except NameError:  # PySpice's NgSpiceCommandError; what ngspice said of it is in the log
        if task["vectors"] < 2:
            return 1
        signals = _one_by_one(shared, task["vectors"])
    np.savez(folder / "result.npz", names=list(signals), values=list(signals.values()))
    return 0


def _load_library() -> Any:
    from PySpice.Spice.NgSpice.Shared import NgSpiceShared

    # PySpice looks for the name that only development packages install.
    named = os.path.expanduser(os.environ.get("NGSPICE_LIBRARY_PATH", ""))
    NgSpiceShared.LIBRARY_PATH = named or ctypes.util.find_library("ngspice")
    if NgSpiceShared.LIBRARY_PATH is None:
        raise SystemExit("libngspice not found")
    return NgSpiceShared.new_instance()


def _vectors(shared: Any) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    plot = shared.plot(None, shared.last_plot)
    return {name: np.asarray(vector._data, dtype=np.float64) for name, vector in plot.items()}


def _one_by_one(shared: Any, vectors: int) -> dict[str, Any]:
    """Solve each point of a failed sweep by itself; the values are NaN where ngspice finds no solution."""
    points: list[dict[str, Any] | None] = []
    for number in range(-vectors, 0):
        shared.exec_command(f"alter vsweep dc = {number}")
        before = shared.last_plot
        try:
            shared.exec_command("op")
        except NameError:
            points.append(None)
            continue
        points.append(_vectors(shared) if shared.last_plot != before else None)
        shared.exec_command(f"destroy {shared.last_plot}")
    found = next((p for p in points if p is not None), None)
    if found is None:
        raise SystemExit("no convergence at any of the vectors")
    nothing = {name: np.full_like(values, np.nan) for name, values in found.items()}
    return {name: np.concatenate([(p or nothing)[name] for p in points]) for name in found}


def _probe(shared: Any) -> dict[str, Any]:
    banner = shared.exec_command("version -f")
    version = re.search(r"ngspice-(\S+)", banner)
    capabilities = [name for name, found in (("OSDI", _has_osdi(shared)), ("KLU", _has_klu(shared))) if found]
    return {"version": version.group(1) if version else "unknown", "capabilities": capabilities}


def _has_osdi(shared: Any) -> bool:
    """Whether ngspice knows the command ``osdi``, which exists only where OSDI is compiled in."""
    return "no such command" not in _said(shared, lambda: shared.exec_command("osdi nosuchfile.osdi"))


def _has_klu(shared: Any) -> bool:
    """Whether the output of a run with ``.options klu`` says that KLU is used."""

    def solve() -> None:
        shared.load_circuit(_DIVIDER)
        shared.run()

    return "klu as direct linear solver" in _said(shared, solve)


def _said(shared: Any, action: Callable[[], object]) -> str:
    """Everything that ngspice prints during ``action``, in lower case; an error message counts as output, too."""
    answer: object
    try:
        answer = action()
    except NameError as error:  # PySpice's NgSpiceCommandError
        answer = error
    return "\n".join([str(answer), shared.stdout, shared.stderr]).lower()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
