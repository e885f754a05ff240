"""Figure 4e: curve shapes made by choosing the spike pattern.

The paper shows five shapes and keeps the patterns in its supplement. Here the pattern is searched spike by spike, on
the native engine: of constant width, each of the amplitude that brings the conductance to the wanted curve.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from models_va import DeviceCard
from netlists import PulseProgram
from spicegen import metrics
from spicegen.devices.source_meter import DeviceUnderTest
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Array, Findings, PulseExperiment, Records
from spicegen.simulate import REFERENCE, simulator

Shape = Callable[[Array], Array]

SPIKES = 25
WIDTH = 50e-3
_LOWEST, _HIGHEST = 0.4, 2.4
"""Range of the amplitudes, V: below, no spike acts; the paper's highest is 2 V."""
_SPANS = (3.0, 2.0, 1.0, 0.5)
"""Wanted changes of conductance over the pristine one, the widest first: the widest one that can be made is taken."""
_BISECTIONS = 12
MADE = 0.05
"""A shape counts as made if the curve's rms distance from it is below this part of the curve's range."""

SHAPES: Mapping[str, Shape] = {
    "linear": lambda w: w,
    "saturating": lambda w: metrics.exponential_law(w, 3.0),
    "accelerating": lambda w: metrics.exponential_law(w, -3.0),
    "sigmoid": lambda w: w**2 * (3 - 2 * w),
    "steep-flat-steep": lambda w: 0.5 + 4 * (w - 0.5) ** 3,
}
"""Normalised conductance change against normalised pulse number."""


def _spikes(amplitudes_volt: Sequence[float], a: Assumptions) -> PulseProgram:
    program = PulseProgram()
    program.train(amplitudes_volt, WIDTH, WIDTH + a.gap_4_s)
    program.end_stage(WIDTH / 20)
    return program


def _after(device: DeviceUnderTest, amplitude_volt: float, a: Assumptions) -> float:
    """Conductance that one spike leaves, S; the device is changed."""
    (stage,) = _spikes([amplitude_volt], a).stages
    return float(device.run(stage).conductance_siemens[-1])


def _next_amplitude(device: DeviceUnderTest, sign: int, wanted_siemens: float, a: Assumptions) -> float:
    """Amplitude of the spike that brings the device to the wanted conductance, or as near as amplitudes go, V."""
    low, high = _LOWEST, _HIGHEST
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        too_little = sign * (wanted_siemens - _after(device.copy(), sign * middle, a)) < 0
        low, high = (middle, high) if too_little else (low, middle)
    return sign * (low + high) / 2


def _follow(device: DeviceUnderTest, curve_siemens: Array, a: Assumptions) -> tuple[list[float], Array]:
    """Amplitudes that lead along a curve, V, and the conductance after each, S; the device is changed."""
    sign = -1 if curve_siemens[-1] > curve_siemens[0] else 1
    amplitudes, reached = [], []
    for wanted in curve_siemens[1:]:
        amplitudes.append(_next_amplitude(device, sign, wanted, a))
        reached.append(_after(device, amplitudes[-1], a))
    return amplitudes, np.array(reached)


def _rested(device: DeviceUnderTest, a: Assumptions) -> float:
    """Conductance after the rest that stands before each branch, S; the device is changed."""
    program = PulseProgram()
    program.relax([a.rest_4e_s])
    return float(device.run(program.stages[0]).conductance_siemens[0])


def pattern(card: DeviceCard, shape: Shape, a: Assumptions) -> list[float]:
    """Amplitudes of the spikes of potentiation, then of depression, that lead a device along a shape and back, V."""
    w = np.linspace(0, 1, SPIKES + 1)
    tries = []
    for span in _SPANS:
        device = DeviceUnderTest(card, simulator(REFERENCE))
        g = _rested(device, a)
        up, rise = _follow(device, g * (1 + span * shape(w)), a)
        top = _rested(device, a)
        down, fall = _follow(device, top + (g - top) * shape(w), a)
        worst = max(_rms(np.insert(rise, 0, g), shape), _rms(np.insert(fall, 0, top), shape))
        tries.append((worst, [*up, *down]))
        if worst < MADE:
            break
    return min(tries)[1]


def distance(branch: Array, shape: Shape) -> Array:
    """Normalised branch minus shape at each read, shape (reads,)."""
    w = np.linspace(0, 1, len(branch))
    return np.asarray((branch - branch[0]) / (branch[-1] - branch[0]) - shape(w))


def _rms(branch: Array, shape: Shape) -> float:
    return float(np.sqrt(np.mean(distance(branch, shape) ** 2)))


class Figure4e(PulseExperiment):
    """Five shapes, in potentiation and depression."""

    name = "fig4e"
    title = "Figure 4e: tailored curves"

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """A program for each shape, of the pattern that the native engine finds."""
        return {label: self._program(pattern(card, shape, a), a) for label, shape in SHAPES.items()}

    @staticmethod
    def _program(amplitudes_volt: Sequence[float], a: Assumptions) -> PulseProgram:
        program = PulseProgram()
        for branch in (amplitudes_volt[:SPIKES], amplitudes_volt[SPIKES:]):
            program.relax([a.rest_4e_s])
            program.train(branch, WIDTH, WIDTH + a.gap_4_s)
            program.end_stage(WIDTH / 20)
        return program

    def _errors(self, records: Records) -> dict[str, float]:
        """Rms distance from each shape, over the curve's range: the larger one of the two branches."""
        errors = {}
        for label, record in records.items():
            g = record.conductance_siemens
            errors[label] = max(_rms(branch, SHAPES[label]) for branch in np.split(g, 2))
        return errors

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The number of shapes, of five, that are made."""
        errors = self._errors(records)
        shown = ", ".join(f"{label} {100 * e:.1f} %" for label, e in errors.items())
        made = sum(e < MADE for e in errors.values())
        return Findings(
            numbers={"tailoring": made}, remarks=(f"Distance from the wanted shape, rms of range: {shown}.",)
        )
