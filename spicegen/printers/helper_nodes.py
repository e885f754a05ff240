"""A model's equations rearranged for a simulator whose time depends on the size of each printed expression.

Nothing is approximated. Expressions of parameters alone get a name, to be evaluated once; so do expressions that
several equations share (sympy's common subexpressions) and those that the printed form of a function would repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import sympy

from models_va import BOLTZMANN, CONSTANTS, TEMPERATURE, VOLTAGE, Model
from models_va.functions import pos

_HELPER_OPERATIONS = 2
"""An expression with fewer operations than this is cheaper in place than as a node."""
_CURRENT, _NOISE = sympy.symbols("current* noise*")  # names that no model can have

System = dict[sympy.Symbol, sympy.Expr]
"""Equations by the symbols that they define."""


@dataclass(frozen=True)
class Equations:
    """The equations of a device over its voltage, states, parameters, and the symbols defined here.

    Attributes:
        constants: expressions of parameters alone, to be evaluated once per instance.
        helpers: expressions to be evaluated once per iteration; definitions keep their symbols.
        current: the current i(v, x), A.
        noise: square root of the current's noise over that of a 1 ohm resistor, dimensionless.
        rates: the rate dx/dt of each state, in order, 1/s.
    """

    constants: System
    helpers: System
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
    rates = {sympy.Symbol(f"{s.name} rate*"): s.rate for s in model.states}
    noise = sympy.sqrt(pos(model.noise_psd / (4 * BOLTZMANN * TEMPERATURE)))
    outputs = {_CURRENT: model.current, _NOISE: noise, **rates}
    taken = {s for items in (model.params, model.states, model.definitions) for s in (i.symbol for i in items)}
    names = sympy.numbered_symbols("shared_", exclude=taken, real=True)
    constants = _Constants(model, {s.name for s in taken})
    fixed = constants.among(definitions)
    system = {s: constants.folded(_filled(e, fixed)) for s, e in (definitions | outputs).items() if s not in fixed}
    system, arguments = _with_arguments(system, repeats, names)
    system = _with_common(system, names)
    kept = arguments | outputs.keys()
    cheap = {
        s: e for s, e in system.items()
        if s not in kept and e.count_ops() < _HELPER_OPERATIONS and not any(map(repeats, e.atoms(sympy.Function)))
    }  # fmt: skip
    system = {s: _filled(e, cheap) for s, e in system.items() if s not in cheap}
    used = set().union(*(e.free_symbols for e in system.values()))
    helpers = {s: e for s, e in system.items() if s in used}
    return Equations(constants.found, helpers, system[_CURRENT], system[_NOISE], tuple(system[s] for s in rates))


class _Constants:
    """Search for the largest parts of expressions that depend on parameters alone."""

    def __init__(self, model: Model, taken: set[str]) -> None:
        self.known = {p.symbol for p in model.params} | set(CONSTANTS)
        self.found: System = {}
        self._names = (name for k in count() if (name := f"constant_{k}") not in taken)

    def among(self, definitions: System) -> System:
        """The definitions that depend on parameters alone, written out."""
        constant: System = {}
        for symbol, expression in definitions.items():
            e = _filled(expression, constant)
            if self._is_constant(e):
                constant[symbol] = e
        return constant

    def folded(self, e: sympy.Expr) -> sympy.Expr:
        """``e`` with a symbol for each constant part that holds an operation."""
        if not e.free_symbols or e.is_Symbol:
            return e
        if self._is_constant(e):
            return self._symbol(e)
        constant = [a for a in e.args if self._is_constant(a)]
        if not (e.is_Add or e.is_Mul) or len(constant) < 2 or not e.func(*constant).free_symbols:
            return e.func(*(self.folded(a) for a in e.args))
        rest = (self.folded(a) for a in e.args if a not in constant)
        return e.func(self._symbol(e.func(*constant)), *rest)

    def _is_constant(self, e: sympy.Expr) -> bool:
        return bool(e.free_symbols <= self.known)

    def _symbol(self, e: sympy.Expr) -> sympy.Symbol:
        for symbol, known in self.found.items():
            if known == e:
                return symbol
        symbol = sympy.Symbol(next(self._names), real=True, nonnegative=e.is_nonnegative or None)
        self.found[symbol] = e
        return symbol


def _with_arguments(
    system: System, repeats: Callable[[sympy.Basic], bool], names: Iterator[sympy.Symbol]
) -> tuple[System, set[sympy.Symbol]]:
    """``system`` with the compound arguments of functions that repeat them as equations; their symbols."""
    arguments: dict[sympy.Expr, sympy.Symbol] = {}

    def name(function: sympy.Expr) -> sympy.Expr:
        (argument,) = function.args
        if argument not in arguments:
            arguments[argument] = next(names)
        return function.func(arguments[argument])

    system = {s: e.replace(lambda f: repeats(f) and bool(f.args[0].args), name) for s, e in system.items()}
    return {s: e for e, s in arguments.items()} | system, set(arguments.values())


def _with_common(system: System, names: Iterator[sympy.Symbol]) -> System:
    """``system`` with its common subexpressions as equations, before the others."""
    shared, reduced = sympy.cse(list(system.values()), symbols=names)
    known: System = {}
    common: System = {}
    for symbol, found in shared:
        e = found.xreplace(known)
        # The base of a real power must stay known to be nonnegative.
        known[symbol] = sympy.Symbol(symbol.name, real=True, nonnegative=e.is_nonnegative or None)
        common[known[symbol]] = e
    return common | {s: e.xreplace(known) for s, e in zip(system, reduced, strict=True)}


def _filled(e: sympy.Expr, inlined: System) -> sympy.Expr:
    while e.free_symbols & inlined.keys():
        e = e.xreplace(inlined)
    return e
