"""The page of a training: accuracy against epoch, what the devices' pulses do, and what a rest leaves."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from evaluator.reports.pictures import FLOAT, HARDWARE, accuracy_axis
from evaluator.training.result import RESTS_S, TrainResult
from spicegen.reports.page import Page
from spicegen.reports.plotting import COLOURS, axes, new_figure, whole_ticks


def training_page(result: TrainResult) -> Page:
    """The page of a training: its accuracies, its settings, the steps of its devices, and the rest after it."""
    page = Page(f"Training on {result.card.name}", f"{result.summary[0].upper()}{result.summary[1:]}.")
    page.figure(
        _accuracy_figure(result),
        "Accuracy over the test images after each epoch: mean over the seeds, and every seed. Both networks begin with "
        "the same weights and see the same samples in the same order.",
    )
    page.table(("Seed", "Floating point", "On the devices", "Gap / points"), _rows(result))
    update, cell = result.config.update, result.config.cell
    law = f"pulses ({update.pulses})" if update.law == "pulses" else update.law
    page.section(
        "Updates",
        f"Law: {law}; cells: {cell.kind}. Steps of {result.steps.source}. {result.interval_sentence}",
    )
    page.figure(
        _steps_figure(result),
        "What one pulse does to a device, over the window: the mean, and the range that holds 90 % of the steps.",
    )
    rested = result.rested
    if rested is None:
        page.section("After a rest", result.rest_note)
    else:
        page.section("After a rest", result.rest_note)
        page.table(
            ("Rest / s", "Accuracy on the devices"), [(t, f"{a:.2%}") for t, a in zip(RESTS_S, rested, strict=True)]
        )
    return page


def _rows(result: TrainResult) -> list[tuple[object, ...]]:
    return [
        (r.seed, f"{r.floating[-1]:.2%}", f"{r.hardware[-1]:.2%}", f"{100 * (r.floating[-1] - r.hardware[-1]):.2f}")
        for r in result.runs
    ]


def _accuracy_figure(result: TrainResult) -> Figure:
    figure = new_figure(7.0, 3.4)
    ax = axes(figure, title="Accuracy against epoch", x="epoch", y="accuracy")
    shown: list[float] = []
    for colour, name, curves in (
        (FLOAT, "floating point", [r.floating for r in result.runs]),
        (HARDWARE, "on the devices", [r.hardware for r in result.runs]),
    ):
        epochs = np.arange(1, len(curves[0]))
        for curve in curves:
            ax.plot(epochs, curve[1:], color=colour, lw=0.8, alpha=0.4)
        mean = np.mean(curves, axis=0)[1:]
        ax.plot(epochs, mean, "o-", ms=3, color=colour, label=f"{name} {mean[-1]:.2%}")
        shown += [float(a) for curve in curves for a in curve[1:]]
    accuracy_axis(ax, tuple(shown))
    whole_ticks(ax, "x")
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure


def _steps_figure(result: TrainResult) -> Figure:
    figure = new_figure(7.0, 3.0)
    ax = axes(figure, title="Steps of the device", x="conductance / µS", y="change by a pulse")
    low, high = (1e6 * g for g in result.steps.window_siemens)
    for colour, name, mean, residual in zip(
        COLOURS, ("up", "down"), result.steps.mean, result.steps.residual, strict=False
    ):
        g = np.linspace(low, high, len(mean))
        ax.plot(g, mean, color=colour, label=name)
        if result.steps.noisy:
            nodes = np.linspace(low, high, len(residual))
            p = np.linspace(0, 1, residual.shape[1])
            ends = [np.interp(nodes, g, mean) + [np.interp(q, p, row) for row in residual] for q in (0.05, 0.95)]
            ax.fill_between(nodes, *ends, color=colour, alpha=0.2, lw=0)
    ax.axhline(0, color="0.6", lw=0.6)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    ax.legend(fontsize=8, frameon=False)
    return figure
