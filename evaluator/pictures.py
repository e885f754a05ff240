"""The pictures of an evaluation's page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from spicegen.plotting import COLOURS, axes, new_figure

if TYPE_CHECKING:
    from evaluator.layer import Array
    from evaluator.report import Report, TileSample

FLOAT, HARDWARE = COLOURS[5], COLOURS[0]


def accuracy_figure(report: Report) -> Figure:
    """Accuracy of each programming, their mean with its interval, and the floating-point baseline."""
    figure = new_figure(7.0, 3.0)
    ax = axes(figure, title="Accuracy of each programming", x="Programming", y="Accuracy")
    accuracies = report.accuracy_trials
    numbers = np.arange(1, len(accuracies) + 1)
    if interval := report.accuracy_ci95:
        ax.axhspan(*interval, color=HARDWARE, alpha=0.15, lw=0, label="95 % interval of the mean")
    ax.axhline(report.accuracy_hardware, color=HARDWARE, lw=1, label=f"mean {report.accuracy_hardware:.2%}")
    ax.plot(numbers, accuracies, "o", color=HARDWARE, label="one programming")
    ax.axhline(
        report.accuracy_float,
        color=FLOAT,
        ls="--",
        lw=1.2,
        label=f"floating point {report.accuracy_float:.2%}",
    )
    ax.set_xlim(0.5, len(accuracies) + 0.5)
    ax.set_xticks(numbers if len(numbers) <= 20 else numbers[:: len(numbers) // 10])
    _room(ax, (*accuracies, report.accuracy_float))
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure


def layer_figure(report: Report) -> Figure:
    """Relative output error of each layer, split by cause."""
    figure = new_figure(7.0, 3.2)
    ax = axes(figure, title="Where the error comes from", y="Relative output error")
    places = np.arange(len(report.layers))
    causes = (("programming", COLOURS[1]), ("wires", COLOURS[2]), ("both", COLOURS[0]))
    for k, (cause, colour) in enumerate(causes):
        heights = [getattr(layer.relative_output_error, cause) for layer in report.layers]
        ax.bar(places + (k - 1) * 0.27, heights, 0.25, color=colour, label=cause)
    names = [plain(f"{n + 1}: {layer.name}") for n, layer in enumerate(report.layers)]
    many = len(names) > 6
    ax.set_xticks(places, names, rotation=30 if many else 0, ha="right" if many else "center")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure


def tile_figure(sample: TileSample) -> Figure:
    """Target conductances of a tile beside the error of its effective weights; numbered as in the layer."""
    figure = new_figure(9.0, 4.2)
    (first, last), (top, bottom) = sample.outputs, sample.inputs
    left = axes(figure, 121, title="Target conductance", x="Column (+ and - of each output)", y="Row (input)")
    _image(figure, left, sample.g_siemens * 1e6, (2 * first, 2 * last + 1, top, bottom), "µS")
    right = axes(figure, 122, title="Error of the effective weight", x="Output", y="Input")
    error = sample.weight_error.T * 100
    _image(figure, right, error, (first, last, top, bottom), "% of the layer's largest weight", signed=True)
    return figure


def plain(name: str, length: int = 24) -> str:
    """A name from a file, fit for matplotlib: no mathematics, no line breaks, not too long."""
    text = re.sub(r"[^\w .:/-]", "_", name)
    return text if len(text) <= length else text[: length - 1] + "…"


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
    ax.set_ylim(max(low - margin, 0), min(high + margin, 1.002))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
