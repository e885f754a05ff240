"""A table of numbers with a header that names quantities and units: any separator, decimal mark and SI prefix.

::

    bytes -> encoding, sha256          text.py
    -> header line, separator, columns head.py (header.py, units.py, exports.py)
    -> blocks of lines: numpy's parser where a block is nothing but numbers, else line by line, which names the fault
    -> Table
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TextIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from spicegen.measurements.head import (
    HEAD_LINES,
    ColumnLayout,
    Head,
    cells_of,
    find_head,
    is_comment,
    uncommented,
    used_columns,
)
from spicegen.measurements.header import COUNTS, Column, parse_cell, parse_header
from spicegen.measurements.text import LARGEST, MINUS, NO_TEXT, Dialect, decimal_mark, fault, inspect, shown

Array = NDArray[np.float64]
_Kept = TypeVar("_Kept", float, str)
_BLOCK_LINES = 5_000
_NUMBER_STARTS = frozenset("0123456789+-.")
MOST_NUMBERS = 60_000_000
"""Largest number of values in all columns that are used: with copies, they take 1.5 GB."""
SETTINGS = ("amplitude", "width", "gap", "period", "interval", "read_voltage", "temperature")
"""Quantities whose value for all rows a comment may state."""
CONVENTIONS = {
    "convention": ("voltage", "current"),
    "voltage_convention": ("voltage",),
    "current_convention": ("current",),
}
FIRST_ROW = "first_row"
WORDS = {name: ("te-be", "be-te") for name in CONVENTIONS} | {
    "direction": ("potentiation", "depression"),
    FIRST_ROW: ("read",),
}
"""Comments whose value is one of a few words."""


@dataclass(eq=False)
class Table:
    """The numbers of a file, with what each column holds.

    Attributes:
        path: path of the file.
        sha256: SHA-256 of its bytes, after those of its description if there is one, in hex digits.
        columns: the columns that are used, in the file's order.
        numbers: numbers as they stand in the file, shape (rows, columns).
        line: number of each row's line in the file, from 1.
        settings: numbers that comments state for all rows, by quantity, in SI units.
        words: words that comments state for all rows, by subject.
        said_at: line numbers of these comments, by quantity or subject.
        notes: sentences on what was understood or left away, for people.
        ignored: names of columns that are not understood.
        read: the quantities that have been asked for so far.
    """

    path: Path
    sha256: str
    columns: list[Column]
    numbers: Array
    line: NDArray[np.int64]
    settings: dict[str, float]
    words: dict[str, str]
    said_at: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    read: set[str] = field(default_factory=set)

    @property
    def quantities(self) -> set[str]:
        """The quantities that the columns hold."""
        return {column.quantity for column in self.columns}

    @property
    def listed(self) -> str:
        """Names of the columns as one text for people."""
        return ", ".join(shown(column.name) for column in self.columns)

    def column(self, quantity: str) -> Column:
        """The column that holds ``quantity``.

        Raises:
            InputError: there is no such column.
        """
        found = next((column for column in self.columns if column.quantity == quantity), None)
        if found is None:
            raise fault(self.path, f"no column of {quantity} among {self.listed}: add one")
        return found

    def values(self, column: Column | str) -> Array:
        """A column in SI units, shape (rows,).

        Raises:
            InputError: there is no such column.
        """
        column = self.column(column) if isinstance(column, str) else column
        self.read.add(column.quantity)
        return column.unit.in_si(self.numbers[:, self.columns.index(column)])

    def fault(self, problem: str, row: int | None = None, column: Column | None = None) -> InputError:
        """The error for a problem in a row (from 0) and a column."""
        line = 0 if row is None else int(self.line[row])
        return fault(self.path, problem, line, column.name if column else "")

    def fault_said(self, name: str, problem: str) -> InputError:
        """The error for a problem of a value that a comment, or a description, states for all rows."""
        return fault(self.path, problem, self.said_at.get(name, 0))

    def fault_where(self, wrong: NDArray[np.bool_], column: Column, problem: str) -> None:
        """Raise for the first row where ``wrong`` holds, if any; ``{}`` in the text is replaced by its number."""
        if wrong.any():
            row = int(np.argmax(wrong))
            value = f"{self.numbers[row, self.columns.index(column)]:g}"
            raise self.fault(problem.replace("{}", value), row, column)


def read_table(path: Path, layout: ColumnLayout | None = None, description: bytes = b"") -> Table:
    """Read a table.

    Args:
        path: the file.
        layout: how columns are found; None for the names and units in the file's header.
        description: bytes of the description, which the SHA-256 covers before the file's bytes.

    Raises:
        InputError: the file cannot be read, no header is found, a unit is missing, a cell is no number, or the like;
            the message names file, line, column and remedy.
    """
    try:
        sha256, encoding = inspect(path, description)
        with path.open(encoding=encoding, newline=None) as file:
            head = list(islice(file, HEAD_LINES))
            return _Reader(path, sha256, find_head(path, head, layout or ColumnLayout()), head).read(file)
    except UnicodeError as error:
        raise fault(path, NO_TEXT) from error
    except OSError as error:
        raise fault(path, f"cannot be read: {error.strerror}: give a table of numbers (CSV)") from error


class _Reader:
    """Reader of the rows of one file."""

    def __init__(self, path: Path, sha256: str, head: Head, first_lines: list[str]) -> None:
        self.first_lines = first_lines
        self.path, self.head, self.dialect = path, head, head.dialect
        self.cells = list(head.cells)
        while head.line and self.cells and not self.cells[-1]:
            self.cells.pop()  # a separator at the end of each line
        columns, ignored = used_columns(path, head, "".join(first_lines[head.line : head.line + 1]))
        self.table = Table(
            path, sha256, columns, np.empty((0, 0)), np.empty(0, np.int64), {}, {}, notes=list(head.notes)
        )
        self.table.ignored = tuple(ignored)
        self._indices = [column.index for column in columns]

    def read(self, rest: TextIO) -> Table:
        blocks: list[Array] = []
        numbers: list[NDArray[np.int64]] = []
        for first, lines in _blocks(self.first_lines, rest):
            rows = self._rows(lines, first)
            if lines is self.first_lines:
                self._settle(rows)
            values, line = self._fast(rows) or self._exact(rows)
            blocks.append(values)
            numbers.append(line)
            if sum(map(len, numbers)) * len(self._indices) > MOST_NUMBERS:
                raise fault(self.path, f"more than {MOST_NUMBERS // 10**6} million numbers: leave rows away", first)
        self.table.numbers, self.table.line = np.concatenate(blocks), np.concatenate(numbers)
        if not len(self.table.line):
            raise fault(self.path, "no rows of numbers below the header: give some", self.head.line)
        if self.dialect.decimal == ",":
            self.table.notes.append("Numbers have decimal commas.")
        return self.table

    def _rows(self, lines: list[str], first: int) -> dict[int, str]:
        """The lines below the header that are neither empty nor comments, by number; what comments say is kept."""
        rows = {}
        for n, line in enumerate(lines, first):
            if line[0] in _NUMBER_STARTS or not is_comment(line):
                if n > self.head.line and not line.isspace():
                    rows[n] = line
            else:
                self._comment(uncommented(line), n)
        return rows

    def _settle(self, rows: dict[int, str]) -> None:
        """Find the decimal mark in the first rows, so that it is known where a comma may part thousands."""
        cut = (cells_of(self.dialect.separator, line) for line in rows.values())
        marks = (decimal_mark(cells[i]) for cells in cut for i in self._indices if i < len(cells))
        self.dialect.decimal = next(filter(None, marks), "")

    def _fast(self, rows: dict[int, str]) -> tuple[Array, NDArray[np.int64]] | None:
        """Read rows that hold only numbers in the usual form; None if some do not, which ``_exact`` then reads."""
        separator, decimal = self.dialect.separator, self.dialect.decimal
        lines = list(rows.values())
        if not decimal or decimal == separator or self.head.row_mark:
            return None
        if separator == " ":
            widths = {len(line.split()) for line in lines}
        else:
            widths = {line.count(separator) + 1 for line in lines}
        if widths != {len(self.head.cells)} or not all(_well_quoted(line, separator) for line in lines if '"' in line):
            return None
        if decimal == ",":
            if any("." in line for line in lines):
                return None
            lines = [line.replace(",", ".") for line in lines]
        delimiter = None if separator == " " else separator
        try:
            found = np.loadtxt(lines, delimiter=delimiter, comments=None, quotechar='"', usecols=self._indices, ndmin=2)
        except ValueError:
            return None
        if len(found) != len(lines) or not np.all(np.abs(found) < LARGEST):
            return None
        return found, np.array(list(rows), dtype=np.int64)

    def _exact(self, rows: dict[int, str]) -> tuple[Array, NDArray[np.int64]]:
        found = {n: row for n, line in rows.items() if (row := self._row(line, n))}
        numbers = np.array(list(found.values()), dtype=np.float64).reshape(len(found), len(self._indices))
        return numbers, np.array(list(found), dtype=np.int64)

    def _row(self, line: str, n: int) -> list[float]:
        """The numbers of a line; none if all its cells are empty, or if it is the header again."""
        try:
            cells = self.dialect.split(line)
        except ValueError as error:
            raise fault(self.path, str(error), n) from error
        if not any(cells) or cells == self.head.cells or (self.head.row_mark and cells[0] != self.head.row_mark):
            return []
        try:
            self._check_width(cells)
            return [self._number(cells[column.index], column, n) for column in self.table.columns]
        except (ValueError, InputError) as error:
            if self.head.line and Head(n, self.dialect, cells, parse_header(cells)).whole == self.head.whole:
                raise fault(
                    self.path,
                    f"the header of line {self.head.line} again, with other columns or units: give a file for each",
                    n,
                ) from error
            if isinstance(error, InputError):
                raise
            raise fault(self.path, str(error), n) from error

    def _check_width(self, cells: list[str]) -> None:
        if len(cells) < len(self.cells):
            raise ValueError(
                f"{len(cells)} cells, expected {len(self.cells)}: is the file whole? complete the line or remove it"
            )
        if any(cells[len(self.cells) :]):
            hint = "numbers with decimal commas need ';' or a tab between them" if self.dialect.separator == "," else ""
            raise ValueError(f"{len(cells)} cells, expected {len(self.cells)}: {hint or 'remove what is too much'}")

    def _number(self, cell: str, column: Column, n: int) -> float:
        if column.quantity == "cycle" and cell.casefold() in ("", "nan"):
            return np.nan  # the cycle has ended earlier
        try:
            return self.dialect.number(cell)
        except ValueError as error:
            if column.quantity in COUNTS:
                return np.nan  # who counts in words
            raise fault(self.path, str(error), n, column.name) from error

    def _comment(self, text: str, n: int) -> None:
        """Keep the value that a comment states for all rows: ``read_voltage_V: 0.1``, ``read voltage: 0.1 V`` ..."""
        found = re.fullmatch(r"([^:=]{1,60}?)\s*[:=]\s*(\S.{0,60}?)", text)
        if not found or n == self.head.line:
            return
        name, value = found[1], found[2]
        word = "_".join(name.casefold().split())
        if word in WORDS:
            if value not in WORDS[word]:
                raise fault(self.path, f"{shown(value)}: expected {' or '.join(WORDS[word])}", n, name)
            self._keep(self.table.words, word, value, n)
        elif (column := parse_cell(name)).quantity in SETTINGS:
            self._keep(self.table.settings, column.quantity, self._setting(column, value, n), n)

    def _setting(self, column: Column, value: str, n: int) -> float:
        if column.problem and (found := re.fullmatch(rf"([-+{MINUS}.,\deE]+)\s*(\D+)", value)):
            column, value = parse_cell(f"{column.name} ({found[2]})"), found[1]
        if column.problem:
            raise fault(self.path, column.problem, n, column.name)
        try:
            return column.unit.in_si(Dialect(" ").number(value))
        except ValueError as error:
            raise fault(self.path, str(error), n, column.name) from error

    def _keep(self, where: dict[str, _Kept], name: str, value: _Kept, n: int) -> None:
        if where.setdefault(name, value) != value:
            raise fault(self.path, f"{name} is {where[name]} before and {value} here: give a file for each", n)
        self.table.said_at.setdefault(name, n)


def _well_quoted(line: str, separator: str) -> bool:
    """Whether every quotation mark is at the begin or end of a cell: numpy's parser would take ``"7"6`` for 76."""
    text = f"{separator}{line.strip()}{separator}"
    return text.count('"') == text.count(f'{separator}"') + text.count(f'"{separator}')


def _blocks(head: list[str], rest: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Blocks of lines, each with the number of its first line."""
    first, lines = 1, head
    while lines:
        yield first, lines
        first += len(lines)
        lines = list(islice(rest, _BLOCK_LINES))
