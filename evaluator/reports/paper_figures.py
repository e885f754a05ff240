"""Drawings of the paper's experiments that train networks, below those of experiments on devices."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from evaluator.paper.figure_6 import PAPER_GAPS, Figure6Effects, Figure6Training, law_of
from evaluator.paper.table_1 import Table1Training, paper_accuracy
from evaluator.paper.trainings import DATA_SETS, Trained
from evaluator.reports.pictures import FLOAT, accuracy_axis
from evaluator.training.effects import EFFECTS as IMPERFECTIONS
from spicegen.reports.paper.figures import Panel, PaperFigure
from spicegen.reports.plotting import COLOURS, PAPER, axes, whole_ticks


def draw_figure_6_training(experiment: Figure6Training, figure: FigureBase, data: list[Trained]) -> None:
    """Draw accuracy against epoch for each data set: floating point, and the device by each law."""
    names = list(dict.fromkeys(t.case.data for t in data))
    for n, name in enumerate(names):
        data_set = DATA_SETS[name]
        ax = axes(figure, 101 + 10 * len(names) + n, title=f"{data_set.figure}  {data_set.title}", x="epoch")
        shown = [t for t in data if t.case.data == name]
        _curves(ax, shown[0].floating, FLOAT, "floating point")
        for colour, t in zip(COLOURS, shown, strict=False):
            _curves(ax, t.hardware, colour, f"{law_of(t)}, gap {t.gap_points:.2f}")
        ax.plot([], [], " ", label=f"paper's gap {PAPER_GAPS[name]:g} points")
        accuracy_axis(ax, tuple(float(a) for t in shown for a in (*t.hardware[:, 1:].flat, *t.floating[:, 1:].flat)))
        whole_ticks(ax, "x")
        ax.legend(fontsize=7, frameon=False, loc="lower right")


def _curves(ax: Axes, accuracies: np.ndarray, colour: str, label: str) -> None:
    """The accuracy after each epoch, shape (seeds, epochs + 1): the mean, and the range over the seeds."""
    epochs = np.arange(1, accuracies.shape[1])
    after = accuracies[:, 1:]
    ax.plot(epochs, after.mean(axis=0), "o-", ms=2.5, lw=1.2, color=colour, label=label)
    ax.fill_between(epochs, after.min(axis=0), after.max(axis=0), color=colour, alpha=0.2, lw=0)


def draw_figure_6_effects(experiment: Figure6Effects, figure: FigureBase, data: list[Trained]) -> None:
    """Draw the gap of each case as it is, and with one imperfection off at a time, as groups of bars."""
    found = {(t.case.setup, t.case.effect): t.gap_points for t in data}
    setups = [setup for setup, effect in found if not effect]
    ax = axes(figure, title="6e-g  What the gaps come from", y="gap / points")
    effects = ("", *IMPERFECTIONS)
    width = 0.8 / len(effects)
    for n, effect in enumerate(effects):
        gaps = [found.get((setup, effect), np.nan) for setup in setups]
        at = np.arange(len(setups)) + (n - (len(effects) - 1) / 2) * width
        ax.bar(at, gaps, 0.9 * width, color=COLOURS[n], label=f"{effect} off" if effect else "as it is")
    ax.axhline(0, color="0.6", lw=0.6)
    ax.set_xticks(range(len(setups)), setups, fontsize=7)
    ax.legend(fontsize=7, frameon=False, ncols=len(effects))


def draw_table_1_training(experiment: Table1Training, figure: FigureBase, data: dict[str, Trained]) -> None:
    """Draw the accuracies of the six devices, the best first, with every seed, beside the paper's stars."""
    ax = axes(figure, title="T1  Learning MNIST in one set-up", y="accuracy / %")
    ordered = sorted(data.items(), key=lambda item: -item[1].hardware[:, -1].mean())
    for n, (label, t) in enumerate(ordered):
        reached, paper = 100 * t.hardware[:, -1], paper_accuracy(label)
        ax.plot(np.full(len(reached), n), reached, "o", ms=4, color=COLOURS[n % len(COLOURS)])
        if paper.percent is not None:
            ax.plot(n, paper.percent, "*", ms=11, mfc="none", color=PAPER)
    floating = 100 * float(ordered[0][1].floating[:, -1].mean())
    ax.axhline(floating, color=FLOAT, lw=1.0, label="floating point, this set-up")
    ax.plot([], [], "*", ms=11, mfc="none", color=PAPER, label="paper, five papers with five baselines")
    ax.set_xticks(range(len(ordered)), [paper_accuracy(label).title for label, _ in ordered], fontsize=8)
    ax.legend(fontsize=7, frameon=False)


TRAINING = PaperFigure("figure_6", "Figure 6", ((Panel("fig6.training", draw_figure_6_training),),))
EFFECTS = PaperFigure("figure_6", "Figure 6", ((Panel("fig6.effects", draw_figure_6_effects),),))
TABLE_1 = PaperFigure("table_1", "Table 1", ((Panel("table1.training", draw_table_1_training),),))
