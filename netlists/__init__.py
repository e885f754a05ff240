"""WHAT is connected: crossbars, circuits, stimuli and netlist templates; nothing about running simulators."""

from netlists.array_config import ArrayConfig
from netlists.array_program import ArrayProgram, ArrayStage
from netlists.array_steps import PulseStep, ReadStep, RestStep, Step, WriteStep
from netlists.circuit import GROUND, Capacitor, Cell, Circuit, Job, Resistor, Source
from netlists.crossbar import Crossbar, Drive, Sense
from netlists.crossbar_circuit import column_node, crossbar_circuit, row_node, source_voltages
from netlists.devices import Devices
from netlists.faults import LineFaults
from netlists.lines import (
    SCHEMES,
    Lines,
    LineVoltages,
    Scheme,
    column_write_voltages,
    read_voltages,
    row_read_voltages,
    write_voltages,
)
from netlists.program import PulseProgram, Stage
from netlists.stimulus import ReadVectors, SpikeTrain, Stimulus, Transient, Waveform

__all__ = [
    "GROUND",
    "SCHEMES",
    "ArrayConfig",
    "ArrayProgram",
    "ArrayStage",
    "Capacitor",
    "Cell",
    "Circuit",
    "Crossbar",
    "Devices",
    "Drive",
    "Job",
    "LineFaults",
    "LineVoltages",
    "Lines",
    "PulseProgram",
    "PulseStep",
    "ReadStep",
    "ReadVectors",
    "Resistor",
    "RestStep",
    "Scheme",
    "Sense",
    "Source",
    "SpikeTrain",
    "Stage",
    "Step",
    "Stimulus",
    "Transient",
    "Waveform",
    "WriteStep",
    "column_node",
    "column_write_voltages",
    "crossbar_circuit",
    "read_voltages",
    "row_node",
    "row_read_voltages",
    "source_voltages",
    "write_voltages",
]
