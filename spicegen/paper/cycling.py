"""Figures 2d, 6b and S3: cycles of 25 potentiating and 25 depressing spikes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import FigureBase

from models_va import DeviceCard
from netlists import PulseProgram
from spicegen import metrics
from spicegen.devices.write_pulses import SPIKES_PER_BRANCH, figure_2d
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Array, Findings, PulseExperiment, Records
from spicegen.paper.targets import paper_value
from spicegen.reports.plotting import COLOURS, PAPER, axes, paper_level

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
    tolerance = 1e-3
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

    def draw(self, figure: FigureBase, records: Records, a: Assumptions) -> None:
        """Figure 2d: the first cycle."""
        g = 1e6 * _cycles(records["cycles"].conductance_siemens)[0]
        ax = axes(figure, title="2d  Spikes of 10 ms", x="spike", y="conductance (µS)")
        for start, label, colour in ((0, "−1.5 V", COLOURS[0]), (SPIKES_PER_BRANCH, "+1.1 V", COLOURS[1])):
            spikes = start + np.arange(SPIKES_PER_BRANCH + 1)
            ax.plot(spikes, g[spikes], "o-", ms=3, color=colour, label=label)
        paper_level(ax, paper_value("pulse_up") * g[0], "paper: 4 × G(0)")
        paper_level(ax, paper_value("pulse_down") * g[0], "paper: G(0)", below=True)
        ax.set_ylim(0, 1.2 * max(g))
        ax.legend(frameon=False, fontsize=8, loc="upper left")

    def draw_6b(self, figure: FigureBase, records: Records, a: Assumptions) -> None:
        """Figure 6b: all cycles superposed, and the laws of the fitted and of the paper's nonlinearity."""
        cycles = 1e6 * _cycles(records["cycles"].conductance_siemens)
        ax = axes(figure, title=f"6b  {self.cycles} cycles superposed", x="spike", y="conductance (µS)")
        ax.plot(cycles.T, color="#c3ccd3", lw=0.5)
        mean, w = cycles.mean(axis=0), np.linspace(0, 1, SPIKES_PER_BRANCH + 1)
        for start, row, colour in ((0, "beta_p", COLOURS[0]), (SPIKES_PER_BRANCH, "beta_d", COLOURS[1])):
            spikes = start + np.arange(SPIKES_PER_BRANCH + 1)
            branch, name = mean[spikes], row.replace("beta_", "β")
            ax.plot(spikes, branch, "o", ms=3, mfc="none", color=colour)
            for beta, style, shade, whose in (
                (metrics.beta(branch), "-", colour, ""),
                (paper_value(row), "--", PAPER, "paper: "),
            ):
                law = branch[0] + (branch[-1] - branch[0]) * metrics.exponential_law(w, beta)
                ax.plot(spikes, law, style, color=shade, lw=0.9, label=f"{whose}{name} = {beta:.2f}")
        ax.set_ylim(bottom=0)
        ax.legend(frameon=False, fontsize=8, loc="lower center")


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

    def draw(self, figure: FigureBase, records: Records, a: Assumptions) -> None:
        """Both ends of every cycle, and the drift of the lower one."""
        cycles = _cycles(records["cycles"].conductance_siemens)
        number = np.arange(1, len(cycles) + 1)
        low, high = cycles[:, -1], cycles[:, SPIKES_PER_BRANCH]
        left = axes(figure, 121, title="S3  Ends of each cycle", x="cycle", y="conductance (µS)")
        left.plot(number, 1e6 * high, color=COLOURS[0], label="after 25 spikes of −1.5 V")
        left.plot(number, 1e6 * low, color=COLOURS[1], label="after 25 spikes of +1.1 V")
        left.set_ylim(bottom=0)
        left.legend(frameon=False, fontsize=8, loc="center right")
        right = axes(figure, 122, title="S3  Drift", x="cycle", y="lower end over G(0) (%)")
        right.plot(number, 100 * (low / cycles[0, 0] - 1), color=COLOURS[1])
        drift = 100 * (paper_value("endurance") - 1)
        right.plot(self.paper_cycles, drift, "*", color=PAPER, mfc="none", ms=10, label="paper: about 5 % after 350")
        right.set_ylim(0, 1.3 * drift)
        right.legend(frameon=False, fontsize=8, loc="upper left")
