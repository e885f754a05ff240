"""The paper's figures as whole pictures, put together from the experiments' panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure, FigureBase

from spicegen.paper.activity import Figure4a, Figure4b, Figure4c, Figure4d
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.cycling import Figure2d, FigureS3
from spicegen.paper.programming_error import Figure6c
from spicegen.paper.retention import FigureS4, FigureS5
from spicegen.paper.sweeps import Figure2b, FigureS2
from spicegen.paper.table_1 import Table1
from spicegen.paper.tailoring import Figure4e
from spicegen.paper.timing import Figure3a, Figure3b, Figure3cd, Figure3e, Figure3f
from spicegen.reports.plotting import new_figure

_WIDTH_INCH, _ROW_INCH = 10.5, 3.1


@dataclass(frozen=True, slots=True)
class Panel:
    """One experiment's part of a plate.

    Attributes:
        experiment: its name.
        draw: draws it.
        width: relative to the others in its row.
    """

    experiment: str
    draw: Callable[[FigureBase, Any, Assumptions], None]
    width: int = 1


@dataclass(frozen=True, slots=True)
class Plate:
    """One figure of the paper.

    Attributes:
        name: of its files.
        title: as in the paper.
        rows: panels from left to right.
    """

    name: str
    title: str
    rows: Sequence[Sequence[Panel]]


PLATES = (
    Plate("figure_2", "Figure 2", ((Panel("fig2b", Figure2b().draw, 2), Panel("fig2d", Figure2d().draw)),)),
    Plate(
        "figure_3",
        "Figure 3",
        (
            (Panel("fig3a", Figure3a().draw), Panel("fig3b", Figure3b().draw)),
            (Panel("fig3cd", Figure3cd().draw),),
            (Panel("fig3e", Figure3e().draw), Panel("fig3f", Figure3f().draw)),
        ),
    ),
    Plate(
        "figure_4",
        "Figure 4",
        (
            (Panel("fig4a", Figure4a().draw),),
            (Panel("fig4b", Figure4b().draw),),
            (Panel("fig4c", Figure4c().draw),),
            (Panel("fig4d", Figure4d().draw),),
            (Panel("fig4e", Figure4e().draw),),
        ),
    ),
    Plate("figure_6", "Figure 6", ((Panel("fig2d", Figure2d().draw_6b), Panel("fig6c", Figure6c().draw)),)),
    Plate("table_1", "Table 1", ((Panel("table1", Table1().draw),),)),
    Plate("figure_s2", "Figure S2", ((Panel("figS2", FigureS2().draw),),)),
    Plate("figure_s3", "Figure S3", ((Panel("figS3", FigureS3().draw),),)),
    Plate("figure_s4_s5", "Figures S4 and S5", ((Panel("figS4", FigureS4().draw), Panel("figS5", FigureS5().draw)),)),
)
"""In the paper's order."""


def draw_plate(plate: Plate, data: Mapping[str, Any], a: Assumptions) -> Figure | None:
    """Draw what was measured of a plate; None if nothing was.

    Args:
        plate: which.
        data: what each experiment measured, by its name.
        a: of the experiments.
    """
    rows = [here for row in plate.rows if (here := [p for p in row if p.experiment in data])]
    if not rows:
        return None
    figure = new_figure(_WIDTH_INCH, _ROW_INCH * len(rows))
    for row, strip in zip(rows, figure.subfigures(len(rows), 1, squeeze=False)[:, 0], strict=True):
        parts = strip.subfigures(1, len(row), squeeze=False, width_ratios=[p.width for p in row])[0]
        for panel, part in zip(row, parts, strict=True):
            panel.draw(part, data[panel.experiment], a)
    return figure
