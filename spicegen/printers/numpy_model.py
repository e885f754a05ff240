"""Printer of a model as vectorised numpy functions: current, rates, and their exact derivatives.

Derivatives are carried through the model's definitions by the chain rule, so that nothing is expanded, and
shared subexpressions are evaluated once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from threading import RLock
from typing import Any, ClassVar, TypeVar

import numpy as np
import sympy
from numpy.typing import NDArray

from models_va import (
    CONSTANTS,
    ROOM_TEMPERATURE_K,
    TEMPERATURE,
    VOLTAGE,
    Definition,
    DeviceCard,
    Model,
    Param,
    State,
    load_model,
)
from spicegen.printers.base import COSH_LIMIT, EXP_LIMIT, ExpressionPrinter

Array = NDArray[np.float64]
Built = TypeVar("Built")


class NumpyPrinter(ExpressionPrinter):
    """Printer of expressions over numpy arrays, in which no branch overflows, not even the unused one."""

    language = "numpy"
    power = "({0})**({1})"
    functions: ClassVar = {
        "Abs": "abs({0})",
        "cosh": "_np.cosh({0})",
        "exp": "_np.exp({0})",
        "log": "_np.log({0})",
        "max": "_np.maximum({0}, {1})",
        "min": "_np.minimum({0}, {1})",
        "sign": "_np.sign({0})",
        "sinh": "_np.sinh({0})",
        "sqrt": "_np.sqrt({0})",
        "tanh": "_np.tanh({0})",
        "pos": "_np.maximum({0}, 0.0)",
        "step": "_np.heaviside({0}, 0.0)",
        "exp_lim": "exp_lim({0})",
        "exp_sat": "_np.exp(_np.minimum({0}, 80.0))",
        "sinh_lim": "sinh_lim({0})",
        "cosh_lim": "cosh_lim({0})",
        "sinh_sat": "_np.sinh(_np.clip({0}, -80.0, 80.0))",
        "cosh_sat": "_np.cosh(_np.clip({0}, -80.0, 80.0))",
    }


def _exp_lim(x: Array) -> Array:
    return np.exp(np.minimum(x, 80.0)) + EXP_LIMIT * np.maximum(x - 80.0, 0.0)


def _sinh_lim(x: Array) -> Array:
    inner = np.clip(x, -80.0, 80.0)
    return np.asarray(np.sinh(inner) + COSH_LIMIT * (x - inner))


def _cosh_lim(x: Array) -> Array:
    inner = np.minimum(np.abs(x), 80.0)
    return np.asarray(np.cosh(inner) + COSH_LIMIT * (np.abs(x) - inner))


NAMESPACE: Mapping[str, Any] = {"_np": np, "exp_lim": _exp_lim, "sinh_lim": _sinh_lim, "cosh_lim": _cosh_lim}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything a Newton iteration needs, for n devices with k states.

    Attributes:
        current: currents, shape (n,), A.
        di_dv: derivatives of the currents by the voltage, shape (n,), S.
        di_dx: derivatives of the currents by the states, shape (n, k), A.
        rate: rates of the states, shape (n, k), 1/s.
        df_dv: derivatives of the rates by the voltage, shape (n, k), 1/(s V).
        df_dx: derivatives of the rates by the states, shape (n, k, k), 1/s; [.., i, j] is d rate_i / d x_j.
    """

    current: Array
    di_dv: Array
    di_dx: Array
    rate: Array
    df_dv: Array
    df_dx: Array


_Steps = list[tuple[sympy.Symbol, sympy.Expr]]
"""Symbols, and the expressions that they stand for."""


