"""Headers of source meters that carry no units, with the units that their makers state.

The headers were seen in public files and manuals: the lists of Keithley's 4200, the reading buffers of its 2400 and
2600 touch-screen instruments, Keysight's Quick I/V (B2900) and EasyEXPERT (B1500), and LabVIEW's measurement files.
KickStart writes units, so that its files need nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from spicegen.measurements.header import Column, parse_cell

_Columns = Callable[[Sequence[str], Sequence[str]], list[Column]]


@dataclass(frozen=True, slots=True)
class Export:
    """A header of an instrument's export that was recognised.

    Attributes:
        maker: maker of the instrument, a text for people.
        columns: the columns of the file, with their quantities and units.
        row_mark: text of the first cell of each row of numbers, where there is one.
    """

    maker: str
    columns: list[Column]
    row_mark: str = ""


def recognise(cells: Sequence[str], next_cells: Sequence[str]) -> Export | None:
    """The export that a line of cells is the header of, or None; ``next_cells`` are those of the line after it."""
    names = {cell.strip() for cell in cells}
    for maker, wanted, columns, row_mark in _EXPORTS:
        if wanted <= names:
            return Export(maker, columns(cells, next_cells), row_mark)
    return None


def labview(lines: Sequence[str]) -> tuple[int, str, list[Column]] | None:
    """The header of a LabVIEW measurement file (.lvm): its line, from 1, its separator and columns; None if it is none.

    Names are below the second mark of a header's end, and their units above it; the column of comments is left away.
    Source: NI, Specification for the LabVIEW Measurement File (.lvm).
    """
    ends = [n for n, line in enumerate(lines) if line.startswith(_LABVIEW_END)]
    if len(ends) < 2 or ends[1] + 1 >= len(lines) or not lines[0].startswith("LabVIEW Measurement"):
        return None
    separator = "\t" if "\t" in lines[ends[1] + 1] else ","
    preamble = {cells[0]: cells for line in lines[: ends[1]] if (cells := _cells(line, separator))}
    units = preamble.get("Y_Unit_Label", [])
    columns = []
    for index, name in enumerate(_cells(lines[ends[1] + 1], separator)):
        if name == "X_Value":
            columns.append(replace(parse_cell("time_s", index), name=name))
        elif name != "Comment":
            columns.append(_of_unit(name, units[index] if index < len(units) else "", index))
    return ends[1] + 2, separator, columns


_LABVIEW_END = "***End_of_Header***"


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip() for cell in line.rstrip("\r\n").split(separator)]


def _of_unit(name: str, unit: str, index: int) -> Column:
    """Column called ``name``, whose unit determines its quantity."""
    stem = next((q for q in ("current", "voltage", "resistance") if parse_cell(f"{q} ({unit})").whole), "")
    return replace(parse_cell(f"{stem} ({unit})", index), name=name) if stem else Column(index, name)


def _in_si(patterns: dict[str, str]) -> _Columns:
    """Recogniser of columns with names of these patterns, whose numbers are in SI units."""

    def columns(cells: Sequence[str], next_cells: Sequence[str]) -> list[Column]:
        found = []
        for index, cell in enumerate(cells):
            usual = next((name for pattern, name in patterns.items() if re.fullmatch(pattern, cell.strip())), "")
            column = parse_cell(usual or cell, index)
            found.append(replace(column, name=cell.strip()) if column.whole else Column(index, cell.strip()))
        return found

    return columns


def _with_units_beside(cells: Sequence[str], next_cells: Sequence[str]) -> list[Column]:
    """Columns Reading and Value, whose units, such as ``Amp DC``, stand in the column to the right."""
    found = _in_si({r"Relative Time.*|Rel\.? Time.*": "time_s"})(cells, next_cells)
    for index in range(min(len(cells), len(next_cells)) - 1):
        if cells[index].strip() in ("Reading", "Value") and cells[index + 1].strip() == "Unit":
            column = _of_unit(cells[index].strip(), next_cells[index + 1].strip(), index)
            found[index] = column if column.whole else found[index]
    return found


_EXPORTS: tuple[tuple[str, set[str], _Columns, str], ...] = (
    (
        "Keysight EasyEXPERT",
        {"DataName"},
        _in_si({r"V\w{0,3}": "voltage_V", r"I\w{0,3}": "current_A", "Time": "time_s"}),
        "DataValue",
    ),
    (
        "Keysight Quick I/V",
        {"Repeat", "VAR2", "Point"},
        _in_si({"(CH1 )?Voltage": "voltage_V", "(CH1 )?Current": "current_A", "(CH1 )?Time": "time_s"}),
        "",
    ),
    ("Keithley 4200", {"AI", "AV"}, _in_si({"AV": "voltage_V", "AI": "current_A", "Time": "time_s"}), ""),
    (
        "Keithley 4200",
        {"AnodeI", "AnodeV"},
        _in_si({"AnodeV": "voltage_V", "AnodeI": "current_A", "Time": "time_s"}),
        "",
    ),
    ("Keithley's reading buffers", {"Reading", "Unit", "Value"}, _with_units_beside, ""),
)
