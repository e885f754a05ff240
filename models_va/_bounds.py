"""Whether a model's rates keep its states within their bounds: tried before any code is generated from them."""

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
"""Of the rate within the bounds: what an exact zero may become."""

Values = Mapping[sympy.Symbol, float]
Bounded = tuple[sympy.Symbol, sympy.Expr, float, float]
"""Symbol, rate, lower and upper bound of a state."""


def check_bounds(
    where: str,
    steps: Sequence[tuple[sympy.Symbol, sympy.Expr]],
    states: Sequence[Bounded],
    draw: Callable[[random.Random], Values],
) -> None:
    """Refuse a rate that leads out of its bounds at random voltages, states and parameters.

    Args:
        where: stands in front of the message.
        steps: definitions in order.
        states: every state.
        draw: values of everything that is neither state nor definition, the voltage first.

    Raises:
        ModelDefinitionError: naming the state, the bound and the rate there.
    """
    rng = random.Random(20)
    inputs = [*draw(rng), *(symbol for symbol, *_ in states)]
    # the names of the symbols are checked, so that they are safe in the text that lambdify runs
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
                    continue  # parameters that no card would have
                if math.isfinite(rate) and rate * inward < -_ROUNDING * scale:
                    raise ModelDefinitionError(
                        f"{where}: d{symbol}/dt leads out of the bounds of {symbol}: {rate:.3g} 1/s at "
                        f"{symbol} = {bound:g} and {fixed[0]:g} V: let the rate vanish or turn inward there"
                    )


def _state(state: Bounded, rng: random.Random) -> float:
    """One of its bounds or between: what holds a rate in may vanish where another state has its bound."""
    _, _, lower, upper = state
    return rng.choice((lower, upper, rng.uniform(lower, upper)))


@cache
def _scalar_functions() -> Mapping[str, Callable[[float], float]]:
    """Our functions by name, from their textbook forms."""
    x = sympy.Symbol("x", real=True)
    kinds = (f.pos, f.step, f.exp_lim, f.exp_sat, f.sinh_lim, f.cosh_lim, f.cosh_sat, f.sinh_sat)
    return {kind.__name__: sympy.lambdify([x], kind(x).rewrite(sympy.Piecewise), "math") for kind in kinds}


def drawn(params: Sequence[Param], voltage: sympy.Symbol, others: Values) -> Callable[[random.Random], Values]:
    """Draws a voltage and every parameter: its default, or a number of almost any size within its range."""

    def draw(rng: random.Random) -> Values:
        found = {voltage: rng.choice(_VOLTS), **others}
        return found | {p.symbol: _value(p, rng) for p in params}

    return draw


def _value(p: Param, rng: random.Random) -> float:
    if p.default is not None:
        return p.default
    if math.isfinite(p.lower) and math.isfinite(p.upper):
        return p.lower + (p.upper - p.lower) * rng.uniform(0.05, 0.95)
    if p.unit == "K":  # far from any real temperature Arrhenius' law drowns all else
        return min(max(rng.uniform(200.0, 400.0), p.lower), p.upper)
    size = 10 ** rng.uniform(-2, 2)
    if math.isfinite(p.lower):
        return p.lower + size
    return p.upper - size if math.isfinite(p.upper) else rng.choice((-1, 1)) * size
