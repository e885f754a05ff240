"""The arithmetic of Verilog-A on arrays: a value per bias point (LRM 2.4, 4.2 and 4.3).

Integers are int64 arrays, reals float64 arrays: the type decides what a division does. What is not a number (NaN) or
infinite stays so; the caller looks for arguments outside a function's domain with ``outside``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_LARGEST_EXPONENT = 80.0  # where limexp goes on linearly


def is_integer(value: Array) -> bool:
    """Whether a value is of type integer."""
    return bool(np.issubdtype(value.dtype, np.integer))


def divide(a: Array, b: Array) -> Array:
    """a/b: of two integers without remainder, towards zero; division by the integer 0 gives 0."""
    if is_integer(a) and is_integer(b):
        safe = np.where(b == 0, 1, b)
        return np.asarray(np.where(b == 0, 0, np.sign(a) * np.sign(safe) * (np.abs(a) // np.abs(safe))))
    return np.asarray(np.true_divide(a, b))


def remainder(a: Array, b: Array) -> Array:
    """a%b, with the sign of a."""
    if is_integer(a) and is_integer(b):
        return np.asarray(a - divide(a, b) * b)
    return np.asarray(np.fmod(np.asarray(a, dtype=float), b))


def rounded(value: Array) -> Array:
    """A real that is assigned to an integer: the nearest one, a half away from zero."""
    if is_integer(value):
        return value
    whole = np.trunc(value + np.copysign(0.5, value))
    return np.where(np.abs(whole) < 2.0**62, whole, 0.0).astype(np.int64)


def power(a: Array, b: Array) -> Array:
    """pow(a, b), a real."""
    return np.asarray(np.power(np.asarray(a, dtype=float), np.asarray(b, dtype=float)))


def limited_exponential(x: Array) -> Array:
    """limexp: exp, gone on linearly where it would overflow."""
    x = np.asarray(x, dtype=float)
    low = np.exp(np.minimum(x, _LARGEST_EXPONENT))
    return np.where(x > _LARGEST_EXPONENT, low * (1 + x - _LARGEST_EXPONENT), low)


def outside(function: str, arguments: list[Array]) -> Array | None:
    """A mask of the points at which a function of numbers is not a number; None if its value always is one."""
    x = np.asarray(arguments[0], dtype=float)
    if function == "pow":
        exponent = np.asarray(arguments[1], dtype=float)
        return np.asarray((x < 0) & (exponent != np.round(exponent)) & np.isfinite(x))
    below = {"sqrt": 0.0, "ln": 0.0, "log": 0.0, "acosh": 1.0}.get(function)
    if below is not None:
        return np.asarray((x < below) & np.isfinite(x))
    return np.asarray(np.abs(x) > 1) if function in ("asin", "acos", "atanh") else None


FUNCTIONS: dict[str, Callable[..., Array]] = {
    "abs": np.abs,
    "acos": np.arccos,
    "acosh": np.arccosh,
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "atanh": np.arctanh,
    "ceil": np.ceil,
    "cos": np.cos,
    "cosh": np.cosh,
    "exp": np.exp,
    "floor": np.floor,
    "hypot": np.hypot,
    "int": lambda x: np.trunc(x).astype(np.int64),
    "limexp": limited_exponential,
    "ln": np.log,
    "log": np.log10,
    "max": np.maximum,
    "min": np.minimum,
    "pow": power,
    "sin": np.sin,
    "sinh": np.sinh,
    "sqrt": np.sqrt,
    "tan": np.tan,
    "tanh": np.tanh,
}
_REAL = frozenset(FUNCTIONS) - {"abs", "max", "min", "pow", "limexp"}


def apply(function: str, arguments: list[Array]) -> Array:
    """The value of a function of FUNCTIONS; the number of arguments is the caller's affair."""
    if function in _REAL:
        arguments = [np.asarray(a, dtype=float) for a in arguments]
    return np.asarray(FUNCTIONS[function](*arguments))


def _truth(a: Array) -> Array:
    return np.asarray(a != 0).astype(np.int64)


OPERATORS: dict[str, Callable[[Array, Array], Array]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": divide,
    "%": remainder,
    "**": power,
    "<": lambda a, b: np.asarray(a < b).astype(np.int64),
    "<=": lambda a, b: np.asarray(a <= b).astype(np.int64),
    ">": lambda a, b: np.asarray(a > b).astype(np.int64),
    ">=": lambda a, b: np.asarray(a >= b).astype(np.int64),
    "==": lambda a, b: np.asarray(a == b).astype(np.int64),
    "!=": lambda a, b: np.asarray(a != b).astype(np.int64),
    "===": lambda a, b: np.asarray(a == b).astype(np.int64),
    "!==": lambda a, b: np.asarray(a != b).astype(np.int64),
    "&&": lambda a, b: _truth(a) & _truth(b),
    "||": lambda a, b: _truth(a) | _truth(b),
    "&": lambda a, b: rounded(a) & rounded(b),
    "|": lambda a, b: rounded(a) | rounded(b),
    "^": lambda a, b: rounded(a) ^ rounded(b),
    "<<": lambda a, b: rounded(a) << np.clip(rounded(b), 0, 62),
    ">>": lambda a, b: rounded(a) >> np.clip(rounded(b), 0, 62),
}
UNARY: dict[str, Callable[[Array], Array]] = {
    "+": lambda a: a,
    "-": np.negative,
    "!": lambda a: np.asarray(a == 0).astype(np.int64),
    "~": lambda a: ~rounded(a),
}
