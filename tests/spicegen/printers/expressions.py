"""The one list of expressions on which every printer is tested, over positive and negative arguments."""

import sympy
from sympy import Abs, Max, Min, Rational, cosh, exp, log, sign, sinh, sqrt, tanh

from models_va.functions import cosh_lim, cosh_sat, exp_lim, exp_sat, pos, sinh_lim, sinh_sat, step

A = sympy.Symbol("a", real=True)
B = sympy.Symbol("b", positive=True)
N = sympy.Symbol("n", real=True)

ARGUMENTS = [(-2.0, 0.5, -0.75), (-0.3, 1.7, 1.5), (0.7, 3.0, -2.0), (2.5, 0.02, 0.4)]
"""Values of (a, b, n); a and n take both signs."""

EXPRESSIONS = {
    "sum": A - B - 3,
    "negative_sum_in_product": -(A - B) * (A + 2 * B),
    "rational": Rational(1, 3) * A + Rational(-7, 2),
    "quotient": A / B / 3,
    "nested_quotient": A / (B / (A + 5)),
    "negative_over_product": -A / (B * (B + 1)),
    "square": A**2,
    "cube": A**3,
    "fifth": A**5,
    "sixth": (A / B) ** 6,
    "cube_of_sum": (A - 1) ** 3,
    "inverse_cube": A**-3,
    "product_with_inverse": B * A**-1 - A * B**-2,
    "minus_cube": -(A**3),
    "real_power": B**N,
    "real_power_sum": (B + 1) ** (N - 1),
    "fractional_power": B ** Rational(5, 3),
    "negative_fraction": B ** Rational(-1, 2),
    "power_of_clipped": pos(A) ** 1.778,
    "sqrt": sqrt(B),
    "abs": Abs(A),
    "abs_cubed": Abs(A) ** 3,
    "sign": sign(A) * B,
    "exp": exp(A),
    "exp_square": exp(-(A**2)),
    "log": log(B),
    "sinh": sinh(A),
    "cosh": cosh(A),
    "tanh": tanh(A),
    "max": Max(A, B),
    "min": Min(A, B, N),
    "pos": pos(A) + pos(-A) / 2,
    "step": step(A) + 2 * step(-A),
    "exp_lim": exp_lim(A),
    "exp_lim_beyond": exp_lim(100 * B * 2),
    "sinh_lim": sinh_lim(A / B),
    "sinh_lim_small": sinh_lim(A * 1e-9),
    "sinh_lim_beyond": sinh_lim(200 * A),
    "cosh_lim": cosh_lim(A) - 1,
    "cosh_lim_beyond": cosh_lim(200 * A),
    "exp_sat": exp_sat(60 * A),
    "sinh_sat": sinh_sat(60 * A),
    "cosh_sat": cosh_sat(60 * A),
    "small_float": 1.6e-19 * A,
    "large_float": 1.2345678901234567e30 * A,
    "pi": sympy.pi * A,
}


def truth(expression, arguments):
    """The value by sympy in 40 digits, from the textbook form of our own functions."""
    point = {s: sympy.Float(v, 60) for s, v in zip((A, B, N), arguments, strict=True)}
    return float(expression.rewrite(sympy.Piecewise).subs(point).evalf(40))
