"""Figure 3: plasticity that depends on when spikes come."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from models_va import DeviceCard
from netlists import PulseProgram
from spicegen import metrics
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Array, Findings, PaperTrend, PulseExperiment, Records, listed, rising
from spicegen.paper.targets import paper_value
from spicegen.reports.plotting import COLOURS, PAPER, axes, paper_level

_V_SPIKE, _WIDTH = -2.0, 50e-3
"""Figures 3a and 3b, V and s."""
_LTP_PERIOD = 0.33
_STEP = _WIDTH / 20


class Figure3a(PulseExperiment):
    """Short-term potentiation: one spike every 10 s."""

    name = "fig3a"
    title = "Figure 3a: short-term potentiation"
    spikes, period, after = 5, 10.0, (0.1, 0.3, 0.6, 1.0, 2.0, 3.0, 9.5)
    three_seconds = after.index(3.0)
    visible = 1.2
    """Ratio of conductances that a spike must reach, to speak of potentiation."""

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """Spikes in a row, with reads between."""
        program = PulseProgram()
        program.read()
        for _ in range(self.spikes):
            start = program.now_s
            program.spike(_V_SPIKE, _WIDTH)
            program.read()
            end = start + _WIDTH + 2 * program.edge_s
            for delay in self.after:
                program.hold(end + delay - program.read_s - program.now_s)
                program.read()
            program.hold(start + self.period - program.now_s)
        program.end_stage(_STEP)
        return {"spikes": program}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """Conductance 3 s after each spike relative to the pristine one; the worst of all counts."""
        g = records["spikes"].conductance_siemens
        each = g[1:].reshape(self.spikes, 1 + len(self.after))[:, 1 + self.three_seconds] / g[0]
        worst = each[np.argmax(np.abs(each - 1))]
        remark = f"After each of five spikes, 3 s later: {', '.join(f'{v:.4f}' for v in each)}."
        risen = PaperTrend(f"G after the first spike / G(0): {g[1] / g[0]:.2f}", np.array([g[1] / g[0] - self.visible]))
        return Findings(numbers={"stp_amplitude_reset": worst}, demands={"stp_visible": risen}, remarks=(remark,))

    def draw(self, figure: FigureBase, records: Records, a: Assumptions) -> None:
        """Conductance against time; what is read 3 s after a spike is marked."""
        time, g = records["spikes"].time_s, 1e6 * records["spikes"].conductance_siemens
        ax = axes(figure, title="3a  −2 V, 50 ms, every 10 s", x="time (s)", y="conductance (µS)")
        ax.plot(time, g, "o-", ms=2.5, lw=1, color=COLOURS[0])
        at = 2 + self.three_seconds + (1 + len(self.after)) * np.arange(self.spikes)
        ax.plot(time[at], g[at], "o", ms=7, mfc="none", color=COLOURS[1], label="3 s after a spike")
        paper_level(ax, paper_value("stp_amplitude_reset") * g[0], "paper: G(0) within 3 s", below=True)
        ax.set_ylim(0, 1.25 * max(g))
        ax.legend(frameon=False, fontsize=8, loc="upper right")


class Figure3b(PulseExperiment):
    """Long-term potentiation: twenty spikes, 0.33 s apart, then rest."""

    name = "fig3b"
    title = "Figure 3b: long-term potentiation"
    spikes = 20
    rest = (0.33, 0.66, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0)

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """The train and 70 s of rest."""
        program = PulseProgram()
        program.read()
        program.train([_V_SPIKE] * self.spikes, _WIDTH, _LTP_PERIOD)
        program.end_stage(_STEP)
        program.relax(self.rest)
        return {"spikes": program}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """After the last spike, and after 70 s."""
        g = records["spikes"].conductance_siemens / records["spikes"].conductance_siemens[0]
        ten = g[self.spikes + 1 + self.rest.index(10.0)]
        remark = f"Still to decay 10 s after the last spike: {100 * (ten / g[-1] - 1):.1f} % of what is held at 70 s."
        return Findings(numbers={"ltp_peak": g[self.spikes], "ltp_hold": g[-1]}, remarks=(remark,))

    def draw(self, figure: FigureBase, records: Records, a: Assumptions) -> None:
        """Conductance against time."""
        time, g = records["spikes"].time_s, 1e6 * records["spikes"].conductance_siemens
        ax = axes(figure, title="3b  20 spikes, every 0.33 s", x="time (s)", y="conductance (µS)")
        ax.plot(time, g, "o-", ms=2.5, lw=1, color=COLOURS[0])
        paper_level(ax, paper_value("ltp_peak") * g[0], "paper: 9.8 × G(0)")
        paper_level(ax, paper_value("ltp_hold") * g[0], "paper: 3.5 × G(0)", below=True)
        ax.set_ylim(0, 1.15 * paper_value("ltp_peak") * g[0])


class Figure3cd(PulseExperiment):
    """Spike-rate-dependent plasticity."""

    name = "fig3cd"
    title = "Figures 3c and 3d: spike rate"
    spikes, width, periods = 10, 30e-3, (1.0, 0.5, 0.25, 0.12, 0.06)

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """Ten spikes at each of five rates; the text prints the ends, 1 and 0.06 s."""
        found = {}
        for period in self.periods:
            program = PulseProgram()
            program.read()
            program.train([_V_SPIKE] * self.spikes, self.width, period)
            program.end_stage(self.width / 20)
            found[f"{period:g} s"] = program
        return found

    def _ratios(self, records: Records) -> Array:
        traces = (records[f"{p:g} s"].conductance_siemens for p in self.periods)
        return np.array([g[-1] / g[0] for g in traces])

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The ratio rises as the interval falls."""
        ratios = self._ratios(records)
        return Findings(
            trends={"srdp": PaperTrend(f"ratio at 1 ... 0.06 s/spike: {listed(ratios)}", rising(np.log(ratios - 1)))}
        )

    def draw(self, figure: FigureBase, records: Records, a: Assumptions) -> None:
        """Curves against spike, and the ratio against the interval."""
        left = axes(figure, 121, title="3c  −2 V, 30 ms, five rates", x="spike", y="conductance (µS)")
        for colour, period in zip(COLOURS, self.periods, strict=False):
            g = records[f"{period:g} s"].conductance_siemens
            left.plot(1e6 * g, "o-", ms=3, color=colour, label=f"{period:g} s/spike")
        left.set_ylim(bottom=0)
        left.legend(frameon=False, fontsize=8)
        right = axes(figure, 122, title="3d  Change over ten spikes", x="interval (s/spike)", y="G(10) / G(0)")
        right.plot(self.periods, self._ratios(records), "o-", ms=4, color=COLOURS[0])
        right.set_ylim(0, 1.1 * max(self._ratios(records)))


