"""Simulators behind one small interface, and the exact read operator."""

from models_va.errors import UnknownNameError
from spicegen.simulate.attempt import Attempt, attempt
from spicegen.simulate.base import Availability, SimResult, SimulationError, Simulator
from spicegen.simulate.native import Native, read_operator
from spicegen.simulate.ngspice import Ngspice
from spicegen.simulate.vacask import Vacask

SIMULATORS: dict[str, type[Simulator]] = {s.name: s for s in (Ngspice, Vacask, Native)}
REFERENCE = Native.name
"""The engine that the others are compared with: always here."""


def simulator(name: str) -> Simulator:
    """The simulator called ``name`` with its default settings.

    Raises:
        UnknownNameError: no such simulator; the known ones are listed.
    """
    if name not in SIMULATORS:
        raise UnknownNameError("engine", name, SIMULATORS)
    return SIMULATORS[name]()


__all__ = [
    "REFERENCE",
    "SIMULATORS",
    "Attempt",
    "Availability",
    "Native",
    "Ngspice",
    "SimResult",
    "SimulationError",
    "Simulator",
    "Vacask",
    "attempt",
    "read_operator",
    "simulator",
]
