"""Figures 2d, 6b and S3: cycles of 25 potentiating and 25 depressing spikes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models_va import DeviceCard
from netlists import PulseProgram, SpikeTrain
from spicegen import metrics
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Array, Findings, PulseExperiment, Records

SPIKES_PER_BRANCH = 25
_CYCLE = 2 * SPIKES_PER_BRANCH


def figure_2d(period_s: float = Assumptions.period_2d_s) -> SpikeTrain:
    """The train of figure 2d: 25 spikes of -1.5 V, 25 of +1.1 V, 10 ms each, read at 0.1 V after each.

    Args:
        period_s: from the start of one spike to the next, which the paper does not print, s.
    """
    return SpikeTrain(
        amplitudes_volt=(-1.5,) * SPIKES_PER_BRANCH + (1.1,) * SPIKES_PER_BRANCH,
        width_s=10e-3,
        period_s=period_s,
    )


def _cycling(a: Assumptions, cycles: int, steps: int) -> PulseProgram:
    """The program of a first read, then whole cycles of figure 2d, with ``steps`` steps or more in each spike."""
    train = figure_2d(a.period_2d_s)
    program = PulseProgram()
    program.read()
    for _ in range(cycles):
        program.train(train.amplitudes_volt, train.width_s, train.period_s)
    program.end_stage(max_step_s=train.width_s / steps)
    return program


def cycle_conductances(records: Records) -> Array:
    """Conductances of each cycle with the read before it, shape (cycles, 51), S."""
    g = records["cycles"].conductance_siemens
    return np.stack([g[n : n + _CYCLE + 1] for n in range(0, len(g) - 1, _CYCLE)])


class Figure2d(PulseExperiment):
    """Thirty cycles: the first is figure 2d, all of them superposed are figure 6b."""

    name = "fig2d"
    title = "Figures 2d and 6b: spikes of -1.5 V and +1.1 V, 10 ms"
    tolerance = 1e-3
    cycles = 30

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """One program of thirty cycles."""
        return {"cycles": _cycling(a, self.cycles, steps=30)}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """Conductance ratios of the first cycle; nonlinearities and asymmetric ratio of all cycles superposed."""
        cycles = cycle_conductances(records)
        mean = cycles.mean(axis=0)
        up, down = mean[: SPIKES_PER_BRANCH + 1], mean[SPIKES_PER_BRANCH:]
        first = cycles[0] / cycles[0, 0]
        return Findings(
            numbers={
                "pulse_up": first[SPIKES_PER_BRANCH],
                "pulse_down": first[-1],
                "beta_p": metrics.beta(up),
                "beta_d": metrics.beta(down),
                "alpha_p": metrics.alpha(up),
                "alpha_d": metrics.alpha(down),
                "asymmetry": metrics.asymmetric_ratio(up, down),
            }
        )


class FigureS3(PulseExperiment):
    """Endurance over 350 cycles: 17,500 updates."""

    name = "figS3"
    title = "Figure S3: endurance"
    paper_cycles = 350
    settled = 30
    """Number of cycles after which the drift is taken as linear, where it is extrapolated."""

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """One program of all cycles."""
        return {"cycles": _cycling(a, a.endurance_cycles, steps=20)}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The conductance after the last depression over the pristine one, extrapolated where cycles are missing."""
        ends = cycle_conductances(records)
        drift = ends[:, -1] / ends[0, 0]
        missing = self.paper_cycles - len(drift)
        if missing <= 0:
            return Findings(numbers={"endurance": drift[self.paper_cycles - 1]})
        slope = (drift[-1] - drift[self.settled - 1]) / (len(drift) - self.settled)
        return Findings(numbers={"endurance": drift[-1] + missing * slope})
