"""The simulators, behind one small interface, and the exact read operator of a crossbar."""

from pathlib import Path

from models_va.errors import UnknownNameError
from netlists import Job
from spicegen.simulate.base import Availability, ExternalSimulator, SimResult, SimulationError, Simulator
from spicegen.simulate.engine_run import EngineRun, failures, result_of, run_engine
from spicegen.simulate.native import Native, read_operator, read_operators
from spicegen.simulate.ngspice import Ngspice
from spicegen.simulate.vacask import Vacask

SIMULATORS: dict[str, type[Simulator]] = {s.name: s for s in (Ngspice, Vacask, Native)}
REFERENCE = Native.name
"""Name of the engine that the others are compared with; it is always available."""


def simulator(name: str) -> Simulator:
    """The simulator called ``name`` with its default settings.

    Raises:
        UnknownNameError: there is no simulator of this name; the message lists the known ones.
    """
    if name not in SIMULATORS:
        raise UnknownNameError("engine", name, SIMULATORS)
    return SIMULATORS[name]()


def write_decks(job: Job, folder: Path) -> None:
    """Write ``job`` for every circuit simulator, each into a folder of its name; none of them has to be installed.

    Raises:
        InputError: see ``ExternalSimulator.write_deck``.
    """
    for name, kind in SIMULATORS.items():
        if issubclass(kind, ExternalSimulator):
            kind().write_deck(job, folder / name)


__all__ = [
    "REFERENCE",
    "SIMULATORS",
    "Availability",
    "EngineRun",
    "ExternalSimulator",
    "Native",
    "Ngspice",
    "SimResult",
    "SimulationError",
    "Simulator",
    "Vacask",
    "failures",
    "read_operator",
    "read_operators",
    "result_of",
    "run_engine",
    "simulator",
    "write_decks",
]
