"""A model's equations rearranged for a simulator whose time depends on the size of each printed expression.

Nothing is approximated. Expressions of parameters alone get a name, to be evaluated once; so do expressions that
several equations share (sympy's common subexpressions) and those that the printed form of a function would repeat,
unless they are products.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

import sympy

from models_va import BOLTZMANN, CONSTANTS, TEMPERATURE, VOLTAGE, Model
from models_va.functions import pos
from spicegen.printers.helper_names import HelperNames

_HELPER_OPERATIONS = 2
"""An expression with fewer operations than this is cheaper in place than as a node."""
_CURRENT, _NOISE = sympy.symbols("current* noise*")  # no model can have a name with *, which helper names leave out

System = dict[sympy.Symbol, sympy.Expr]
"""Equations by the symbols that they define."""


@dataclass(frozen=True)
class Equations:
    """The equations of a device over its voltage, states, parameters, and the symbols defined here.

    Attributes:
        constants: expressions of parameters alone, to be evaluated once per instance.
        helpers: expressions to be evaluated once per iteration; definitions keep their symbols.
        serves: name of the first equation that uses a helper, for each helper that is no definition.
        current: the current i(v, x), A.
        noise: square root of the current's noise over that of a 1 ohm resistor, dimensionless.
        rates: the rate dx/dt of each state, in order, 1/s.
    """

    constants: System
    helpers: System
    serves: Mapping[sympy.Symbol, str]
    current: sympy.Expr
    noise: sympy.Expr
    rates: tuple[sympy.Expr, ...]

    @property
    def voltage_count(self) -> int:
        """Number of times that the device voltage occurs in the equations."""
        return sum(int(e.count(VOLTAGE)) for e in (*self.helpers.values(), self.current, *self.rates))


def share(model: Model, repeats: Callable[[sympy.Basic], bool]) -> Equations:
    """The model's equations, in which every shared or repeated expression is a helper.

    Args:
        model: the model.
        repeats: whether an expression is a function whose printed form repeats its argument.
    """
    definitions = {d.symbol: d.expression for d in model.definitions}
    rates = {sympy.Symbol(f"{s.name}_rate*"): s.rate for s in model.states}
    noise = sympy.sqrt(pos(model.noise_psd / (4 * BOLTZMANN * TEMPERATURE)))
    outputs = {_CURRENT: model.current, _NOISE: noise, **rates}
    names = HelperNames(i.name for items in (model.params, model.states, model.definitions) for i in items)
    constants = _Constants(model, names)
    fixed = constants.among(definitions)
    system = {s: constants.folded(_filled(e, fixed), s) for s, e in (definitions | outputs).items() if s not in fixed}
    steady = _steady(system, constants.known | constants.found.keys() | {TEMPERATURE})
    system, arguments = _with_arguments(system, lambda f: repeats(f) and not _is_product(f.args[0], steady), names)
    system = _with_common(system, names)
    kept = arguments | outputs.keys()
    cheap = {
        s: e for s, e in system.items()
        if s not in kept and e.count_ops() < _HELPER_OPERATIONS and not any(map(repeats, e.atoms(sympy.Function)))
    }  # fmt: skip
    system = {s: _filled(e, cheap) for s, e in system.items() if s not in cheap}
    used = set().union(*(e.free_symbols for e in system.values()))
    helpers = {s: e for s, e in system.items() if s in used}
    last = (system[_CURRENT], system[_NOISE], tuple(system[s] for s in rates))
    return Equations(constants.found, helpers, names.serves, *last)


class _Constants:
    """Search for the largest parts of expressions that depend on parameters alone."""

    def __init__(self, model: Model, names: HelperNames) -> None:
        self.known = {p.symbol for p in model.params} | set(CONSTANTS)
        self.found: System = {}
        self._names = names

    def among(self, definitions: System) -> System:
        """The definitions that depend on parameters alone, written out."""
        constant: System = {}
        for symbol, expression in definitions.items():
            e = _filled(expression, constant)
            if self._is_constant(e):
                constant[symbol] = e
        return constant

    def folded(self, e: sympy.Expr, equation: sympy.Symbol) -> sympy.Expr:
        """``e``, a part of ``equation``, with a symbol for each constant part that holds an operation."""
        if not e.free_symbols or e.is_Symbol:
            return e
        if self._is_constant(e):
            return self._symbol(e, equation)
        constant = [a for a in e.args if self._is_constant(a)]
        if not (e.is_Add or e.is_Mul) or len(constant) < 2 or not e.func(*constant).free_symbols:
            return e.func(*(self.folded(a, equation) for a in e.args))
        rest = (self.folded(a, equation) for a in e.args if a not in constant)
        return e.func(self._symbol(e.func(*constant), equation), *rest)

    def _is_constant(self, e: sympy.Expr) -> bool:
        return bool(e.free_symbols <= self.known)

    def _symbol(self, e: sympy.Expr, equation: sympy.Symbol) -> sympy.Symbol:
        for symbol, known in self.found.items():
            if known == e:
                return symbol
        symbol = self._names.symbol(e, equation, "constant")
        self.found[symbol] = e
        return symbol


def _steady(system: System, known: Set[sympy.Symbol]) -> Set[sympy.Symbol]:
    """The ``known`` symbols, and those that equations define by them alone."""
    for symbol, e in system.items():
        known = known | {symbol} if e.free_symbols <= known else known
    return known


def _is_product(e: sympy.Expr, steady: Set[sympy.Symbol]) -> bool:
    """Whether ``e`` is a product with two factors or more that are not made of ``steady`` symbols alone.

    A helper node would follow a change of both factors along a tangent, which may have the other sign than the product.
    Where that is the argument of an exponential function, Newton's method does not converge.
    """
    return sum(not factor.free_symbols <= steady for factor in sympy.Mul.make_args(e)) > 1


def _with_arguments(
    system: System, repeats: Callable[[sympy.Basic], bool], names: HelperNames
) -> tuple[System, set[sympy.Symbol]]:
    """``system`` with the compound arguments of functions that repeat them as equations; their symbols."""
    arguments: dict[sympy.Expr, sympy.Symbol] = {}

    def named(equation: sympy.Symbol, function: sympy.Expr) -> sympy.Expr:
        (argument,) = function.args
        if argument not in arguments:
            arguments[argument] = names.symbol(argument, equation, f"{type(function).__name__}_argument")
        return function.func(arguments[argument])

    system = {
        s: e.replace(lambda f: repeats(f) and bool(f.args[0].args), lambda f, s=s: named(s, f))
        for s, e in system.items()
    }
    return {s: e for e, s in arguments.items()} | system, set(arguments.values())


def _with_common(system: System, names: HelperNames) -> System:
    """``system`` with its common subexpressions as equations, before the others."""
    shared, reduced = sympy.cse(list(system.values()))
    first_users = _first_users(shared, dict(zip(system, reduced, strict=True)))
    known: System = {}
    common: System = {}
    written: System = {}
    for symbol, e in shared:
        written[symbol] = e.xreplace(written)
        known[symbol] = names.symbol(written[symbol], first_users[symbol], "part")
        common[known[symbol]] = e.xreplace(known)
    return common | {s: e.xreplace(known) for s, e in zip(system, reduced, strict=True)}


def _first_users(shared: list[tuple[sympy.Symbol, sympy.Expr]], system: System) -> dict[sympy.Symbol, sympy.Symbol]:
    """The first equation of ``system`` that uses each symbol of ``shared``, itself or through others of them."""
    found: dict[sympy.Symbol, sympy.Symbol] = {}
    for equation, e in system.items():
        found = dict.fromkeys(e.free_symbols, equation) | found
    for symbol, e in reversed(shared):
        found = dict.fromkeys(e.free_symbols, found[symbol]) | found
    return found


def _filled(e: sympy.Expr, inlined: System) -> sympy.Expr:
    while e.free_symbols & inlined.keys():
        e = e.xreplace(inlined)
    return e
