"""The page of ``spicegen study training``: accuracy against each property of the devices' steps, a curve a law."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from evaluator.reports.pictures import FLOAT, accuracy_axis
from evaluator.training.study import StudyPoint, TrainingStudy
from spicegen.reports.page import Page
from spicegen.reports.plotting import COLOURS, axes, new_figure

_LABELS = {
    "nonlinearity": "nonlinearity β, steps up and down alike",
    "asymmetry": "asymmetry β, steps up and down opposed",
    "states": "pulses through the window",
    "noise": "deviation of a step / mean step",
    "weight_range": "weight range / largest initial weight",
}
_LOGARITHMIC = ("states", "weight_range")


def training_study_page(study: TrainingStudy) -> Page:
    """The page of the study: one picture and its table."""
    page = Page("What a device's steps do to training", study.summary)
    update, train = study.config.train.update, study.config.train
    page.section(
        "Accuracy against one property at a time",
        f"All else is as in the description: beta {update.beta_p:g} up and {update.beta_d:g} down, {update.states:g} "
        f"pulses through the window, deviation of a step {update.step_sigma:g} of its mean, weight range "
        f"{train.cell.weight_range}, {train.schedule.epochs} epochs. The devices of a weight: {train.cell.kind}. Every "
        f"point is the mean of {study.config.seeds} seeds, which begin with the same weights and see the same samples.",
    )
    page.figure(
        _figure(study), "Mean accuracy after the last epoch; the bands hold all seeds. Dashed: in floating point."
    )
    page.table(study.head, study.rows())
    return page


def _figure(study: TrainingStudy) -> Figure:
    shown = list(dict.fromkeys(p.axis for p in study.points))
    figure = new_figure(3.2 * len(shown), 3.2)
    accuracies = tuple(float(a) for p in study.points for a in (*p.hardware, *p.floating))
    for n, axis in enumerate(shown):
        ax = axes(figure, 101 + 10 * len(shown) + n, x=_LABELS[axis], y="" if n else "accuracy")
        ax.xaxis.label.set_fontsize(8)
        points = [p for p in study.points if p.axis == axis]
        for colour, law in zip(COLOURS, study.config.laws, strict=False):
            _curve(ax, [p for p in points if p.law == law], colour)
        ax.axhline(float(np.mean([p.floating.mean() for p in points])), color=FLOAT, ls="--", lw=1.0)
        if axis in _LOGARITHMIC:
            ax.set_xscale("log")
            values = list(dict.fromkeys(p.value for p in points))
            ax.set_xticks([_place(v) for v in values], [v.removesuffix(".0") for v in values])
            ax.xaxis.set_minor_locator(NullLocator())
        accuracy_axis(ax, accuracies)
        if n == 0:
            ax.legend(fontsize=7, frameon=False)
    return figure


def _place(value: str) -> float:
    """The place of a value on its axis; a weight range is a multiple such as 3x."""
    return float(value.removesuffix("x"))


def _curve(ax: Axes, points: list[StudyPoint], colour: str) -> None:
    at = [_place(p.value) for p in points]
    hardware = np.array([p.hardware for p in points])
    ax.plot(at, hardware.mean(axis=1), "o-", ms=3, lw=1.2, color=colour, label=points[0].law)
    ax.fill_between(at, hardware.min(axis=1), hardware.max(axis=1), color=colour, alpha=0.2, lw=0)
