"""Figures of merit with their confidence intervals, as they are shown and written."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from spicegen.devices.update_table import UpdateTable
from spicegen.measurements import Origin
from spicegen.metrics._bootstrap import Samples, interval
from spicegen.reports.cells import format_cell
from spicegen.reports.page import Page

HEAD = ("name", "value", "95 % interval", "unit", "definition")
_GAP = 2
_DEFINITION = 40


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of merit.

    Attributes:
        name: of it, ``_p`` behind it for potentiation, ``_d`` for depression.
        value: in ``unit``; NaN where it does not exist.
        ci95: confidence interval; None where it could not be found.
        unit: an SI unit, or 1.
        definition: for people; its first sentence says it shortly.
        source: where it is from.
    """

    name: str
    value: float
    ci95: tuple[float, float] | None
    unit: str
    definition: str
    source: str = ""

    def row(self) -> tuple[object, ...]:
        """For tables, under ``HEAD``."""
        shown = f"{self.ci95[0]:.4g} .. {self.ci95[1]:.4g}" if self.ci95 else "-"
        return (self.name, self.value, shown, self.unit, self.definition.split(". ")[0].rstrip("."))

    def to_json(self) -> dict[str, Any]:
        """The same for report.json."""
        fields = ("name", "value", "ci95", "unit", "definition", "source")
        return {name: getattr(self, name) for name in fields}


@dataclass(frozen=True, slots=True)
class Statistic:
    """How a figure of merit is computed: a function whose docstring defines it and has a source.

    Attributes:
        name, unit: of the figure of merit.
        of: from samples to the value in each, shape (rows,).
        of_scatter: it is of the scatter between cycles, not of their mean.
        turned: its resamples are what the truth may be, see ``interval``.
    """

    name: str
    unit: str
    of: Callable[[Any], NDArray[np.float64]]
    of_scatter: bool = False
    turned: bool = False

    def evaluate(self, data: object, samples: Samples, suffix: str = "") -> Metric:
        """Its value and interval."""
        values = np.asarray(self.of(data), dtype=np.float64)
        definition, source = described(self.of)
        name = f"{self.name}{suffix}"
        ci95 = interval(values, samples, of_scatter=self.of_scatter, turned=self.turned)
        return Metric(name, float(values[0]), ci95, self.unit, definition, source)


def described(function: Callable[..., object]) -> tuple[str, str]:
    """What stands before and what behind ``Source:`` in a docstring."""
    definition, _, source = " ".join((function.__doc__ or "").split()).partition("Source:")
    return definition.strip(), source.strip()


@dataclass(frozen=True)
class MetricsReport:
    """The figures of merit of one measurement.

    Attributes:
        title: what was measured.
        origins: the files.
        metrics: in the order in which they are shown.
        notes: what people should know, one sentence each.
        figures: draw the pictures, each with its caption.
        tables: of updates, made from the measurement.
    """

    title: str
    origins: Sequence[Origin]
    metrics: Sequence[Metric]
    notes: Sequence[str]
    figures: Callable[[], Sequence[tuple[Figure, str]]]
    tables: tuple[UpdateTable, ...] = ()

    def rows(self) -> list[tuple[object, ...]]:
        """The table, under ``HEAD``, without what does not exist for this measurement."""
        return [m.row() for m in self.metrics if math.isfinite(m.value)]

    def table(self, columns: int) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        """Head and rows of the table for a terminal of that width: definitions are cut to it, or left out."""
        rows = [tuple(format_cell(cell) for cell in row) for row in self.rows()]
        wide = [max(len(row[n]) for row in [HEAD, *rows]) for n in range(len(HEAD) - 1)]
        left = columns - sum(wide) - _GAP * len(wide)
        shown: list[tuple[object, ...]] = list(self.rows())
        if left < _DEFINITION:
            return HEAD[:-1], [row[:-1] for row in shown]
        return HEAD, [(*row[:-1], shorten(str(row[-1]), left, placeholder=" ...")) for row in shown]

    def to_json(self) -> dict[str, Any]:
        """For report.json."""
        return {
            "title": self.title,
            "files": [{"path": str(o.path), "sha256": o.sha256, "notes": o.notes} for o in self.origins],
            "metrics": [m.to_json() for m in self.metrics],
            "notes": list(self.notes),
        }

    def page(self) -> Page:
        """For people."""
        page = Page(self.title, " ".join(self.notes))
        page.table(HEAD[:-1], [row[:-1] for row in self.rows()])
        for figure, caption in self.figures():
            page.figure(figure, caption)
        page.section("Definitions")
        defined = {m.definition: m for m in reversed(self.metrics)}
        page.table(("name", "definition", "source"), [(m.name, d, m.source) for d, m in reversed(defined.items())])
        page.table(("file", "SHA-256", "notes"), [(str(o.path), o.sha256, " ".join(o.notes)) for o in self.origins])
        return page
