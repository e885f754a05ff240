"""Param: one named, described, dimensioned and bounded number of a model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import sympy

from models_va._names import check_name
from models_va.errors import InputError, ModelDefinitionError


@dataclass(frozen=True, slots=True)
class Param:
    """A model parameter.

    Attributes:
        name: identifier of the parameter in every printed language; lower case.
        description: one line of text, printed into the Verilog-A ``desc`` attribute.
        unit: SI unit as pint reads it (``"V"``, ``"1/s"``, ``"1"`` when dimensionless).
        default: default value in the parameter's unit; None if every card must state a value.
        lower, upper: bounds of the value in the parameter's unit.
        lower_open, upper_open: whether the bound itself is excluded.
        per_instance: whether the value may differ from device to device.
        integer: whether the value is a whole number.
    """

    name: str
    description: str
    unit: str
    default: float | None = None
    lower: float = -math.inf
    upper: float = math.inf
    lower_open: bool = False
    upper_open: bool = False
    per_instance: bool = False
    integer: bool = False

    def __post_init__(self) -> None:
        check_name(self.name, "parameter")
        if not self.description or '"' in self.description or "\n" in self.description:
            raise ModelDefinitionError(f"parameter {self.name}: needs a one-line description without quotes")
        if not self.unit.strip():
            raise ModelDefinitionError(f'parameter {self.name}: needs a unit: "1" if it has no dimension')
        if self.default is not None:
            self.check(self.default)

    @property
    def symbol(self) -> sympy.Symbol:
        """The symbol that stands for this parameter in the equations."""
        if self.lower > 0 or (self.lower == 0 and self.lower_open):
            return sympy.Symbol(self.name, positive=True)
        if self.lower == 0:
            return sympy.Symbol(self.name, nonnegative=True)
        return sympy.Symbol(self.name, real=True)

    @property
    def range_text(self) -> str:
        """The allowed range in interval notation, for messages."""
        left = "(" if self.lower_open or math.isinf(self.lower) else "["
        right = ")" if self.upper_open or math.isinf(self.upper) else "]"
        return f"{left}{self.lower:g}, {self.upper:g}{right}"

    def check(self, value: float) -> float:
        """Return ``value`` if it is finite, within bounds, and whole where it must be.

        Raises:
            InputError: the value is not; the message names the valid range.
        """
        below = value < self.lower or (self.lower_open and value == self.lower)
        above = value > self.upper or (self.upper_open and value == self.upper)
        if not math.isfinite(value) or below or above:
            raise InputError(f"parameter {self.name} = {self._with_unit(value)} is outside its range {self.range_text}")
        if self.integer and value != math.floor(value):
            raise InputError(f"parameter {self.name} = {value:g} must be a whole number")
        return value

    def _with_unit(self, value: float) -> str:
        return f"{value:g}" if self.unit == "1" else f"{value:g} {self.unit}"


def positive(name: str, description: str, unit: str, default: float | None = None) -> Param:
    """A parameter in (0, inf); with a default it is per-instance, without one every card must state it."""
    return Param(name, description, unit, default, 0.0, math.inf, True, True, default is not None)


def nonnegative(name: str, description: str, unit: str) -> Param:
    """A parameter in [0, inf) that every card must state."""
    return Param(name, description, unit, None, 0.0, math.inf, False, True)
