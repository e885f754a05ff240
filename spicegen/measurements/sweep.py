"""Reading of I-V sweeps."""

from __future__ import annotations

import numpy as np

from spicegen.measurements import rows
from spicegen.measurements.compliance import MOST_PARTS, at_compliance
from spicegen.measurements.kinds import Sweep
from spicegen.measurements.table import Array, Table
from spicegen.measurements.thinning import FIT_POINTS, MOST_POINTS, extremes

_COMPLIANCE = "was it the compliance? measure it in a larger range"
_NOISE = 1e-3
"""Share of all energy that a device may seem to give back, because of noise and a source meter's offset."""


def read_sweep(table: Table) -> Sweep:
    """Read the sweep of a table with columns voltage and current, and time or the interval between rows.

    Raises:
        InputError: there is no time, it does not rise, the current is constant, or no passive device has such signs.
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
    if len(keep) > FIT_POINTS:
        table.notes.append(
            f"A fit takes at most {FIT_POINTS} points: those where the voltage turns or jumps, and equally spaced "
            f"ones. Where it turns or jumps at more than {FIT_POINTS // 2} points, a fit ends at the last of so many."
        )
    _note_compliance(table, voltage[keep], current[keep])
    return Sweep(rows.origin(table), time[keep], voltage[keep], current[keep], temperature_k)


def _note_compliance(table: Table, voltage: Array, current: Array) -> None:
    limited = at_compliance(voltage, current)
    if limited.any():
        level = np.abs(current[limited]).max()
        table.notes.append(
            f"At {limited.sum()} of {len(limited)} points the current stays at one level, up to {level:.3g} "
            "A, while the voltage goes on: taken as the source meter's compliance, where the device did not get the "
            "voltage of the file. A fit leaves these points out, and takes what is between them as up to "
            f"{MOST_PARTS} runs, each from a state of its own."
        )


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
    """Check that the device takes energy, as a passive one does: the sum of I V of each polarity is positive."""
    power = voltage * current
    least = _NOISE * np.abs(power).sum()
    sides = {"positive": voltage > 0, "negative": voltage < 0}
    gives = [name for name, side in sides.items() if power[side].sum() < -least]
    if not gives:
        return
    opposite = (power < 0) & np.any([sides[name] for name in gives], axis=0)
    absolute = any(power[side].sum() > least for side in sides.values())
    remedy = f"at {gives[0]} voltages only: are these absolute values? export them with their signs"
    raise table.fault(
        f"current and voltage have opposite signs at {np.count_nonzero(opposite)} of {len(power)} points, as if the "
        f"device were a source{f', {remedy}' if absolute else f': {rows.TURNED}'}",
        int(np.argmax(opposite)),
        table.column("current"),
    )
