"""The page of an evaluation: result, layers, one tile, and what it all rests on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from evaluator.evaluation.diagnosis import TileSample
from evaluator.evaluation.report import Report
from evaluator.network.layer import Array
from evaluator.reports.pictures import FLOAT, HARDWARE, accuracy_axis, name_groups
from evaluator.scores import paired_difference
from spicegen.reports.page import Page
from spicegen.reports.plotting import COLOURS, axes, new_figure

_ASSUMED = (
    "The accuracy rests on these entries of the device card. Those marked assumed are not in the card's "
    "source: copy the card, change them and evaluate again to see what depends on them."
)
_MODEL = (
    "Tiles are crossbars of their own size. Biases, activations and sums over tiles are digital and exact; "
    "what the arrays themselves suffer from is in the table of settings."
)
_TILES_SHOWN = 50
_NAMED_LAYERS, _LAYER_TICKS = 12, 25
Row = tuple[str, str]
COLUMNS = {
    "differential": "+ and - of each output",
    "reference": "one an output, the reference in the middle",
    "bit-sliced": "+ and - of each digit of each output",
}
"""Meaning of a tile's columns, by mapping scheme."""
_ENERGY = (
    "An estimate: devices at the mean square of each layer's inputs, IR drop left out; converters by the settings "
    "under costs, which are assumed, not measured. Digital logic and the programming are not in it."
)


def evaluation_page(report: Report) -> Page:
    """The page of an evaluation: result, layers, circuits, costs, one tile, and the card entries and settings used."""
    page = Page("Accuracy on arrays", report.summary)
    _result(page, report)
    _layers(page, report)
    _circuits(page, report)
    _costs(page, report)
    _tile(page, report)
    _basis(page, report)
    return page


def _result(page: Page, report: Report) -> None:
    page.section("Result")
    page.table(("", ""), [*_accuracy(report), *_compensation(report), *_devices(report), *_origin(report)])
    caption = (
        "Every independent programming of the arrays. The interval is Student's t for the mean over three or more "
        "programmings that differ; how well these images stand for others is not in it."
    )
    if len(report.trials) == 1 and not report.hardware.is_random:
        caption = "Nothing is random here, so one programming says it all."
    page.figure(accuracy_figure(report), caption)


def _accuracy(report: Report) -> Iterator[Row]:
    yield "Accuracy, floating point", f"{report.accuracy_float:.2%}"
    yield "Accuracy, arrays (mean)", f"{report.accuracy_hardware:.2%}"
    if interval := report.accuracy_ci95:
        yield "95 % interval of that mean", f"{interval[0]:.2%} to {interval[1]:.2%}"
    low, high = report.accuracy_images_ci95
    yield "95 % interval for other images like these (binomial)", f"{low:.2%} to {high:.2%}"
    if report.accuracy_std is not None:
        yield "Standard deviation between programmings", f"{report.accuracy_std:.2%}"
    if top5 := report.top5:
        yield "Top-5, floating point and arrays", f"{top5['float']:.2%}, {top5['hardware']:.2%}"


def _compensation(report: Report) -> Iterator[Row]:
    if report.uncompensated is None or report.bought_back is None:
        return
    where = "arrays" if report.circuits is None else "operator"
    without = sum(s.top1 for s in report.uncompensated) / len(report.uncompensated)
    gain, interval = report.bought_back
    spread = "" if interval is None else f" (95 % interval {interval[0]:+.2%} to {interval[1]:+.2%})"
    yield f"Accuracy, {where}, without compensation", f"{without:.2%}"
    bought = f"Bought back by compensation of {report.hardware.config.compensate}"
    yield bought, f"{gain:+.2%}{spread}, the same random numbers"
    left = [x.out_of_reach for x in report.layers if x.out_of_reach is not None]
    if left:
        yield "Out of the window's reach, worst layer", f"{max(left):.2%} of the weights (root mean square)"


def _devices(report: Report) -> Iterator[Row]:
    given_up = [x.unverified for x in report.layers if x.unverified is not None]
    if given_up:
        yield "Devices that write-verify gave up, worst layer", f"{max(given_up):.1%} of those sampled"
    if report.drift is not None:
        errors = report.hardware.config.errors
        yield "Drift", f"{errors.time_s:g} s at {errors.temperature_k:g} K. {report.drift}"
    if curve := report.read_curve:
        yield (
            f"I-V curve up to {curve.v_read_volt:g} V, relative",
            f"{curve.nonlinearity:.2%} off a straight line; states differ from the common curve by up to "
            f"{curve.inseparability:.2%}, its polynomial by {curve.fit_error:.1e}",
        )


def _origin(report: Report) -> Iterator[Row]:
    yield "Images", str(report.n_images)
    yield "Programmings, seed", f"{len(report.trials)}, {report.hardware.seed}"
    yield "Network", report.model
    yield "Data", report.data
    yield "Calibrated on", report.calibration or "nothing: there is nothing to calibrate"
    yield "Seconds", f"{report.seconds:.1f}"


def _layers(page: Page, report: Report) -> None:
    page.section("Layers", _MODEL)
    engine = {"operator": "operator (exact, wires included)", "ideal": "ideal (no wires)"}[report.hardware.engine]
    head = ("Layer", "Op", "Out", "In", "Tiles", "Devices", "Cells, %", "Wires, %", "Both, %", "All, %")
    rows = []
    for number, layer in enumerate(report.layers, 1):
        e = layer.relative_output_error
        errors = (round(100 * part, 2) for part in (e.programming, e.wires, e.both, e.total))
        op = layer.op if layer.groups == 1 else f"{layer.op}, {layer.groups} groups"
        rows.append((f"{number}: {layer.name}", op, *layer.shape, layer.tiles, layer.devices, *errors))
    page.table(head, rows, title=f"Right: error of the outputs. Tiles are read by the engine {engine}.")
    page.figure(
        layer_figure(report),
        "Error of each layer's outputs, relative to the outputs themselves (root mean square over the "
        "vectors that its arrays see of some images, first programming): with what changes conductances alone, with "
        "wires alone, with both, and with everything (converters, read noise, I-V curve, corrections).",
    )


