"""Figure 4e: curve shapes made by choosing the spike pattern.

The paper shows five shapes and keeps the patterns in its supplement. Here the pattern is searched: the amplitude
of the spikes is linear between four knots, for each branch, at constant width; least squares on the shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import least_squares

from models_va import DeviceCard
from netlists import PulseProgram
from spicegen import metrics
from spicegen.experiments.assumptions import Assumptions
from spicegen.experiments.base import Array, Findings, PulseExperiment, Records
from spicegen.experiments.lab import run_program
from spicegen.plotting import COLOURS, axes
from spicegen.simulate import REFERENCE, simulator

Shape = Callable[[Array], Array]

SPIKES = 25
WIDTH = 50e-3
_KNOTS = np.array([0.0, 1 / 3, 2 / 3, 1.0])
_LOWEST, _HIGHEST = 0.6, 2.2
"""Of the amplitudes, V: above the drift threshold, and not far beyond the paper's 2 V."""
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


def pattern(knots_volt: Array) -> list[float]:
    """Amplitudes of a branch from the values at the knots, V."""
    found: list[float] = np.interp(np.linspace(0, 1, SPIKES), _KNOTS, knots_volt).tolist()
    return found


def _program(amplitudes: Sequence[float], a: Assumptions) -> PulseProgram:
    program = PulseProgram()
    program.read()
    program.train(amplitudes, WIDTH, WIDTH + a.gap_4_s)
    program.end_stage(WIDTH / 20)
    return program


def distance(branch: Array, shape: Shape) -> Array:
    """Normalised branch minus shape, one a read."""
    w = np.linspace(0, 1, len(branch))
    return np.asarray((branch - branch[0]) / (branch[-1] - branch[0]) - shape(w))


def _search(card: DeviceCard, a: Assumptions, before: list[float], sign: int, shape: Shape) -> list[float]:
    """The amplitudes of one branch after the spikes ``before``."""
    engine = simulator(REFERENCE)

    def misfit(knots: Array) -> Array:
        program = _program([*before, *pattern(sign * knots)], a)
        branch = run_program(card, program, engine).conductance_siemens[-SPIKES - 1 :]
        moved = sign * (branch[0] - branch[-1]) / branch[0]
        if moved <= 1e-3:  # the wrong way, or nowhere: no shape to speak of
            return np.full(SPIKES + 1, 10.0)
        # a range of half the conductance at least, so that a shape is not won by hardly moving
        return np.append(distance(branch, shape)[1:], max(0.0, 0.5 - moved) if sign < 0 else 0.0)

    starts = [np.full(4, 1.6), np.linspace(1.2, 2.0, 4), np.linspace(2.0, 1.2, 4), np.full(4, 1.1)]
    tries = [
        least_squares(misfit, s, bounds=(_LOWEST, _HIGHEST), diff_step=np.full(4, 1e-3), x_scale=0.3, max_nfev=25)
        for s in starts
    ]
    return pattern(sign * min(tries, key=lambda t: float(t.cost)).x)


class Figure4e(PulseExperiment):
    """Five shapes, in potentiation and depression."""

    name = "fig4e"
    title = "Figure 4e: tailored curves"

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """One device a shape, with the patterns that the native engine found."""
        found = {}
        for label, shape in SHAPES.items():
            up = _search(card, a, [], -1, shape)
            found[label] = _program([*up, *_search(card, a, up, 1, shape)], a)
        return found

    def _errors(self, records: Records) -> dict[str, float]:
        """The larger rms distance of the two branches."""
        found = {}
        for label, record in records.items():
            g = record.conductance_siemens
            parts = (g[: SPIKES + 1], g[SPIKES:])
            found[label] = max(float(np.sqrt(np.mean(distance(p, SHAPES[label]) ** 2))) for p in parts)
        return found

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """How many of the five shapes are made."""
        errors = self._errors(records)
        shown = ", ".join(f"{label} {100 * e:.1f} %" for label, e in errors.items())
        made = sum(e < MADE for e in errors.values())
        return Findings(
            numbers={"tailoring": made}, remarks=(f"Distance from the wanted shape, rms of range: {shown}.",)
        )

    def draw(self, figure: Figure, records: Records, a: Assumptions) -> None:
        """All curves, with the wanted shapes."""
        ax = axes(figure, title=self.title, x="spike", y="conductance (µS)")
        for n, (label, record) in enumerate(records.items()):
            g = 1e6 * record.conductance_siemens
            ax.plot(g, "o", ms=3, color=COLOURS[n], label=label)
            w = np.linspace(0, 1, SPIKES + 1)
            for start, part in ((0, g[: SPIKES + 1]), (SPIKES, g[SPIKES:])):
                ax.plot(start + SPIKES * w, part[0] + (part[-1] - part[0]) * SHAPES[label](w), color=COLOURS[n], lw=0.8)
        ax.legend(frameon=False, fontsize=7)
