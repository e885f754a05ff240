"""sigma(G) as it was measured: a table of standard deviations of programmed conductances, read from a CSV file."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models_va.errors import InputError

Array = NDArray[np.float64]
_UNITS = {"siemens": 1.0, "uS": 1e-6}
_FORM = "give g_siemens,sigma_siemens or g_uS,sigma_uS, two rows or more, g rising"


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
    """Read a table of two columns, ``g_siemens,sigma_siemens`` or ``g_uS,sigma_uS``; others are ignored.

    Raises:
        InputError: it cannot be read, a column is missing, or see ``SigmaTable``; the message names file, line and
            remedy.
    """
    g: list[float] = []
    sigma: list[float] = []
    lines = _lines(path)
    if not lines:
        raise InputError(f"{path}: is empty: {_FORM}")
    head_line, head = lines[0]
    columns = [_column(f"{path}, line {head_line}", head, quantity) for quantity in ("g", "sigma")]
    for number, cells in lines[1:]:
        place = f"{path}, line {number}"
        found = [_number(place, cells, where, head[where]) * unit for where, unit in columns]
        problem = _problem(found[0], found[1], g[-1] if g else -math.inf)
        if problem:
            raise InputError(f"{place}: {problem}")
        g.append(found[0])
        sigma.append(found[1])
    if len(g) < 2:
        raise InputError(f"{path}, line {lines[-1][0]}: the file ends after {len(g)} rows of numbers: {_FORM}")
    return SigmaTable(tuple(g), tuple(sigma))


def _problem(g: float, sigma: float, before: float) -> str:
    """What is wrong with a row and how to mend it; empty if nothing is."""
    if not (0 <= g < math.inf and 0 <= sigma < math.inf):
        return f"g = {g:g} S, sigma = {sigma:g} S: both must be finite and not negative"
    if g <= before:
        return f"g = {g:g} S after {before:g} S: sort the rows so that g rises, one row for each g"
    return ""


def _lines(path: str | Path) -> list[tuple[int, list[str]]]:
    """The lines that are not empty, each with its number and its cells."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            return [(reader.line_num, [c.strip() for c in cells]) for cells in reader if any(c.strip() for c in cells)]
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}: give a CSV file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: is no CSV file ({error}): {_FORM}") from error


def _column(place: str, head: list[str], quantity: str) -> tuple[int, float]:
    """Where a quantity stands, and its unit in S."""
    found = [(n, _UNITS[unit]) for n, name in enumerate(head) for unit in _UNITS if name == f"{quantity}_{unit}"]
    if len(found) != 1:
        raise InputError(f"{place}: {len(found)} columns of {quantity} in {','.join(head)!r}: {_FORM}")
    return found[0]


def _number(place: str, cells: list[str], column: int, name: str) -> float:
    text = cells[column] if column < len(cells) else ""
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"{place}: {name} is {text!r}: give a number") from error
