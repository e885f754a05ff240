"""The pictures of an evaluation's page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, PercentFormatter

from spicegen.reports.plotting import COLOURS, axes, new_figure

if TYPE_CHECKING:
    from evaluator.evaluation.compare import Comparison
    from evaluator.evaluation.report import Report, TileSample
    from evaluator.evaluation.sweep import SweepReport
    from evaluator.network.layer import Array

FLOAT, HARDWARE = COLOURS[5], COLOURS[0]
_NAMED_LAYERS, _LAYER_TICKS = 12, 25


def accuracy_figure(report: Report) -> Figure:
    """Accuracy of each programming, their mean with its interval, and the floating-point baseline."""
    figure = new_figure(7.0, 3.0)
    ax = axes(figure, title="Accuracy of each programming", x="Programming", y="Accuracy")
    accuracies = report.accuracy_trials
    numbers = np.arange(1, len(accuracies) + 1)
    if interval := report.accuracy_ci95:
        ax.axhspan(*interval, color=HARDWARE, alpha=0.15, lw=0, label="95 % interval of the mean")
    ax.axhline(report.accuracy_hardware, color=HARDWARE, lw=1, label=f"mean {report.accuracy_hardware:.2%}")
    ax.plot(numbers, accuracies, "o", color=HARDWARE, label="one programming", clip_on=False)
    ax.axhline(
        report.accuracy_float,
        color=FLOAT,
        ls="--",
        lw=1.2,
        label=f"floating point {report.accuracy_float:.2%}",
    )
    ax.set_xlim(0.5, len(accuracies) + 0.5)
    ax.set_xticks(numbers if len(numbers) <= 20 else numbers[:: len(numbers) // 10])
    _room(ax, (*accuracies, report.accuracy_float, *(report.accuracy_ci95 or ())))
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure


def layer_figure(report: Report) -> Figure:
    """Relative output error of each layer, split by cause; names beside the numbers where there is room for them."""
    figure = new_figure(7.0, 3.2)
    ax = axes(figure, title="Where the error comes from", y="Relative output error")
    places = np.arange(len(report.layers))
    causes = (("programming", COLOURS[1]), ("wires", COLOURS[2]), ("both", COLOURS[0]), ("total", COLOURS[3]))
    shown = {"programming": "cells", "wires": "wires", "both": "both", "total": "all"}
    for k, (cause, colour) in enumerate(causes):
        heights = [getattr(layer.relative_output_error, cause) for layer in report.layers]
        ax.bar(places + (k - 1.5) * 0.21, heights, 0.19, color=colour, label=shown[cause])
    if len(places) <= _NAMED_LAYERS:
        _name_groups(ax, [f"{n}: {layer.name}" for n, layer in enumerate(report.layers, 1)], 6)
    else:
        step = -(-len(places) // _LAYER_TICKS)
        ax.set_xticks(places[::step], [str(n + 1) for n in places[::step]])
        ax.set_xlabel("Layer, numbered as in the table", fontsize=9)
    ax.margins(x=0.01)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure


def sweep_figure(sweep: SweepReport) -> Figure:
    """Accuracy over the swept setting: mean, interval, and every trial; numbers on an axis of numbers."""
    figure = new_figure(7.0, 3.2)
    ax = axes(figure, title=f"Accuracy over {plain(sweep.key, 40)}", x=plain(sweep.key, 40), y="Accuracy")
    try:
        places = [float(v) for v in sweep.values]
    except ValueError:
        places = list(map(float, range(len(sweep.values))))
    if 0 < 20 * min(places) <= max(places):
        ax.set_xscale("log")
        ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticks(places, [plain(v) for v in sweep.values])
    shown: list[float] = [sweep.reports[0].accuracy_float]
    for place, report in zip(places, sweep.reports, strict=True):
        low, high = report.accuracy_ci95 or (report.accuracy_hardware,) * 2
        trials = report.accuracy_trials
        ax.plot([place] * len(trials), trials, "o", ms=3, color=HARDWARE, alpha=0.3, clip_on=False)
        ax.plot([place, place], [low, high], color=HARDWARE, lw=2)
        shown += [low, high, *report.accuracy_trials]
    means = [r.accuracy_hardware for r in sweep.reports]
    ax.plot(places, means, "o-", color=HARDWARE, label="arrays, mean", clip_on=False)
    ax.axhline(shown[0], color=FLOAT, ls="--", lw=1.2, label=f"floating point {shown[0]:.2%}")
    _room(ax, tuple(shown))
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure


def compare_figure(comparison: Comparison) -> Figure:
    """A group of bars for each network: floating point, then every condition."""
    networks, conditions = comparison.suite.networks, comparison.suite.conditions
    figure = new_figure(min(2.5 + 1.3 * len(networks), 16.0), 3.8)
    ax = axes(figure, title="Accuracy in floating point and on arrays", y="Accuracy")
    width = 0.85 / (len(conditions) + 1)
    for k, network in enumerate(networks):
        own = [comparison.reports[network.name, c.name] for c in conditions]
        ax.bar(k - 0.425 + width / 2, own[0].accuracy_float, 0.9 * width, color="0.75", label="" if k else "float")
        for n, (condition, report) in enumerate(zip(conditions, own, strict=True), 1):
            low, high = report.accuracy_ci95 or (report.accuracy_hardware,) * 2
            place = k - 0.425 + (n + 0.5) * width
            colour = COLOURS[(n - 1) % len(COLOURS)]
            ax.bar(place, report.accuracy_hardware, 0.9 * width, color=colour, label="" if k else condition.name)
            ax.plot([place, place], [low, high], color="0.2", lw=1)
    _name_groups(ax, [n.name for n in networks], 4)
    ax.set_ylim(0, 1)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure


def tile_figure(sample: TileSample, columns: str) -> Figure:
    """Target conductances of a tile beside the error of its effective weights.

    Args:
        sample: the tile; inputs and outputs are numbered as in the layer, columns from the tile's first.
        columns: what they are.

    """
    figure = new_figure(9.0, 4.2)
    (first, last), (top, bottom) = sample.outputs, sample.inputs
    left = axes(figure, 121, title="Target conductance", x=f"Column ({columns})", y="Input")
    _image(figure, left, sample.g_siemens * 1e6, (0, sample.g_siemens.shape[1] - 1, top, bottom), "µS")
    right = axes(figure, 122, title="Error of the effective weight", x="Output", y="Input")
    error = sample.weight_error.T * 100
    _image(figure, right, error, (first, last, top, bottom), "% of the layer's largest weight", signed=True)
    return figure


def plain(name: str, length: int = 24) -> str:
    """A name from a file, fit for matplotlib: no mathematics, no line breaks, not too long."""
    text = re.sub(r"[^\w .:/-]", "_", name)
    return text if len(text) <= length else text[: length - 1] + "…"


def _name_groups(ax: Axes, names: list[str], most: int) -> None:
    """Names under groups of bars, aslant if there are more than ``most``."""
    many = len(names) > most
    labels = [plain(name) for name in names]
    ax.set_xticks(range(len(names)), labels, rotation=30 if many else 0, ha="right" if many else "center")


def _image(
    figure: Figure,
    ax: Axes,
    values: Array,
    span: tuple[int, int, int, int],
    unit: str,
    *,
    signed: bool = False,
) -> None:
    """``span``: number of the first and last column, first and last row."""
    left, right, top, bottom = span
    limit = max(float(np.max(np.abs(values))), 1e-12)
    low, high = (-limit, limit) if signed else (None, None)
    extent = (left - 0.5, right + 0.5, bottom + 0.5, top - 0.5)
    colours = "RdBu_r" if signed else "viridis"
    image = ax.imshow(values, cmap=colours, aspect="auto", interpolation="nearest", vmin=low, vmax=high, extent=extent)
    ax.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=ax, shrink=0.9)
    bar.set_label(unit, fontsize=8)
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_visible(False)


def _room(ax: Axes, accuracies: tuple[float, ...]) -> None:
    low, high = min(accuracies), max(accuracies)
    margin = max(0.15 * (high - low), 0.002)
    ax.set_ylim(max(low - margin, 0), min(high + margin, 1))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
