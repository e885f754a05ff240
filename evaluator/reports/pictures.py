"""Common parts of the figures of evaluations, sweeps and comparisons: colours, axes' names, the axis of accuracies."""

from __future__ import annotations

import re

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from spicegen.reports.plotting import COLOURS

FLOAT, HARDWARE = COLOURS[5], COLOURS[0]
"""Colours of the accuracy in floating point and of the accuracy on the arrays."""


def plain(name: str, length: int = 24) -> str:
    """A name from a file as matplotlib can draw it: no mathematics, no line breaks, at most ``length`` characters."""
    text = re.sub(r"[^\w .:/-]", "_", name)
    return text if len(text) <= length else text[: length - 1] + "…"


def name_groups(ax: Axes, names: list[str], most: int) -> None:
    """Write a name under each group of bars; the names are aslant if there are more than ``most``."""
    many = len(names) > most
    labels = [plain(name) for name in names]
    ax.set_xticks(range(len(names)), labels, rotation=30 if many else 0, ha="right" if many else "center")


def accuracy_axis(ax: Axes, accuracies: tuple[float, ...]) -> None:
    """Let the vertical axis hold these accuracies with a margin, within 0 to 100 %."""
    low, high = min(accuracies), max(accuracies)
    margin = max(0.15 * (high - low), 0.002)
    ax.set_ylim(max(low - margin, 0), min(high + margin, 1))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
