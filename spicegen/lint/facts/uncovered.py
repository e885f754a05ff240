"""Reads that no assignment before them covers, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spicegen.lint.facts.conditions import FALSE, Logic, TooLargeError
from spicegen.lint.facts.relevance import matters
from spicegen.lint.reading.syntax import Assign, Expr, Function, Statement
from spicegen.lint.rules import Finding, found


@dataclass(frozen=True, slots=True)
class UncoveredRead:
    """A read that no assignment before it covers.

    Attributes:
        path: function of the conditions under which it happens.
        known: function of those under which the variable has been assigned before.
        by: statement that reads.
        is_exact: whether the two functions are, and not limits of them.
    """

    e: Expr
    path: int
    known: int
    by: Statement
    is_exact: bool


@dataclass
class Judge:
    """Judge of reads that no assignment covers, from the facts that a walk through the body has found.

    Attributes:
        logic: functions of conditions.
        functions: the module's.
        relevant: variables that a contribution or an operating-point output depends on.
        assigned, only_in_events: variables that are assigned at all; those that are at events only.
        harmless: variables that @(initial_step) may assign.
        inexact: variables of which is not known exactly where they are assigned.
        paths: by variable, the function of the conditions under which it is assigned somewhere.
        gaps: function of the settings in which some variable is never assigned.
    """

    logic: Logic
    functions: Mapping[str, Function]
    relevant: set[str]
    assigned: set[str]
    only_in_events: set[str]
    harmless: set[str]
    inexact: set[str]
    paths: Mapping[str, int]
    gaps: int = FALSE

    def finding(self, name: str, read: UncoveredRead) -> Finding:
        """The finding on a read of the variable ``name`` that no assignment covers."""
        at = read.e.at
        if name not in self.assigned:
            return found("unassigned", at, f"{name} is read, but nothing assigns it")
        if name in self.only_in_events - self.harmless:
            how = "is assigned only at events, and read outside them"
        elif name in self.harmless or not self._may_be_kept(name, read):
            return found("partly-assigned", at, f"{name} is read, and with some parameters nothing has assigned it")
        elif not matters(read.by, self.relevant, self.functions):
            return found(
                "partly-assigned", at, f"{name} is read before it is assigned, though no current depends on it"
            )
        elif isinstance(read.by, Assign) and read.by.name == name:
            how = "is computed from its own value of the evaluation before"
        elif read.known == FALSE:
            how = "is read before it is assigned"
        else:
            how = "is read here, but assigned only under a condition"
        return found("hidden-state", at, f"{name} {how}: a plain variable does not keep its value")

    def _may_be_kept(self, name: str, read: UncoveredRead) -> bool:
        """Whether one device may read the variable unassigned in one evaluation and assign it in another."""
        if not read.is_exact or name in self.inexact:
            return False
        logic = self.logic
        try:
            uncovered = logic.both(read.path, logic.negation(read.known))
            uncovered = logic.both(uncovered, logic.negation(self.gaps))
            if not logic.is_possible(uncovered):
                return False
            settings = logic.settings(uncovered)
            covered = logic.settings(logic.both(read.path, read.known))
            if logic.is_possible(logic.both(settings, covered)):
                return True  # at one bias it is assigned before it is read, and at another it is not
            others = logic.both(logic.settings(read.path), logic.negation(settings))
            if logic.is_possible(others):
                self.gaps = logic.either(self.gaps, settings)
                return False  # with other parameters it is never read unassigned: a gap between them, and no memory
            return logic.is_possible(logic.both(settings, logic.settings(self.paths[name])))
        except TooLargeError:
            return False
