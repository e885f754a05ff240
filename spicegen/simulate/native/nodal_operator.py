"""The read operator of an array with broken or touching lines: one factorisation of its whole circuit."""

from __future__ import annotations

import numpy as np

from netlists import Crossbar, crossbar_circuit
from spicegen.simulate.native.right_sides import solve_each
from spicegen.simulate.native.system import Array, System


def nodal_operator(crossbar: Crossbar) -> Array:
    """The operator of ``read_operator``, for any network that ``crossbar_circuit`` makes, faults included.

    Returns:
        The operator T, shape (columns, rows), S.

    Raises:
        InputError: a fault leaves cells without any connection.
        SimulationError: the nodal matrix is singular.
    """
    circuit, rows, columns = crossbar_circuit(crossbar), crossbar.rows, crossbar.columns
    system = System(circuit)
    n, sources = system.unknown, len(circuit.sources)
    driven = system.wires[:, n : n + rows].toarray()  # current leaving every node for 1 V on one row
    if n:
        inside = solve_each(system.factor([]), -driven[:n])
        driven = driven + system.wires[:, :n] @ inside
    delivered = -driven[n + rows : n + sources]
    return np.asarray(delivered.reshape(-1, columns, rows).sum(axis=0))
