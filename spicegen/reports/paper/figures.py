"""The paper's figures as whole pictures, put together from the drawings of its experiments.

Experiments that rooms above this one register have their drawings there, too: entry points of the group
``spicegen.drawings``. The entry point has the experiment's name and loads a ``PaperFigure``, whose rows are put below
those of the figure of that name here, or which is a figure of its own. It is loaded only if the experiment was run.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure, FigureBase

from spicegen.files import output_folder
from spicegen.paper.reproduce import Outcome, Reproduction
from spicegen.reports.paper.activity import draw_figure_4a, draw_figure_4b, draw_figure_4c, draw_figure_4d
from spicegen.reports.paper.cycling import draw_figure_2d, draw_figure_6b, draw_figure_s3
from spicegen.reports.paper.programming_error import draw_figure_6c
from spicegen.reports.paper.retention import draw_figure_s4, draw_figure_s5, draw_kept_2d
from spicegen.reports.paper.sweeps import draw_figure_2b, draw_figure_s2
from spicegen.reports.paper.table_1 import draw_table_1
from spicegen.reports.paper.tailoring import draw_figure_4e
from spicegen.reports.paper.timing import (
    draw_figure_3a,
    draw_figure_3b,
    draw_figure_3cd,
    draw_figure_3e,
    draw_figure_3f,
)
from spicegen.reports.plotting import new_figure
from spicegen.simulate import REFERENCE

_GROUP = "spicegen.drawings"
_WIDTH_INCH, _ROW_INCH = 10.5, 3.1


@dataclass(frozen=True, slots=True)
class Panel:
    """One experiment's part of a figure.

    Attributes:
        experiment: name of the experiment.
        draw: function that draws the part: of the experiment, the figure to draw into, and what was measured.
        width: width relative to the other panels in its row.
    """

    experiment: str
    draw: Callable[[Any, FigureBase, Any], None]
    width: int = 1


@dataclass(frozen=True, slots=True)
class PaperFigure:
    """One figure of the paper.

    Attributes:
        name: name of its file, without the ending.
        title: title as in the paper.
        rows: rows of panels from top to bottom, each from left to right.
    """

    name: str
    title: str
    rows: Sequence[Sequence[Panel]]


PAPER_FIGURES = (
    PaperFigure("figure_2", "Figure 2", ((Panel("fig2b", draw_figure_2b, 2), Panel("fig2d", draw_figure_2d)),)),
    PaperFigure(
        "figure_3",
        "Figure 3",
        (
            (Panel("fig3a", draw_figure_3a), Panel("fig3b", draw_figure_3b)),
            (Panel("fig3cd", draw_figure_3cd),),
            (Panel("fig3e", draw_figure_3e), Panel("fig3f", draw_figure_3f)),
        ),
    ),
    PaperFigure(
        "figure_4",
        "Figure 4",
        (
            (Panel("fig4a", draw_figure_4a),),
            (Panel("fig4b", draw_figure_4b),),
            (Panel("fig4c", draw_figure_4c),),
            (Panel("fig4d", draw_figure_4d),),
            (Panel("fig4e", draw_figure_4e),),
        ),
    ),
    PaperFigure("figure_6", "Figure 6", ((Panel("fig2d", draw_figure_6b), Panel("fig6c", draw_figure_6c)),)),
    PaperFigure("table_1", "Table 1", ((Panel("table1", draw_table_1),),)),
    PaperFigure("figure_s2", "Figure S2", ((Panel("figS2", draw_figure_s2),),)),
    PaperFigure("figure_s3", "Figure S3", ((Panel("figS3", draw_figure_s3),),)),
    PaperFigure(
        "figure_s4_s5",
        "Figures S4 and S5",
        ((Panel("figS4", draw_figure_s4), Panel("figS5", draw_figure_s5)), (Panel("kept2d", draw_kept_2d),)),
    ),
)
"""Figures of experiments on devices, in the paper's order."""


def draw_figures(report: Reproduction) -> list[tuple[PaperFigure, Figure]]:
    """Draw the paper's figures as the reference engine shows them; those of which nothing was measured are left out."""
    outcomes = {o.experiment.name: o for o in report.outcomes if o.engine == REFERENCE and not o.problem}
    return [(paper, figure) for paper in _paper_figures(outcomes) if (figure := _drawn(paper, outcomes))]


def write_figures(report: Reproduction, folder: Path) -> None:
    """Write the paper's figures as SVG files, to be published.

    Raises:
        InputError: the folder cannot be written to.
    """
    output_folder(folder)
    for paper, figure in draw_figures(report):
        figure.savefig(folder / f"{paper.name}.svg", metadata={"Date": None})


def _paper_figures(experiments: Container[str]) -> list[PaperFigure]:
    """All figures, with the drawings that are registered for some of the experiments."""
    figures = {figure.name: figure for figure in PAPER_FIGURES}
    for entry in entry_points(group=_GROUP):
        if entry.name in experiments:
            added: PaperFigure = entry.load()
            here = figures.get(added.name, replace(added, rows=()))
            figures[added.name] = replace(here, rows=(*here.rows, *added.rows))
    return list(figures.values())


def _drawn(paper: PaperFigure, outcomes: Mapping[str, Outcome]) -> Figure | None:
    """The figure with the panels of those experiments that have an outcome; None without any."""
    rows = [here for row in paper.rows if (here := [p for p in row if p.experiment in outcomes])]
    if not rows:
        return None
    figure = new_figure(_WIDTH_INCH, _ROW_INCH * len(rows))
    for row, strip in zip(rows, figure.subfigures(len(rows), 1, squeeze=False)[:, 0], strict=True):
        parts = strip.subfigures(1, len(row), squeeze=False, width_ratios=[p.width for p in row])[0]
        for panel, part in zip(row, parts, strict=True):
            outcome = outcomes[panel.experiment]
            panel.draw(outcome.experiment, part, outcome.data)
    return figure
