"""Functions for the rows of all kinds of measurements: signs, conductances, temperatures, times, and their checks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models_va import ROOM_TEMPERATURE_K
from spicegen.measurements.header import STATES, Column, unit_of
from spicegen.measurements.kinds import Origin
from spicegen.measurements.table import CONVENTIONS, Array, Table
from spicegen.measurements.text import shown
from spicegen.measurements.units import CONDUCTANCE, CURRENT, RESISTANCE, VOLTAGE

_USUAL_READ_VOLT = 0.1
LEAST_READ_VOLT = 1e-6
_LEAST_OHM = 1e-6
"""Smallest resistance, ohm: a smaller one is a zero or in another unit."""
_SAME_K = 2.0
"""Temperatures closer than this, K, count as one: they differ by a thermometer's noise."""
_DIGITS = 9
"""Decimal places of a temperature, K: the rounding errors of a sum are smaller."""
_MOST = {VOLTAGE: (100.0, "mV"), CURRENT: (10.0, "uA"), CONDUCTANCE: (10.0, "uS")}
"""Largest believable value of a quantity, in its SI unit, and the unit that was probably meant if one is larger: no
such device, and hardly a source meter, shows more."""
_TOO_MUCH = "more than the {:g} {} that such devices bear: is the unit {}?"
TURNED = (
    "add the line '# current_convention: be-te' if the current is counted from be to te, or "
    "'# voltage_convention: be-te' if the voltage is, or turn its sign in the file"
)


def check_units(table: Table) -> None:
    """Fail if a number is so large that its unit cannot be right."""
    for column, numbers in zip(table.columns, table.numbers.T, strict=True):
        if column.unit.dimension in _MOST:
            most, usual = _MOST[column.unit.dimension]
            problem = f"{{}} {column.unit.symbol}: {_TOO_MUCH.format(most, column.unit.dimension, usual)}"
            table.fault_where(np.abs(column.unit.in_si(numbers)) > most, column, problem)
    most, usual = _MOST[VOLTAGE]
    for name in ("amplitude", "read_voltage"):
        if abs(value := table.settings.get(name, 0.0)) > most:
            raise table.fault_said(name, f"{name}: {value:g} V: {_TOO_MUCH.format(most, VOLTAGE, usual)}")


def origin(table: Table) -> Origin:
    """The origin of the measurement: its file, the notes so far, and a note on the parts that were not read."""
    unused = [*table.ignored, *(column.name for column in table.columns if column.quantity not in table.read)]
    notes = list(table.notes)
    if unused:
        names = ", ".join([*map(shown, unused[:10]), *(["..."] if len(unused) > 10 else [])])
        notes.append(f"Columns that are not used: {names}.")
    volts = [shown(name) for name in unused if unit_of(name).dimension == VOLTAGE]
    if volts and not {"voltage", "amplitude"} & table.read:
        notes.append(f"{volts[0]} is in volts: if it holds the amplitudes of pulses, call it amplitude.")
    return Origin(table.path, table.sha256, tuple(notes))


def sign(table: Table, what: str) -> float:
    """Sign of ``what``, voltage or current: -1 if the file states that it counts it from be to te, else 1."""
    said = {table.words[word] for word, meant in CONVENTIONS.items() if what in meant and word in table.words}
    if len(said) > 1:
        raise table.fault(f"{what}: its convention is said twice, differently: leave one")
    return -1.0 if said == {"be-te"} else 1.0


def read_voltage(table: Table) -> float:
    """Voltage of the reads, te - be, V: that which the file states, or else the usual one, with a note."""
    if "read_voltage" in table.quantities:
        column = table.column("read_voltage")
        values = table.values(column)
        table.fault_where(values != values[0], column, "{} after another read voltage: give a file for each")
        v = float(values[0])
    elif "read_voltage" in table.settings:
        v = table.settings["read_voltage"]
    else:
        table.notes.append(f"The file does not say the voltage of its reads: taken as {_USUAL_READ_VOLT:g} V.")
        return _USUAL_READ_VOLT
    if abs(v) < LEAST_READ_VOLT:
        raise table.fault(f"a read voltage of {v:g} V: give the voltage at which the current was measured")
    return v * sign(table, "voltage")


def state(table: Table) -> Column:
    """The column from which a state is read: conductance, or else resistance, or else current."""
    return table.column(next((s for s in STATES if s in table.quantities), STATES[0]))


