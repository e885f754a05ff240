"""Measured sigma(G): a table of standard deviations of programmed conductances, read from a CSV file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models_va.errors import InputError
from spicegen.measurements import read_table

Array = NDArray[np.float64]
_FORM = "give columns such as g_uS,sigma_uS with two rows or more, g rising"


@dataclass(frozen=True)
class SigmaTable:
    """Table of standard deviations of programmed conductances; it is used in place of ``models_va.ProgrammingError``.

    Attributes:
        g_siemens: conductances, rising, shape (rows,), S.
        deviation_siemens: standard deviation at each conductance, shape (rows,), S.

    Raises:
        InputError: there are fewer than two rows, the two columns differ in length, the conductances do not rise, or a
            value is negative or not finite.
    """

    g_siemens: tuple[float, ...]
    deviation_siemens: tuple[float, ...]

    def __post_init__(self) -> None:
        g, deviation = self.g_siemens, self.deviation_siemens
        if len(g) < 2 or len(g) != len(deviation):
            raise InputError(f"sigma table: {len(g)} conductances, {len(deviation)} deviations: {_FORM}")
        for row, pair in enumerate(zip(g, deviation, strict=True)):
            problem = _problem(*pair, g[row - 1] if row else -math.inf)
            if problem:
                raise InputError(f"sigma table, row {row + 1}: {problem}")

    def sigma_siemens(self, g_siemens: ArrayLike) -> Array:
        """Standard deviation at conductances of any shape, S: linear between rows, constant beyond the end rows."""
        return np.asarray(np.interp(np.asarray(g_siemens, dtype=np.float64), self.g_siemens, self.deviation_siemens))


def read_sigma_table(path: str | Path) -> SigmaTable:
    """Read a table with columns g and sigma, both in siemens or a part of it, such as ``g_uS,sigma_uS``.

    Separators, decimal marks and headers are those of any measurement file (``spicegen.measurements``); other columns
    are ignored.

    Raises:
        InputError: see ``spicegen.measurements.read_table`` and ``SigmaTable``; the message names file, line, remedy.
    """
    table = read_table(Path(path))
    g, sigma = table.values("conductance"), table.values("sigma")
    for row, (here, deviation) in enumerate(zip(g, sigma, strict=True)):
        problem = _problem(here, deviation, g[row - 1] if row else -math.inf)
        if problem:
            raise table.fault(problem, row)
    if len(g) < 2:
        raise table.fault(f"only one row of numbers: {_FORM}", 0)
    return SigmaTable(tuple(g.tolist()), tuple(sigma.tolist()))


def _problem(g: float, sigma: float, before: float) -> str:
    """The fault of a row and its remedy, for a message; empty if the row is right."""
    if not (0 <= g < math.inf and 0 <= sigma < math.inf):
        return f"g = {g:g} S, sigma = {sigma:g} S: both must be finite and not negative"
    if g <= before:
        return f"g = {g:g} S after {before:g} S: sort the rows so that g rises, one row for each g"
    return ""
