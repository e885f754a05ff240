"""Model -> machine code (numba): the rates of one device and their exact derivatives, for long transients.

A thousand updates of one device are a hundred thousand evaluations, one after the other: what numpy gains on
many devices at once is lost there to the cost of each call.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import numba
import numpy as np
import sympy
from numpy.typing import NDArray
from platformdirs import user_cache_path

from models_va import Model, load_model
from spicegen.printers.base import COSH_LIMIT, EXP_LIMIT, ExpressionPrinter
from spicegen.printers.machine_code import compiled
from spicegen.printers.numpy_model import Chain, built_once, function_lines

Array = NDArray[np.float64]

SIGNATURE = numba.types.void(
    numba.float64, numba.float64[::1], numba.float64[::1], numba.float64, numba.float64[::1], numba.float64[:, ::1]
)
"""(v, states (k), parameters, temperature_k, out: rates (k), out: derivatives (k, k)) -> nothing."""


class ScalarPrinter(ExpressionPrinter):
    """Expressions over Python floats."""

    language = "scalar Python"
    power = "({0})**({1})"
    functions: ClassVar = {
        "Abs": "abs({0})",
        "cosh": "_math.cosh({0})",
        "exp": "_math.exp({0})",
        # the derivative of x^n by n is x^n log(x), which is 0 at x = 0
        "log": "_math.log(max({0}, 1e-300))",
        "max": "max({0}, {1})",
        "min": "min({0}, {1})",
        "sign": "_sign({0})",
        "sinh": "_math.sinh({0})",
        "sqrt": "_math.sqrt({0})",
        "tanh": "_math.tanh({0})",
        "pos": "max({0}, 0.0)",
        "step": "(1.0 if ({0}) > 0.0 else 0.0)",
        "exp_lim": "_exp_lim({0})",
        "exp_sat": "_math.exp(min({0}, 80.0))",
        "sinh_lim": "_sinh_lim({0})",
        "cosh_lim": "_cosh_lim({0})",
        "sinh_sat": "_math.sinh(max(min({0}, 80.0), -80.0))",
        "cosh_sat": "_math.cosh(max(min({0}, 80.0), -80.0))",
    }


@numba.njit(error_model="numpy")
def _sign(x: float) -> float:
    return 0.0 if x == 0.0 else math.copysign(1.0, x)


@numba.njit(error_model="numpy")
def _exp_lim(x: float) -> float:
    return math.exp(x) if x < 80.0 else EXP_LIMIT * (x - 79.0)


@numba.njit(error_model="numpy")
def _sinh_lim(x: float) -> float:
    return math.sinh(x) if abs(x) < 80.0 else math.copysign(COSH_LIMIT * (abs(x) - 79.0), x)


@numba.njit(error_model="numpy")
def _cosh_lim(x: float) -> float:
    return math.cosh(x) if abs(x) < 80.0 else COSH_LIMIT * (abs(x) - 79.0)


_NAMESPACE: Mapping[str, Any] = {
    "__name__": __name__,  # where numba looks for what machine code from a file needs
    "_math": math,
    "_sign": _sign,
    "_exp_lim": _exp_lim,
    "_sinh_lim": _sinh_lim,
    "_cosh_lim": _cosh_lim,
}


def compile_rates(model: Model) -> Any:
    """A compiled function of ``SIGNATURE``: all rates (1/s) and their derivatives by the states (1/s)."""
    k = len(model.states)
    targets = [f"_rate[{i}]" for i in range(k)] + [f"_jacobian[{i}, {j}]" for i in range(k) for j in range(k)]
    states = [s.symbol for s in model.states]
    rates = [s.rate for s in model.states]
    return _compile(model, SIGNATURE, states, lambda of: [*rates, *(of(r, x) for r in rates for x in states)], targets)


def compile_slopes(model: Model) -> Any:
    """A compiled function of ``SIGNATURE`` whose outputs are derivatives of the rates by the parameters.

    The first output, which it leaves as it is, may have any length; the second has a column a parameter, in the model's
    order, in 1/s over its unit.
    """
    rates = [s.rate for s in model.states]
    params = [p.symbol for p in model.params]
    targets = [f"_jacobian[{i}, {j}]" for i in range(len(rates)) for j in range(len(params))]
    return _compile(model, SIGNATURE, params, lambda of: [of(r, q) for r in rates for q in params], targets)


def _compile(
    model: Model,
    signature: Any,
    variables: list[sympy.Symbol],
    wanted: Callable[[Chain], list[sympy.Expr]],
    targets: list[str],
) -> Any:
    chain = Chain(model, variables)
    outputs = wanted(chain)
    steps = [*chain.steps, *chain.derivatives]
    lines, results = function_lines(model, steps, outputs, ScalarPrinter)
    body = [f"{s.name} = _x[{i}]" for i, s in enumerate(model.states)]
    body += [f"{p.name} = _p[{i}]" for i, p in enumerate(model.params)]
    body += [*lines, *(f"{t} = {r}" for t, r in zip(targets, results, strict=True))]
    source = "def f(vbr, _x, _p, temperature_k, _rate, _jacobian):\n" + "".join(f"    {line}\n" for line in body)
    name = f"{model.name}_{hashlib.sha256(source.encode() + Path(__file__).read_bytes()).hexdigest()[:16]}"
    namespace = dict(_NAMESPACE)
    exec(compile(source, str(_written(name, source)), "exec"), namespace)
    # machine code of two processes meets in a third: what has one name there is taken for one function
    namespace["f"].__qualname__ = name
    return compiled(signature)(namespace["f"])


def _written(name: str, source: str) -> Path:
    """A file in the user's cache folder, beside which the source's machine code is kept; perhaps it cannot be there.

    Its name says all that the machine code follows from: numba looks at a file's date and length only.
    """
    path = user_cache_path("spicegen") / "compiled" / f"{name}.py"
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(source, encoding="utf-8")
    return path


@built_once
def _compiled(name: str) -> Any:
    return compile_rates(load_model(name))


def compiled_rates(model: Model) -> Any:
    """``compile_rates`` of a model that ships; compiled once (about a second)."""
    return _compiled(model.name)


@built_once
def _compiled_slopes(name: str) -> Any:
    return compile_slopes(load_model(name))


def compiled_slopes(model: Model) -> Any:
    """``compile_slopes`` of a model that ships; compiled once."""
    return _compiled_slopes(model.name)