def _circuits(page: Page, report: Report) -> None:
    if report.circuits is None:
        return
    c = report.circuits
    chosen = c.in_circuit
    text = f"{len(chosen)} of {len(c.choices)} tiles ran in {c.engine}: {c.reason}."
    if c.devices_are_resistors:
        text += " This card's model is linear, or has no memory to program: its cells were resistors."
    if chosen and c.operator_trials:
        gain, _ = paired_difference([s.top1 for s in c.operator_trials], report.accuracy_trials)
        text += f" Against the operator alone, that changed the accuracy by {gain:+.3%}."
        text += " The errors of layers above, corrections by compensation, and hardware.onnx are the operator's."
    page.section("Circuits in the loop", text)
    worst = sorted(c.choices, key=lambda x: (not x.in_circuit, -(x.operator_error or 0.0)))[:_TILES_SHOWN]
    rows = [
        (x.label, f"{x.rows} x {x.columns}", "" if x.operator_error is None else x.operator_error, x.reads,
         c.engine if x.in_circuit else "operator")
        for x in worst
    ]  # fmt: skip
    page.table(("Tile", "Size", "Error of its outputs by the operator", "Reads an image", "Runs in"), rows)


def _costs(page: Page, report: Report) -> None:
    page.section("What it takes", _ENERGY)
    found = report.costs
    energy = ("array_joule", "dac_joule", "adc_joule")
    page.table(
        ("", ""),
        [
            ("Tiles, devices", f"{report.tiles}, {report.devices}"),
            ("Crossings in use, were all tiles of full size", f"{found['utilisation']:.1%}"),
            ("Row drivers (DAC), column converters (ADC)", f"{found['dacs']:.0f}, {found['adcs']:.0f}"),
            ("Energy of an inference", _joule(sum(found[k] for k in energy))),
            ("of it arrays, DAC, ADC", ", ".join(_joule(found[k]) for k in energy)),
        ],
    )
    head = ("Layer", "In use, %", "DAC", "ADC", "Reads", "Energy / nJ")
    rows = [
        (x.name, round(100 * x.costs.utilisation, 1), x.costs.dacs, x.costs.adcs, x.costs.reads, x.costs.joule * 1e9)
        for x in report.layers
    ]
    page.table(head, rows)


def _joule(energy: float) -> str:
    for unit, size in (("mJ", 1e-3), ("µJ", 1e-6), ("nJ", 1e-9)):
        if energy >= size:
            return f"{energy / size:.3g} {unit}"
    return f"{energy * 1e12:.3g} pJ"


def _tile(page: Page, report: Report) -> None:
    s = report.sample
    page.section("One tile", f"Of the largest layer, {s.layer}, the tile that holds most weight; first programming.")
    columns = COLUMNS[report.hardware.config.mapping.scheme]
    page.figure(
        tile_figure(s, columns),
        f"Left: the conductances to be programmed; columns: {columns}. Right: how far the weights that the tile has "
        "in effect are from the wanted ones. Rows are driven from the left and columns sensed at the bottom, unless "
        "the array says otherwise: the wires take most from the cells far from both.",
    )


def _basis(page: Page, report: Report) -> None:
    card = report.hardware.card
    page.section("What this rests on", _ASSUMED)
    page.table(
        ("Card entry", "Value", "Provenance", "Note"),
        [(name, q.value, q.provenance, q.note) for name, q in report.assumptions.items()],
        title=f"{card.name} ({card.title}), card hash {card.hash}",
    )
    settings = report.to_json()
    sections = {"array": settings["array"], **settings["hardware"]}
    rows = [
        (f"{section}.{key}", str(value))
        for section, values in sections.items()
        if isinstance(values, dict)
        for key, value in values.items()
        if value is not None
    ]
    page.table(("Setting", ""), [*rows, ("compensate", sections["compensate"])], title="Settings")


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
    accuracy_axis(ax, (*accuracies, report.accuracy_float, *(report.accuracy_ci95 or ())))
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
        name_groups(ax, [f"{n}: {layer.name}" for n, layer in enumerate(report.layers, 1)], 6)
    else:
        step = -(-len(places) // _LAYER_TICKS)
        ax.set_xticks(places[::step], [str(n + 1) for n in places[::step]])
        ax.set_xlabel("Layer, numbered as in the table", fontsize=9)
    ax.margins(x=0.01)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure


def tile_figure(sample: TileSample, columns: str) -> Figure:
    """Target conductances of a tile beside the error of its effective weights.

    Args:
        sample: the tile; inputs and outputs are numbered as in the layer, columns from the tile's first.
        columns: meaning of the columns, a text for people.

    """
    figure = new_figure(9.0, 4.2)
    (first, last), (top, bottom) = sample.outputs, sample.inputs
    left = axes(figure, 121, title="Target conductance", x=f"Column ({columns})", y="Input")
    _image(figure, left, sample.g_siemens * 1e6, (0, sample.g_siemens.shape[1] - 1, top, bottom), "µS")
    right = axes(figure, 122, title="Error of the effective weight", x="Output", y="Input")
    error = sample.weight_error.T * 100
    _image(figure, right, error, (first, last, top, bottom), "% of the layer's largest weight", signed=True)
    return figure


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
