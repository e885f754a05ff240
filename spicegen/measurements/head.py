"""Search for a file's header: the line that names most quantities with units, with any separator of cells."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spicegen.files import printable
from spicegen.measurements import exports
from spicegen.measurements.header import DIMENSIONS, READING, Column, parse_cell, parse_header, unit_of
from spicegen.measurements.text import COMMENT_MARKS, SEPARATORS, TIME_OF_DAY, Dialect, fault, is_clock, shown
from spicegen.measurements.units import CONDUCTANCE, CURRENT, NONE, RESISTANCE, TEMPERATURE, TIME, VOLTAGE, parse_unit

HEAD_LINES = 1000
"""Number of lines at the begin of a file among which the header must be."""
_USUAL = {
    TIME: "time",
    VOLTAGE: "voltage",
    CURRENT: "current",
    CONDUCTANCE: "conductance",
    RESISTANCE: "resistance",
    TEMPERATURE: "temperature",
}
"""Quantity that a column of a unit most likely holds, by the unit's dimension."""
_LETTER = re.compile(r"[^\W\d_eE]")


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """How the columns of a file are found: by a description, or by the file's own header.

    Attributes:
        columns: function from the cells of a line to columns; columns that are not used have no quantity.
        header: whether there is a header line.
    """

    columns: Callable[[Sequence[str]], list[Column]] = parse_header
    header: bool = True


@dataclass(frozen=True, slots=True)
class Head:
    """The header of a file: its place, and the quantities of its columns.

    Attributes:
        line: number of the header's line, from 1, or that of the units below it; 0 if there is no header.
        dialect: how the file writes its rows.
        cells: cells of the line, as they stand there.
        columns: columns that the cells describe.
        row_mark: text of the first cell of each row of numbers, where there is one.
        notes: sentences on what was understood, for people.
    """

    line: int
    dialect: Dialect
    cells: list[str]
    columns: list[Column]
    row_mark: str = ""
    notes: tuple[str, ...] = ()

    @property
    def whole(self) -> int:
        """Number of columns of which both quantity and unit are known."""
        return sum(column.whole for column in self.columns)

    def rank(self, above: int) -> tuple[int, bool, bool, int]:
        """Rank among other headers: more quantities, at line ``above``, no white space between cells, more cells."""
        return self.whole, self.line == above, self.dialect.separator != " ", len(self.cells)

    @property
    def known(self) -> int:
        """Number of columns whose quantity is known."""
        return sum(column.quantity in DIMENSIONS for column in self.columns)

    @property
    def likeness(self) -> int:
        """Number of columns whose quantity is known, or that at least carry a unit."""
        return sum(column.quantity in DIMENSIONS or unit_of(column.name) is not NONE for column in self.columns)


def find_head(path: Path, lines: list[str], layout: ColumnLayout) -> Head:
    """Find the header: the line that names most quantities with units.

    Among equals the header is the line above the numbers, or else the first.
    """
    if not layout.header:
        return _headless(path, lines, layout)
    if layout.columns is parse_header and (written := _labview(lines)):
        return written
    found = list(_candidates(lines, layout))
    plain = [h for h in found if not is_comment(lines[h.line - 1])]
    exported = next((h for h in map(lambda h: _exported(h, lines), plain) if h), None)
    if exported:
        return exported
    above = _above_numbers(lines)
    # The function numpy.savetxt writes its header as a comment.
    for heads, least in ((plain, 1), (found, 2)):
        best = max(heads, key=lambda h: h.rank(above), default=None)
        if best and best.whole >= least:
            return best
    if layout.columns is not parse_header:
        raise fault(path, "no line has a column that the description names: write names as they stand there", above)
    best = max(plain, key=lambda h: h.likeness, default=None)
    if best and best.known:
        return best  # a unit is missing: used_columns says where
    if best and (unknown := not_understood(path, best.cells)):
        raise fault(path, f"no header that is understood: {unknown}", best.line)
    raise fault(
        path,
        f"{shown(lines[above - 1].strip() if lines else '')}: no header with units in it: expected names such as "
        "time_s,voltage_V,current_uA, or give a description of the file (YAML)",
        above,
    )


def _above_numbers(lines: list[str]) -> int:
    """The line where a header most likely is, from 1: the last words above the first numbers; else the first line."""
    words = 1
    for n, line in enumerate(lines, 1):
        if line.strip() and not is_comment(line):
            if not _LETTER.search(line):
                break
            words = n
    return words


