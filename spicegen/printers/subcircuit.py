"""Model and card -> behavioural subcircuit: what the dialects of SPICE have in common.

A device is B sources. What equations share is a helper node, a current into 1 S; the voltage te - be is one, too. What
parameters alone decide is a parameter, worked out once an instance. Each state is the voltage of a 1 F capacitor, held
at its initial value wherever the node ``running`` is at 0 V: everywhere but in transients, and there too if ``frozen``.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy

from models_va import CONSTANTS, TEMPERATURE, VOLTAGE, DeviceCard, Model
from spicegen.printers.base import ExpressionPrinter, printed_params
from spicegen.printers.header import example_values, header_lines
from spicegen.printers.helper_nodes import Equations, share
from spicegen.templating import render_template


@dataclass(frozen=True)
class SubcircuitDialect:
    """How one simulator writes a subcircuit.

    Attributes:
        printer: printer of its expressions.
        template: file of ``models_va/templates`` that lays the subcircuit out.
        temperature: text of the device's temperature in K.
        suffix: ending of the file's name.
        substituted: whether the value of a parameter takes the place of its name in braces as text, so that one that
            may be negative needs parentheses; otherwise a parameter is known by its bare name.
        remark: last line below the header's example; empty if there is none.
    """

    printer: type[ExpressionPrinter]
    template: str
    temperature: str
    suffix: str
    substituted: bool = True
    remark: str = ""

    def repeats_argument(self, e: sympy.Basic) -> bool:
        """Whether ``e`` is a function whose text holds its argument more than once."""
        return self.printer.functions.get(type(e).__name__, "").count("{0}") > 1

    def render(self, card: DeviceCard, **more: object) -> str:
        """The text of a card's subcircuit, ``.subckt NAME te be`` with the card's values as defaults.

        Args:
            card: card of the device.
            more: further variables of the template.
        """
        model = card.device_model
        equations = share(model, self.repeats_argument)
        comments = {s: f"part of {served}" for s, served in equations.serves.items()}
        comments |= {d.symbol: f"{d.description}, {d.unit}" for d in model.definitions}
        show = self.printer(self._names(model, equations))
        values = {symbol: repr(value) for symbol, (_, value) in CONSTANTS.items()}
        show_constant = self.printer(values | {p.symbol: p.name for p in model.params})
        return render_template(
            f"models_va/{self.template}",
            card=card,
            dialect=self,
            header=header_lines(card, self._example(card)),
            parameters=[(p, repr(value)) for p, value in printed_params(card)],
            constants=[(s.name, show_constant(e)) for s, e in equations.constants.items()],
            voltage_node=equations.voltage_count > 1,
            helpers=[(s.name, comments[s], show(e)) for s, e in equations.helpers.items()],
            temperature=self.temperature,
            current=show(equations.current),
            noise=show(equations.noise),
            states=[(s, show(rate)) for s, rate in zip(model.states, equations.rates, strict=True)],
            **more,
        )

    def parameter(self, name: str, nonnegative: bool = False) -> str:
        """The text of a parameter within an expression."""
        if not self.substituted:
            return name
        return f"{{{name}}}" if nonnegative else f"({{{name}}})"

    def _names(self, model: Model, equations: Equations) -> dict[sympy.Symbol, str]:
        # V(te,be) would be two voltages to differentiate by.
        names = {VOLTAGE: "V(vbr)" if equations.voltage_count > 1 else "V(te,be)", TEMPERATURE: self.temperature}
        names |= {symbol: repr(value) for symbol, (_, value) in CONSTANTS.items()}
        parameters = [p.symbol for p in model.params] + list(equations.constants)
        names |= {s: self.parameter(s.name, bool(s.is_nonnegative)) for s in parameters}
        names |= {s.symbol: f"V(n_{s.name})" for s in model.states}
        return names | {symbol: f"V(h_{symbol.name})" for symbol in equations.helpers}

    def _example(self, card: DeviceCard) -> list[str]:
        return [
            f".include {card.identifier}.{self.suffix}",
            f"x1 te be {card.identifier}{example_values(card)}",
            "(.lib takes a section of a file, and this one has none: it is taken whole, by .include)",
            *([self.remark] if self.remark else []),
        ]
