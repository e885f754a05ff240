"""sigma(G) as it was measured: a table of standard deviations of programmed conductances, read from a CSV file."""

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
    """Standard deviations of programmed conductances; used as ``models_va.ProgrammingError`` is.

    Attributes:
        g_siemens: conductances, rising, S.
        deviation_siemens: the standard deviation at each, S.

    Raises:
        InputError: fewer than two rows, another number of the one than of the other, conductances that do not rise, or
            a value that is negative or not a finite number.
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
        """Standard deviation at conductances of any shape: linear between rows, the end rows' beyond them, S."""
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
    """What is wrong with a row and how to mend it; empty if nothing is."""
    if not (0 <= g < math.inf and 0 <= sigma < math.inf):
        return f"g = {g:g} S, sigma = {sigma:g} S: both must be finite and not negative"
    if g <= before:
        return f"g = {g:g} S after {before:g} S: sort the rows so that g rises, one row for each g"
    return ""
