"""The paper's table of numbers and trends, and verdicts on how well they are met."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import as_file, files
from typing import Literal

from pydantic import BaseModel, ConfigDict

from models_va import read_yaml
from spicegen.paper.experiment import PaperTrend

TIGHT, LOOSE = 0.10, 0.20
"""Relative errors up to which a number is within 10 and 20 %; beyond, it misses."""
_TIGHTER = {"stp_amplitude_reset": 0.02}
"""Row id -> largest relative error. This one is a return to the initial state: 10 % would be a potentiation."""

_LARGEST_GAP = {"mlp_file_types": 1.0}
"""Row id -> largest gap to floating point, in points, that is no miss; a smaller one than the paper's is none."""


class Target(BaseModel):
    """One row of the paper's table.

    Attributes:
        id: short name of the row.
        figure: figure of the paper that shows it.
        quantity: the quantity or trend in words.
        kind: ``number``, ``trend`` and ``feature`` are judged, the others shown.
        value: the paper's value in ``unit``; None for trends and for what its text has no number of.
        unit: unit of the value: "ratio", "s", "1", ...
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    figure: str
    quantity: str
    kind: Literal["number", "trend", "report", "feature", "device"]
    value: float | None = None
    unit: str = ""

    def relative_error(self, model: float) -> float:
        """Relative error of a model's value; NaN where the paper has no number."""
        return model / self.value - 1 if self.value else math.nan

    def verdict(self, result: float | PaperTrend) -> str:
        """The verdict on a number or a trend in words; upper case is red."""
        if isinstance(result, PaperTrend):
            return "holds" if result.holds else "FAILS"
        if self.kind not in ("number", "feature"):
            return "reported"
        if self.id in _LARGEST_GAP:
            most = _LARGEST_GAP[self.id]
            return f"at most {most:g} {self.unit}" if result <= most else "MISSES"
        error = abs(self.relative_error(result))
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
    """The paper's number in a row of its table, in the row's unit.

    Raises:
        KeyError: no such row, or one without a number.
    """
    return {t.id: t.value for t in paper_targets() if t.value is not None}[row]


@cache
def paper_targets() -> tuple[Target, ...]:
    """All rows of the paper's table, in its order."""
    with as_file(files("spicegen.paper").joinpath("paper_targets.yaml")) as path:
        return read_yaml(path, _Targets).rows
