"""Model and card -> ngspice behavioural subcircuit.

Every definition that costs something is a helper node (a current into 1 ohm), never a nested function: text
expansion would multiply the derivative trees. Each state is the voltage of a 1 F capacitor, held at its
initial value while time = 0, that is at every operating point.
"""

from __future__ import annotations

from typing import ClassVar

import sympy

from models_va import BOLTZMANN, CONSTANTS, TEMPERATURE, VOLTAGE, Definition, DeviceCard, Model
from models_va.functions import pos
from spicegen.printers.base import CIRCUIT_FUNCTIONS, COSH_LIMIT, EXP_LIMIT, ExpressionPrinter
from spicegen.printers.header import header_lines
from spicegen.templating import render_template

_TEMPERATURE = "(temper + 273.15)"
_HELPER_OPERATIONS = 3
"""A definition with fewer operations than this is cheaper in place than as an extra node."""


class NgspicePrinter(ExpressionPrinter):
    """Expressions in ngspice's B sources. Both ``pow(x, y)`` and ``x^y`` take |x| there: bases are not negative."""

    language = "ngspice"
    power = "pow({0}, {1})"
    functions: ClassVar = {
        **CIRCUIT_FUNCTIONS,
        "sign": "sgn({0})",
        "exp_lim": f"(({{0}}) < 80 ? exp({{0}}) : {EXP_LIMIT!r}*(({{0}}) - 79))",
        "sinh_lim": f"(abs({{0}}) < 80 ? sinh({{0}}) : sgn({{0}})*{COSH_LIMIT!r}*(abs({{0}}) - 79))",
        "cosh_lim": f"(abs({{0}}) < 80 ? cosh({{0}}) : {COSH_LIMIT!r}*(abs({{0}}) - 79))",
    }


def render_subcircuit(card: DeviceCard) -> str:
    """The text of NAME.lib: ``.subckt NAME te be`` with the card's values as defaults of its parameters."""
    model = card.device_model
    helpers = [d for d in model.definitions if is_helper(d)]
    inlined = {d.symbol: d.expression for d in model.definitions if not is_helper(d)}
    show = NgspicePrinter(_names(model, helpers))

    def text(expression: sympy.Expr) -> str:
        while expression.free_symbols & inlined.keys():
            expression = expression.subs(inlined)
        return show(expression)

    return render_template(
        "models_va/device.lib.j2",
        card=card,
        header=header_lines(card),
        parameters=[(p, repr(card.values[p.name])) for p in model.params],
        helpers=[(d, text(d.expression)) for d in helpers],
        current=text(model.current),
        noise=text(sympy.sqrt(pos(model.noise_psd / (4 * BOLTZMANN * TEMPERATURE)))),
        states=[(s, text(s.rate)) for s in model.states],
    )


def is_helper(definition: Definition) -> bool:
    """Whether a definition gets a node of its own."""
    return bool(definition.expression.count_ops() >= _HELPER_OPERATIONS)


def _names(model: Model, helpers: list[Definition]) -> dict[sympy.Symbol, str]:
    names = {VOLTAGE: "V(te,be)", TEMPERATURE: _TEMPERATURE}
    names |= {symbol: repr(value) for symbol, (_, value) in CONSTANTS.items()}
    # braces are replaced by bare numbers: a value that may be negative needs parentheses
    names |= {p.symbol: f"{{{p.name}}}" if p.lower >= 0 else f"({{{p.name}}})" for p in model.params}
    names |= {s.symbol: f"V(n_{s.name})" for s in model.states}
    return names | {d.symbol: f"V(h_{d.name})" for d in helpers}
