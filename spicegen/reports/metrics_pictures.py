"""Pictures of measurements and of the laws over them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from spicegen.devices.update_table import UpdateTable
from spicegen.measurements import Sweep
from spicegen.measurements.branches import Branch
from spicegen.metrics._fitting import exponential_curves, power_curves
from spicegen.metrics.programming import ProgrammingErrors
from spicegen.metrics.retention import Relaxation
from spicegen.metrics.tables import trajectory
from spicegen.metrics.trains import Trains
from spicegen.reports.plotting import COLOURS, axes, new_figure

Array = NDArray[np.float64]
Picture = tuple[Figure, str]
_SHOWN_CYCLES = 50
_BINS = 12
_PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"))
_SIDES = {True: ("Potentiation", COLOURS[0]), False: ("Depression", COLOURS[1])}


def of_trains(trains: Trains, tables: Sequence[UpdateTable], first: Sequence[UpdateTable]) -> list[Picture]:
    """Branches with laws; deviations; sigma(G); updates."""
    found = [_branches(trains)]
    if any(branch.cycles > 1 for branch in trains.measured):
        found += [_deviations(trains), _sigma(trains)]
    return [*found, _updates(trains.measured, tables, first)]


def of_tables(tables: Sequence[UpdateTable]) -> list[Picture]:
    """Updates, and the curves that their means give."""
    figure = new_figure(9.0)
    for n, table in enumerate(tables):
        name, colour = _SIDES[table.rises]
        curve = trajectory(table)
        unit, text = siemens(curve)
        ax = _panel(figure, len(tables), n, name, "Pulse", f"Conductance ({text})")
        ax.plot(curve / unit, color=colour)
    return [_updates([], tables, []), (figure, "Conductance after mean updates, one after the other, from end to end.")]


def of_programming(data: ProgrammingErrors) -> list[Picture]:
    """Errors against target, with sigma(G) as fitted and in bins."""
    unit, text = siemens(data.target_siemens)
    error_unit, error_text = siemens(data.error_siemens)
    figure = new_figure()
    x_text, y_text = f"Target conductance ({text})", f"Achieved less target ({error_text})"
    ax = axes(figure, title="Programming error", x=x_text, y=y_text)
    ax.plot(data.target_siemens / unit, data.error_siemens / error_unit, ".", ms=3, alpha=0.4, color=COLOURS[5])
    g = np.linspace(data.target_siemens.min(), data.target_siemens.max(), 50)
    line = data.slope[:, None] * g + data.offset[:, None]
    for sign in (-1, 1):
        ax.plot(g / unit, sign * line[0] / error_unit, color=COLOURS[1], label="sigma(G), fitted" if sign > 0 else None)
    low, high = np.nanquantile(line[data.samples.first_resample :], [0.025, 0.975], axis=0)
    ax.fill_between(g / unit, low / error_unit, high / error_unit, color=COLOURS[1], alpha=0.25, lw=0)
    order = np.array_split(np.argsort(data.target_siemens), min(_BINS, len(data.target_siemens)))
    spread = [np.sqrt(np.mean(data.error_siemens[b] ** 2)) / error_unit for b in order]
    ax.plot([data.target_siemens[b].mean() / unit for b in order], spread, "o", color=COLOURS[0], label="in bins")
    ax.legend(fontsize=8, frameon=False)
    return [(figure, "Errors of programming; sigma = slope G + offset by maximum likelihood, with its 95 % band.")]


def of_sweep(sweep: Sweep) -> list[Picture]:
    """Current against voltage, and the conductance."""
    figure = new_figure(9.0)
    unit, text = scaled(sweep.current_amp, "A")
    ax = axes(figure, 121, title="Current", x="Voltage (V)", y=f"|Current| ({text})")
    there = sweep.voltage_volt != 0
    ax.semilogy(sweep.voltage_volt[there], np.abs(sweep.current_amp[there]) / unit, lw=1, color=COLOURS[0])
    g = sweep.current_amp[there] / sweep.voltage_volt[there]
    unit, text = siemens(g)
    ax = axes(figure, 122, title="Conductance", x="Voltage (V)", y=f"I / V ({text})")
    ax.plot(sweep.voltage_volt[there], g / unit, lw=1, color=COLOURS[1])
    return [(figure, "The sweep as measured.")]


def of_retention(found: Sequence[Relaxation]) -> list[Picture]:
    """Conductance against time, with the law that is preferred."""
    figure = new_figure()
    unit, text = siemens(np.concatenate([r.g_siemens for r in found]))
    ax = axes(figure, title="Retention", x="Time (s)", y=f"Conductance ({text})")
    for n, relaxation in enumerate(found):
        later = relaxation.time_s > 0
        time, colour = relaxation.time_s[later], COLOURS[n % len(COLOURS)]
        label = f"{relaxation.temperature_k:g} K"
        ax.semilogx(time, relaxation.g_siemens[later] / unit, "o", ms=3, color=colour, label=label)
        smooth = np.geomspace(time.min(), time.max(), 200)
        ax.semilogx(smooth, relaxation.curve(smooth)[0] / unit, color=colour, lw=1)
    ax.legend(fontsize=8, frameon=False)
    return [(figure, "Conductance after programming; lines: exponential relaxation or power law, as AICc prefers.")]


def scaled(values: Array, unit: str) -> tuple[float, str]:
    """A unit with prefix in which the largest of the values is 1 or more, and its name."""
    largest = float(np.nanmax(np.abs(values)))
    return next(((f, p + unit) for f, p in _PREFIXES if largest >= f), (_PREFIXES[-1][0], _PREFIXES[-1][1] + unit))


def siemens(values: Array) -> tuple[float, str]:
    """``scaled`` for conductances."""
    return scaled(values, "S")


def _panel(figure: Figure, count: int, n: int, title: str, x: str, y: str) -> Axes:
    return axes(figure, 100 + 10 * count + n + 1, title=title, x=x, y=y)


def _branches(trains: Trains) -> Picture:
    figure = new_figure(9.0, 3.8)
    unit, text = siemens(np.concatenate([b.g_siemens.ravel() for b in trains.measured]))
    for n, (branch, curves) in enumerate(zip(trains.measured, trains.curves, strict=True)):
        name, colour = _SIDES[branch.rises]
        ax = _panel(figure, len(trains.measured), n, name, "Pulse", f"Conductance ({text})")
        ax.plot(branch.g_siemens[:_SHOWN_CYCLES].T / unit, color=colour, lw=0.5, alpha=0.3)
        pulse = curves.w * curves.pulses
        ax.plot(
            pulse,
            curves.g_siemens[0] / unit,
            ".",
            color=colour,
            ms=3,
            label="mean" if branch.cycles > 1 else "measured",
        )
        exponential, power = curves.laws.exponential[:1], curves.laws.power[:1]
        law = exponential_curves(exponential, curves.w)[0]
        ax.plot(pulse, law / unit, color="black", lw=1.2, label=f"beta law, {exponential[0, 2]:.3g}")
        if np.isfinite(power[0, 2]):
            law = power_curves(power, curves.w if branch.rises else 1 - curves.w)[0]
            ax.plot(pulse, law / unit, "--", color=COLOURS[4], lw=1.2, label=f"alpha law, {power[0, 2]:.3g}")
        if curves.trend.rest is not None:
            ax.plot(pulse, curves.trend.g_siemens[0] / unit, ":", color=COLOURS[2], lw=1.6, label="trend")
        ax.legend(fontsize=8, frameon=False)
    return figure, "Cycles, their mean, both laws by least squares, and the trend where neither law is enough."


def _deviations(trains: Trains) -> Picture:
    figure = new_figure(9.0)
    several = [pair for pair in zip(trains.measured, trains.curves, strict=True) if pair[0].cycles > 1]
    for n, (branch, curves) in enumerate(several):
        name, colour = _SIDES[branch.rises]
        pulse = curves.w * curves.pulses
        apart = branch.g_siemens - np.interp(np.arange(curves.pulses + 1), pulse, curves.g_siemens[0])
        unit, text = siemens(apart)
        ax = _panel(figure, len(several), n, name, "Pulse", f"Cycle less mean ({text})")
        ax.plot(apart[:_SHOWN_CYCLES].T / unit, color=colour, lw=0.5, alpha=0.4)
        sigma = np.sqrt(curves.scatter.variance[0]) / unit
        ax.fill_between(pulse, -sigma, sigma, color=COLOURS[5], alpha=0.3, lw=0, label="one sigma")
        ax.legend(fontsize=8, frameon=False)
    return figure, "What differs from cycle to cycle."


def _sigma(trains: Trains) -> Picture:
    figure = new_figure()
    unit, text = siemens(np.concatenate([c.g_siemens[0] for c in trains.curves]))
    small, small_text = siemens(
        np.concatenate([np.sqrt(c.scatter.variance[0]) for c in trains.curves if c.scatter.freedom[0].any()])
    )
    ax = axes(figure, title="sigma(G)", x=f"Conductance ({text})", y=f"Cycle-to-cycle sigma ({small_text})")
    for curves in trains.curves:
        name, colour = _SIDES[curves.rises]
        ax.plot(curves.g_siemens[0] / unit, np.sqrt(curves.scatter.variance[0]) / small, ".", color=colour, label=name)
    g = np.linspace(trains.window[0][0], trains.window[1][0], 50)
    slope, offset = trains.sigma
    line = slope[:, None] * g + offset[:, None]
    ax.plot(g / unit, line[0] / small, color="black", lw=1.2, label="maximum likelihood")
    low, high = np.nanquantile(line[trains.samples.first_resample :], [0.025, 0.975], axis=0)
    ax.fill_between(g / unit, low / small, high / small, color=COLOURS[5], alpha=0.3, lw=0, label="95 % band")
    ax.set_ylim(bottom=0)
    ax.legend(fontsize=8, frameon=False)
    return figure, "Standard deviation over cycles at each pulse number, with sigma = slope G + offset."


def _updates(measured: Sequence[Branch], tables: Sequence[UpdateTable], first: Sequence[UpdateTable]) -> Picture:
    figure = new_figure(9.0, 3.8)
    sides = sorted({b.rises for b in measured} | {t.rises for t in tables}, reverse=True)
    for n, rises in enumerate(sides):
        name, colour = _SIDES[rises]
        table = next((t for t in tables if t.rises == rises), None)
        branch = next((b for b in measured if b.rises == rises), None)
        before = branch.g_siemens[:, :-1].ravel() if branch else table.g_siemens if table else np.empty(0)
        change = np.diff(branch.g_siemens, axis=1).ravel() if branch else table.d_g_siemens if table else np.empty(0)
        (unit, text), (small, small_text) = siemens(before), siemens(change)
        ax = _panel(figure, len(sides), n, name, f"Conductance before the pulse ({text})", f"Change ({small_text})")
        if branch:
            ax.plot(before / unit, change / small, ".", ms=2, alpha=0.3, color=colour)
        if table:
            _quantile_lines(ax, table, unit, small)
        for other in (t for t in first if t.rises == rises):
            ax.plot(other.g_siemens / unit, other.mean_siemens(other.g_siemens) / small, "--", color="black", lw=1.2)
        ax.axhline(0, color=COLOURS[5], lw=0.6)
    return (
        figure,
        "Change by one pulse against the conductance before it; the table's mean, and its 5 to 95 % of the changes"
        + ("; dashed: mean of the first pulse after a change of direction." if first else "."),
    )


def _quantile_lines(ax: Axes, table: UpdateTable, unit: float, small: float) -> None:
    rows = np.array([np.interp([0.05, 0.25, 0.75, 0.95], table.cdf, column) for column in table.d_g_siemens.T]).T
    g = table.g_siemens / unit
    ax.fill_between(g, rows[0] / small, rows[3] / small, color=COLOURS[5], alpha=0.25, lw=0, label="5 to 95 %")
    ax.fill_between(g, rows[1] / small, rows[2] / small, color=COLOURS[5], alpha=0.35, lw=0, label="25 to 75 %")
    ax.plot(g, table.mean_siemens(table.g_siemens) / small, color="black", lw=1.2, label="mean")
    ax.legend(fontsize=8, frameon=False)