def conductance(table: Table, column: Column, v_read_volt: float) -> Array:
    """A column as conductances, shape (rows,), S; NaN where it is empty.

    Args:
        table: the file.
        column: the column with conductances, resistances or currents.
        v_read_volt: voltage of the reads, V.

    Raises:
        InputError: there are currents without a read voltage, or a negative conductance.
    """
    values = table.values(column)
    if column.unit.dimension == RESISTANCE:
        table.fault_where(np.abs(values) < _LEAST_OHM, column, "a resistance of {}: remove the row")
        g = 1 / values
    elif column.unit.dimension == CURRENT:
        if not {"read_voltage"} & (table.quantities | table.settings.keys()):
            raise table.fault("currents without the voltage of the reads: add the line '# read_voltage_V: 0.1'")
        g = values * sign(table, "current") / v_read_volt
    else:
        g = values
    if np.nanmedian(g) < 0:
        raise table.fault(
            f"most conductances are negative (first {g[0]:.3g} S), as if the device were a source: {TURNED}",
            0,
            column,
        )
    table.fault_where(g < 0, column, "{}: a negative conductance: remove rows below the noise of the meter")
    _check_derived(table, column, g, v_read_volt)
    return g


def _check_derived(table: Table, column: Column, g_siemens: Array, v_read_volt: float) -> None:
    """Fail if a resistance or current makes a conductance, shape (rows,), S, so large that its unit cannot be right."""
    most, _ = _MOST[CONDUCTANCE]
    wrong = g_siemens > most
    if wrong.any():
        unit, g = column.unit, g_siemens[wrong][0]
        at, remedy = "", f"is {unit.symbol} its unit? m is milli, M is mega"
        if unit.dimension == CURRENT:
            at, remedy = f" at {v_read_volt:g} V", f"are {unit.symbol} and the read voltage right?"
        problem = f"{{}} {unit.symbol}{at}: a conductance of {g:.4g} S, more than the {most:g} S that such devices have"
        table.fault_where(wrong, column, f"{problem}: {remedy}")


def note_zeros(table: Table, g_siemens: Array) -> None:
    """Note how many conductances, shape (rows, ...), are 0, that is, less than the meter shows."""
    if zeros := np.count_nonzero(g_siemens == 0):
        table.notes.append(
            f"Conductances of 0: {zeros}. A fit, of logarithms, leaves out rows of which that is the median."
        )


def temperatures(table: Table) -> Array:
    """Temperature of each row, shape (rows,), K; temperatures within 2 K count as one, their mean.

    Raises:
        InputError: a temperature is below absolute zero, or drifts from one value to another.
    """
    if "temperature" not in table.quantities:
        given = table.settings.get("temperature")
        if given is None:
            table.notes.append(f"The file does not say the temperature: taken as {ROOM_TEMPERATURE_K:g} K.")
            given = ROOM_TEMPERATURE_K
        if given <= 0:
            raise table.fault(f"a temperature of {given:g} K: must be above absolute zero")
        return np.full(len(table.line), given)
    column = table.column("temperature")
    measured = table.values(column)
    table.fault_where(measured <= 0, column, "{}: a temperature must be above absolute zero: is its unit right?")
    distinct, which = np.unique(measured, return_inverse=True)
    first = np.flatnonzero(np.diff(distinct, prepend=-np.inf) > _SAME_K)  # first of each group
    low, high = distinct[first], distinct[np.append(first[1:], len(distinct)) - 1]
    if (drifts := high - low > 2 * _SAME_K).any():
        n = int(np.argmax(drifts))
        raise table.fault(
            f"the temperature drifts from {low[n]:.5g} K to {high[n]:.5g} K: measure at one, or in steps; or give one "
            "for all rows in the place of the column: '# temperature_C: 25'",
            int(np.argmax(measured == high[n])),
            column,
        )
    group = np.searchsorted(first, which, side="right") - 1
    mean = np.bincount(group, measured) / np.bincount(group)
    return np.asarray(np.round(mean, _DIGITS)[group])


def temperature(table: Table) -> float:
    """The one temperature of all rows, K.

    Raises:
        InputError: there are several temperatures.
    """
    found = temperatures(table)
    other = found != found[0]
    if other.any():
        raise table.fault(
            "another temperature: give a file for each", int(np.argmax(other)), table.column("temperature")
        )
    return float(found[0])


def check_rising(table: Table, time_s: Array, rows: NDArray[np.int64], column: Column) -> None:
    """Fail at the first row whose time is not later than that of the row before; ``rows`` are those of ``time_s``."""
    wrong = np.diff(time_s) <= 0
    if wrong.any():
        n = int(np.argmax(wrong))
        before, here = time_s[n], time_s[n + 1]
        remedy = (
            "export it with more digits"
            if here == before
            else "sort the rows; if several runs follow one another, give a file for each or count the time on"
        )
        raise table.fault(
            f"time goes from {before:.9g} s to {here:.9g} s: must rise: {remedy}", int(rows[n + 1]), column
        )


def check_several(table: Table) -> None:
    """Fail if there is only one row."""
    if len(table.line) < 2:
        raise table.fault("only one row of numbers: give two or more", 0)


def check_varies(table: Table, values: Array, what: str, remedy: str) -> None:
    """Fail if all values are the same."""
    finite = values[np.isfinite(values)]
    if np.all(finite == finite[0]):
        raise table.fault(f"{what} is {finite[0]:.6g} in every row: nothing to fit: {remedy}", 0)
