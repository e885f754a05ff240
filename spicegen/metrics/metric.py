"""One figure of merit: its value, its confidence interval, and where its definition comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spicegen.metrics._bootstrap import Samples, interval

HEAD = ("name", "value", "95 % interval", "unit", "definition")
"""Columns of ``Metric.row``."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of merit with its value, its confidence interval and its definition.

    Attributes:
        name: its name, with ``_p`` behind it for potentiation, ``_d`` for depression.
        value: its value in ``unit``; NaN where it does not exist.
        ci95: its 95 % confidence interval in ``unit``; None where it could not be found.
        unit: an SI unit, or 1.
        definition: its definition, for people; the first sentence is a short one.
        source: source of the definition.
    """

    name: str
    value: float
    ci95: tuple[float, float] | None
    unit: str
    definition: str
    source: str = ""

    def row(self) -> tuple[object, ...]:
        """Row of a table under ``HEAD``."""
        shown = f"{self.ci95[0]:.4g} .. {self.ci95[1]:.4g}" if self.ci95 else "-"
        return (self.name, self.value, shown, self.unit, self.definition.split(". ")[0].rstrip("."))

    def to_json(self) -> dict[str, Any]:
        """The figure of merit as it stands in report.json."""
        fields = ("name", "value", "ci95", "unit", "definition", "source")
        return {name: getattr(self, name) for name in fields}


@dataclass(frozen=True, slots=True)
class Statistic:
    """How a figure of merit is computed: a function whose docstring defines it and has a source.

    Attributes:
        name, unit: name and unit of the figure of merit.
        of: the function that computes it: from samples to the value in each, shape (rows,).
        of_scatter: whether it is a statistic of the scatter between cycles, not of their mean.
        turned: whether its resamples are values that the truth may have, see ``interval``.
    """

    name: str
    unit: str
    of: Callable[[Any], NDArray[np.float64]]
    of_scatter: bool = False
    turned: bool = False

    def evaluate(self, data: object, samples: Samples, suffix: str = "") -> Metric:
        """Compute the figure of merit from data with its confidence interval from samples."""
        values = np.asarray(self.of(data), dtype=np.float64)
        definition, source = described(self.of)
        name = f"{self.name}{suffix}"
        ci95 = interval(values, samples, of_scatter=self.of_scatter, turned=self.turned)
        return Metric(name, float(values[0]), ci95, self.unit, definition, source)


def described(function: Callable[..., object]) -> tuple[str, str]:
    """Definition and source from a function's docstring: the parts before and behind ``Source:``."""
    definition, _, source = " ".join((function.__doc__ or "").split()).partition("Source:")
    return definition.strip(), source.strip()
