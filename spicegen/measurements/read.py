"""From a path to a measurement: the kind follows from the columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from spicegen.files import distinct_names
from spicegen.measurements.description import Kind, read_described
from spicegen.measurements.head import not_understood
from spicegen.measurements.header import STATES
from spicegen.measurements.kinds import Measurement, Pulses, Retention, Sweep, WriteVerify
from spicegen.measurements.pulses import read_pulses
from spicegen.measurements.retention import read_constant_voltage, read_retention
from spicegen.measurements.rows import check_units
from spicegen.measurements.sweep import read_sweep
from spicegen.measurements.table import FIRST_ROW, Table, read_table
from spicegen.measurements.text import fault, shown
from spicegen.measurements.write_verify import read_write_verify

_KINDS: dict[type, Kind] = {Sweep: "sweep", Pulses: "pulses", Retention: "retention", WriteVerify: "write-verify"}
_EXPECTED = (
    "expected time, voltage, current (a sweep); amplitude, width and conductance (pulses); cycle1, cycle2 ... "
    "(cycles); time and conductance (retention); or target and achieved (write-verify)"
)


def read_measurement(path: str | Path) -> Measurement:
    """Read a measurement file, or the description of one (YAML).

    Raises:
        InputError: it cannot be understood or holds nothing to fit; one line with file, line, column and remedy.
    """
    return read_measurements([path])[0]


def read_measurements(paths: Iterable[str | Path]) -> list[Measurement]:
    """Read several files; two of one name are called with their folders.

    Raises:
        InputError: see ``read_measurement``.
    """
    given = [Path(path) for path in paths]
    found = [_read(path) for path in given]
    return [
        replace(m, origin=replace(m.origin, name=name)) for m, name in zip(found, distinct_names(given), strict=True)
    ]


def _read(path: Path) -> Measurement:
    if path.suffix.lower() not in (".yaml", ".yml"):
        return _measurement(read_table(path))
    table, kind = read_described(path)
    found = _measurement(table)
    if kind not in (None, _KINDS[type(found)]):
        raise fault(path, f"kind: {kind}, but columns {table.listed} make it {_KINDS[type(found)]}: {_EXPECTED}")
    return found


def _measurement(table: Table) -> Measurement:
    check_units(table)
    found = _of_kind(table)
    if FIRST_ROW in table.words and not isinstance(found, Pulses):
        raise table.fault(f"{FIRST_ROW}: is of pulses, not of what columns {table.listed} are: remove it")
    return found


def _of_kind(table: Table) -> Measurement:
    has = table.quantities
    state = has & set(STATES)
    if {"target", "achieved"} <= has or ("target" in has and state and not has & {"time", "amplitude", "width"}):
        return read_write_verify(table)
    if "cycle" in has or (state and has & {"amplitude", "width"}):
        return read_pulses(table)
    if {"voltage", "current"} <= has:
        constant = "time" in has and np.ptp(table.values("voltage")) == 0
        return read_constant_voltage(table) if constant else read_sweep(table)
    if state and "voltage" not in has:
        return read_retention(table) if "time" in has else read_pulses(table)
    unknown = not_understood(table.path, [*(column.name for column in table.columns), *table.ignored])
    others = f", and not understood {', '.join(map(shown, table.ignored[:10]))}" if table.ignored else ""
    raise fault(table.path, f"columns {table.listed}{others}: {unknown or _EXPECTED}")
