"""Overflow-safe, once continuously differentiable functions for model equations.

Each function is a sympy function with an exact derivative that is itself printable, so that every printer and the
Newton solvers agree on value and slope. Beyond ``|x| = LIMIT`` the exponential family goes on linearly
(the convention of Verilog-A's ``limexp``), so no iterate of a solver can overflow.
``expr.rewrite(sympy.Piecewise)`` gives the textbook form, which the tests evaluate with mpmath.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Piecewise, cosh, exp, sinh

LIMIT = sympy.Integer(80)


def _clip(x: Any) -> Any:
    return Piecewise((-LIMIT, x < -LIMIT), (LIMIT, x > LIMIT), (x, True))


class _Smooth(sympy.Function):  # type: ignore[misc]
    """A real function of one real argument."""

    nargs = 1
    is_real = True


class pos(_Smooth):
    """The function max(x, 0), the base of every real power, because printers refuse powers of signed bases."""

    is_nonnegative = True

    @classmethod
    def eval(cls, x: sympy.Expr) -> sympy.Expr | None:
        """Evaluate for numbers at construction."""
        return sympy.Max(x, 0) if x.is_number else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """The derivative: the unit step."""
        return step(self.args[0])

    def _eval_rewrite_as_Piecewise(self, x: sympy.Expr, **_: Any) -> sympy.Expr:
        return Piecewise((x, x > 0), (0, True))


class step(_Smooth):
    """The unit step, 1 for x > 0, else 0: the derivative of pos. Its own derivative is taken as zero."""

    is_nonnegative = True

    @classmethod
    def eval(cls, x: sympy.Expr) -> sympy.Expr | None:
        """Evaluate for numbers at construction."""
        return sympy.Integer(1 if x > 0 else 0) if x.is_number else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """The derivative: zero almost everywhere."""
        return sympy.Integer(0)

    def _eval_rewrite_as_Piecewise(self, x: sympy.Expr, **_: Any) -> sympy.Expr:
        return Piecewise((1, x > 0), (0, True))


class exp_lim(_Smooth):
    """The function exp(x), continued linearly above LIMIT."""

    is_positive = True

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """The derivative: exp saturating at LIMIT."""
        return exp_sat(self.args[0])

    def _eval_rewrite_as_Piecewise(self, x: sympy.Expr, **_: Any) -> sympy.Expr:
        return Piecewise((exp(x), x < LIMIT), (exp(LIMIT) * (1 + x - LIMIT), True))


class exp_sat(_Smooth):
    """The function exp(min(x, LIMIT)), the derivative of exp_lim."""

    is_positive = True

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """The derivative: zero above LIMIT."""
        return exp_sat(self.args[0]) * step(LIMIT - self.args[0])

    def _eval_rewrite_as_Piecewise(self, x: sympy.Expr, **_: Any) -> sympy.Expr:
        return Piecewise((exp(x), x < LIMIT), (exp(LIMIT), True))


class sinh_lim(_Smooth):
    """The function sinh(x), linear outside [-LIMIT, LIMIT]; it is exact near zero (no difference of exponentials)."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """The derivative: cosh saturating at LIMIT."""
        return cosh_sat(self.args[0])

    def _eval_rewrite_as_Piecewise(self, x: sympy.Expr, **_: Any) -> sympy.Expr:
        return sinh(_clip(x)) + cosh(LIMIT) * (x - _clip(x))


class cosh_lim(_Smooth):
    """The function cosh(x), continued linearly outside [-LIMIT, LIMIT]."""

    is_positive = True

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """The derivative: sinh saturating at LIMIT."""
        return sinh_sat(self.args[0])

    def _eval_rewrite_as_Piecewise(self, x: sympy.Expr, **_: Any) -> sympy.Expr:
        return cosh(_clip(x)) + sinh(LIMIT) * (sympy.Abs(x) - sympy.Abs(_clip(x)))


class cosh_sat(_Smooth):
    """The function cosh(clip(x)), x clipped to [-LIMIT, LIMIT]: the derivative of sinh_lim."""

    is_positive = True

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """The derivative: zero outside the limits."""
        return sinh_sat(self.args[0]) * step(LIMIT - sympy.Abs(self.args[0]))

    def _eval_rewrite_as_Piecewise(self, x: sympy.Expr, **_: Any) -> sympy.Expr:
        return cosh(_clip(x))


class sinh_sat(_Smooth):
    """The function sinh(clip(x)), x clipped to [-LIMIT, LIMIT]: the derivative of cosh_lim."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """The derivative: zero outside the limits."""
        return cosh_sat(self.args[0]) * step(LIMIT - sympy.Abs(self.args[0]))

    def _eval_rewrite_as_Piecewise(self, x: sympy.Expr, **_: Any) -> sympy.Expr:
        return sinh(_clip(x))
