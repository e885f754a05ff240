"""Figure 3: plasticity that depends on when spikes come."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from spicegen import metrics
from spicegen.paper.experiment import Array, Records
from spicegen.paper.targets import paper_value
from spicegen.paper.timing import Figure3a, Figure3b, Figure3cd, Figure3e, Figure3f
from spicegen.reports.plotting import COLOURS, PAPER, axes, paper_level


def draw_figure_3a(experiment: Figure3a, figure: FigureBase, records: Records) -> None:
    """Draw conductance against time; what is read 3 s after a spike is marked."""
    time, g = records["spikes"].time_s, 1e6 * records["spikes"].conductance_siemens
    ax = axes(figure, title="3a  −2 V, 50 ms, every 10 s", x="time (s)", y="conductance (µS)")
    ax.plot(time, g, "o-", ms=2.5, lw=1, color=COLOURS[0])
    at = 2 + experiment.three_seconds + (1 + len(experiment.after)) * np.arange(experiment.spikes)
    ax.plot(time[at], g[at], "o", ms=7, mfc="none", color=COLOURS[1], label="3 s after a spike")
    paper_level(ax, paper_value("stp_amplitude_reset") * g[0], "paper: G(0) within 3 s", below=True)
    ax.set_ylim(0, 1.25 * max(g))
    ax.legend(frameon=False, fontsize=8, loc="upper right")


def draw_figure_3b(experiment: Figure3b, figure: FigureBase, records: Records) -> None:
    """Draw conductance against time, during the train and the rest after it."""
    time, g = records["spikes"].time_s, 1e6 * records["spikes"].conductance_siemens
    ax = axes(figure, title="3b  20 spikes, every 0.33 s", x="time (s)", y="conductance (µS)")
    ax.plot(time, g, "o-", ms=2.5, lw=1, color=COLOURS[0])
    paper_level(ax, paper_value("ltp_peak") * g[0], "paper: 9.8 × G(0)")
    paper_level(ax, paper_value("ltp_hold") * g[0], "paper: 3.5 × G(0)", below=True)
    ax.set_ylim(0, 1.15 * paper_value("ltp_peak") * g[0])


def draw_figure_3cd(experiment: Figure3cd, figure: FigureBase, records: Records) -> None:
    """Draw conductance against spike at each rate, and the ratio over ten spikes against the interval."""
    left = axes(figure, 121, title="3c  −2 V, 30 ms, five rates", x="spike", y="conductance (µS)")
    for colour, period in zip(COLOURS, experiment.periods, strict=False):
        g = records[f"{period:g} s"].conductance_siemens
        left.plot(1e6 * g, "o-", ms=3, color=colour, label=f"{period:g} s/spike")
    left.set_ylim(bottom=0)
    left.legend(frameon=False, fontsize=8)
    right = axes(figure, 122, title="3d  Change over ten spikes", x="interval (s/spike)", y="G(10) / G(0)")
    ratios = experiment.ratios(records)
    right.plot(experiment.periods, ratios, "o-", ms=4, color=COLOURS[0])
    right.set_ylim(0, 1.1 * max(ratios))


def draw_figure_3e(experiment: Figure3e, figure: FigureBase, records: Records) -> None:
    """Draw the facilitation index against the interval, with the fitted and the paper's exponential."""
    t, index = np.array(experiment.intervals), experiment.facilitation(records)
    ax = axes(figure, title="3e  Paired-pulse facilitation", x="interval (ms)", y="A2 / A1 (%)")
    ax.plot(1e3 * t, 100 * index, "o", ms=4, color=COLOURS[0])
    _draw_decay(ax, t, index - 1, COLOURS[0], "τ = {:.2f} ms", offset=100)
    peak, tau, fine = paper_value("ppf_peak") - 1, paper_value("ppf_tau"), np.linspace(t[0], t[-1], 200)
    law = 100 * (1 + peak * np.exp((t[0] - fine) / tau))
    ax.plot(1e3 * fine, law, "--", color=PAPER, lw=0.8, label=f"paper: 170 % at 10 ms, τ = {1e3 * tau:.2f} ms")
    ax.legend(frameon=False, fontsize=8)


def draw_figure_3f(experiment: Figure3f, figure: FigureBase, records: Records) -> None:
    """Draw the change against the delay in both orders, and the smaller branch once more, enlarged."""
    t = np.array(experiment.delays)
    ax = axes(figure, title="3f  Spike timing", x="t(post) − t(pre) (ms)", y="ΔG / G (%)")
    near = ax.inset_axes((0.6, 0.16, 0.38, 0.45))
    for sign, colour, name in ((1, COLOURS[0], "plus"), (-1, COLOURS[1], "minus")):
        change, paper = experiment.changes(records, sign), 1e3 * paper_value(f"stdp_tau_{name}")
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


def _draw_decay(ax: Axes, t: Array, value: Array, colour: str, label: str, offset: float = 0.0, sign: int = 1) -> None:
    """The exponential that ``metrics.decay_time`` fits, over the data, in percent; ``label`` takes its tau in ms."""
    tau = metrics.decay_time(t, value)
    shape = np.exp(-t / tau)
    amplitude = (shape @ value) / (shape @ shape)
    fine = np.linspace(t[0], t[-1], 200)
    law = offset + 100 * amplitude * np.exp(-fine / tau)
    ax.plot(1e3 * sign * fine, law, "-", color=colour, lw=1, label=label.format(1e3 * tau))
