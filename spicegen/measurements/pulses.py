"""Reading of trains of pulses, and of cycles of trains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spicegen.measurements import rows
from spicegen.measurements.direction import by_polarity, by_turning_points
from spicegen.measurements.header import COUNTS
from spicegen.measurements.kinds import Pulses
from spicegen.measurements.table import FIRST_ROW, MOST_NUMBERS, Array, Table
from spicegen.measurements.text import shown

MOST_PULSES = 100_000
TRAIN = ("amplitude", "width", "gap", "period")
"""Quantities that define a train of pulses; they are the same in every cycle."""
_ONE_TRAIN = "give a file for each train, or remove the column of cycles if all rows are one train"
_SAID = {"potentiation": 1, "depression": -1}


def read_pulses(table: Table) -> Pulses:
    """Read the train of a table whose rows are pulses, with a column per cycle or one of a conductance or the like.

    If a column holds the number of the cycle, cycles stand below one another.

    Raises:
        InputError: a cycle has a gap, the conductance is constant, widths are not positive, or the like.
    """
    _check_voltage(table)
    v_read, temperature_k = rows.read_voltage(table), rows.temperature(table)
    _check_one_row_a_pulse(table)
    if "cycle_number" in table.quantities and "cycle" not in table.quantities:
        table, g = _cycles_below(table, v_read)
    else:
        g = _cycles_beside(table, v_read)
    rows.note_zeros(table, g)
    if len(g) < 2:
        raise table.fault("only one row of numbers: give two pulses or more", 0)
    rows.check_varies(table, g, "the conductance", "are these reads after pulses that write?")
    amplitude, width = _amplitude(table, len(g)), _of_each(table, "width", len(g))
    if not amplitude.any():
        raise table.fault("no pulses: the amplitude is 0 in every row: give those of the pulses too", 0)
    amplitude = amplitude * rows.sign(table, "voltage")
    keep = slice(0, MOST_PULSES)
    if len(g) > MOST_PULSES:
        table.notes.append(f"Of {len(g)} pulses the first {MOST_PULSES} are used.")
    gap = _gap(table, amplitude, width)
    direction = _direction(table, amplitude[keep], g[keep])
    return Pulses(
        rows.origin(table), amplitude[keep], width[keep], gap[keep], direction, g[keep], v_read, temperature_k
    )


def _check_voltage(table: Table) -> None:
    if "voltage" in table.quantities and not {"amplitude", "read_voltage"} <= table.quantities | table.settings.keys():
        problem = "of the pulses or of the reads? call it amplitude_V or read_voltage_V, or remove it"
        raise table.fault(problem, column=table.column("voltage"))


def _check_one_row_a_pulse(table: Table) -> None:
    if "pulse_number" in table.quantities:
        column = table.column("pulse_number")
        same = [np.diff(table.values(q), prepend=np.nan) == 0 for q in COUNTS if q in table.quantities]
        table.fault_where(
            np.all(same, axis=0), column, "{} again: keep the last row of each pulse, or call the column otherwise"
        )


def _cycles_below(table: Table, v_read: float) -> tuple[Table, Array]:
    """The table of the longest cycle, and the conductances of all cycles, shape (rows, cycles), S."""
    length = _lengths(table)
    cycle = np.repeat(np.arange(len(length)), length)
    pulse = np.arange(len(cycle)) - (np.cumsum(length) - length)[cycle]
    longest = np.flatnonzero(cycle == np.argmax(length))
    for column in table.columns:
        if column.quantity in TRAIN:
            values = table.values(column)
            other = ~np.isclose(values, values[longest][pulse], atol=0)
            table.fault_where(other, column, f"{{}}, unlike in the longest cycle: {_ONE_TRAIN}")
    g = np.full((length.max(), len(length)), np.nan)
    g[pulse, cycle] = rows.conductance(table, rows.state(table), v_read)
    return replace(table, numbers=table.numbers[longest], line=table.line[longest]), g


def _lengths(table: Table) -> NDArray[np.int64]:
    """Number of rows of each cycle, in their order, shape (cycles,)."""
    column = table.column("cycle_number")
    number = table.values(column)
    table.fault_where(np.isnan(number), column, "no number: write those of the cycles (1, 2 ...), or remove the column")
    first = np.flatnonzero(np.diff(number, prepend=np.nan))
    again = np.setdiff1d(first, first[np.unique(number[first], return_index=True)[1]])
    if len(again):
        raise table.fault("this cycle again, below another: sort the rows by cycle", int(again[0]), column)
    length = np.diff(first, append=len(number))
    if length.max() == 1:
        raise table.fault("another cycle in every row: call the column pulse if it numbers pulses", 0, column)
    if length.max() * len(length) > MOST_NUMBERS:
        raise table.fault(f"{len(length)} cycles, one of {length.max()} rows: {_ONE_TRAIN}", 0, column)
    table.notes.append(f"Cycles, by column {shown(column.name)}: {len(length)}.")
    return length


def _cycles_beside(table: Table, v_read: float) -> Array:
    """Conductances of cycles in columns, shape (rows, cycles), S, without rows in which every cycle has ended."""
    columns = sorted((c for c in table.columns if c.quantity == "cycle"), key=lambda c: c.cycle) or [rows.state(table)]
    for column in columns:
        ended = np.isnan(table.values(column))
        if ended.all():
            raise table.fault("an empty cycle: remove the column", column=column)
        last = int(np.flatnonzero(~ended)[-1])
        if ended[:last].any():
            row = int(np.argmax(ended))
            raise table.fault("empty, but the cycle goes on below: fill it in, or remove the row", row, column)
    g = np.stack([rows.conductance(table, column, v_read) for column in columns], axis=1)
    return np.asarray(g[: int(np.flatnonzero(~np.isnan(g).all(axis=1))[-1]) + 1])


def _of_each(table: Table, quantity: str, n: int) -> Array:
    """Values of a quantity, shape (n,), SI: from its column, or from a comment for all rows; NaN without either."""
    if quantity in table.quantities:
        return table.values(quantity)[:n]
    return np.full(n, table.settings.get(quantity, np.nan))


def _amplitude(table: Table, n: int) -> Array:
    """Amplitude of each pulse, shape (n,), V, with the file's sign; 0 in a first row that was read before any pulse."""
    amplitude = _of_each(table, "amplitude", n)
    if FIRST_ROW in table.words:
        if "amplitude" in table.quantities and amplitude[0] != 0:
            problem = f"{amplitude[0]:g} V, but {FIRST_ROW} says that it is a read: give 0, or remove {FIRST_ROW}"
            raise table.fault(problem, 0, table.column("amplitude"))
        amplitude[0] = 0.0
    return amplitude


