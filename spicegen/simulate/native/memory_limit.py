"""Checks, before a job starts, that it fits into the available memory; otherwise the system would kill it halfway."""

from __future__ import annotations

from pathlib import Path

from netlists import Circuit, ReadVectors, Stimulus
from spicegen.simulate.base import SimulationError
from spicegen.simulate.native.system import SourceVoltages

_A_CELL = 4_000
"""Memory for the names, nodes and parameters of one cell and its wires, bytes."""
_A_NODE = 1_200
"""Memory for the factors of the nodal matrix, bytes per node (minimum-degree ordering, up to 100,000 nodes)."""
_OF_OPERATOR = 450
"""Memory for two generations of the read operator's blocks, bytes per cell; measured at 1024 x 1024 cells."""
_A_VALUE = 16
"""Memory for one recorded number, bytes: it is held twice while the result is put together."""


def needed_bytes(circuit: Circuit, stimulus: Stimulus) -> int:
    """Memory that a run takes, bytes; correct within a third on arrays up to 512 x 512, where it was measured."""
    nodes, cells = len(circuit.nodes), len(circuit.cells)
    states = sum(len(cell.card.device_model.states) for cell in circuit.cells)
    if isinstance(stimulus, ReadVectors):
        points = len(stimulus.v_volt)
    else:  # between two corners of the waveforms at least two points are recorded: a middle and an end
        points = 2 * len(SourceVoltages(circuit.sources).points(stimulus))
    return _A_CELL * cells + _A_NODE * nodes + _A_VALUE * points * (2 * nodes + states)


def check_memory(circuit: Circuit, stimulus: Stimulus) -> None:
    """Refuse a run that does not fit into the memory.

    Raises:
        SimulationError: the run takes more than the memory that is available.
    """
    needed = needed_bytes(circuit, stimulus)
    _refuse(
        f"{len(circuit.cells)} cells over this stimulus", needed, "a smaller array, or fewer pulses or vectors at once"
    )


def check_operator_memory(cells: int) -> None:
    """Refuse an array whose read operator does not fit into the memory.

    Raises:
        SimulationError: the operator takes more than the memory that is available.
    """
    _refuse(f"the read operator of {cells} cells", _OF_OPERATOR * cells, "a smaller array")


def _refuse(what: str, needed: float, remedy: str) -> None:
    if needed > (free := available_bytes()):
        raise SimulationError(
            "native",
            f"{what}: needs about {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are available: take {remedy}",
        )


def available_bytes() -> float:
    """Memory that the operating system reports as available, bytes; infinite where it reports nothing."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return float("inf")
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return 1024.0 * int(found[0]) if found else float("inf")
