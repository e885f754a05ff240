"""Behavioural subcircuits for Xyce (NAME.xyce.lib) and LTspice (NAME.ltspice.lib), written by their manuals.

Neither simulator can be installed where this project is tested: the expressions are tested by evaluating them, the
layout by reading it. Sources: Xyce Reference Guide and the source code of its expressions and subcircuit multipliers
(7.10); LTspice's help on B sources, and ltwiki.org's reference of them.

In Xyce a whole expression stands in braces, in which parameters have bare names; TEMP is the circuit's temperature in
degrees Celsius; M multiplies a subcircuit's currents, charges and conductances without being declared, but no voltage
source; and a capacitance must not be zero, so that of the electrodes is given by its charge. B sources with TIME do not
work in AC, so that no expression asks for the time. LTspice replaces each parameter in braces by its value.

A conductance of 1 S without noise is a voltage-controlled current source in both. Choices are if(), and none depends on
``running``: Xyce would search for the time of such a jump.
"""

from __future__ import annotations

from typing import ClassVar

from models_va import DeviceCard
from spicegen.printers.base import CIRCUIT_FUNCTIONS, COSH_LIMIT, EXP_LIMIT, ExpressionPrinter
from spicegen.printers.subcircuit import SubcircuitDialect

_NOT_RUN = "(written by the manual of {}, not run in it; values out of range are not refused by name)"


class _IfPrinter(ExpressionPrinter):
    """Printer of expressions in a language that writes a choice as a function, if(condition, value, other)."""

    power = "pow({0}, {1})"
    least_base = 1e-100
    functions: ClassVar = {
        **CIRCUIT_FUNCTIONS,
        "sign": "sgn({0})",
        "step": "if({0} > 0.0, 1.0, 0.0)",
        "exp_lim": f"if({{0}} < 80.0, {CIRCUIT_FUNCTIONS['exp_sat']}, {EXP_LIMIT!r}*({{0}} - 79.0))",
        "sinh_lim": f"if(abs({{0}}) < 80.0, {CIRCUIT_FUNCTIONS['sinh_sat']}, {COSH_LIMIT!r}*({{0}} - 79.0*sgn({{0}})))",
        "cosh_lim": f"if(abs({{0}}) < 80.0, {CIRCUIT_FUNCTIONS['cosh_sat']}, {COSH_LIMIT!r}*(abs({{0}}) - 79.0))",
    }


class XycePrinter(_IfPrinter):
    """Printer of expressions for Xyce."""

    language = "Xyce"


class LtspicePrinter(_IfPrinter):
    """Printer of expressions for LTspice."""

    language = "LTspice"


XYCE = SubcircuitDialect(
    printer=XycePrinter,
    template="device.spice.j2",
    temperature="(TEMP + dtemp + 273.15)",
    suffix="xyce.lib",
    substituted=False,
    remark=_NOT_RUN.format("Xyce"),
)
LTSPICE = SubcircuitDialect(
    printer=LtspicePrinter,
    template="device.spice.j2",
    temperature="({temp} + ({dtemp}) + 273.15)",
    suffix="ltspice.lib",
    remark=_NOT_RUN.format("LTspice"),
)


def render_xyce(card: DeviceCard) -> str:
    """The text of NAME.xyce.lib: ``.subckt NAME te be`` with the card's values as defaults of its parameters."""
    return XYCE.render(card, opening="{", closing="}", m="", celsius="TEMP", electrodes="q={c_par*V(te,be)}")


def render_ltspice(card: DeviceCard) -> str:
    """The text of NAME.ltspice.lib: ``.subckt NAME te be`` with the card's values as defaults of its parameters."""
    return LTSPICE.render(card, opening="", closing="", m="{m}*", celsius="{temp}", electrodes="{m*c_par}")
