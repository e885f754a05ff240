"""Reading of measurement files, whose kind follows from their columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from spicegen.files import distinct_names
from spicegen.measurements.description import Kind, read_described
from spicegen.measurements.head import not_understood
from spicegen.measurements.header import STATES, unit_of
from spicegen.measurements.kinds import Measurement
from spicegen.measurements.pulses import TRAIN, read_pulses
from spicegen.measurements.retention import read_retention
from spicegen.measurements.rows import check_units
from spicegen.measurements.sweep import read_sweep
from spicegen.measurements.table import FIRST_ROW, Table, read_table
from spicegen.measurements.text import fault, shown
from spicegen.measurements.units import VOLTAGE
from spicegen.measurements.write_verify import read_write_verify

_READERS: dict[Kind, Callable[[Table], Measurement]] = {
    "sweep": read_sweep,
    "pulses": read_pulses,
    "retention": read_retention,
    "write-verify": read_write_verify,
}
_OF_PULSES = ("direction", FIRST_ROW)
_NOT_OF_REST = (*TRAIN, "cycle_number")
_EXPECTED = (
    "expected time, voltage, current (a sweep); amplitude, width and conductance (pulses); cycle1, cycle2 ... "
    "(cycles); time and conductance (retention); or target and achieved (write-verify)"
)


def read_measurement(path: str | Path) -> Measurement:
    """Read a measurement file, or the description of one (YAML).

    Raises:
        InputError: the file cannot be understood or holds nothing to fit; the message names file, line, column and
            remedy.
    """
    return read_measurements([path])[0]


def read_measurements(paths: Iterable[str | Path]) -> list[Measurement]:
    """Read several files; files of the same name are named with their folders.

    Raises:
        InputError: see ``read_measurement``.
    """
    given = [Path(path) for path in paths]
    found = [_read(path) for path in given]
    return [
        replace(m, origin=replace(m.origin, name=name)) for m, name in zip(found, distinct_names(given), strict=True)
    ]


def _read(path: Path) -> Measurement:
    described = path.suffix.lower() in (".yaml", ".yml")
    table, said = read_described(path) if described else (read_table(path), None)
    check_units(table)
    kind = _kind(table)
    if said not in (None, kind):
        raise fault(path, f"kind: {said}, but columns {table.listed} make it {kind}: {_EXPECTED}")
    _check_of_pulses(table, kind)
    return _READERS[kind](table)


def _check_of_pulses(table: Table, kind: Kind) -> None:
    """Refuse a file of another kind that states properties of pulses, because it may be a train."""
    said = table.settings.keys() | table.words.keys() | table.quantities
    foreign = [name for name in (*_OF_PULSES, *(_NOT_OF_REST if kind == "retention" else ())) if name in said]
    if foreign and kind != "pulses":
        raise table.fault(
            f"{foreign[0]}: is of pulses, but columns {table.listed} make it {kind}: remove it if this is {kind}, or "
            "add a column that numbers them, pulse (1, 2 ...), if these are pulses"
        )


def _kind(table: Table) -> Kind:
    has = table.quantities
    state = has & set(STATES)
    if {"target", "achieved"} <= has or ("target" in has and state and not has & {"time", "amplitude", "width"}):
        return "write-verify"
    if "cycle" in has or (state and has & {*TRAIN, "pulse_number"}):
        return "pulses"
    if {"voltage", "current"} <= has:
        return "retention" if "time" in has and np.ptp(table.values("voltage")) == 0 else "sweep"
    # A column in volts that is not understood may be the voltage of a sweep.
    unclear = has & {"time", "current"} and any(unit_of(name).dimension == VOLTAGE for name in table.ignored)
    if state and "voltage" not in has and not unclear:
        return "retention" if "time" in has else "pulses"
    unknown = not_understood(table.path, [*(column.name for column in table.columns), *table.ignored])
    others = f", and not understood {', '.join(map(shown, table.ignored[:10]))}" if table.ignored else ""
    raise fault(table.path, f"columns {table.listed}{others}: {unknown or _EXPECTED}")
