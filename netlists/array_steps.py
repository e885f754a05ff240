"""The steps of an array's program as people write them (YAML): writes, pulses, reads and rests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from models_va.errors import InputError
from netlists.array_program import ArrayProgram
from netlists.lines import LineVoltages, Scheme, read_voltages, row_read_voltages, write_voltages

Array = NDArray[np.float64]
Index = Annotated[int, Field(ge=0)]
Volt = Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)]
Duration = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]
_STRICT = ConfigDict(frozen=True, extra="forbid")


class _Repeated(BaseModel):
    """A step of equal pulses, one after another.

    Attributes:
        width_s: flat time of each pulse, s.
        count: number of pulses.
        rest_s: rest after each pulse, s; None for no rest.
    """

    model_config = _STRICT

    width_s: Duration
    count: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    rest_s: Duration | None = None

    def _add(self, program: ArrayProgram, voltages: LineVoltages) -> None:
        for _ in range(self.count):
            program.pulse(voltages, self.width_s)
            if self.rest_s:
                program.rest(self.rest_s)


class WriteStep(_Repeated):
    """A step of write pulses on one cell, with the other lines as the write scheme says.

    Attributes:
        row, column: place of the cell.
        v_volt: voltage te - be across the cell, V.
        scheme: write scheme, see ``write_voltages``.
    """

    do: Literal["write"]
    row: Index
    column: Index
    v_volt: Volt
    scheme: Scheme = "v/2"

    def add(self, program: ArrayProgram, v_in_volt: Array) -> None:
        """Add the step to a program."""
        size = (program.rows, program.columns)
        self._add(program, write_voltages(self.scheme, *size, self.row, self.column, self.v_volt))


class PulseStep(_Repeated):
    """A step of pulses on any lines.

    Attributes:
        rows_volt, columns_volt: voltages by line, V; a single number is the voltage of all lines.
        others: state of the lines that are not named: grounded or floating.
    """

    do: Literal["pulse"]
    rows_volt: dict[Index, Volt] | Volt = Field(default_factory=dict)
    columns_volt: dict[Index, Volt] | Volt = Field(default_factory=dict)
    others: Literal["grounded", "floating"] = "grounded"

    def add(self, program: ArrayProgram, v_in_volt: Array) -> None:
        """Add the step to a program."""
        unnamed = np.nan if self.others == "floating" else 0.0
        on_rows = _on_lines("rows_volt", self.rows_volt, program.rows, unnamed)
        on_columns = _on_lines("columns_volt", self.columns_volt, program.columns, unnamed)
        self._add(program, LineVoltages(on_rows, on_columns))


class ReadStep(BaseModel):
    """A step that reads all columns, with the array's inputs or with one row at the read voltage.

    Attributes:
        row: the only row at the read voltage, while the others are grounded; None for all rows at their inputs.
    """

    model_config = _STRICT

    do: Literal["read"]
    row: Index | None = None

    def add(self, program: ArrayProgram, v_in_volt: Array) -> None:
        """Add the read to a program.

        Args:
            program: the program to extend.
            v_in_volt: the array's inputs, shape (rows,), V; the largest is the read voltage of a single row.

        Raises:
            InputError: there is no such row.
        """
        if self.row is None:
            program.read(read_voltages(v_in_volt, program.columns))
        elif self.row < program.rows:
            program.read(row_read_voltages(program.rows, program.columns, self.row, float(np.max(v_in_volt))))
        else:
            raise InputError(f"read: row {self.row} is not in an array of {program.rows} rows")


class RestStep(BaseModel):
    """A step of rest: all lines are at 0 V, except those that float since the last pulse.

    Attributes:
        duration_s: duration of the rest, s.
    """

    model_config = _STRICT

    do: Literal["rest"]
    duration_s: Duration

    def add(self, program: ArrayProgram, v_in_volt: Array) -> None:
        """Add the step to a program."""
        program.rest(self.duration_s)


Step = Annotated[WriteStep | PulseStep | ReadStep | RestStep, Field(discriminator="do")]


def _on_lines(name: str, volts: Mapping[int, float] | float, count: int, unnamed: float) -> Array:
    if not isinstance(volts, Mapping):
        return np.full(count, float(volts))
    found = np.full(count, unnamed)
    for line, volt in volts.items():
        if line >= count:
            raise InputError(f"pulse: {name}: line {line} is not among the {count} lines 0 to {count - 1}")
        found[line] = volt
    return found
