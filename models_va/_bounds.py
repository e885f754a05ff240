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


def check_bounds(
    where: str,
    steps: Sequence[tuple[sympy.Symbol, sympy.Expr]],
    states: Sequence[tuple[sympy.Symbol, sympy.Expr, float, float]],
    draw: Callable[[random.Random], Values],
) -> None:
    """Refuse a rate that leads out of its bounds at random voltages, states and parameters.

    Args:
        where: stands in front of the message.
        steps: definitions in order.
        states: symbol, rate, lower and upper bound of each.
        draw: values of everything that is neither state nor definition.

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
            seen = []
            for _ in range(_TRIALS):
                fixed = list(draw(rng).values())
                inside = [rng.uniform(low, high) for _, _, low, high in states]
                try:
                    scale = abs(rates(*fixed, *inside)[k])
                    inside[k] = bound
                    seen.append((rates(*fixed, *inside)[k] * inward, scale))
                except (OverflowError, ZeroDivisionError, ValueError):
                    continue  # parameters that no card would have
            outward = [rate for rate, scale in seen if not rate >= -_ROUNDING * scale]
            if outward:
                raise ModelDefinitionError(
                    f"{where}: d{symbol}/dt leads out of the bounds of {symbol}: {outward[0] * inward:.3g} 1/s at "
                    f"{symbol} = {bound:g}: let the rate vanish or turn inward there"
                )


@cache
def _scalar_functions() -> Mapping[str, Callable[[float], float]]:
    """Our functions by name, from their textbook forms."""
    x = sympy.Symbol("x", real=True)
    kinds = (f.pos, f.step, f.exp_lim, f.exp_sat, f.sinh_lim, f.cosh_lim, f.cosh_sat, f.sinh_sat)
    return {kind.__name__: sympy.lambdify([x], kind(x).rewrite(sympy.Piecewise), "math") for kind in kinds}


def drawn(params: Sequence[Param], voltage: sympy.Symbol, others: Values) -> Callable[[random.Random], Values]:
    """Draws a voltage and every parameter: its default, or a number of any size within its range."""

    def draw(rng: random.Random) -> Values:
        found = {voltage: rng.choice(_VOLTS), **others}
        return found | {p.symbol: _value(p, rng) for p in params}

    return draw


def _value(p: Param, rng: random.Random) -> float:
    if p.default is not None:
        return p.default
    if math.isfinite(p.lower) and math.isfinite(p.upper):
        return p.lower + (p.upper - p.lower) * rng.uniform(0.05, 0.95)
    size = 10 ** rng.uniform(-3, 3)
    if math.isfinite(p.lower):
        return p.lower + size
    return p.upper - size if math.isfinite(p.upper) else rng.choice((-1, 1)) * size
