"""Model and card -> ngspice behavioural subcircuit, NAME.lib.

ngspice differentiates a B source's expression by every voltage in it, shares nothing between value and
derivatives, and walks all these trees at each iteration: their size is what a device costs. So nothing is nested, and
helpers are many (braces in a B source are only text to ngspice 39).

A parameter out of its range stops ngspice: it adds a resistor whose model does not exist, named by the range (``unknown
parameter (x_init_must_be_at_least_0_and_at_most_1)``). A parameter that no model has is no error in ngspice.
"""

from __future__ import annotations

import math
from typing import ClassVar

import sympy

from models_va import DeviceCard, Param
from spicegen.printers.base import CIRCUIT_FUNCTIONS, COSH_LIMIT, EXP_LIMIT, ExpressionPrinter, printed_params
from spicegen.printers.subcircuit import SubcircuitDialect


class NgspicePrinter(ExpressionPrinter):
    """Printer of expressions for ngspice's B sources, where ``pow(x, y)`` and ``x^y`` take |x|: no base is negative."""

    language = "ngspice"
    power = "pow({0}, {1})"
    functions: ClassVar = {
        **CIRCUIT_FUNCTIONS,
        "sign": "sgn({0})",
        "exp_lim": f"(({{0}}) < 80 ? exp({{0}}) : {EXP_LIMIT!r}*(({{0}}) - 79))",
        "sinh_lim": f"(abs({{0}}) < 80 ? sinh({{0}}) : {COSH_LIMIT!r}*({{0}} - 79*sgn({{0}})))",
        "cosh_lim": f"(abs({{0}}) < 80 ? cosh({{0}}) : {COSH_LIMIT!r}*(abs({{0}}) - 79))",
    }

    def _power(self, e: sympy.Expr) -> str:
        if not e.exp.is_Integer or e.exp < 2 or (e.exp <= 3 and e.base.is_Symbol):
            return super()._power(e)
        # an even power of |x| is that of x; its derivative is short, that of a product of many factors is not
        even = self.power.format(self._print(e.base), self._number(e.exp - e.exp % 2))
        return even if e.exp % 2 == 0 else f"{self._factor(e.base)}*{even}"


NGSPICE = SubcircuitDialect(
    printer=NgspicePrinter,
    template="device.lib.j2",
    temperature="({temp_own} + {temp_follows}*temper)",
    suffix="lib",
)


def render_subcircuit(card: DeviceCard) -> str:
    """The text of NAME.lib: ``.subckt NAME te be`` with the card's values as defaults of its parameters."""
    ranges = [(p.name, *outside) for p, _ in printed_params(card) if (outside := _outside(p))]
    return NGSPICE.render(card, ranges=[*ranges, *_OUTSIDE])


_OUTSIDE = [
    ("temp", "temp <= -273.15 && temp != -1000", "temp_must_be_above_minus_273.15"),
    ("m", "m < 0", "m_must_be_at_least_0"),
]
"""As ``_outside`` gives it, for what a subcircuit has besides the parameters of the device: see the template."""


def _outside(p: Param) -> tuple[str, str] | None:
    """Condition under which a parameter is out of its range, and a name that states the range; None without a range."""
    sides = []
    if math.isfinite(p.lower):
        operator, word = ("<=", "above") if p.lower_open else ("<", "at_least")
        sides.append((f"{p.name} {operator} {p.lower!r}", f"{word}_{p.lower:g}"))
    if math.isfinite(p.upper):
        operator, word = (">=", "below") if p.upper_open else (">", "at_most")
        sides.append((f"{p.name} {operator} {p.upper!r}", f"{word}_{p.upper:g}"))
    if p.integer:
        sides.append((f"{p.name} != floor({p.name})", "whole"))
    if not sides:
        return None
    conditions, words = zip(*sides, strict=True)
    return " || ".join(conditions), f"{p.name}_must_be_{'_and_'.join(words)}".replace("-", "minus_")
