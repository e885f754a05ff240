"""Trains of pulses, and cycles of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spicegen.measurements import rows
from spicegen.measurements.direction import by_polarity, by_turning_points
from spicegen.measurements.kinds import Pulses
from spicegen.measurements.table import FIRST_ROW, Array, Table

MOST_PULSES = 100_000
_SAID = {"potentiation": 1, "depression": -1}


def read_pulses(table: Table) -> Pulses:
    """The train of a table with one column a cycle, or one of conductance, resistance or current; the rows are pulses.

    Raises:
        InputError: a gap in a cycle, a constant conductance, widths that are not positive ...
    """
    v_read = rows.read_voltage(table)
    g = _cycles(table, v_read)
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
    gap, temperature_k = _gap(table, amplitude, width), rows.temperature(table)
    direction = _direction(table, amplitude[keep], g[keep])
    return Pulses(
        rows.origin(table), amplitude[keep], width[keep], gap[keep], direction, g[keep], v_read, temperature_k
    )


def _cycles(table: Table, v_read: float) -> Array:
    """Conductances, shape (rows, cycles), S: rows in which every cycle has ended are left away."""
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
    rows.note_zeros(table, g)
    return np.asarray(g[: int(np.flatnonzero(~np.isnan(g).all(axis=1))[-1]) + 1])


def _of_each(table: Table, quantity: str, n: int) -> Array:
    """A column, or else what a comment says of all, shape (n,), SI; NaN where neither says it."""
    if quantity in table.quantities:
        return table.values(quantity)[:n]
    return np.full(n, table.settings.get(quantity, np.nan))


def _amplitude(table: Table, n: int) -> Array:
    """Of each pulse, shape (n,), V, as the file counts it; 0 in the first row if that was read before any."""
    amplitude = _of_each(table, "amplitude", n)
    if FIRST_ROW in table.words:
        if "amplitude" in table.quantities and amplitude[0] != 0:
            problem = f"{amplitude[0]:g} V, but {FIRST_ROW} says that it is a read: give 0, or remove {FIRST_ROW}"
            raise table.fault(problem, 0, table.column("amplitude"))
        amplitude[0] = 0.0
    return amplitude


def _gap(table: Table, amplitude: Array, width: Array) -> Array:
    """From the end of each pulse to the next, s: given, or period less width."""
    n = len(width)
    pulse = ~(amplitude == 0)
    _check_positive(table, "width", (width <= 0) & pulse)
    gap = _of_each(table, "gap", n)
    period = _of_each(table, "period", n)
    _check_positive(table, "period", period <= width)
    gap = np.where(np.isnan(gap), period - np.where(pulse, width, 0.0), gap)
    _check_positive(table, "gap", gap <= 0)
    if np.isnan(gap).any():
        table.notes.append("The file does not say the time between pulses: a fit takes the width of one.")
    return np.asarray(gap)


def _check_positive(table: Table, quantity: str, wrong: NDArray[np.bool_]) -> None:
    if not wrong.any():
        return
    row = int(np.argmax(wrong)) if quantity in table.quantities else None
    column = table.column(quantity) if quantity in table.quantities else None
    remedy = "must be longer than the pulse" if quantity == "period" else "must be positive"
    raise table.fault(f"{quantity}: {remedy}: is its unit right?", row, column)


def _direction(table: Table, amplitude: Array, g: Array) -> NDArray[np.int8]:
    """What each pulse does, shape (n,): as the file says; else as each polarity does; else between turning points."""
    said = table.words.get("direction")
    if said:
        return np.where(amplitude == 0, 0, _SAID[said]).astype(np.int8)
    if np.isfinite(amplitude).all():
        direction, note = by_polarity(amplitude, g)
    else:
        direction, note = by_turning_points(g)
    table.notes.append(note)
    return np.where(amplitude == 0, 0, direction).astype(np.int8)
