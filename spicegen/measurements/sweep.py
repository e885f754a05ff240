"""I-V sweeps."""

from __future__ import annotations

import numpy as np

from spicegen.measurements import rows
from spicegen.measurements.kinds import Sweep
from spicegen.measurements.table import Array, Table
from spicegen.measurements.thinning import MOST_POINTS, extremes

_COMPLIANCE = "was it the compliance? measure it in a larger range"


def read_sweep(table: Table) -> Sweep:
    """The sweep of a table with columns voltage and current, and time or the interval between rows.

    Raises:
        InputError: no time, time that does not rise, a constant current, or signs that no passive device has.
    """
    rows.check_several(table)
    voltage = table.values("voltage") * rows.sign(table, "voltage")
    current = table.values("current") * rows.sign(table, "current")
    rows.check_varies(table, voltage, "the voltage", "sweep it")
    rows.check_varies(table, current, "the current", _COMPLIANCE)
    _check_passive(table, voltage, current)
    time, temperature_k = _time(table), rows.temperature(table)
    keep = extremes(voltage, current)
    if len(keep) < len(time):
        table.notes.append(
            f"Of {len(time)} points {len(keep)} are used: of each of {MOST_POINTS // 4} equally long pieces those with "
            "the lowest and highest voltage and current."
        )
    return Sweep(rows.origin(table), time[keep], voltage[keep], current[keep], temperature_k)


def _time(table: Table) -> Array:
    if "time" in table.quantities:
        column = table.column("time")
        time = table.values(column)
        rows.check_rising(table, time, np.arange(len(time)), column)
        return time
    interval = table.settings.get("interval", 0.0)
    if not interval > 0:
        raise table.fault(
            f"a sweep without time (columns {table.listed}): export it too, or add the time from point to point: "
            "'# interval_ms: 50'"
        )
    table.notes.append(f"Times are counted from {interval:g} s between points.")
    return np.asarray(np.arange(len(table.line)) * interval)


def _check_passive(table: Table, voltage: Array, current: Array) -> None:
    """A passive device takes energy: over a sweep the sum of I V is positive, and at most points I V is."""
    power = voltage * current
    opposite = np.count_nonzero(power < 0)
    if opposite > np.count_nonzero(power > 0) and power.sum() < 0:
        raise table.fault(
            f"current and voltage have opposite signs at {opposite} of {len(power)} points, as if the device were a "
            f"source: {rows.TURNED}",
            int(np.argmax(power < 0)),
            table.column("current"),
        )