class Figure3e(PulseExperiment):
    """Paired-pulse facilitation."""

    name = "fig3e"
    title = "Figure 3e: paired-pulse facilitation"
    width, intervals = 5e-3, tuple(0.01 * n for n in range(1, 11))

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """A pair at each interval, from the end of the first spike to the start of the second."""
        found = {}
        for interval in self.intervals:
            program = PulseProgram()
            program.read()
            program.spike(_V_SPIKE, self.width)
            end = program.now_s
            program.read()
            rest = end + interval - program.read_s - program.now_s
            program.hold(rest)
            program.read()
            program.spike(_V_SPIKE, self.width)
            program.read()
            program.end_stage(self.width / 20)
            found[f"{1e3 * interval:.0f} ms"] = program
        return found

    def _index(self, records: Records) -> Array:
        """Rise over the second spike relative to that over the first, A2 / A1."""
        reads = (records[f"{1e3 * t:.0f} ms"].conductance_siemens for t in self.intervals)
        return np.array([(g[3] - g[2]) / (g[1] - g[0]) for g in reads])

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The index at 10 ms, and its decay towards 1."""
        index = self._index(records)
        return Findings(
            numbers={"ppf_peak": index[0], "ppf_tau": metrics.decay_time(np.array(self.intervals), index - 1)}
        )

    def draw(self, figure: FigureBase, records: Records, a: Assumptions) -> None:
        """The index against the interval, with the fitted and the paper's exponential."""
        t, index = np.array(self.intervals), self._index(records)
        ax = axes(figure, title="3e  Paired-pulse facilitation", x="interval (ms)", y="A2 / A1 (%)")
        ax.plot(1e3 * t, 100 * index, "o", ms=4, color=COLOURS[0])
        _draw_decay(ax, t, index - 1, COLOURS[0], "τ = {:.2f} ms", offset=100)
        peak, tau, fine = paper_value("ppf_peak") - 1, paper_value("ppf_tau"), np.linspace(t[0], t[-1], 200)
        law = 100 * (1 + peak * np.exp((t[0] - fine) / tau))
        ax.plot(1e3 * fine, law, "--", color=PAPER, lw=0.8, label=f"paper: 170 % at 10 ms, τ = {1e3 * tau:.2f} ms")
        ax.legend(frameon=False, fontsize=8)


