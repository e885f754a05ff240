"""Record of the accepted points of a transient."""

from __future__ import annotations

from dataclasses import dataclass, field

from spicegen.simulate.native.operating_point import leaving_currents
from spicegen.simulate.native.system import Array, System


@dataclass
class Trace:
    """The accepted points of a transient, in the order of time.

    Attributes:
        time_s: times of the points, s.
        voltage: node voltages in the system's order, one array per point, V.
        leaving: current leaving each node, one array per point, A.
        states: device states, for each point one array of shape (n, k) per group.
    """

    time_s: list[float] = field(default_factory=list)
    voltage: list[Array] = field(default_factory=list)
    leaving: list[Array] = field(default_factory=list)
    states: list[list[Array]] = field(default_factory=list)

    def record(self, system: System, time_s: float, voltage: Array, states: list[Array]) -> None:
        """Add the point at ``time_s``, with the node voltages (V) and the states of every group."""
        self.time_s.append(float(time_s))
        self.voltage.append(voltage)
        self.leaving.append(leaving_currents(system, voltage, states))
        self.states.append(states)
