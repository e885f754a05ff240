"""Conditions as formulas of propositional logic, to decide whether an assignment under one covers a read under another.

Comparisons are written as ``<`` and its negation, so that ``v >= a``, ``v <= b`` and ``b < v && v < a``
together are seen to be everything there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

from spicegen.lint.syntax import Expr
from spicegen.lint.tokens import number

_MOST_ATOMS = 10
_LARGEST = 60


@dataclass(frozen=True, slots=True)
class Formula:
    """``atom``, ``not``, ``and``, ``or`` or ``true`` over other formulas.

    Attributes:
        atom: for atoms, any object that tells them apart.
        size: number of atoms in the formula; large formulas are given up.
    """

    kind: str
    parts: tuple[Formula, ...] = ()
    atom: object = None
    atoms: frozenset[object] = frozenset()
    size: int = 1

    def holds(self, values: Mapping[object, bool]) -> bool:
        """Value of the formula if its atoms have the given values."""
        match self.kind:
            case "atom":
                return values[self.atom]
            case "not":
                return not self.parts[0].holds(values)
            case "and":
                return all(p.holds(values) for p in self.parts)
            case _:
                return self.kind == "true" or any(p.holds(values) for p in self.parts)


TRUE = Formula("true")
FALSE = Formula("or")


def negation(a: Formula) -> Formula:
    """The formula "not a"."""
    if a.kind == "not":
        return a.parts[0]
    return {TRUE: FALSE, FALSE: TRUE}.get(a) or Formula("not", (a,), None, a.atoms, a.size + 1)


def both(a: Formula, b: Formula, if_too_large: Formula) -> Formula:
    """The formula "a and b", or ``if_too_large`` if it is too large."""
    if FALSE in (a, b):
        return FALSE
    if TRUE in (a, b):
        return b if a == TRUE else a
    return _joined("and", a, b) or if_too_large


def either(a: Formula, b: Formula, if_too_large: Formula) -> Formula:
    """The formula "a or b", or ``if_too_large`` if it is too large."""
    if TRUE in (a, b):
        return TRUE
    if FALSE in (a, b):
        return b if a == FALSE else a
    return _joined("or", a, b) or if_too_large


def _joined(kind: str, a: Formula, b: Formula) -> Formula | None:
    atoms = a.atoms | b.atoms
    if len(atoms) > _MOST_ATOMS or a.size + b.size > _LARGEST:
        return None
    return Formula(kind, (a, b), None, atoms, a.size + b.size + 1)


def implies(a: Formula, b: Formula) -> bool:
    """Whether b holds wherever a does; False if that cannot be found out."""
    if b == TRUE or a == FALSE:
        return True
    atoms = list(a.atoms | b.atoms)
    if b == FALSE or len(atoms) > _MOST_ATOMS:
        return False
    cases = (dict(zip(atoms, values, strict=True)) for values in product((False, True), repeat=len(atoms)))
    return all(b.holds(values) for values in cases if a.holds(values))


def formula(condition: Expr, version: Callable[[str], int]) -> Formula:
    """The formula of an expression.

    Args:
        condition: expression that is tested.
        version: function that gives the number of assignments to a variable, after which equal texts differ in meaning.
    """
    if condition.kind == "number":
        return TRUE if number(condition.text) else FALSE
    operators = set(condition.operators)
    parts = condition.args
    if operators == {"!"}:
        return negation(formula(parts[0], version))
    if operators == {"&&"} or operators == {"||"}:
        join, result = (both, TRUE) if operators == {"&&"} else (either, FALSE)
        whole = _atom((condition,), condition, version)
        for part in parts:
            result = join(result, formula(part, version), whole)
        return result
    if len(parts) == 2 and condition.operators[0] in ("<", ">", "<=", ">="):
        return _comparison(condition, version)
    if operators == {"!="}:
        return negation(_atom(("==", *parts), condition, version))
    if operators == {"=="}:
        return _atom(("==", *parts), condition, version)
    return _atom((condition,), condition, version)


def _comparison(e: Expr, version: Callable[[str], int]) -> Formula:
    left, right = e.args
    operator = e.operators[0]
    swapped = operator in (">", "<=")
    less = _atom(("<", right, left) if swapped else ("<", left, right), e, version)
    return less if operator in ("<", ">") else negation(less)


def _atom(key: tuple[object, ...], e: Expr, version: Callable[[str], int]) -> Formula:
    atom = (key, tuple((name, version(name)) for name in sorted(e.names)))
    return Formula("atom", (), atom, frozenset({atom}))