class Figure3f(PulseExperiment):
    """Spike-timing-dependent plasticity."""

    name = "fig3f"
    title = "Figure 3f: spike timing"
    delays = (0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06)

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """A pair of spikes, one an electrode, at each delay (start to start) and in both orders."""
        return {self._label(s * d): self._pair(a, s * d) for d in self.delays for s in (1, -1)}

    def _pair(self, a: Assumptions, delay_s: float) -> PulseProgram:
        program = PulseProgram()
        program.train([_V_SPIKE] * a.stdp_preparation, _WIDTH, _LTP_PERIOD)
        program.end_stage(_STEP)
        program.relax([20.0])
        program.read()
        pre, post = (a.stdp_pre_volt, 0.0), (0.0, a.stdp_post_volt)
        first, second = (pre, post) if delay_s > 0 else (post, pre)
        start = program.now_s
        program.spike(first[0], a.stdp_width_s, first[1])
        program.hold(start + abs(delay_s) - program.now_s)
        program.spike(second[0], a.stdp_width_s, second[1])
        program.read()
        program.end_stage(a.stdp_width_s / 20)
        return program

    @staticmethod
    def _label(delay_s: float) -> str:
        return f"{1e3 * delay_s:+.0f} ms"

    def _changes(self, records: Records, sign: int) -> Array:
        reads = (records[self._label(sign * d)].conductance_siemens for d in self.delays)
        return np.array([g[-1] / g[-2] - 1 for g in reads])

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """Equation 2 fitted to both orders."""
        t = np.array(self.delays)
        plus, minus = self._changes(records, 1), self._changes(records, -1)
        remark = f"Change at 10 ms: {100 * plus[0]:+.2f} % (pre leads), {100 * minus[0]:+.2f} % (post leads)."
        # a time constant of a curve of the wrong sign would say nothing
        tau_plus = metrics.decay_time(t, plus) if plus[0] > 0 else float("nan")
        tau_minus = metrics.decay_time(t, minus) if minus[0] < 0 else float("nan")
        return Findings(
            numbers={"stdp_tau_plus": tau_plus, "stdp_tau_minus": tau_minus},
            demands={"stdp_vanishes": _vanishing(plus, minus)},
            remarks=(remark,),
        )

    def draw(self, figure: FigureBase, records: Records, a: Assumptions) -> None:
        """Change against delay, both orders; the smaller branch once more, enlarged."""
        t = np.array(self.delays)
        ax = axes(figure, title="3f  Spike timing", x="t(post) − t(pre) (ms)", y="ΔG / G (%)")
        near = ax.inset_axes((0.6, 0.16, 0.38, 0.45))
        for sign, colour, name in ((1, COLOURS[0], "plus"), (-1, COLOURS[1], "minus")):
            change, paper = self._changes(records, sign), 1e3 * paper_value(f"stdp_tau_{name}")
            label = f"τ{'+' if sign > 0 else '−'} = {{:.2f}} ms\n(paper: {paper:.2f} ms)"
            for panel in (ax, near) if sign > 0 else (ax,):
                panel.plot(1e3 * sign * t, 100 * change, "o", ms=4, color=colour)
                _draw_decay(panel, t, change, colour, label, sign=sign)
        near.tick_params(labelsize=7)
        near.set_title("Δt > 0, enlarged", fontsize=7)
        for panel in (ax, near):
            panel.axhline(0, color="#9aa7b0", lw=0.8, zorder=0)
        ax.axvline(0, color="#9aa7b0", lw=0.8, zorder=0)
        ax.legend(frameon=False, fontsize=8, loc="center left")


def _vanishing(plus: Array, minus: Array) -> PaperTrend:
    """Visible at the shortest delay, each in its direction; at the longest less than a tenth of that, as in eq. 2."""
    first = 100 * np.array([plus[0], -minus[0]])
    last = np.abs([plus[-1] / plus[0], minus[-1] / minus[0]])
    return PaperTrend(
        f"% at the shortest delay: {listed(first)}; left: {listed(last)}", np.append(first - 0.5, 0.1 - last)
    )


def _draw_decay(ax: Axes, t: Array, value: Array, colour: str, label: str, offset: float = 0.0, sign: int = 1) -> None:
    """The exponential that ``metrics.decay_time`` fits, over the data, in percent; ``label`` takes its tau in ms."""
    tau = metrics.decay_time(t, value)
    shape = np.exp(-t / tau)
    amplitude = (shape @ value) / (shape @ shape)
    fine = np.linspace(t[0], t[-1], 200)
    law = offset + 100 * amplitude * np.exp(-fine / tau)
    ax.plot(1e3 * sign * fine, law, "-", color=colour, lw=1, label=label.format(1e3 * tau))
