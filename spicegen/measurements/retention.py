"""Reading of retention: a conductance over the time that the device rests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spicegen.measurements import rows
from spicegen.measurements.kinds import Retention
from spicegen.measurements.table import Array, Table
from spicegen.measurements.thinning import FIT_POINTS, log_spaced

_MOST_READ_VOLT = 0.5
"""Largest read voltage, V: if it is higher in every row, the device is being written and does not rest."""


def read_retention(table: Table) -> Retention:
    """Read the retention of a table with columns time and conductance, resistance or current, or voltage and current.

    Raises:
        InputError: the voltage of all rows is not that of a read, a time is negative or does not rise within a
            temperature, or the conductance is constant.
    """
    rows.check_several(table)
    if "voltage" in table.quantities:
        v_read, state = _constant_voltage(table), table.column("current")
    else:
        v_read, state = rows.read_voltage(table), rows.state(table)
    return _retention(table, rows.conductance(table, state, v_read), v_read)


def _constant_voltage(table: Table) -> float:
    """The voltage te - be of every row, V."""
    v_read = float(table.values("voltage")[0]) * rows.sign(table, "voltage")
    if abs(v_read) < rows.LEAST_READ_VOLT:
        raise table.fault(f"the voltage is {v_read:g} V in every row: nothing to fit: read at 0.1 V, say", 0)
    if abs(v_read) > _MOST_READ_VOLT:
        raise table.fault(
            f"the voltage is {v_read:g} V in every row, too much for reads of a device at rest: if it was on all the "
            f"time, add the row before, of 0 V and 0 A, which makes this a sweep; if these are short reads, put "
            f"'# read_voltage_V: {v_read:g}' in the place of the column",
            0,
        )
    table.settings["read_voltage"] = v_read
    table.notes.append(f"The voltage is {v_read:g} V in every row: read as retention, not as a sweep.")
    return v_read


def _retention(table: Table, g: Array, v_read: float) -> Retention:
    rows.check_varies(table, g, "the conductance", "read it more often, with more digits")
    rows.note_zeros(table, g)
    column = table.column("time")
    time, temperature_k = table.values(column), rows.temperatures(table)
    table.fault_where(time < 0, column, "{}: time counts from the end of programming, and is not negative")
    kept: list[NDArray[np.int64]] = []
    for t in np.unique(temperature_k):
        mine = np.flatnonzero(temperature_k == t)
        rows.check_rising(table, time[mine], mine, column)
        kept.append(mine[log_spaced(time[mine])])
    keep = np.sort(np.concatenate(kept))
    if len(keep) < len(time):
        table.notes.append(f"Of {len(time)} points {len(keep)} are used, at equal steps of log time.")
    if max(map(len, kept)) > FIT_POINTS:
        table.notes.append(f"A fit takes at most {FIT_POINTS} points of a temperature, at equal steps of log time.")
    if len(kept) > 1:
        listed = ", ".join(f"{t:g} K" for t in np.unique(temperature_k))
        table.notes.append(f"{len(kept)} temperatures: {listed}.")
    return Retention(rows.origin(table), time[keep], g[keep], temperature_k[keep], v_read)