def _gap(table: Table, amplitude: Array, width: Array) -> Array:
    """Time from the end of each pulse to the next, s: the gap, or else period or time to the next row, less width."""
    n = len(width)
    pulse = ~(amplitude == 0)
    _check_positive(table, "width", (width <= 0) & pulse)
    gap = _of_each(table, "gap", n)
    width = np.where(pulse, width, 0.0)
    timed = "time" in table.quantities and not {"gap", "period"} & (table.quantities | table.settings.keys())
    period = _to_the_next(table, n) if timed and np.isfinite(width).all() else _of_each(table, "period", n)
    _check_positive(table, "time" if timed else "period", period <= width)
    gap = np.where(np.isnan(gap), period - width, gap)
    _check_positive(table, "gap", gap <= 0)
    if np.isnan(gap).any():
        table.notes.append("The file does not say the gap between pulses: a fit takes the width of one.")
    return np.asarray(gap)


def _to_the_next(table: Table, n: int) -> Array:
    """Time from each row to the next, shape (n,), s; the last is equal to that before it."""
    time = table.values("time")[:n]
    rows.check_rising(table, time, np.arange(n), table.column("time"))
    step = np.diff(time)
    table.notes.append("Gaps are the times from row to row less the widths; the last is as the one before.")
    return np.append(step, step[-1])


def _check_positive(table: Table, quantity: str, wrong: NDArray[np.bool_]) -> None:
    if not wrong.any():
        return
    remedies = {"period": "must be longer than the pulse", "time": "must rise by more than the width of the pulse"}
    problem = f"{quantity}: {remedies.get(quantity, 'must be positive')}: is its unit right?"
    if quantity not in table.quantities:
        raise table.fault_said(quantity, problem)
    raise table.fault(problem, int(np.argmax(wrong)), table.column(quantity))


def _direction(table: Table, amplitude: Array, g: Array) -> NDArray[np.int8]:
    """Direction of each pulse, shape (n,): as stated in the file, or else by polarity, or else by turning points."""
    said = table.words.get("direction")
    if said:
        return np.where(amplitude == 0, 0, _SAID[said]).astype(np.int8)
    if np.isfinite(amplitude).all():
        direction, note = by_polarity(amplitude, g)
    else:
        direction, note = by_turning_points(g)
    table.notes.append(note)
    return np.where(amplitude == 0, 0, direction).astype(np.int8)
