"""The common look of every picture. Figures are made without pyplot: no global state, no display needed."""

from __future__ import annotations

from typing import Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, FigureBase
from matplotlib.ticker import MaxNLocator

COLOURS = ("#0b6e99", "#d1603d", "#4f9d69", "#8a6fb0", "#c9a227", "#5c6b7a")
PAPER = "#1d2733"
"""What the paper says: dashed lines and open stars."""


def new_figure(width_inch: float = 7.0, height_inch: float = 3.6) -> Figure:
    """An empty figure with a canvas that renders to PNG."""
    figure = Figure(figsize=(width_inch, height_inch), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def axes(figure: FigureBase, position: int = 111, *, title: str = "", x: str = "", y: str = "") -> Axes:
    """Axes in the common style."""
    ax = figure.add_subplot(position)
    ax.set_title(title, loc="left", fontsize=10, fontweight="bold")
    ax.set_xlabel(x, fontsize=9)
    ax.set_ylabel(y, fontsize=9)
    ax.tick_params(labelsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def whole_ticks(ax: Axes, only: Literal["x", "both"] = "both") -> None:
    """Ticks at whole numbers: of rows, columns, or things that are counted."""
    for axis in (ax.xaxis, ax.yaxis) if only == "both" else (ax.xaxis,):
        axis.set_major_locator(MaxNLocator(integer=True))


def paper_level(ax: Axes, value: float, text: str, *, below: bool = False, left: bool = False) -> None:
    """A value of the paper as a dashed line, with its text above the line's right end unless said otherwise."""
    ax.axhline(value, color=PAPER, ls="--", lw=0.8, zorder=0)
    shift, va = (-5, "top") if below else (2, "bottom")
    ax.annotate(
        text, (0.02 if left else 0.98, value), (0, shift), ax.get_yaxis_transform(), "offset points",
        ha="left" if left else "right", va=va, fontsize=8, color=PAPER,
    )  # fmt: skip
