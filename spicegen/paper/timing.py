"""Figure 3: plasticity that depends on when spikes come."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models_va import DeviceCard
from netlists import PulseProgram
from spicegen import metrics
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Array, Findings, PaperTrend, PulseExperiment, Records, listed, rising

_V_SPIKE, _WIDTH = -2.0, 50e-3
"""Amplitude and width of the spikes of figures 3a and 3b, V and s."""
_LTP_PERIOD = 0.33
_STEP = _WIDTH / 20


class Figure3a(PulseExperiment):
    """Short-term potentiation: one spike every 10 s."""

    name = "fig3a"
    title = "Figure 3a: short-term potentiation"
    spikes, period, after = 5, 10.0, (0.1, 0.3, 0.6, 1.0, 2.0, 3.0, 9.5)
    three_seconds = after.index(3.0)
    visible = 1.2
    """Ratio of conductances that a spike must reach for its effect to be called potentiation."""

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """One program of all spikes, with reads between them."""
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
        """The conductance 3 s after a spike over the pristine one: of the spike after which it differs most."""
        g = records["spikes"].conductance_siemens
        each = g[1:].reshape(self.spikes, 1 + len(self.after))[:, 1 + self.three_seconds] / g[0]
        worst = each[np.argmax(np.abs(each - 1))]
        remark = f"After each of five spikes, 3 s later: {', '.join(f'{v:.4f}' for v in each)}."
        risen = PaperTrend(f"G after the first spike / G(0): {g[1] / g[0]:.2f}", np.array([g[1] / g[0] - self.visible]))
        return Findings(numbers={"stp_amplitude_reset": worst}, demands={"stp_visible": risen}, remarks=(remark,))


class Figure3b(PulseExperiment):
    """Long-term potentiation: twenty spikes, 0.33 s apart, then rest."""

    name = "fig3b"
    title = "Figure 3b: long-term potentiation"
    spikes = 20
    rest = (0.33, 0.66, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0)

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """One program of the train and 70 s of rest."""
        program = PulseProgram()
        program.read()
        program.train([_V_SPIKE] * self.spikes, _WIDTH, _LTP_PERIOD)
        program.end_stage(_STEP)
        program.relax(self.rest)
        return {"spikes": program}

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The conductance over the pristine one, right after the last spike and after 70 s."""
        g = records["spikes"].conductance_siemens / records["spikes"].conductance_siemens[0]
        ten = g[self.spikes + 1 + self.rest.index(10.0)]
        remark = f"Still to decay 10 s after the last spike: {100 * (ten / g[-1] - 1):.1f} % of what is held at 70 s."
        return Findings(numbers={"ltp_peak": g[self.spikes], "ltp_hold": g[-1]}, remarks=(remark,))


class Figure3cd(PulseExperiment):
    """Spike-rate-dependent plasticity."""

    name = "fig3cd"
    title = "Figures 3c and 3d: spike rate"
    spikes, width, periods = 10, 30e-3, (1.0, 0.5, 0.25, 0.12, 0.06)

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """A program of ten spikes for each of five intervals; the text prints the longest and the shortest."""
        programs = {}
        for period in self.periods:
            program = PulseProgram()
            program.read()
            program.train([_V_SPIKE] * self.spikes, self.width, period)
            program.end_stage(self.width / 20)
            programs[f"{period:g} s"] = program
        return programs

    def ratios(self, records: Records) -> Array:
        """Conductance after ten spikes over the pristine one at each interval, shape (periods,)."""
        traces = (records[f"{p:g} s"].conductance_siemens for p in self.periods)
        return np.array([g[-1] / g[0] for g in traces])

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The trend that the ratio rises as the interval falls."""
        ratios = self.ratios(records)
        return Findings(
            trends={"srdp": PaperTrend(f"ratio at 1 ... 0.06 s/spike: {listed(ratios)}", rising(np.log(ratios - 1)))}
        )


class Figure3e(PulseExperiment):
    """Paired-pulse facilitation."""

    name = "fig3e"
    title = "Figure 3e: paired-pulse facilitation"
    width, intervals = 5e-3, tuple(0.01 * n for n in range(1, 11))

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """A program of two spikes for each interval, from the end of the first to the start of the second."""
        programs = {}
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
            programs[f"{1e3 * interval:.0f} ms"] = program
        return programs

    def facilitation(self, records: Records) -> Array:
        """Facilitation index A2 / A1, the rise by the second spike over that by the first, shape (intervals,)."""
        reads = (records[f"{1e3 * t:.0f} ms"].conductance_siemens for t in self.intervals)
        return np.array([(g[3] - g[2]) / (g[1] - g[0]) for g in reads])

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """The facilitation index at 10 ms, and the time constant of its decay towards 1, s."""
        index = self.facilitation(records)
        return Findings(
            numbers={"ppf_peak": index[0], "ppf_tau": metrics.decay_time(np.array(self.intervals), index - 1)}
        )


class Figure3f(PulseExperiment):
    """Spike-timing-dependent plasticity."""

    name = "fig3f"
    title = "Figure 3f: spike timing"
    delays = (0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06)

    def programs(self, card: DeviceCard, a: Assumptions) -> Mapping[str, PulseProgram]:
        """A program of two spikes, one on each electrode, for each delay (start to start) and both orders."""
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

    def changes(self, records: Records, sign: int) -> Array:
        """Relative change of the conductance at each delay, shape (delays,); sign 1: pre leads, -1: post leads."""
        reads = (records[self._label(sign * d)].conductance_siemens for d in self.delays)
        return np.array([g[-1] / g[-2] - 1 for g in reads])

    def findings(self, records: Records, a: Assumptions) -> Findings:
        """Time constants of equation 2 fitted to both orders, s."""
        t = np.array(self.delays)
        plus, minus = self.changes(records, 1), self.changes(records, -1)
        remark = f"Change at 10 ms: {100 * plus[0]:+.2f} % (pre leads), {100 * minus[0]:+.2f} % (post leads)."
        # a time constant of a curve of the wrong sign would say nothing
        tau_plus = metrics.decay_time(t, plus) if plus[0] > 0 else float("nan")
        tau_minus = metrics.decay_time(t, minus) if minus[0] < 0 else float("nan")
        return Findings(
            numbers={"stdp_tau_plus": tau_plus, "stdp_tau_minus": tau_minus},
            demands={"stdp_vanishes": _vanishing(plus, minus)},
            remarks=(remark,),
        )


def _vanishing(plus: Array, minus: Array) -> PaperTrend:
    """The demand that changes are visible at the shortest delay, and at the longest less than a tenth of that."""
    first = 100 * np.array([plus[0], -minus[0]])
    last = np.abs([plus[-1] / plus[0], minus[-1] / minus[0]])
    return PaperTrend(
        f"% at the shortest delay: {listed(first)}; left: {listed(last)}", np.append(first - 0.5, 0.1 - last)
    )
