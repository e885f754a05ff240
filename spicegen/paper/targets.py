"""The paper's numbers and trends, and what a verdict on them is."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import as_file, files
from typing import Literal

from pydantic import BaseModel, ConfigDict

from models_va import read_yaml
from spicegen.paper.experiment import PaperTrend

TIGHT, LOOSE = 0.10, 0.20
"""Relative errors that a number may have."""
_TIGHTER = {"stp_amplitude_reset": 0.02}
"""A return to the initial state: 10 % would be a potentiation."""


class Target(BaseModel):
    """One row of the paper's table.

    Attributes:
        id: short name.
        figure: of the paper.
        quantity: what is meant.
        kind: ``number`` and ``trend`` are judged, the others shown.
        value: in ``unit``; None for trends.
        unit: "ratio", "s", "1", ...
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    figure: str
    quantity: str
    kind: Literal["number", "trend", "report", "feature", "device"]
    value: float | None = None
    unit: str = ""

    def relative_error(self, model: float) -> float:
        """Of a model's value; NaN where there is no number."""
        return model / self.value - 1 if self.value else math.nan

    def verdict(self, found: float | PaperTrend) -> str:
        """In words: upper case is red."""
        if isinstance(found, PaperTrend):
            return "holds" if found.holds else "FAILS"
        if self.kind not in ("number", "feature"):
            return "reported"
        error = abs(self.relative_error(found))
        if self.id in _TIGHTER:
            limit = _TIGHTER[self.id]
            return f"within {100 * limit:.0f} %" if error <= limit else "MISSES"
        if self.kind == "feature":
            return "holds" if error == 0 else "FAILS"
        met = [m for m in (TIGHT, LOOSE) if error <= m]
        return f"within {100 * met[0]:.0f} %" if met else "MISSES"


class _Targets(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: tuple[Target, ...]


def paper_value(row: str) -> float:
    """The paper's number of a row.

    Raises:
        KeyError: no such row, or one without a number.
    """
    return {t.id: t.value for t in paper_targets() if t.value is not None}[row]


@cache
def paper_targets() -> tuple[Target, ...]:
    """All rows, in the paper's order."""
    with as_file(files("spicegen.paper").joinpath("paper_targets.yaml")) as path:
        return read_yaml(path, _Targets).rows
