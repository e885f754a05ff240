"""Header cells: the quantity and the unit of a column. Comment lines with a value use the same names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from spicegen.measurements.units import (
    CONDUCTANCE,
    CURRENT,
    NONE,
    RESISTANCE,
    TEMPERATURE,
    TIME,
    VOLTAGE,
    Unit,
    alike,
    parse_unit,
)

READING = (CONDUCTANCE, RESISTANCE, CURRENT)
"""Dimensions in which a state may be given: a current becomes a conductance by the read voltage."""
STATES = ("conductance", "resistance", "current")
"""The quantities that a state may be given as; the first that a file has counts."""
DIMENSIONS: dict[str, tuple[str, ...]] = {
    "time": (TIME,),
    "voltage": (VOLTAGE,),
    "current": (CURRENT,),
    "conductance": (CONDUCTANCE,),
    "resistance": (RESISTANCE,),
    "amplitude": (VOLTAGE,),
    "width": (TIME,),
    "gap": (TIME,),
    "period": (TIME,),
    "interval": (TIME,),
    "read_voltage": (VOLTAGE,),
    "temperature": (TEMPERATURE,),
    "cycle": READING,
    "target": READING,
    "achieved": READING,
    "sigma": (CONDUCTANCE,),
}
"""Quantities that a column or a comment may hold, each with the dimensions that its unit may have."""
COUNTS = ("pulse_number", "cycle_number")
"""Quantities without a unit that a column may count: such names alone make no header."""
_SYNONYMS = {
    "t": "time", "relative time": "time", "elapsed time": "time", "timestamp": "time",
    "v": "voltage", "u": "voltage", "volt": "voltage", "volts": "voltage", "bias": "voltage",
    "applied voltage": "voltage", "source voltage": "voltage",
    "i": "current", "measured current": "current", "read current": "current", "i read": "current",
    "g": "conductance", "measured conductance": "conductance", "measured g": "conductance",
    "g measured": "conductance", "read conductance": "conductance", "r": "resistance",
    "pulse amplitude": "amplitude", "pulse voltage": "amplitude", "v pulse": "amplitude", "vpulse": "amplitude",
    "pulse width": "width",
    "pulse gap": "gap", "pulse period": "period",
    "time step": "interval", "sampling interval": "interval",
    "read voltage": "read_voltage", "v read": "read_voltage", "vread": "read_voltage",
    "temp": "temperature",
    "target conductance": "target", "g target": "target", "target g": "target",
    "achieved conductance": "achieved", "g achieved": "achieved", "achieved g": "achieved",
    "actual conductance": "achieved", "g actual": "achieved", "actual g": "achieved",
    "sigma g": "sigma",
}  # fmt: skip
_BRACKETED = re.compile(r"(.*?)\s*[(\[]\s*([^()\[\]]*?)\s*[)\]]")
_SLASHED = re.compile(r"(.*\S)\s*/\s*(\S.*)")
_CHANNEL = re.compile(r"(?:smu|ch|channel)[ -]?1 ")
_CYCLE = re.compile(r"cycle ?(\d{1,9})")
_COUNT = re.compile(r"(pulse|cycle)(?: ?(?:#|no\.?|nr\.?|number|index|count))?")
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file.

    Attributes:
        index: place of the column in the file, from 0.
        name: name of the column as it stands in the header.
        quantity: quantity that it holds, one of ``DIMENSIONS`` or ``COUNTS``; empty if that is not known.
        unit: unit of its numbers; ``NONE`` if there is none, or an unknown one.
        cycle: number of the cycle, where the column holds one cycle.
        problem: fault of its unit, a text for people; empty if there is none.
    """

    index: int
    name: str
    quantity: str = ""
    unit: Unit = NONE
    cycle: int = 0
    problem: str = ""

    @property
    def whole(self) -> bool:
        """Whether both the column's quantity and its unit are known."""
        return bool(self.quantity) and self.unit is not NONE

    @property
    def used(self) -> bool:
        """Whether the column's numbers can be taken into a measurement."""
        return bool(self.quantity) and not self.problem


