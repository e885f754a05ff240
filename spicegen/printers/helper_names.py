"""Names of the helpers in printed equations: what they are, ``gap_max_minus_gap_min``, or what they serve."""

from __future__ import annotations

from collections.abc import Iterable

import sympy

_LONGEST = 28
"""Number of characters up to which an expression is its own name; a longer one is named by the equation it serves."""


class HelperNames:
    """Names for parts of equations, each given once.

    Args:
        taken: names that are in use already.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self.serves: dict[sympy.Symbol, str] = {}
        """Name of the equation for which each symbol was made."""

    def symbol(self, e: sympy.Expr, equation: sympy.Symbol, role: str) -> sympy.Symbol:
        """A new symbol for ``e``.

        Args:
            e: part of an equation.
            equation: symbol of the equation.
            role: word for what the part is in the equation, which the name holds if the expression is too long.
        """
        user = self.serves.get(equation, equation.name.rstrip("*"))
        own = in_words(e)
        name = own if len(own) <= _LONGEST and own[0].isalpha() else f"{user}_{role}"
        name = next(n for n in (name, *(f"{name}_{k}" for k in range(2, 1000))) if n not in self._taken)
        self._taken.add(name)
        # The base of a real power must stay known to be nonnegative.
        symbol = sympy.Symbol(name, real=True, nonnegative=e.is_nonnegative or None)
        self.serves[symbol] = user
        return symbol


def in_words(e: sympy.Expr) -> str:
    """An expression as an identifier, such as ``i0_over_v0`` for i0/v0; digits may stand first."""
    if e.is_Symbol:
        return str(e.name)
    if e.is_Add:
        first, *others = sorted(e.as_ordered_terms(), key=_is_negative)
        return in_words(first) + "".join(f"_{'' if _is_negative(a) else 'plus_'}{in_words(a)}" for a in others)
    if _is_negative(e):
        return f"minus_{in_words(-e)}"
    above, below = e.as_numer_denom()
    if below != 1:
        return f"per_{in_words(below)}" if above == 1 else f"{in_words(above)}_over_{in_words(below)}"
    if e.is_Pow:
        return f"{in_words(e.base)}_to_{in_words(e.exp)}"
    if e.is_number:
        return str(e).replace(".", "_")
    name = type(e).__name__.lower().removesuffix("_lim")
    return "_".join(([] if e.is_Mul else [name]) + [in_words(a) for a in e.args])


def _is_negative(e: sympy.Expr) -> bool:
    return bool(e.as_coeff_Mul()[0].is_negative)
