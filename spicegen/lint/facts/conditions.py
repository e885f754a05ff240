"""Conditions as functions of their comparisons, to decide whether an assignment under one covers a read under another.

The functions are reduced ordered decision diagrams (Bryant, IEEE Trans. Computers 35, 677, 1986): a function is the
number of a node, and two functions are equal if their numbers are. Comparisons are written as ``<`` and its negation,
so that ``v >= a``, ``v <= b`` and ``b < v && v < a`` together are seen to be everything there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from spicegen.lint.reading.syntax import Expr
from spicegen.lint.reading.tokens import number

FALSE, TRUE = 0, 1
_MOST_NEW_NODES = 500
_MOST_NODES = 1_000_000
_MOST_THRESHOLDS = 12


class TooLargeError(Exception):
    """A function of conditions is too large to be decided; never leaves this package."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A comparison, or any other condition that is not taken apart.

    Attributes:
        is_dynamic: whether it may change while a circuit is simulated, and not only from device to device.
        subject: what is compared with a number, with the assignments so far; None if it is no such comparison.
        relation: ``<``, ``>`` or ``==`` of the subject to the threshold.
        threshold: that number.
        is_integer: whether the subject is an integer.
    """

    is_dynamic: bool
    subject: object = None
    relation: str = ""
    threshold: float = 0.0
    is_integer: bool = False

    def holds(self, value: float) -> bool:
        """Whether the comparison is true of a value of its subject."""
        return {"<": value < self.threshold, ">": value > self.threshold}.get(self.relation, value == self.threshold)


class Logic:
    """The functions of the conditions of a module.

    Attributes:
        atoms: comparisons, in the order of the diagrams.
    """

    def __init__(self) -> None:
        self.atoms: list[Atom] = []
        self._levels: dict[object, int] = {}
        self._nodes: list[tuple[int, int, int]] = [(1 << 60, 0, 0), (1 << 60, 1, 1)]
        self._numbers: dict[tuple[int, int, int], int] = {}
        self._results: dict[tuple[int, int, int], int] = {}
        self._limit = 0

    def atom(self, key: object, atom: Atom) -> int:
        """The function that is true where the comparison ``key`` is; ``atom`` describes it."""
        level = self._levels.setdefault(key, len(self.atoms))
        if level == len(self.atoms):
            self.atoms.append(atom)
        return self._node(level, FALSE, TRUE)

    def negation(self, a: int) -> int:
        """The function "not a"."""
        return self._operate(a, FALSE, TRUE)

    def both(self, a: int, b: int) -> int:
        """The function "a and b"."""
        return self._operate(a, b, FALSE)

    def either(self, a: int, b: int) -> int:
        """The function "a or b"."""
        return self._operate(a, TRUE, b)

    def implies(self, a: int, b: int) -> bool:
        """Whether b holds wherever a does."""
        return self._operate(a, b, TRUE) == TRUE

    def settings(self, a: int) -> int:
        """The function "a holds for some course of the simulation", of what is set before it starts."""
        self._limit = len(self._nodes) + _MOST_NEW_NODES
        done: dict[int, int] = {}

        def walk(f: int) -> int:
            if f <= TRUE:
                return f
            if f not in done:
                level, low, high = self._nodes[f]
                ends = walk(low), walk(high)
                is_dynamic = self.atoms[level].is_dynamic
                done[f] = self._ite(ends[0], TRUE, ends[1]) if is_dynamic else self._node(level, *ends)
            return done[f]

        try:
            return walk(a)
        except RecursionError:
            raise TooLargeError from None

    def is_possible(self, a: int) -> bool:
        """Whether a can hold, numbers being what they are: ``k == 1`` and ``k == 2`` do not go together."""
        if a == FALSE:
            return False
        for group in self._groups(a):
            a = self.both(a, self._axiom(group))
        return a != FALSE

    def _groups(self, a: int) -> Iterable[list[int]]:
        """The levels of comparisons in ``a`` that compare one subject with several numbers."""
        groups: dict[object, list[int]] = {}
        for level in sorted(self._support(a)):
            if self.atoms[level].subject is not None:
                groups.setdefault(self.atoms[level].subject, []).append(level)
        return [group for group in groups.values() if 1 < len(group) <= _MOST_THRESHOLDS]

    def _support(self, a: int) -> set[int]:
        levels: set[int] = set()
        seen: set[int] = set()
        todo = [a]
        while todo:
            f = todo.pop()
            if f > TRUE and f not in seen:
                seen.add(f)
                level, low, high = self._nodes[f]
                levels.add(level)
                todo += [low, high]
        return levels

    def _axiom(self, group: list[int]) -> int:
        """The function that is true where the comparisons of a group can hold together: for some value, tried out."""
        ends = sorted({self.atoms[level].threshold for level in group})
        between = [(low + high) / 2 for low, high in pairwise(ends)]
        values = [ends[0] - 1, *ends, *between, ends[-1] + 1]
        if self.atoms[group[0]].is_integer:
            values = [float(v) for end in ends for v in (int(end) - 1, int(end), int(end) + 1)]
        result = FALSE
        for value in dict.fromkeys(values):
            case = TRUE
            for level in reversed(group):
                is_true = self.atoms[level].holds(value)
                case = self._node(level, FALSE, case) if is_true else self._node(level, case, FALSE)
            result = self.either(result, case)
        return result

    def _node(self, level: int, low: int, high: int) -> int:
        if low == high:
            return low
        key = (level, low, high)
        if key not in self._numbers:
            self._numbers[key] = len(self._nodes)
            self._nodes.append(key)
        return self._numbers[key]

    def _operate(self, a: int, b: int, c: int) -> int:
        self._limit = min(len(self._nodes) + _MOST_NEW_NODES, _MOST_NODES)
        try:
            return self._ite(a, b, c)
        except RecursionError:
            raise TooLargeError from None

    def _ite(self, a: int, b: int, c: int) -> int:
        """The function "if a then b else c"."""
        if a <= TRUE:
            return b if a else c
        if b == c:
            return b
        if b == TRUE and c == FALSE:
            return a
        key = (a, b, c)
        if key not in self._results:
            if len(self._nodes) > self._limit:
                raise TooLargeError
            level = min(self._nodes[a][0], self._nodes[b][0], self._nodes[c][0])
            halves = [
                self._ite(*(self._nodes[f][side] if self._nodes[f][0] == level else f for f in key)) for side in (1, 2)
            ]
            self._results[key] = self._node(level, halves[0], halves[1])
        return self._results[key]


@dataclass(frozen=True)
class Conditions:
    """The way from an expression that is tested to its function.

    Attributes:
        logic: where the functions are kept.
        version: function that gives the number of assignments to a variable, after which equal texts differ in meaning.
        is_dynamic: function that tells whether the value of an expression may change while a circuit is simulated.
        integers: names of integers.
    """

    logic: Logic
    version: Callable[[str], int]
    is_dynamic: Callable[[Expr], bool]
    integers: frozenset[str]

    def function(self, condition: Expr) -> int:
        """The function of an expression.

        Raises:
            TooLargeError: it is too large to be decided.
        """
        if condition.kind == "number":
            return TRUE if number(condition.text) else FALSE
        operators = set(condition.operators)
        parts = condition.args
        if operators == {"!"}:
            return self.logic.negation(self.function(parts[0]))
        if operators in ({"&&"}, {"||"}):
            join, result = (self.logic.both, TRUE) if operators == {"&&"} else (self.logic.either, FALSE)
            for part in parts:
                result = join(result, self.function(part))
            return result
        if len(parts) == 2 and operators & {"<", ">", "<=", ">="}:
            swapped = operators <= {">", "<="}
            less = self._atom("<", *reversed(parts)) if swapped else self._atom("<", *parts)
            return less if operators <= {"<", ">"} else self.logic.negation(less)
        if len(parts) == 2 and operators & {"==", "!="}:
            same = self._atom("==", *parts)
            return same if operators == {"=="} else self.logic.negation(same)
        return self.logic.negation(self.whole(condition))

    def whole(self, condition: Expr) -> int:
        """A function of its own for a condition that is too large to be taken apart."""
        return self._atom("==", condition, _ZERO)

    def _atom(self, relation: str, left: Expr, right: Expr) -> int:
        if _literal(left) is not None:
            left, right, relation = right, left, {"<": ">"}.get(relation, relation)
        end = _literal(right)
        versions = tuple((name, self.version(name)) for name in sorted(left.names | right.names))
        is_dynamic = self.is_dynamic(left) or self.is_dynamic(right)
        if end is None:
            return self.logic.atom((relation, left, right, versions), Atom(is_dynamic))
        atom = Atom(is_dynamic, (left, versions), relation, end, left.text in self.integers)
        return self.logic.atom((relation, left, right, versions), atom)


_ZERO = Expr("number", "0")


def _literal(e: Expr) -> float | None:
    """The value of a number, with its sign."""
    if e.kind == "number":
        return number(e.text)
    if e.operators == ("-",) and len(e.args) == 1 and e.args[0].kind == "number":
        return -number(e.args[0].text)
    return None
