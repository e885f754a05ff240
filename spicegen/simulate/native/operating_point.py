"""Operating points: Newton with the models' exact derivatives; the states are held."""

from __future__ import annotations

import numpy as np

from spicegen.simulate.base import SimulationError
from spicegen.simulate.native.system import Array, System

_MAX_ITERATIONS = 50
_STEP_TOLERANCE = 1e-12
"""Of the largest voltage: Newton's last step."""
_ROUND_OFF = 1e-15
"""Of the currents that meet at a node: a Kirchhoff residual below this is rounding, and no step improves on it."""


def operating_point(system: System, driven_volt: Array, states: list[Array]) -> tuple[Array, Array]:
    """Solve for the node voltages with every device's state held.

    Args:
        system: the circuit.
        driven_volt: voltages of the driven nodes, shape (sources,), V.
        states: per group, shape (n, k).

    Returns:
        Node voltages in the system's order, V, and the current leaving each node, A (at a driven node: what
        its source delivers).

    Raises:
        SimulationError: Newton did not converge.
    """
    v = system.voltages(np.zeros(system.unknown), driven_volt)
    for _ in range(_MAX_ITERATIONS):
        found = [
            g.model.evaluate(g.voltage(v), x, g.params, system.temperature_k)
            for g, x in zip(system.groups, states, strict=True)
        ]
        currents = [e.current for e in found]
        leaving = system.kcl(v, currents)[: system.unknown]
        step = system.solve([e.di_dv for e in found], -leaving)
        v[: system.unknown] += step
        if not np.isfinite(v).all():
            break
        settled = np.abs(step).max(initial=0.0) <= _STEP_TOLERANCE * np.abs(v).max()
        if settled or np.all(np.abs(leaving) <= _ROUND_OFF * system.meeting(v, currents)[: system.unknown]):
            return v, leaving_currents(system, v, states)
    raise SimulationError("native", f"operating point: no convergence in {_MAX_ITERATIONS} Newton steps")


def leaving_currents(system: System, v: Array, states: list[Array]) -> Array:
    """Current leaving each node into wires and cells for given voltages and states, A."""
    return system.kcl(
        v,
        [
            g.model.current(g.voltage(v), x, g.params, system.temperature_k)
            for g, x in zip(system.groups, states, strict=True)
        ],
    )