class NumpyModel:
    """A model compiled to numpy.

    Args:
        model: definition of the model; ``numpy_model`` compiles each model once only.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        variables = [VOLTAGE, *(s.symbol for s in model.states)]
        rates = [s.rate for s in model.states]
        chain = Chain(model, variables)
        k = len(model.states)
        outputs = [model.current, *rates, *(chain(e, x) for e in [model.current, *rates] for x in variables)]
        self._everything = _compile(model, [*chain.steps, *chain.derivatives], outputs)
        self._current = _compile(model, chain.steps, [model.current])
        by_states = [chain(model.current, s.symbol) for s in model.states]
        self._current_and_slopes = _compile(model, [*chain.steps, *chain.derivatives], [model.current, *by_states])
        self._conductance = _compile(model, chain.steps, [sympy.Symbol(model.conductance, real=True)])
        self._k = k

    def current(self, v: Array, x: Array, params: Mapping[str, Any], temperature_k: float) -> Array:
        """Currents, A, of the shape of ``v``: (n,), or (points, n); the other arguments as in ``evaluate``."""
        return np.broadcast_to(self._current(v, x, params, temperature_k)[0], np.shape(v))

    def current_and_slopes(
        self, v: Array, x: Array, params: Mapping[str, Any], temperature_k: float
    ) -> tuple[Array, Array]:
        """Currents, shape (n,), A, and their derivatives by the states, shape (n, k), A; see ``evaluate``."""
        found = np.empty((1 + self._k, len(v)))
        for row, value in enumerate(self._current_and_slopes(v, x, params, temperature_k)):
            found[row] = value
        return found[0], found[1:].T

    def conductance(self, x: Array, params: Mapping[str, Any], temperature_k: float) -> Array:
        """The model's conductance at v = 0 for states of shape (n, k): shape (n,), S."""
        return np.broadcast_to(self._conductance(np.zeros(len(x)), x, params, temperature_k)[0], len(x))

    def evaluate(self, v: Array, x: Array, params: Mapping[str, Any], temperature_k: float) -> Evaluation:
        """Currents, rates and all derivatives.

        Args:
            v: voltages te - be, shape (n,), V.
            x: states, shape (n, k).
            params: every parameter: a number, or an array of shape (n,).
            temperature_k: temperature of the devices, K.
        """
        n, k = len(v), self._k
        out = self._everything(v, x, params, temperature_k)
        stack = np.empty((len(out), n))
        for row, value in enumerate(out):
            stack[row] = value
        jacobian = stack[1 + k :].reshape(1 + k, 1 + k, n)  # [function, variable, device]
        return Evaluation(
            current=stack[0],
            rate=stack[1 : 1 + k].T,
            di_dv=jacobian[0, 0],
            di_dx=jacobian[0, 1:].T,
            df_dv=jacobian[1:, 0].T,
            df_dx=np.moveaxis(jacobian[1:, 1:], 2, 0),
        )


_BUILDING = RLock()


def built_once(build: Callable[[str], Built]) -> Callable[[str], Built]:
    """A function of a model's name whose result is kept, built by one thread at a time.

    One thread at a time is needed, because sympy tells other threads that a sign is unknown while it finds it out.
    """
    known = cache(build)

    def found(name: str) -> Built:
        with _BUILDING:
            return known(name)

    return found


@built_once
def _compiled(name: str) -> NumpyModel:
    return NumpyModel(load_model(name))


def numpy_model(model: Model) -> NumpyModel:
    """The compiled form of a model of this package, compiled on first use."""
    return _compiled(model.name)


def initial_conductance(card: DeviceCard) -> float:
    """Conductance of the card's device at v = 0 in its initial state, S."""
    return float(initial_conductances(card, {}))


def initial_conductances(
    card: DeviceCard, instance: Mapping[str, Array], temperature_k: float = ROOM_TEMPERATURE_K
) -> Array:
    """Conductances at v = 0, in their initial states, of devices of one card.

    Args:
        card: card of all devices.
        instance: the parameters in which the devices differ, of shapes that broadcast.
        temperature_k: temperature of all devices, K.

    Returns:
        Conductances in the shape to which the instance parameters broadcast, S; 0-dimensional if there are none.
    """
    model = card.device_model
    shape = np.broadcast_shapes(*(np.shape(v) for v in instance.values()))
    differing = {name: np.broadcast_to(v, shape).ravel() for name, v in instance.items()}
    values: dict[str, Any] = {**card.values, **differing}
    states = np.empty((math.prod(shape), len(model.states)))
    for k, state in enumerate(model.states):
        states[:, k] = values[state.initial]
    return numpy_model(model).conductance(states, values, temperature_k).reshape(shape)


