"""Pictures of a fit to measurements: measured against fitted, and what is left in units of the noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from spicegen.fit.replay.from_measurements import typical_cycle
from spicegen.fit.replay.run import Replay, telling
from spicegen.measurements import Pulses, Sweep
from spicegen.reports.metrics_pictures import Picture, scaled, siemens
from spicegen.reports.plotting import COLOURS, PAPER, axes, new_figure

Array = NDArray[np.float64]
Shown = Sequence[tuple[Replay, Array]]
"""The runs of one measurement, each with what the fitted model shows in it."""
_SHOWN_CYCLES = 50
_DECADES = 100.0
"""A current that spans more is drawn on a log scale too."""


def measured_against_fitted(runs: Shown) -> Picture:
    """The picture of one measurement, with its caption."""
    measurement = runs[0][0].measurement
    if isinstance(measurement, Pulses):
        return _of_pulses(measurement, *runs[0])
    if isinstance(measurement, Sweep):
        return _of_sweep(measurement, runs)
    return _of_retention(runs)


def _of_pulses(pulses: Pulses, replay: Replay, fitted: Array) -> Picture:
    figure = new_figure(9.0)
    unit, text = siemens(replay.observed)
    number = np.cumsum(pulses.direction != 0)
    seen = number[typical_cycle(pulses)[0]]
    ax = axes(figure, 121, title="Measured and fitted", x="Pulse", y=f"Conductance ({text})")
    several = pulses.cycles > 1
    if several:
        ax.plot(number, pulses.g_siemens[:, :_SHOWN_CYCLES] / unit, color=COLOURS[0], lw=0.5, alpha=0.3)
    label = f"median of {pulses.cycles} cycles" if several else "measured"
    ax.plot(seen, replay.observed / unit, ".", ms=4, color=COLOURS[0], label=label)
    ax.plot(seen, fitted / unit, color=COLOURS[1], lw=1.3, label="fitted")
    ax.legend(fontsize=8, frameon=False)
    _residuals(figure, 122, "Pulse", [(seen, replay.residuals(fitted), COLOURS[1])])
    cycles = "Pale: the cycles. " if several else ""
    return figure, f"{cycles}Conductance after each pulse; fitted less measured, of its logarithm."


def _of_sweep(sweep: Sweep, runs: Shown) -> Picture:
    size = np.abs(sweep.current_amp[telling(sweep.voltage_volt)])
    spans = size.max() > _DECADES * size.min()
    figure = new_figure(9.0 + 3.0 * spans)
    place = 131 if spans else 121
    unit, text = scaled(sweep.current_amp, "A")
    ax = axes(figure, place, title="Measured and fitted", x="Voltage (V)", y=f"Current ({text})")
    ax.plot(sweep.voltage_volt, sweep.current_amp / unit, ".", ms=2.5, color=COLOURS[0], label="measured")
    for n, (replay, fitted) in enumerate(runs):
        ax.plot(replay.read_volt, fitted / unit, color=COLOURS[1], lw=1.2, label="" if n else "fitted")
    ax.legend(fontsize=8, frameon=False)
    if spans:
        place += 1
        ax = axes(figure, place, title="On a log scale", x="Voltage (V)", y="|Current| (A)")
        ax.semilogy(sweep.voltage_volt, _magnitude(sweep.current_amp), ".", ms=2.5, color=COLOURS[0])
        for replay, fitted in runs:
            ax.semilogy(replay.read_volt, _magnitude(fitted), color=COLOURS[1], lw=1.2)
        ax.set_ylim(bottom=max(size.min(), 1e-6 * size.max()) / 3)
    left = [(replay.applied.time_s[replay.seen], replay.residuals(fitted), COLOURS[1]) for replay, fitted in runs]
    _residuals(figure, place + 1, "Time (s)", left)
    parts = " Parts between compliances are runs of their own, each from time 0." if len(runs) > 1 else ""
    return figure, f"The sweep; fitted less measured current, over the time of the sweep.{parts}"


def _of_retention(runs: Shown) -> Picture:
    figure = new_figure(9.0)
    unit, text = siemens(np.concatenate([replay.observed for replay, _ in runs]))
    ax = axes(figure, 121, title="Measured and fitted", x="Time (s)", y=f"Conductance ({text})")
    ax.set_xscale("log")
    left = []
    for n, (replay, fitted) in enumerate(runs):
        time_s = replay.applied.time_s[replay.seen]
        later, colour = time_s > 0, COLOURS[n % len(COLOURS)]
        label = f"{replay.temperature_k:.0f} K"
        ax.plot(time_s[later], replay.observed[later] / unit, "o", ms=3, color=colour, label=label)
        ax.plot(time_s[later], fitted[later] / unit, color=colour, lw=1.2)
        left.append((time_s[later], replay.residuals(fitted)[later], colour))
    ax.legend(fontsize=8, frameon=False)
    _residuals(figure, 122, "Time (s)", left).set_xscale("log")
    return figure, "Dots: measured; lines: fitted. Right: fitted less measured, of the logarithm."


def _residuals(figure: Figure, place: int, x: str, curves: Sequence[tuple[Array, Array, str]]) -> Axes:
    """What is left in units of the noise: the band is two standard deviations of it."""
    ax = axes(figure, place, title="Residuals", x=x, y="Fitted less measured, over noise")
    ax.axhspan(-2, 2, color=PAPER, alpha=0.08, lw=0)
    ax.axhline(0, color=PAPER, lw=0.6)
    for at, residual, colour in curves:
        ax.plot(at, residual, ".-", ms=3.5, lw=0.5, color=colour)
    return ax


def _magnitude(current_amp: Array) -> Array:
    return np.where(current_amp == 0, np.nan, np.abs(current_amp))
