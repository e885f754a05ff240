"""Figures 2d, 6b and S3: cycles of 25 potentiating and 25 depressing spikes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from models_va import DeviceCard
from netlists import PulseProgram
from spicegen import metrics
from spicegen.experiments.assumptions import Assumptions
from spicegen.experiments.base import Array, Findings, PulseExperiment, Records
from spicegen.experiments.figure_2d import SPIKES_PER_BRANCH, figure_2d
from spicegen.plotting import COLOURS, axes

_CYCLE = 2 * SPIKES_PER_BRANCH


def _cycling(a: Assumptions, cycles: int) -> PulseProgram:
    """A first read, then whole cycles of figure 2d."""
    train = figure_2d(a.period_2d_s)
    program = PulseProgram()
    program.read()
    for _ in range(cycles):
        program.train(train.amplitudes_volt, train.width_s, train.period_s)
    program.end_stage(max_step_s=train.width_s / 20)
    return program


def _cycles(conductance_siemens: Array) -> Array:
    """Each cycle with the read before it: shape (cycles, 51), S."""
    g = conductance_siemens
    return np.stack([g[n : n + _CYCLE + 1] for n in range(0, len(g) - 1, _CYCLE)])


class Figure2d(PulseExperiment):
    """Thirty cycles: the first is figure 2d, all of them superposed are figure 6b."""

    name = "fig2d"
    title = "Figures 2d and 6b: spikes of -1.5 V and +1.1 V, 10 ms"
    cycles = 30

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """Thirty cycles of one device."""
        return {"cycles": _cycling(a, self.cycles)}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """First cycle: ratios. All superposed: nonlinearities and asymmetry."""
        cycles = _cycles(records["cycles"].conductance_siemens)
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

    def draw(self, figure: Figure, records: Records, a: Assumptions) -> None:
        """The first cycle, and all superposed with the two beta laws."""
        cycles = _cycles(records["cycles"].conductance_siemens)
        n = np.arange(_CYCLE + 1)
        left = axes(figure, 121, title="Figure 2d: first cycle", x="spike", y="conductance (µS)")
        for part, colour in ((n <= SPIKES_PER_BRANCH, COLOURS[0]), (n >= SPIKES_PER_BRANCH, COLOURS[1])):
            left.plot(n[part], 1e6 * cycles[0, part], "o-", ms=3, color=colour)
        right = axes(figure, 122, title=f"Figure 6b: {self.cycles} cycles superposed", x="spike")
        right.plot(n, 1e6 * cycles.T, color="#9aa7b0", lw=0.5)
        mean, w = cycles.mean(axis=0), np.linspace(0, 1, SPIKES_PER_BRANCH + 1)
        for start, colour in ((0, COLOURS[0]), (SPIKES_PER_BRANCH, COLOURS[1])):
            branch = mean[start : start + SPIKES_PER_BRANCH + 1]
            beta = metrics.beta(branch)
            law = branch[0] + (branch[-1] - branch[0]) * metrics.exponential_law(w, beta)
            spikes = start + np.arange(len(branch))
            right.plot(spikes, 1e6 * law, "--", color=colour, label=f"β = {beta:.2f}")
        right.legend(frameon=False, fontsize=8)


class FigureS3(PulseExperiment):
    """Endurance over 350 cycles: 17,500 updates."""

    name = "figS3"
    title = "Figure S3: endurance"
    paper_cycles = 350
    settled = 30
    """Cycles after which the drift is taken as linear, where it is extrapolated."""

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """All cycles of one device."""
        return {"cycles": _cycling(a, a.endurance_cycles)}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The state after the last depression relative to the pristine one."""
        ends = _cycles(records["cycles"].conductance_siemens)
        drift = ends[:, -1] / ends[0, 0]
        missing = self.paper_cycles - len(drift)
        if missing <= 0:
            return Findings(numbers={"endurance": drift[self.paper_cycles - 1]})
        slope = (drift[-1] - drift[self.settled - 1]) / (len(drift) - self.settled)
        return Findings(numbers={"endurance": drift[-1] + missing * slope})

    def draw(self, figure: Figure, records: Records, a: Assumptions) -> None:
        """Both ends of every cycle."""
        cycles = _cycles(records["cycles"].conductance_siemens)
        ax = axes(figure, title=self.title, x="cycle", y="conductance (µS)")
        number = np.arange(1, len(cycles) + 1)
        ax.plot(number, 1e6 * cycles[:, SPIKES_PER_BRANCH], color=COLOURS[0], label="after 25 potentiating spikes")
        ax.plot(number, 1e6 * cycles[:, -1], color=COLOURS[1], label="after 25 depressing spikes")
        ax.set_ylim(bottom=0)
        ax.legend(frameon=False, fontsize=8)
