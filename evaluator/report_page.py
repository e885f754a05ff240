"""The page of an evaluation: result, layers, one tile, and what it all rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluator.pictures import accuracy_figure, layer_figure, tile_figure
from spicegen.page import Page

if TYPE_CHECKING:
    from evaluator.report import Report

_ASSUMED = (
    "The accuracy rests on these entries of the device card. Those marked assumed are not in the card's "
    "source: copy the card, change them and evaluate again to see what depends on them."
)
_MODEL = (
    "Each weight is the difference of two neighbouring conductances; the largest weight of a layer takes the "
    "whole window. Biases, activations and sums over tiles are digital and exact. Not part of this: "
    "converters, read noise, drift, stuck devices."
)


def report_page(report: Report) -> Page:
    """Fill the page."""
    page = Page("Accuracy on arrays", report.summary)
    _result(page, report)
    _layers(page, report)
    _tile(page, report)
    _basis(page, report)
    return page


def _result(page: Page, report: Report) -> None:
    page.section("Result")
    rows = [
        ("Accuracy, floating point", f"{report.accuracy_float:.2%}"),
        ("Accuracy, arrays (mean)", f"{report.accuracy_hardware:.2%}"),
    ]
    if interval := report.accuracy_ci95:
        rows.append(("95 % interval of that mean", f"{interval[0]:.2%} to {interval[1]:.2%}"))
    if top5 := report.top5:
        rows.append(("Top-5, floating point and arrays", f"{top5['float']:.2%}, {top5['hardware']:.2%}"))
    rows += [
        ("Images", str(report.n_images)),
        ("Programmings, seed", f"{len(report.trials)}, {report.hardware.seed}"),
        ("Network", report.model),
        ("Data", report.data),
        ("Seconds", f"{report.seconds:.1f}"),
    ]
    page.table(("", ""), rows)
    caption = (
        "Every independent programming of the arrays. The interval is Student's t for the mean over "
        "programmings; how well these images stand for others is not in it."
    )
    if len(report.trials) == 1 and not report.hardware.is_random:
        caption = "Nothing is random here, so one programming says it all."
    page.figure(accuracy_figure(report), caption)


def _layers(page: Page, report: Report) -> None:
    page.section("Layers", _MODEL)
    engine = {"operator": "operator (exact, wires included)", "ideal": "ideal (no wires)"}[report.hardware.engine]
    head = ("Layer", "Op", "Groups", "Out", "In", "Tiles", "Devices", "Programming, %", "Wires, %", "Both, %")
    rows = []
    for layer in report.layers:
        e = layer.relative_output_error
        errors = (round(100 * part, 2) for part in (e.programming, e.wires, e.both))
        rows.append((layer.name, layer.op, layer.groups, *layer.shape, layer.tiles, layer.devices, *errors))
    page.table(head, rows, title=f"Right: error of the outputs in %. Tiles are read by the engine {engine}.")
    page.figure(
        layer_figure(report),
        "Error of each layer's outputs, relative to the outputs themselves (root mean square over the "
        "vectors that its arrays see of some images, first programming): with programming error alone, with wires "
        "alone, with both.",
    )


def _tile(page: Page, report: Report) -> None:
    s = report.sample
    page.section("One tile", f"Of the largest layer, {s.layer}, the tile that holds most weight; first programming.")
    page.figure(
        tile_figure(s),
        "Left: the conductances to be programmed; neighbouring columns are the plus and the minus of "
        "one output. Right: how far the weights that the tile has in effect are from the wanted ones. Rows "
        "are driven from the left and columns sensed at the bottom, unless the array says otherwise: the "
        "wires take most from the cells far from both.",
    )


def _basis(page: Page, report: Report) -> None:
    card, array = report.hardware.card, report.hardware.array
    page.section("What this rests on", _ASSUMED)
    page.table(
        ("Card entry", "Value", "Provenance", "Note"),
        [(name, q.value, q.provenance, q.note) for name, q in report.assumptions.items()],
        title=f"{card.name} ({card.title}), card hash {card.hash}",
    )
    if report.hardware.error is None:
        page.section(
            "",
            "Programming is exact in this evaluation: the card gives no error, or the ideal was asked for.",
        )
    page.table(
        ("Array", ""),
        [
            ("Tile, rows x columns (at most)", f"{array.rows} x {array.columns}"),
            ("Wire segment, row and column", f"{array.r_row_ohm:g} and {array.r_col_ohm:g} ohm"),
            ("Driver and sense amplifier", f"{array.r_source_ohm:g} and {array.r_sense_ohm:g} ohm"),
            ("Rows driven, columns sensed", f"{array.drive}, {array.sense}"),
            ("Tiles, devices in all", f"{report.tiles}, {report.devices}"),
        ],
    )
