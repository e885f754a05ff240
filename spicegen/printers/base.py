"""Base of the printers of sympy expressions, which has one small dialect subclass per language.

A dialect is a table of function templates and a way to write symbols, numbers and powers. Anything that is
not in the tables is an UnsupportedExpressionError: a printer never guesses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import sympy

from models_va import DEVICE_PARAMS, FROZEN, DeviceCard, Param
from models_va.errors import UnsupportedExpressionError
from models_va.functions import LIMIT, pos

MAX_INTEGER_POWER = 16
COSH_LIMIT = float(sympy.cosh(LIMIT))
EXP_LIMIT = float(sympy.exp(LIMIT))

CIRCUIT_FUNCTIONS: Mapping[str, str] = {
    "Abs": "abs({0})",
    "cosh": "cosh({0})",
    "exp": "exp({0})",
    "log": "ln({0})",
    "max": "max({0}, {1})",
    "min": "min({0}, {1})",
    "sinh": "sinh({0})",
    "sqrt": "sqrt({0})",
    "tanh": "tanh({0})",
    "exp_sat": "exp(min({0}, 80.0))",
    "sinh_sat": "sinh(max(min({0}, 80.0), -80.0))",
    "cosh_sat": "cosh(max(min({0}, 80.0), -80.0))",
    "pos": "max({0}, 0.0)",
    "step": "((({0}) > 0.0) ? 1.0 : 0.0)",
}
"""Templates of the functions that Verilog-A and ngspice write alike."""


class ExpressionPrinter:
    """Printer of expressions over the given symbols.

    Args:
        names: text of each symbol; any other symbol is an error.
    """

    language: ClassVar[str]
    functions: ClassVar[Mapping[str, str]]
    """Templates by function name, with ``{0}``, ``{1}`` for the arguments, which come without parentheses."""
    power: ClassVar[str]
    """Template of a real power of a base that cannot be negative."""
    least_base: ClassVar[float] = 0.0
    """Number at which pos() as the base of a real power ends: above 0 in languages whose slope of x^p, p x^p/x, is 0/0
    at the smallest numbers."""

    def __init__(self, names: Mapping[sympy.Symbol, str]) -> None:
        self.names = names

    def __call__(self, expression: sympy.Expr) -> str:
        """The expression as text.

        Raises:
            UnsupportedExpressionError: the language cannot express a function, number or power exactly.
        """
        return self._print(sympy.sympify(expression))

    def _print(self, e: sympy.Expr) -> str:
        if e.is_Symbol:
            return self._symbol(e)
        if e.is_Rational or e.is_Float:
            return self._number(e)
        if e.is_Add:
            return " + ".join(self._print(a) for a in e.as_ordered_terms()).replace(" + -", " - ")
        if e.is_Mul:
            return self._product(e)
        if e.is_Pow:
            return self._power(e)
        if isinstance(e, sympy.Max | sympy.Min):
            return self._extremum(e)
        if isinstance(e, sympy.Function):
            return self._function(e)
        if e.is_number and e.is_real and not e.free_symbols:  # pi, E and the like
            return self._number(sympy.Float(e, 17))
        raise self._unsupported(e)

    def _symbol(self, e: sympy.Symbol) -> str:
        if e not in self.names:
            raise UnsupportedExpressionError(f"{self.language}: symbol {e} has no meaning here")
        return self.names[e]

    def _number(self, e: sympy.Expr) -> str:
        if e.is_Rational and not e.is_Integer:
            return f"({self._number(sympy.Integer(e.p))}/{self._number(sympy.Integer(e.q))})"
        value = float(e)
        if not abs(value) < float("inf"):
            raise self._unsupported(e)
        return repr(value)

    def _factor(self, e: sympy.Expr) -> str:
        """The text of ``e`` as a factor: compound expressions and negative numbers are in parentheses."""
        text = self._print(e)
        bare = (e.is_Symbol or isinstance(e, sympy.Function | sympy.Max | sympy.Min)) or (
            e.is_number and not text.startswith("-")
        )
        return text if bare else f"({text})"

    def _product(self, e: sympy.Expr) -> str:
        sign, above, below = "", [], []
        for factor in e.as_ordered_factors():
            if factor == -1:
                sign = "-"
            elif factor.is_Pow and factor.exp.could_extract_minus_sign() and factor.exp.is_number:
                below.append(self._factor(1 / factor))
            elif factor.is_Pow and factor.exp.is_Integer:
                above.append(self._print(factor))
            else:
                above.append(self._factor(factor))
        text = "*".join(above) or self._number(sympy.Integer(1))
        for factor in below:
            text += "/" + factor
        return sign + text

    def _power(self, e: sympy.Expr) -> str:
        base, exponent = e.base, e.exp
        if exponent.is_Integer and 0 < exponent <= MAX_INTEGER_POWER:
            return "*".join([self._factor(base)] * int(exponent))
        if exponent.is_number and exponent.is_negative:
            return f"{self._number(sympy.Integer(1))}/{self._factor(base**-exponent)}"
        if not base.is_nonnegative:
            raise UnsupportedExpressionError(
                f"{self.language}: {e}: a real power needs a base that cannot be negative: wrap it in pos()"
            )
        if exponent == sympy.Rational(1, 2):
            return self._apply("sqrt", [base])
        return self.power.format(self._real_base(base), self._print(exponent))

    def _real_base(self, base: sympy.Expr) -> str:
        if self.least_base and isinstance(base, pos):
            return self.functions["max"].format(self._print(base.args[0]), self.least_base)
        return self._print(base)

    def _extremum(self, e: sympy.Expr) -> str:
        name = "max" if isinstance(e, sympy.Max) else "min"
        text = self._print(e.args[0])
        for other in e.args[1:]:
            text = self.functions[name].format(text, self._print(other))
        return text

    def _function(self, e: sympy.Expr) -> str:
        name = type(e).__name__
        if name not in self.functions:
            raise UnsupportedExpressionError(
                f"{self.language}: function {name} is not supported: known are {', '.join(sorted(self.functions))}"
            )
        return self._apply(name, e.args)

    def _apply(self, name: str, args: tuple[sympy.Expr, ...] | list[sympy.Expr]) -> str:
        return self.functions[name].format(*(self._print(a) for a in args))

    def _unsupported(self, e: sympy.Expr) -> UnsupportedExpressionError:
        return UnsupportedExpressionError(f"{self.language}: cannot express {e} ({type(e).__name__})")


def printed_params(card: DeviceCard) -> list[tuple[Param, float]]:
    """Every parameter of the card's printed device with its value: the model's, and those that all devices have."""
    model = card.device_model
    params = (*model.params, *(p for p in DEVICE_PARAMS if model.states or p is not FROZEN))
    values = {**card.values, **card.device_values}
    return [(p, values[p.name]) for p in params]
