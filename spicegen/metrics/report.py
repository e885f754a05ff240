"""Figures of merit with their confidence intervals, as they are shown and written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from spicegen.measurements import Origin
from spicegen.metrics._bootstrap import Samples, interval
from spicegen.page import Page

HEAD = ("name", "value", "95 % interval", "unit", "definition")


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of merit.

    Attributes:
        name: of it, ``_p`` behind it for potentiation, ``_d`` for depression.
        value: in ``unit``; NaN where it does not exist.
        ci95: confidence interval; None where it could not be found.
        unit: an SI unit, or 1.
        definition, source: for people.
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
        return (self.name, self.value, shown, self.unit, self.definition)

    def to_json(self) -> dict[str, Any]:
        """The same for report.json."""
        fields = ("name", "value", "ci95", "unit", "definition", "source")
        return {name: getattr(self, name) for name in fields}


@dataclass(frozen=True, slots=True)
class Statistic:
    """How a figure of merit is computed: a function whose docstring defines it in its first line, and has a source.

    Attributes:
        name, unit: of the figure of merit.
        of: from samples to the value in each, shape (rows,).
    """

    name: str
    unit: str
    of: Callable[[Any], NDArray[np.float64]]

    def evaluate(self, data: object, samples: Samples, suffix: str = "") -> Metric:
        """Its value and interval."""
        values = np.asarray(self.of(data), dtype=np.float64)
        definition, source = described(self.of)
        name = f"{self.name}{suffix}"
        return Metric(name, float(values[0]), interval(values, samples), self.unit, definition, source)


def described(function: Callable[..., object]) -> tuple[str, str]:
    """The first line of a docstring, and what stands behind ``Source:`` in it."""
    text = " ".join((function.__doc__ or "").split())
    definition, _, source = text.partition("Source:")
    return definition.split(". ")[0].strip().rstrip("."), source.strip().rstrip(".")


@dataclass(frozen=True)
class MetricsReport:
    """The figures of merit of one measurement.

    Attributes:
        title: what was measured.
        origins: the files.
        metrics: in the order in which they are shown.
        notes: what people should know, one sentence each.
        figures: draw the pictures, each with its caption.
    """

    title: str
    origins: Sequence[Origin]
    metrics: Sequence[Metric]
    notes: Sequence[str]
    figures: Callable[[], Sequence[tuple[Figure, str]]]

    def rows(self) -> list[tuple[object, ...]]:
        """The table, under ``HEAD``."""
        return [m.row() for m in self.metrics]

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
        page.table(HEAD, self.rows())
        for figure, caption in self.figures():
            page.figure(figure, caption)
        sources = [(m.name, m.source) for m in self.metrics if m.source]
        page.section("Sources")
        page.table(("name", "source"), sources)
        page.table(("file", "SHA-256", "notes"), [(str(o.path), o.sha256, " ".join(o.notes)) for o in self.origins])
        return page
