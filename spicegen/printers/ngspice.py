"""Model and card -> ngspice behavioural subcircuit.

ngspice differentiates a B source's expression by every voltage in it, shares nothing between value and
derivatives, and walks all these trees at each iteration: their size is what a device costs. So nothing is nested;
what equations share is a helper node (a current into 1 ohm), the difference V(te,be) among it, and what
parameters alone decide is a parameter, worked out once an instance (braces in a B source are only text to
ngspice 39). Each state is the voltage of a 1 F capacitor, held at its initial value wherever the node ``running``
is at 0 V, that is everywhere but in transients.

A parameter out of its range stops ngspice: it adds a resistor whose model does not exist, named by the range (``unknown
parameter (x_init_must_be_at_least_0_and_at_most_1)``). A parameter that no model has is no error in ngspice.
"""

from __future__ import annotations

import math
from typing import ClassVar

import sympy

from models_va import CONSTANTS, TEMPERATURE, VOLTAGE, DeviceCard, Model, Param
from spicegen.printers.base import CIRCUIT_FUNCTIONS, COSH_LIMIT, EXP_LIMIT, ExpressionPrinter, printed_params
from spicegen.printers.header import header_lines
from spicegen.printers.helper_nodes import Equations, share
from spicegen.templating import render_template

_TEMPERATURE = "({temp_own} + {temp_follows}*temper)"


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


def render_subcircuit(card: DeviceCard) -> str:
    """The text of NAME.lib: ``.subckt NAME te be`` with the card's values as defaults of its parameters."""
    model = card.device_model
    equations = share(model, repeats_argument)
    parameters = printed_params(card)
    comments = {s: f"part of {served}" for s, served in equations.serves.items()}
    comments |= {d.symbol: f"{d.description}, {d.unit}" for d in model.definitions}
    show = NgspicePrinter(_names(model, equations))
    values = {symbol: repr(value) for symbol, (_, value) in CONSTANTS.items()}
    show_constant = NgspicePrinter(values | {p.symbol: p.name for p in model.params})
    return render_template(
        "models_va/device.lib.j2",
        card=card,
        header=header_lines(card, _example(card)),
        parameters=[(p, repr(value)) for p, value in parameters],
        ranges=[(p.name, *outside) for p, _ in parameters if (outside := _outside(p))],
        constants=[(s.name, show_constant(e)) for s, e in equations.constants.items()],
        voltage_node=equations.voltage_count > 1,
        helpers=[(s.name, comments[s], show(e)) for s, e in equations.helpers.items()],
        temperature=_TEMPERATURE,
        current=show(equations.current),
        noise=show(equations.noise),
        states=[(s, show(rate)) for s, rate in zip(model.states, equations.rates, strict=True)],
    )


def repeats_argument(e: sympy.Basic) -> bool:
    """Whether ``e`` is a function whose text holds its argument more than once."""
    return NgspicePrinter.functions.get(type(e).__name__, "").count("{0}") > 1


def _example(card: DeviceCard) -> list[str]:
    values = "".join(f" {s.initial}={card.values[s.initial]:g}" for s in card.device_model.states[:1])
    return [
        f".include {card.identifier}.lib",
        f"x1 te be {card.identifier}{values}",
        "(.lib takes a section of a file, and this one has none: it is taken whole, by .include)",
    ]


def _outside(p: Param) -> tuple[str, str] | None:
    """Condition under which a parameter is out of its range, and a name that states the range; None without a range."""
    sides = []
    if math.isfinite(p.lower):
        operator, word = ("<=", "above") if p.lower_open else ("<", "at_least")
        sides.append((f"{p.name} {operator} {p.lower!r}", f"{word}_{p.lower:g}"))
    if math.isfinite(p.upper):
        operator, word = (">=", "below") if p.upper_open else (">", "at_most")
        sides.append((f"{p.name} {operator} {p.upper!r}", f"{word}_{p.upper:g}"))
    if not sides:
        return None
    conditions, words = zip(*sides, strict=True)
    return " || ".join(conditions), f"{p.name}_must_be_{'_and_'.join(words)}"


def _names(model: Model, equations: Equations) -> dict[sympy.Symbol, str]:
    # V(te,be) would be two voltages to differentiate by.
    names = {VOLTAGE: "V(vbr)" if equations.voltage_count > 1 else "V(te,be)", TEMPERATURE: _TEMPERATURE}
    names |= {symbol: repr(value) for symbol, (_, value) in CONSTANTS.items()}
    parameters = [p.symbol for p in model.params] + list(equations.constants)
    # Braces are replaced by bare numbers, so that a value that may be negative needs parentheses.
    names |= {s: f"{{{s.name}}}" if s.is_nonnegative else f"({{{s.name}}})" for s in parameters}
    names |= {s.symbol: f"V(n_{s.name})" for s in model.states}
    return names | {symbol: f"V(h_{symbol.name})" for symbol in equations.helpers}
