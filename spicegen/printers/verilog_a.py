"""Printer of a card as a Verilog-A module (Accellera Verilog-AMS LRM 2.4), for OpenVAF and commercial compilers."""

from __future__ import annotations

import math
from typing import ClassVar

import sympy

from models_va import BOLTZMANN, CHARGE, GMIN, TEMPERATURE, VOLTAGE, Definition, DeviceCard, Model, Param, State
from spicegen.printers.base import CIRCUIT_FUNCTIONS, COSH_LIMIT, EXP_LIMIT, ExpressionPrinter, printed_params
from spicegen.printers.header import example_values, header_lines
from spicegen.templating import render_template

STATE_CAPACITANCE_F = 1e-3
"""Capacitance that scales a state's rate in 1/s to a current, F: the current is large against the absolute current
tolerance of simulators."""


class VerilogAPrinter(ExpressionPrinter):
    """Printer of expressions in Verilog-A."""

    language = "Verilog-A"
    power = "pow({0}, {1})"
    least_base = 1e-100
    functions: ClassVar = {
        **CIRCUIT_FUNCTIONS,
        "sign": "((({0}) > 0.0) ? 1.0 : ((({0}) < 0.0) ? -1.0 : 0.0))",
        "exp_lim": "exp_lim({0})",
        "sinh_lim": "sinh_lim({0})",
        "cosh_lim": "cosh_lim({0})",
    }


ANALOG_FUNCTIONS = {
    "exp_lim": f"(x < 80.0) ? exp(x) : {EXP_LIMIT!r}*(x - 79.0)",
    "sinh_lim": f"(abs(x) < 80.0) ? sinh(x) : ((x > 0.0) ? 1.0 : -1.0)*{COSH_LIMIT!r}*(abs(x) - 79.0)",
    "cosh_lim": f"(abs(x) < 80.0) ? cosh(x) : {COSH_LIMIT!r}*(abs(x) - 79.0)",
}
"""Bodies of the functions that are linear beyond 80, where sinh and cosh are equal to a relative 1e-69."""


def render_verilog_a(card: DeviceCard) -> str:
    """The text of NAME.va: ``module NAME(te, be)`` with the card's values as defaults."""
    model = card.device_model
    show = VerilogAPrinter(_names(model))
    return render_template(
        "models_va/device.va.j2",
        card=card,
        model=model,
        header=header_lines(card, _example(card)),
        parameters=[(p, _value(p, value), _range(p)) for p, value in printed_params(card)],
        definitions=[(d, show(d.expression)) for d in model.definitions],
        current=show(model.current),
        noise=show(model.noise_psd),
        states=[(s, show(s.rate)) for s in model.states],
        capacitance=repr(STATE_CAPACITANCE_F),
        functions=_used_functions(model),
    )


def _used_functions(model: Model) -> dict[str, str]:
    equations = [model.current, *(d.expression for d in model.definitions), *(s.rate for s in model.states)]
    used = {type(f).__name__ for e in equations for f in e.atoms(sympy.Function)}
    return {name: body for name, body in ANALOG_FUNCTIONS.items() if name in used}


def _names(model: Model) -> dict[sympy.Symbol, str]:
    names = {VOLTAGE: "vbr", TEMPERATURE: "temperature_k", BOLTZMANN: "`P_K", CHARGE: "`P_Q"}
    names[GMIN] = '$simparam("gmin", 1e-12)'
    own: list[Param | State | Definition] = [*model.params, *model.states, *model.definitions]
    return names | {item.symbol: item.name for item in own}


def _value(param: Param, value: float) -> str:
    return str(int(value)) if param.integer and math.isfinite(value) else repr(value)


def _range(param: Param) -> str:
    left = "(" if param.lower_open or param.lower == -math.inf else "["
    right = ")" if param.upper_open or param.upper == math.inf else "]"
    return f"from {left}{_value(param, param.lower)}:{_value(param, param.upper)}{right}"


def _example(card: DeviceCard) -> list[str]:
    name = card.identifier
    values = example_values(card)
    return [
        f"compiled by: openvaf-r -o {name}.osdi {name}.va",
        f"ngspice 44, after pre_osdi {name}.osdi in .control:",
        f"  .model dut {name}",
        f"  n1 te be dut{values}",
        "VACASK:",
        f'  load "{name}.osdi"',
        f"  model dut {name}",
        f"  x1 (te be) dut{values}",
        "Spectre:",
        f'  ahdl_include "{name}.va"',
        f"  x1 (te be) {name}{values}",
    ]
