"""Voltages on the lines of an array: those of a write or a read by scheme, and waveforms over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from netlists.stimulus import Waveform

Array = NDArray[np.float64]
Scheme = Literal["v/2", "v/3", "grounded", "floating"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)


@dataclass(frozen=True)
class Lines:
    """The waveforms that the lines of an array are connected to.

    Attributes:
        rows, columns: waveform of each line, behind the row's driver or the column's sense amplifier; None for a line
            that floats.
    """

    rows: tuple[Waveform | None, ...]
    columns: tuple[Waveform | None, ...]


@dataclass(frozen=True, eq=False)
class LineVoltages:
    """One voltage for each line of an array.

    Attributes:
        rows, columns: voltages of the lines, shapes (rows,) and (columns,), V; NaN where a line floats.
    """

    rows: Array
    columns: Array

    @property
    def across(self) -> Array:
        """Voltage across each cell without wires, te - be, shape (rows, columns), V; NaN where a line floats."""
        return np.asarray(self.rows[:, None] - self.columns)


def write_voltages(scheme: Scheme, rows: int, columns: int, row: int, column: int, v_write_volt: float) -> LineVoltages:
    """The voltages that write one cell.

    The selected cell gets ``v_write_volt`` (te - be). With V/2, the other cells on its lines get half of it and all
    remaining cells nothing. With V/3, all other cells get a third, those on neither line with the other sign. With
    ``grounded``, every other line is at 0 V, so that all cells of the selected row get the full voltage, as for writing
    a whole row. With ``floating``, the sneak paths determine the voltages of the other lines.

    Raises:
        InputError: the scheme is unknown, or there is no such cell.
    """
    if scheme not in SCHEMES:
        raise InputError(f"write scheme {scheme!r}: valid are {', '.join(SCHEMES)}")
    if not (0 <= row < rows and 0 <= column < columns):
        raise InputError(f"write: cell ({row}, {column}) is not in an array of {rows} x {columns}")
    selected_row, selected_column, other_rows, other_columns = {
        "v/2": (1 / 2, -1 / 2, 0.0, 0.0),
        "v/3": (1.0, 0.0, 1 / 3, 2 / 3),
        "grounded": (1.0, 0.0, 0.0, 0.0),
        "floating": (1.0, 0.0, np.nan, np.nan),
    }[scheme]
    on_rows, on_columns = np.full(rows, other_rows * v_write_volt), np.full(columns, other_columns * v_write_volt)
    on_rows[row], on_columns[column] = selected_row * v_write_volt, selected_column * v_write_volt
    return LineVoltages(on_rows, on_columns)


def column_write_voltages(v_write_volt: Array, columns: int, column: int) -> LineVoltages:
    """The voltages that write all cells of one column at once, each with its own voltage.

    Args:
        v_write_volt: voltage across each cell of the column, shape (rows,), V. The other columns get half of the
            largest, so that no cell elsewhere sees more than half of it if all voltages have the same sign.
        columns: number of columns.
        column: the column that is written; it is at 0 V.

    Raises:
        InputError: there is no such column.
    """
    if not 0 <= column < columns:
        raise InputError(f"write: column {column} is not in an array of {columns} columns")
    largest = v_write_volt[np.argmax(np.abs(v_write_volt))]
    on_columns = np.full(columns, largest / 2)
    on_columns[column] = 0.0
    return LineVoltages(np.array(v_write_volt, dtype=np.float64), on_columns)


def read_voltages(v_in_volt: Array, columns: int) -> LineVoltages:
    """The voltages of a vector-matrix product: rows at ``v_in_volt``, shape (rows,), V, columns at virtual ground."""
    return LineVoltages(np.array(v_in_volt, dtype=np.float64), np.zeros(columns))


def row_read_voltages(rows: int, columns: int, row: int, v_read_volt: float, *, floating: bool = False) -> LineVoltages:
    """The voltages that read one row, at ``v_read_volt``: columns at virtual ground, others grounded or floating."""
    on_rows = np.full(rows, np.nan if floating else 0.0)
    on_rows[row] = v_read_volt
    return LineVoltages(on_rows, np.zeros(columns))