class Chain:
    """Derivatives by the chain rule through the definitions, each of which becomes a named quantity."""

    def __init__(self, model: Model, variables: list[sympy.Symbol]) -> None:
        self.steps = [(d.symbol, d.expression) for d in model.definitions]
        self.derivatives: _Steps = []
        self._known: dict[tuple[sympy.Symbol, sympy.Symbol], sympy.Expr] = {}
        for symbol, expression in self.steps:
            for variable in variables:
                self._add(symbol, expression, variable)

    def __call__(self, expression: sympy.Expr, variable: sympy.Symbol) -> sympy.Expr:
        """The total derivative of ``expression`` by ``variable``."""
        inner = (
            expression.diff(symbol) * self._known[symbol, variable]
            for symbol, _ in self.steps
            if (symbol, variable) in self._known and expression.has(symbol)
        )
        # Sympy leaves b**n/b, which is 0/0 at b = 0 where b**(n - 1) is 0: powsimp joins the powers.
        return sympy.powsimp(sympy.Add(expression.diff(variable), *inner), combine="exp")

    def _add(self, symbol: sympy.Symbol, expression: sympy.Expr, variable: sympy.Symbol) -> None:
        derivative = self(expression, variable)
        if derivative == 0:
            return
        name = sympy.Symbol(f"_d_{symbol.name}_d_{variable.name}", real=True)
        self.derivatives.append((name, derivative))
        self._known[symbol, variable] = name


def _compile(model: Model, steps: _Steps, outputs: list[sympy.Expr]) -> Any:
    """Compile a function of (v, x, params, temperature_k) that returns a list of the outputs."""
    unpack = [f"{s.name} = _x[:, {k}]" for k, s in enumerate(model.states)]
    unpack += [f"{p.name} = _params[{p.name!r}]" for p in model.params]
    lines, results = function_lines(model, steps, outputs, NumpyPrinter)
    body = [*unpack, *lines, f"return [{', '.join(results)}]"]
    source = "def f(vbr, _x, _params, temperature_k):\n" + "".join(f"    {line}\n" for line in body)
    namespace = dict(NAMESPACE)
    exec(compile(source, f"<{model.name}>", "exec"), namespace)
    return namespace["f"]


def function_lines(
    model: Model,
    steps: _Steps,
    outputs: list[sympy.Expr],
    printer: type[ExpressionPrinter],
) -> tuple[list[str], list[str]]:
    """The assignments of ``steps`` that the outputs need, shared subexpressions once, and the texts of the outputs.

    Voltage and temperature are written ``vbr`` and ``temperature_k``, everything else by its name.
    """
    own: list[Param | State | Definition] = [*model.params, *model.states, *model.definitions]
    names = {VOLTAGE: "vbr", TEMPERATURE: "temperature_k"} | {item.symbol: item.name for item in own}
    names |= {symbol: repr(value) for symbol, (_, value) in CONSTANTS.items()}
    names |= {symbol: symbol.name for symbol, _ in steps}
    shared, reduced = _shared_subexpressions([*(e for _, e in steps), *outputs])
    names |= {symbol: symbol.name for symbol, _ in shared}
    show = printer(names)
    steps = [*zip((s for s, _ in steps), reduced, strict=False)]
    results = reduced[len(steps) :]
    lines = [f"{names[symbol]} = {show(e)}" for symbol, e in _needed(_in_order(shared, steps), results)]
    return lines, [show(e) for e in results]


def _needed(steps: _Steps, results: list[sympy.Expr]) -> _Steps:
    """The steps, in their order, on which the results depend."""
    wanted: set[sympy.Basic] = set().union(*(e.free_symbols for e in results))
    found = []
    for symbol, expression in reversed(steps):
        if symbol in wanted:
            found.append((symbol, expression))
            wanted |= expression.free_symbols
    return found[::-1]


def _shared_subexpressions(
    expressions: list[sympy.Expr],
) -> tuple[_Steps, list[sympy.Expr]]:
    """Sympy's cse with new symbols that carry the sign of their expressions, which powers need to know."""
    found, reduced = sympy.cse(expressions, symbols=sympy.numbered_symbols("_shared_"))
    signed: dict[sympy.Symbol, sympy.Symbol] = {}
    shared = []
    for symbol, expression in found:
        expression = expression.xreplace(signed)
        sign = {"nonnegative": True} if expression.is_nonnegative else {"real": True}
        signed[symbol] = sympy.Symbol(symbol.name, **sign)
        shared.append((signed[symbol], expression))
    return shared, [e.xreplace(signed) for e in reduced]


def _in_order(shared: _Steps, steps: _Steps) -> _Steps:
    """Shared subexpressions and definitions merged so that each stands after what it uses."""
    waiting = [*shared, *steps]
    pending = {symbol for symbol, _ in waiting}
    ordered: _Steps = []
    while waiting:
        ready = [(s, e) for s, e in waiting if not (e.free_symbols & pending)]
        ordered += ready
        pending -= {s for s, _ in ready}
        waiting = [item for item in waiting if item[0] in pending]
    return ordered
