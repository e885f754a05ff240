"""Figures 2b and S2: voltage sweeps."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from spicegen.paper.experiment import Records
from spicegen.paper.sweeps import LEG_SAMPLES, Figure2b, FigureS2
from spicegen.paper.targets import paper_value
from spicegen.reports.plotting import COLOURS, axes, paper_level


def draw_figure_2b(experiment: Figure2b, figure: FigureBase, records: Records) -> None:
    """Draw current against voltage of all sweeps, and the peak conductance of each."""
    left = axes(figure, 121, title="2b  DC sweeps, 0.5 V/s", x="voltage (V)", y="|current| (µA)")
    _draw_loops(left, experiment, records)
    right = axes(figure, 122, title="2b  Peak conductance", x="sweep", y="relative to the first sweep")
    _draw_peaks(right, experiment, records)


def _draw_loops(ax: Axes, experiment: Figure2b, records: Records) -> None:
    record, sweeps = records["sweeps"], experiment.sweeps
    shades = [colormaps[name](np.linspace(0.4, 1, sweeps)) for name in ("Blues", "Oranges")]
    for n, shade in enumerate(np.concatenate(shades)):
        part = slice(n * 2 * LEG_SAMPLES, (n + 1) * 2 * LEG_SAMPLES)
        ax.plot(record.voltage_volt[part], 1e6 * np.abs(record.current_amp[part]), color=shade, lw=0.9)
    for n, text in ((1, "1st"), (sweeps, f"{sweeps}th")):
        peak = 1e6 * np.abs(record.current_amp[(n - 1) * 2 * LEG_SAMPLES + LEG_SAMPLES - 1])
        ax.annotate(text, (-1, peak), (-4, 0), textcoords="offset points", ha="right", va="center", fontsize=8)
    ax.set_xlim(-1.3, 1.05)


def _draw_peaks(ax: Axes, experiment: Figure2b, records: Records) -> None:
    up, down = experiment.peak_conductances(records)
    number = np.arange(1, experiment.sweeps + 1)
    ax.semilogy(number, up / up[0], "o-", color=COLOURS[0], ms=4, label="0 → −1 V → 0")
    ax.semilogy(number, down / down[0], "s-", color=COLOURS[1], ms=4, label="0 → +1 V → 0")
    paper_level(ax, paper_value("dc_up"), "paper: × 5", left=True)
    paper_level(ax, paper_value("dc_down"), "paper: ÷ 5", below=True)
    ax.set_ylim(0.14, 8)
    ax.set_yticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
    ax.minorticks_off()
    ax.legend(frameon=False, fontsize=8, loc="center right")


def draw_figure_s2(experiment: FigureS2, figure: FigureBase, records: Records) -> None:
    """Draw the loop at each sweep rate, and the area of each loop."""
    left = axes(figure, 121, title="S2  One sweep at each rate", x="voltage (V)", y="|current| (µA)")
    for n, rate in enumerate(experiment.rates):
        record = records[f"{rate:g} V/s"]
        amp = np.abs(record.current_amp)
        left.plot(record.voltage_volt, 1e6 * amp, color=COLOURS[n], lw=1, label=f"{rate:g} V/s")
    left.legend(frameon=False, fontsize=8)
    _draw_areas(
        axes(figure, 122, title="S2  Hysteresis", x="sweep rate (V/s)", y="loop area (µW)"), experiment, records
    )


def _draw_areas(ax: Axes, experiment: FigureS2, records: Records) -> None:
    ax.semilogx(experiment.rates, 1e6 * experiment.loop_areas(records), "o-", color=COLOURS[0], ms=4)
    ax.set_xticks(experiment.rates, [f"{rate:g}" for rate in experiment.rates])
    ax.minorticks_off()
    ax.set_ylim(bottom=0)
