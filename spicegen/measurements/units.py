"""Units as they stand in headers: an SI prefix before one of the units that measurements of a device have.

The units are in a table here and not read by pint, because a header is untrusted text: pint evaluates text that looks
like arithmetic, and would read ``C`` as coulomb and ``G`` as gauss.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Number = TypeVar("_Number", float, NDArray[np.float64])
VOLTAGE, CURRENT, TIME, CONDUCTANCE, RESISTANCE, TEMPERATURE = "V", "A", "s", "S", "ohm", "K"
_PREFIXES = {
    "f": 1e-15,
    "p": 1e-12,
    "n": 1e-9,
    "u": 1e-6,
    "\u00b5": 1e-6,
    "\u03bc": 1e-6,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
}
_NAMES = {
    VOLTAGE: ("V", "volt", "volts", "Volt", "Volts"),
    CURRENT: ("A", "amp", "amps", "Amp", "Amps", "ampere", "Ampere"),
    TIME: ("s", "sec", "second", "seconds"),
    CONDUCTANCE: ("S", "siemens", "Siemens"),
    RESISTANCE: ("ohm", "ohms", "Ohm", "Ohms", "OHM", "\u03a9", "\u2126"),
    TEMPERATURE: ("K", "kelvin", "Kelvin"),
}
_SYMBOLS = {name: dimension for dimension, names in _NAMES.items() for name in names}
_PREFIXED = re.compile(f"([{''.join(_PREFIXES)}]?)({'|'.join(sorted(_SYMBOLS, key=len, reverse=True))})")
_MOST_INVERSE = 1e18
_LARGE = ("M", "G")
"""Large prefixes, which only resistances have: a column in MS, MA or MV is taken to be in milli."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of a header.

    Attributes:
        symbol: the unit as it stands in the header.
        dimension: the SI unit of which it is a multiple.
        factor, offset: factor and offset to SI: SI value = number * factor + offset.
    """

    symbol: str
    dimension: str
    factor: float
    offset: float = 0.0

    def in_si(self, number: _Number) -> _Number:
        """Convert a number, or an array of numbers, to the SI unit.

        A prefix below one cannot be exact in binary, but its inverse can; dividing by it, 100 us are 0.0001 s to the
        last bit.
        """
        inverse = round(min(1 / self.factor, _MOST_INVERSE))
        exact = inverse > 0 and 1 / inverse == self.factor
        return (number / inverse if exact else number * self.factor) + self.offset


NONE = Unit("", "", 1.0)
"""The unit of a column without a unit, or with an unknown one."""
_OTHERS = {
    "min": Unit("min", TIME, 60.0),
    "h": Unit("h", TIME, 3600.0),
    "hr": Unit("hr", TIME, 3600.0),
} | {
    symbol: Unit(symbol, TEMPERATURE, 1.0, 273.15)
    for symbol in ("C", "\u00b0C", "\u2103", "degC", "deg C", "celsius", "Celsius")
}


def parse_unit(symbol: str) -> Unit:
    """The unit that ``symbol`` stands for, or ``NONE``. Upper and lower case differ: mS is not ms.

    The suffix DC or AC of Keithley's reading buffers (``Amp DC``) is ignored.
    """
    text = re.sub(r"\s+[DA]C$", "", symbol.strip())
    if text in _OTHERS:
        return _OTHERS[text]
    found = _PREFIXED.fullmatch(text)
    if not found:
        return NONE
    prefix, name = found.groups()
    if prefix in _LARGE and _SYMBOLS[name] != RESISTANCE:
        return NONE
    return Unit(text, _SYMBOLS[name], _PREFIXES.get(prefix, 1.0))


def alike(symbol: str, dimensions: Sequence[str]) -> list[str]:
    """Known units of these dimensions that differ from ``symbol`` in upper and lower case only."""
    known = (prefix + name for d in dimensions for name in _NAMES[d] for prefix in ("", *_PREFIXES))
    return [k for k in known if k.casefold() == symbol.casefold() and parse_unit(k) is not NONE]