def not_understood(path: Path, cells: Sequence[str]) -> str:
    """Sentence on unknown names that carry a unit, with the description to write; empty if there are none."""
    columns = {cell: parse_cell(cell).quantity for cell in cells if unit_of(cell) is not NONE}
    unknown = [cell for cell, quantity in columns.items() if not quantity]
    if not unknown:
        return ""
    state = {CONDUCTANCE, RESISTANCE} & {unit_of(cell).dimension for cell in columns}
    usual = _USUAL | ({VOLTAGE: "amplitude"} if state else {})
    described = {quantity or usual[unit_of(cell).dimension]: cell for cell, quantity in reversed(columns.items())}
    entries = ", ".join(
        f"{quantity}: {{columns: {printable(json.dumps(cell, ensure_ascii=False))}, unit: {unit_of(cell).symbol}}}"
        for quantity, cell in reversed(described.items())
    )
    first = unit_of(unknown[0])
    states = [cell for cell in unknown if unit_of(cell).dimension in READING]
    if len({re.sub(r"\d+", "", cell) for cell in states}) < len(states):
        unit = unit_of(states[0]).symbol
        return (
            f"{', '.join(map(shown, states[:10]))}: what are they? cycles of one train are called cycle1_{unit}, "
            f"cycle2_{unit} ...; several devices are several files"
        )
    return (
        f"{', '.join(map(shown, unknown))}: what is it? write {usual[first.dimension]}_{first.symbol}, say, or give in "
        f"the place of the file a YAML file of two lines: file: {printable(path.name)} / columns: {{{entries}}}"
    )


def _candidates(lines: list[str], layout: ColumnLayout) -> Iterator[Head]:
    for n, line in enumerate(lines, 1):
        if not _LETTER.search(line):
            continue  # numbers
        text = uncommented(line) if is_comment(line) else line
        for separator in SEPARATORS:
            cells = cells_of(separator, text)
            if cells and (separator == SEPARATORS[0] or len(cells) > 1):
                yield Head(n, Dialect(separator), cells, layout.columns(cells))
                units = _units(cells_of(separator, lines[n]) if n < len(lines) else [])
                for names in (_joined(cells, units), cells) if len(units) == len(cells) else ():
                    yield Head(n + 1, Dialect(separator), names, layout.columns(names))


def _units(cells: list[str]) -> list[str]:
    """The units that a line below names holds, without brackets; none if there is anything else."""
    units = [cell.strip("()[] ") for cell in cells]
    known = [parse_unit(unit) is not NONE for unit in units]
    return units if any(known) and all(k or not re.search(r"\w", u) for k, u in zip(known, units, strict=True)) else []


def _joined(names: list[str], units: list[str]) -> list[str]:
    """Names with the units below them, unless they carry one."""
    return [f"{n} ({u})" if u and unit_of(n) is NONE else n for n, u in zip(names, units, strict=True)]


def _exported(head: Head, lines: list[str]) -> Head | None:
    below = cells_of(head.dialect.separator, lines[head.line]) if head.line < len(lines) else []
    export = exports.recognise(head.cells, below)
    if not export:
        return None
    note = f"Read as an export of {export.maker}: its numbers are in V, A and s."
    return Head(head.line, head.dialect, head.cells, export.columns, export.row_mark, (note,))


def _labview(lines: list[str]) -> Head | None:
    found = exports.labview(lines)
    if not found:
        return None
    line, separator, columns = found
    cells = [column.name for column in columns]
    return Head(line, Dialect(separator), cells, columns, notes=("Read as a measurement file of LabVIEW.",))


def _headless(path: Path, lines: list[str], layout: ColumnLayout) -> Head:
    """The head of a file without a header, whose separator is the one that gives most numbers in the first row."""
    first = next((n for n, line in enumerate(lines) if line.strip() and not is_comment(line)), None)
    if first is None:
        raise fault(path, "no rows of numbers: give some")
    separator = max(SEPARATORS, key=lambda s: sum(map(_is_number, cells_of(s, lines[first]))))
    nameless = [""] * len(cells_of(separator, lines[first]))
    return Head(0, Dialect(separator), nameless, layout.columns(nameless))


def cells_of(separator: str, line: str) -> list[str]:
    """Cells of a line; none if a quotation mark is not closed."""
    try:
        return Dialect(separator).split(line)
    except ValueError:
        return []


def _is_number(cell: str) -> bool:
    try:
        Dialect(";").number(cell)
    except ValueError:
        return False
    return True


def is_comment(line: str) -> bool:
    """Whether a line is a comment, also one that a spreadsheet has put quotation marks around."""
    return line.lstrip('" \t').startswith(COMMENT_MARKS)


def uncommented(line: str) -> str:
    """A comment without its mark, and without the quotation marks and empty cells that a spreadsheet puts around it."""
    return line.strip().lstrip("".join(COMMENT_MARKS) + '" \t').rstrip('",;\t ')


def used_columns(path: Path, head: Head, below: str) -> tuple[list[Column], list[str]]:
    """The columns whose numbers can be taken, and the names of the others; ``below`` is the line below the header."""
    used: dict[tuple[str, int], Column] = {}
    for column in head.columns:
        if column.used:
            key = (column.quantity, column.cycle)
            if key in used:
                raise fault(path, f"the same as column {shown(used[key].name)}: leave one", head.line, column.name)
            used[key] = column
    quantities = {column.quantity for column in used.values()}
    for column in head.columns:
        if column.problem and column.quantity not in quantities:
            cell = "".join(cells_of(head.dialect.separator, below)[column.index : column.index + 1])
            clock = f"{shown(cell)} below it {TIME_OF_DAY}, in a column time_s" if is_clock(cell) else ""
            raise fault(path, clock or column.problem, head.line, column.name)
    ignored = [column.name for column in head.columns if not column.used and column.name]
    return list(used.values()), ignored
