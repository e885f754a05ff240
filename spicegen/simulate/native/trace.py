"""The accepted points of a transient."""

from __future__ import annotations

from dataclasses import dataclass, field

from spicegen.simulate.native.operating_point import leaving_currents
from spicegen.simulate.native.system import Array, System


@dataclass
class Trace:
    """Filled from the first point to the last.

    Attributes:
        time_s: s.
        voltage: node voltages in the system's order, V, one array a point.
        leaving: current leaving each node, A.
        states: per point, per group, shape (n, k).
    """

    time_s: list[float] = field(default_factory=list)
    voltage: list[Array] = field(default_factory=list)
    leaving: list[Array] = field(default_factory=list)
    states: list[list[Array]] = field(default_factory=list)

    def record(self, system: System, time_s: float, voltage: Array, states: list[Array]) -> None:
        """Add a point."""
        self.time_s.append(float(time_s))
        self.voltage.append(voltage)
        self.leaving.append(leaving_currents(system, voltage, states))
        self.states.append(states)