def parse_cell(text: str, index: int = 0) -> Column:
    """The column that a header cell describes; faults raise no error, but are in ``Column.problem``.

    ``voltage_V``, ``Voltage (V)``, ``Voltage [V]``, ``voltage / V`` and ``V (V)`` are the same.
    """
    name = " ".join(text.split())
    if len(name) > _LONGEST:
        return Column(index, name[:_LONGEST] + "...")
    for stem, symbol in _divided(name):
        quantity, cycle = _quantity(stem)
        if not quantity:
            continue
        unit = parse_unit(symbol)
        # T is a temperature, t a time, and people write either for either: the unit tells
        if quantity == "time" and stem in "tT" and unit.dimension == TEMPERATURE:
            quantity = "temperature"
        return replace(_checked(index, name, quantity, symbol, unit), cycle=cycle)
    return Column(index, name)


def unit_of(name: str) -> Unit:
    """The unit that a header cell carries, whatever it holds; ``NONE`` if there is none."""
    found = (parse_unit(symbol) for _, symbol in _divided(" ".join(name.split())))
    return next((unit for unit in found if unit is not NONE), NONE)


def parse_header(cells: Sequence[str]) -> list[Column]:
    """The columns that the cells of a header line describe, in their order."""
    return [parse_cell(cell, index) for index, cell in enumerate(cells)]


def _divided(name: str) -> list[tuple[str, str]]:
    """The ways to divide a cell into name and unit, the likeliest first."""
    for form in (_BRACKETED, _SLASHED):
        if found := form.fullmatch(name):
            return [(found[1], found[2])]
    stem, _, symbol = name.rpartition("_")
    with_unit = [(stem, symbol)] if stem and parse_unit(symbol) is not NONE else []
    # whole, it is a name without a unit, or one with a unit that is not known
    return [*with_unit, (name, ""), *([(stem, symbol)] if stem else [])]


def _quantity(stem: str) -> tuple[str, int]:
    """The quantity that a name stands for, and the number of the cycle; an empty text if it stands for none."""
    plain = " ".join(stem.replace("_", " ").casefold().split())
    plain = _CHANNEL.sub("", plain, count=1)
    if found := _CYCLE.fullmatch(plain):
        return "cycle", int(found[1])
    if found := _COUNT.fullmatch(plain):
        return f"{found[1]}_number", 0
    quantity = _SYNONYMS.get(plain, plain.replace(" ", "_"))
    return (quantity, 0) if quantity in DIMENSIONS and quantity != "cycle" else ("", 0)


def _checked(index: int, name: str, quantity: str, symbol: str, unit: Unit) -> Column:
    if quantity in COUNTS:
        return Column(index, name, quantity if unit is NONE else "")
    expected = " or ".join(DIMENSIONS[quantity])
    if unit is NONE:
        found = f"unit {symbol!r} is not known" if symbol else "no unit"
    elif unit.dimension not in DIMENSIONS[quantity]:
        found = f"a {quantity.replace('_', ' ')} in {symbol}"
    else:
        return Column(index, name, quantity, unit)
    return Column(index, name, quantity, problem=f"{found}: expected {expected}: write {_example(quantity, symbol)}")


def _example(quantity: str, symbol: str) -> str:
    stem = "cycle1" if quantity == "cycle" else quantity
    dimensions = DIMENSIONS[quantity]
    if meant := alike(symbol, dimensions):
        return " or ".join(dict.fromkeys(f"{stem}_{unit}" for unit in (meant[0], dimensions[0])))
    usual = {VOLTAGE: "V", CURRENT: "uA", TIME: "ms", CONDUCTANCE: "uS", RESISTANCE: "kohm", TEMPERATURE: "C"}
    return f"{stem}_{usual[dimensions[0]]}, or whatever its unit is"
