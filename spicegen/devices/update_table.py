"""Update tables: the distribution of the change of conductance by one pulse, against the conductance before it.

Simulators of in-situ training use this form (CrossSim's ``dG_increasing.txt``, ``dG_decreasing.txt``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models_va.errors import InputError
from spicegen.devices.table_draws import changes_at
from spicegen.files import write_text

Array = NDArray[np.float64]
_HEADER = "1st Row = Gbins, 2nd Row = CDF Points, 3rd row onward = dG matrix (rows= CDF, columns = Gbins)"
_FORM = "a line of words, one of conductances, one of cumulative probabilities, then dG: a line for each probability"


@dataclass(frozen=True, eq=False)
class UpdateTable:
    """Quantiles of the change of conductance by one pulse.

    Attributes:
        g_siemens: conductances before the pulse, rising, shape (g,), S.
        cdf: cumulative probabilities, rising from 0 to 1, shape (cdf,).
        d_g_siemens: the change that is not exceeded with each probability, shape (cdf, g), S; rising along cdf.

    Raises:
        InputError: the shapes disagree, there are fewer than two conductances or probabilities, or values do not rise
            or are not finite.
    """

    g_siemens: Array
    cdf: Array
    d_g_siemens: Array

    def __post_init__(self) -> None:
        g, cdf, change = self.g_siemens, self.cdf, self.d_g_siemens
        if g.ndim != 1 or cdf.ndim != 1 or min(len(g), len(cdf)) < 2 or change.shape != (len(cdf), len(g)):
            shapes = f"{g.shape}, {cdf.shape}, {change.shape}"
            raise InputError(f"update table: shapes {shapes}: give (g,), (cdf,), (cdf, g), two or more of each")
        for problem in (_rising("conductances", g), _rising("probabilities", cdf), _span(cdf), _quantiles(change)):
            if problem:
                raise InputError(f"update table: {problem}")

    @property
    def rises(self) -> bool:
        """Whether pulses raise the conductance, on average over the table."""
        return bool(self.mean_siemens(self.g_siemens).mean() > 0)

    def mean_siemens(self, g_siemens: ArrayLike) -> Array:
        """Mean change at conductances of any shape, S; constant beyond the end columns."""
        return np.asarray(np.interp(np.asarray(g_siemens), self.g_siemens, self._column_mean))

    def sigma_siemens(self, g_siemens: ArrayLike) -> Array:
        """Standard deviation of the change at conductances of any shape, S."""
        return np.asarray(np.interp(np.asarray(g_siemens), self.g_siemens, self._column_sigma))

    def sample(self, g_siemens: ArrayLike, rng: np.random.Generator) -> Array:
        """Draw one change for each of the conductances, any shape, S; interpolated linearly in the table.

        The generator gives one random number for each, in their order: the same state gives the same changes.
        """
        g = np.asarray(g_siemens, dtype=np.float64)
        probability = rng.random(g.shape)
        table = (np.ascontiguousarray(part, dtype=np.float64) for part in (self.g_siemens, self.cdf, self.d_g_siemens))
        return np.asarray(changes_at(*table, np.ravel(g), np.ravel(probability)).reshape(g.shape))

    def write(self, path: Path) -> Path:
        """Write in CrossSim's form; ``read_update_table`` reads the same numbers back.

        Raises:
            InputError: the file cannot be written.
        """
        rows = [self.g_siemens, self.cdf, *self.d_g_siemens]
        return write_text(path, "\n".join([_HEADER, *(", ".join(map(repr, row.tolist())) for row in rows)]) + "\n")

    @property
    def _column_mean(self) -> Array:
        q, width = self.d_g_siemens, np.diff(self.cdf)
        return np.asarray(width @ (q[1:] + q[:-1]) / 2)

    @property
    def _column_sigma(self) -> Array:
        apart, width = self.d_g_siemens - self._column_mean, np.diff(self.cdf)
        return np.asarray(np.sqrt(width @ (apart[1:] ** 2 + apart[1:] * apart[:-1] + apart[:-1] ** 2) / 3))


def is_update_table(path: Path) -> bool:
    """Whether a file is an update table, whose first line says which row has the CDF points."""
    if not path.is_file():
        return False  # to read from a pipe could wait for ever
    try:
        with open(path, "rb") as file:
            return b"CDF Points" in file.readline(1000)
    except OSError:
        return False


def read_update_table(path: str | Path) -> UpdateTable:
    """Read a table in CrossSim's form: a line of words, conductances (S), cumulative probabilities, changes (S).

    Raises:
        InputError: the file cannot be read or is no such table; the message names file, line, column and remedy.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}): give {_FORM}") from error
    rows = [(n, line) for n, line in enumerate(lines, 1) if n > 1 and line.strip()]
    if len(rows) < 4:
        raise InputError(f"{path}: {len(rows)} lines of numbers: give {_FORM}")
    numbers = [_numbers(f"{path}, line {n}", line) for n, line in rows]
    for (line, _), row in zip(rows[2:], numbers[2:], strict=True):
        if len(row) != len(numbers[0]):
            many = f"{len(row)} numbers for {len(numbers[0])} conductances"
            raise InputError(f"{path}, line {line}: {many}: give one each")
    if len(numbers) - 2 != len(numbers[1]):
        raise InputError(
            f"{path}, line {rows[1][0]}: {len(numbers[1])} probabilities, {len(numbers) - 2} lines of changes below: "
            "give a line for each"
        )
    checks: list[tuple[int, Callable[[], str]]] = [
        (rows[0][0], lambda: _rising("conductances", numbers[0])),
        (rows[1][0], lambda: _rising("probabilities", numbers[1]) or _span(numbers[1])),
        (rows[2][0], lambda: _quantiles(np.array(numbers[2:]), rows[2][0])),
    ]
    for line, check in checks:
        if problem := check():
            raise InputError(f"{path}, line {line}: {problem}")
    return UpdateTable(numbers[0], numbers[1], np.array(numbers[2:]))


def _numbers(place: str, line: str) -> Array:
    found = []
    for column, cell in enumerate(line.split(","), 1):
        try:
            found.append(float(cell))
        except ValueError as error:
            raise InputError(f"{place}, column {column}: {cell.strip()[:40]!r}: give a number") from error
    return np.array(found)


def _rising(what: str, values: Array) -> str:
    bad = np.flatnonzero(~(np.diff(values, prepend=-np.inf) > 0) | ~np.isfinite(values))
    return f"column {bad[0] + 1}: {what} must rise and be finite, found {values[bad[0]]:g}" if len(bad) else ""


def _span(cdf: Array) -> str:
    wrong = cdf[0] != 0 or cdf[-1] != 1
    return f"probabilities run from {cdf[0]:g} to {cdf[-1]:g}: they must from 0 to 1" if wrong else ""


def _quantiles(change: Array, line: int = 0) -> str:
    bad = np.argwhere(~np.isfinite(change) | (np.diff(change, axis=0, prepend=-np.inf) < 0))
    if not len(bad):
        return ""
    row, column = bad[0]
    where = f"line {line + row}, column" if line else f"row {row + 1}, column"
    return f"{where} {column + 1}: changes must be finite and not fall with probability, found {change[row, column]:g}"
