"""The description of a measurement file (YAML), given in place of a file whose header does not state everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models_va import read_yaml
from models_va.errors import InputError, located
from spicegen.files import beside, printable
from spicegen.measurements.head import ColumnLayout
from spicegen.measurements.header import COUNTS, DIMENSIONS, STATES, Column, parse_cell
from spicegen.measurements.table import FIRST_ROW, Table, read_table
from spicegen.measurements.text import fault
from spicegen.measurements.units import CONDUCTANCE, NONE, Unit

Kind = Literal["sweep", "pulses", "retention", "write-verify"]
Finite = Annotated[float, Field(ge=-1e30, le=1e30, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, le=1e30, allow_inf_nan=False)]
Number = Annotated[int, Field(ge=1, le=100_000)]


class ColumnDescription(BaseModel):
    """The columns that hold a quantity, and their unit.

    Attributes:
        columns: names of columns, in which ``*`` stands for anything, or their numbers from 1; several are cycles.
        unit: unit as in a header, such as ``uS``; empty for numbers of pulses and cycles.
        scale_siemens, offset_siemens: scale and offset, in place of a unit: conductance = number * scale + offset, S.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    columns: str | Number | list[str | Number] = Field(union_mode="left_to_right")
    unit: str | None = None
    scale_siemens: Positive | None = None
    offset_siemens: Finite = 0.0

    def holds(self, index: int, name: str) -> bool:
        """Whether the description is about the column at ``index`` (from 0) called ``name``."""
        wanted = self.columns if isinstance(self.columns, list) else [self.columns]
        return any(index + 1 == w if isinstance(w, int) else w == name or fnmatchcase(name, w) for w in wanted)


class MeasurementDescription(BaseModel):
    """A description of a measurement file: the quantities in its columns, and the settings that hold for all rows.

    Attributes:
        file: file name of the table, which lies beside the description.
        kind: kind of the measurement; it is only compared with the kind that follows from the columns.
        header: ``none`` if the first line holds numbers.
        columns: the columns by quantity. Quantities are called as in headers (time, voltage, current, conductance,
            resistance, amplitude, width, gap, period, temperature, target, achieved, pulse_number, cycle_number).
            None if the header states them.
        amplitude_V, width_ms, gap_ms: amplitude (V), width and gap (ms) of every pulse.
        interval_ms: time from row to row of a sweep, ms.
        read_voltage_V, temperature_C: read voltage (V) and temperature (degrees Celsius) of all rows.
        direction: effect of every pulse on the conductance.
        first_row: ``read`` if the first row of a train was read before the first pulse.
        convention: direction in which voltages and currents count: from te to be, or from be to te.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    file: str
    kind: Kind | None = None
    header: Literal["none"] | None = None
    columns: dict[str, ColumnDescription] | None = None
    amplitude_V: Finite | None = None  # noqa: N815
    width_ms: Positive | None = None
    gap_ms: Positive | None = None
    interval_ms: Positive | None = None
    read_voltage_V: Finite | None = None  # noqa: N815
    temperature_C: Finite | None = None  # noqa: N815
    direction: Literal["potentiation", "depression"] | None = None
    first_row: Literal["read"] | None = None
    convention: Literal["te-be", "be-te"] | None = None

    @model_validator(mode="after")
    def _columns_known(self) -> MeasurementDescription:
        for quantity, column in (self.columns or {}).items():
            if quantity not in _QUANTITIES:
                raise InputError(f"columns: {quantity}: known are {', '.join(_QUANTITIES)}")
            _unit(quantity, column)
        if self.header and not self.columns:
            raise InputError("a file without a header needs columns: say which column holds what")
        return self

    @property
    def settings(self) -> dict[str, float]:
        """The numbers that the description states for all rows, by quantity, in SI units."""
        values = {column: getattr(self, column.name) for column in map(parse_cell, _SETTINGS)}
        return {column.quantity: column.unit.in_si(v) for column, v in values.items() if v is not None}

    @property
    def words(self) -> dict[str, str]:
        """The words that the description states for all rows, by subject, such as the direction of pulses."""
        return {name: v for name in ("direction", FIRST_ROW, "convention") if (v := getattr(self, name)) is not None}

    @property
    def layout(self) -> ColumnLayout:
        """How the columns of the file are found."""
        return ColumnLayout(_Described(self.columns), not self.header) if self.columns else ColumnLayout()


_QUANTITIES = (*(q for q in DIMENSIONS if q != "cycle"), *COUNTS)
_SETTINGS = ("amplitude_V", "width_ms", "gap_ms", "interval_ms", "read_voltage_V", "temperature_C")


def read_described(path: Path) -> tuple[Table, Kind | None]:
    """Read the table that the description at ``path`` describes, and the kind that it states.

    Raises:
        InputError: the file is no description, or its table cannot be read (see ``read_table``).
    """
    description = read_yaml(path, MeasurementDescription)
    with located(path):
        table = read_table(Path(beside(path, description.file)), description.layout, path.read_bytes())
    for quantity, column in (description.columns or {}).items():
        if not any(column.holds(c.index, c.name) and c.quantity in (quantity, "cycle") for c in table.columns):
            missing = f"{table.path.name} has no column {column.columns!r}"
            raise fault(path, f"columns: {quantity}: {missing}: name one that it has, and for one quantity only")
    table.settings.update(description.settings)
    table.words.update(description.words)
    table.notes.insert(0, f"Describes {printable(table.path.name)}.")
    return table, description.kind


@dataclass(frozen=True)
class _Described:
    """Columns as a description has them."""

    columns: dict[str, ColumnDescription]

    def __call__(self, cells: Sequence[str]) -> list[Column]:
        found = [Column(index, name) for index, name in enumerate(cells)]
        for quantity, description in self.columns.items():
            here = [c for c in found if description.holds(c.index, c.name)]
            for n, column in enumerate(here, 1):
                cycle = n if len(here) > 1 and quantity in STATES else 0
                found[column.index] = replace(
                    column,
                    name=column.name or f"{column.index + 1}",
                    quantity="cycle" if cycle else quantity,
                    unit=_unit(quantity, description),
                    cycle=cycle,
                )
        return found


def _unit(quantity: str, description: ColumnDescription) -> Unit:
    if quantity in COUNTS:
        if (description.unit, description.scale_siemens) != (None, None):
            raise InputError(f"columns: {quantity}: numbers have no unit: leave it away")
        return NONE
    if (description.unit is None) == (description.scale_siemens is None):
        raise InputError(f"columns: {quantity}: a column needs either unit, or scale_siemens and offset_siemens")
    if description.scale_siemens is not None:
        if CONDUCTANCE not in DIMENSIONS[quantity]:
            raise InputError(f"columns: {quantity}: a scale in S is for conductances: give unit")
        return Unit("", CONDUCTANCE, description.scale_siemens, description.offset_siemens)
    column = parse_cell(f"{quantity} ({description.unit})")
    if column.problem:
        raise InputError(f"columns: {quantity}: {column.problem}")
    return column.unit
