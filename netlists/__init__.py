"""WHAT is connected: crossbars, circuits, stimuli and netlist templates; nothing about running simulators."""

from netlists.array_config import ArrayConfig
from netlists.circuit import GROUND, Capacitor, Cell, Circuit, Job, Resistor, Source
from netlists.crossbar import Crossbar, Drive, Sense
from netlists.crossbar_circuit import column_node, crossbar_circuit, row_node, source_voltages
from netlists.devices import Devices
from netlists.program import PulseProgram, Stage
from netlists.stimulus import ReadVectors, SpikeTrain, Stimulus, Transient, Waveform

__all__ = [
    "GROUND",
    "ArrayConfig",
    "Capacitor",
    "Cell",
    "Circuit",
    "Crossbar",
    "Devices",
    "Drive",
    "Job",
    "PulseProgram",
    "ReadVectors",
    "Resistor",
    "Sense",
    "Source",
    "SpikeTrain",
    "Stage",
    "Stimulus",
    "Transient",
    "Waveform",
    "column_node",
    "crossbar_circuit",
    "row_node",
    "source_voltages",
]
