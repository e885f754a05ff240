"""Dimensional analysis of model equations, before any code is generated from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pint
import sympy

from models_va.errors import ModelDefinitionError


@cache
def _registry() -> pint.UnitRegistry[Any]:
    return pint.UnitRegistry(cache_folder=None)


@cache
def dimensionality(unit: str) -> Any:
    """The dimensions of a unit written as pint reads it; ``"1"`` is dimensionless.

    Raises:
        ModelDefinitionError: pint does not know the unit.
    """
    try:
        return _registry().Unit("dimensionless" if unit == "1" else unit.replace("1/", "dimensionless/")).dimensionality
    except (pint.PintError, ValueError, AssertionError, TypeError) as error:
        raise ModelDefinitionError(f"unit {unit!r} is not understood: {error}") from error


@cache
def volts_seconds_siemens(unit: str) -> tuple[float, float, float]:
    """Powers of V, s and S in a unit, by which a parameter changes when voltages, times and conductances are scaled.

    Lengths and temperatures, which electrical measurements do not determine, count as numbers.

    Raises:
        ModelDefinitionError: pint does not know the unit.
    """
    base = dict(dimensionality(unit))
    mass, current, time = (float(base.get(f"[{n}]", 0)) for n in ("mass", "current", "time"))
    # V = kg m^2 s^-3 A^-1 and S = kg^-1 m^-2 s^3 A^2
    siemens = mass + current
    volts = mass + siemens
    return volts, time + 3 * volts - 3 * siemens, siemens


def metres(unit: str) -> float:
    """Power of m that is left in a unit besides those of V, s and S.

    Raises:
        ModelDefinitionError: pint does not know the unit.
    """
    volts, _, siemens = volts_seconds_siemens(unit)
    return float(dimensionality(unit).get("[length]", 0)) - 2 * volts + 2 * siemens


def check_dimensions(units: Mapping[sympy.Symbol, str], equations: Iterable[tuple[str, sympy.Expr, str]]) -> None:
    """Check the dimensions of each (place, expression, unit): terms of sums agree, arguments are dimensionless.

    Raises:
        ModelDefinitionError: dimensions do not agree; the message names the first such equation and its place.
    """
    dimensions = {symbol: dimensionality(unit) for symbol, unit in units.items()}
    for place, expression, unit in equations:
        found = _Walk(place, dimensions).of(expression)
        if found is not None and found != dimensionality(unit):
            raise ModelDefinitionError(f"{place}: is {found}, should be {unit} ({dimensionality(unit)})")


class _Walk:
    """Dimensions of one expression; None stands for zero, which has any dimension."""

    def __init__(self, place: str, dimensions: Mapping[sympy.Symbol, Any]) -> None:
        self.place = place
        self.dimensions = dimensions
        self.none = dimensionality("1")

    def of(self, e: sympy.Expr) -> Any:
        if e.is_Symbol:
            return self.dimensions[e]
        if e.is_number:
            return None if e.is_zero else self.none
        if e.is_Add or isinstance(e, sympy.Max | sympy.Min):
            return self._same(e)
        if e.is_Mul:
            return self._product(e)
        if e.is_Pow:
            return self._power(e)
        return self._function(e)

    def _same(self, e: sympy.Expr) -> Any:
        found = [d for d in map(self.of, e.args) if d is not None]
        if any(d != found[0] for d in found):
            raise ModelDefinitionError(f"{self.place}: adds unlike dimensions in {e}")
        return found[0] if found else None

    def _product(self, e: sympy.Expr) -> Any:
        result = self.none
        for factor in map(self.of, e.args):
            if factor is None:
                return None
            result = result * factor
        return result

    def _power(self, e: sympy.Expr) -> Any:
        base = self.of(e.base)
        if self.of(e.exp) not in (None, self.none):
            raise ModelDefinitionError(f"{self.place}: exponent {e.exp} has a dimension")
        if base is None or base == self.none:
            return base
        if not e.exp.is_number:
            raise ModelDefinitionError(f"{self.place}: {e.base} has a dimension, its exponent must be a number")
        return base ** float(e.exp)

    def _function(self, e: sympy.Expr) -> Any:
        name = type(e).__name__
        if name in ("pos", "Abs"):
            return self.of(e.args[0])
        if name in ("step", "sign"):
            return self.none
        if any(self.of(a) not in (None, self.none) for a in e.args):
            raise ModelDefinitionError(f"{self.place}: argument of {e} has a dimension")
        return self.none
