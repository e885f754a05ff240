"""Check that a model's rates keep its states within their bounds, by trials before any code is generated from them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import sympy

from models_va import functions as f
from models_va._param import Param
from models_va.errors import ModelDefinitionError

_TRIALS = 60
_VOLTS = (0.0, 0.1, -0.1, 1.0, -1.0, 5.0, -5.0)
_ROUNDING = 1e-9
"""Outward rate at a bound that is taken as rounding of an exact zero, relative to the rate within the bounds."""

Values = Mapping[sympy.Symbol, float]
Bounded = tuple[sympy.Symbol, sympy.Expr, float, float]
"""A state: its symbol, its rate (1/s), its lower and its upper bound."""


def check_bounds(
    where: str,
    steps: Sequence[tuple[sympy.Symbol, sympy.Expr]],
    states: Sequence[Bounded],
    draw: Callable[[random.Random], Values],
) -> None:
    """Refuse a rate that leads out of its state's bounds at random voltages, states and parameters.

    Args:
        where: name of the model, in front of the message.
        steps: the model's definitions, in order.
        states: every state of the model.
        draw: function that draws values of all symbols but states and definitions, the voltage first.

    Raises:
        ModelDefinitionError: a rate leads out; the message names the state, the bound and the rate there.
    """
    rng = random.Random(20)
    inputs = [*draw(rng), *(symbol for symbol, *_ in states)]
    # The names of the symbols have been checked, so that they are safe in the text that lambdify runs.
    rates = sympy.lambdify(
        inputs,
        [rate for _, rate, _, _ in states],
        [dict(_scalar_functions()), "math"],
        cse=lambda found: (list(steps), found),
    )
    for k, (symbol, _, lower, upper) in enumerate(states):
        for bound, inward in ((lower, 1), (upper, -1)):
            for _ in range(_TRIALS):
                fixed = [*draw(rng).values()]
                x = [_state(state, rng) for state in states]
                x[k] = rng.uniform(lower, upper)
                try:
                    scale = abs(rates(*fixed, *x)[k])
                    x[k] = bound
                    rate = rates(*fixed, *x)[k]
                except (OverflowError, ZeroDivisionError, ValueError):
                    continue  # no card would have such parameters
                if math.isfinite(rate) and rate * inward < -_ROUNDING * scale:
                    raise ModelDefinitionError(
                        f"{where}: d{symbol}/dt leads out of the bounds of {symbol}: {rate:.3g} 1/s at "
                        f"{symbol} = {bound:g} and {fixed[0]:g} V: let the rate vanish or turn inward there"
                    )


def _state(state: Bounded, rng: random.Random) -> float:
    """Draw a state's value: a bound or a value between, because another rate may fail at the bound of this state."""
    _, _, lower, upper = state
    return rng.choice((lower, upper, rng.uniform(lower, upper)))


@cache
def _scalar_functions() -> Mapping[str, Callable[[float], float]]:
    """The functions of ``models_va.functions`` by name, in their textbook forms."""
    x = sympy.Symbol("x", real=True)
    kinds = (f.pos, f.step, f.exp_lim, f.exp_sat, f.sinh_lim, f.cosh_lim, f.cosh_sat, f.sinh_sat)
    return {kind.__name__: sympy.lambdify([x], kind(x).rewrite(sympy.Piecewise), "math") for kind in kinds}


def drawn(params: Sequence[Param], voltage: sympy.Symbol, others: Values) -> Callable[[random.Random], Values]:
    """A function that draws a voltage and all parameters: the default, or a number of almost any size in its range."""

    def draw(rng: random.Random) -> Values:
        found = {voltage: rng.choice(_VOLTS), **others}
        return found | {p.symbol: _value(p, rng) for p in params}

    return draw


def _value(p: Param, rng: random.Random) -> float:
    if p.default is not None:
        return p.default
    if math.isfinite(p.lower) and math.isfinite(p.upper):
        return p.lower + (p.upper - p.lower) * rng.uniform(0.05, 0.95)
    if p.unit == "K":  # far from real temperatures Arrhenius' law hides all other effects
        return min(max(rng.uniform(200.0, 400.0), p.lower), p.upper)
    size = 10 ** rng.uniform(-2, 2)
    if math.isfinite(p.lower):
        return p.lower + size
    return p.upper - size if math.isfinite(p.upper) else rng.choice((-1, 1)) * size
