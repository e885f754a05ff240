"""Check that every variable is assigned before it is read, on every path of one evaluation.

A compact-model compiler starts each evaluation with fresh variables: a variable that is read before it is assigned was
meant to keep its value from the step before, which is lost without a message. It can keep one only if evaluations of
one device differ: what parameters alone decide is decided once, and such a variable stays 0. Loops that count are taken
to run at least once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from spicegen.lint.facts.assignments import Use, assignments
from spicegen.lint.facts.bias import ACCESSES, Bias, changes_in_time
from spicegen.lint.facts.conditions import FALSE, TRUE, Conditions, Logic, TooLargeError
from spicegen.lint.facts.layers import Layers, Marks
from spicegen.lint.facts.relevance import outputs, relevant_variables
from spicegen.lint.facts.uncovered import Judge, UncoveredRead
from spicegen.lint.reading.syntax import (
    Assign,
    Block,
    Conditional,
    Declaration,
    Event,
    Expr,
    Function,
    Loop,
    Module,
    Opaque,
    Statement,
    Task,
    visit,
)
from spicegen.lint.rules import Finding, found

_MOST_READS = 20
_ROUNDS = 2
PRINTING = frozenset({"$strobe", "$display", "$write", "$monitor", "$debug", "$fstrobe", "$fdisplay", "$fwrite",
                      "$info", "$warning", "$error", "$fatal", "$fopen", "$fclose", "$finish", "$stop"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Arm:
    """Facts on variables that one arm of a conditional changes, by their names.

    Attributes:
        known: function of the conditions under which each has been assigned.
        changing: whether the value of each may change while a circuit is simulated.
        versions: number of assignments to each.
    """

    known: dict[str, int]
    changing: dict[str, bool]
    versions: dict[str, int]


@dataclass
class FlowFacts:
    """Result of a walk through the analog blocks in the order of execution.

    Attributes:
        findings: findings on the order of assignments.
        dynamic: conditionals (by ``id``) that may decide otherwise from step to step.
        harmless: variables that @(initial_step) may assign: to what never changes, or to what is not read later.
    """

    findings: list[Finding] = field(default_factory=list)
    dynamic: set[int] = field(default_factory=set)
    harmless: set[str] = field(default_factory=set)


def follow(module: Module, accesses: Iterable[str] = ()) -> FlowFacts:
    """Walk through the analog blocks of a module and through its functions.

    Args:
        module: module to walk through.
        accesses: names of access functions besides the standard ones.
    """
    body = Block(module.at, tuple(module.analog))
    uses = list(assignments(body, module.functions))
    once = {n for n, d in module.variables.items() if d.value is not None}
    once |= {use.name for s in module.initial for use in assignments(s, module.functions)}
    integers = {n for n, d in module.parameters.items() if d.type == "integer"}
    integers |= {n for n, d in module.variables.items() if d.kind == "integer"}
    walk = _FlowWalk(module.variables, module.functions, uses, once, Bias(module, accesses), integers)
    walk.run(body)
    walk.relevant = relevant_variables(body, module)
    findings = [*walk.uncovered(), *walk.partly()]
    for function in module.functions.values():
        findings += _check_function(function, module.functions)
    unread = walk.assigned - walk.only_in_events - walk.kept
    return FlowFacts(findings, walk.dynamic, walk.harmless | unread)


def _check_function(function: Function, functions: Mapping[str, Function]) -> Iterator[Finding]:
    uses = list(assignments(function.body, functions))
    walk = _FlowWalk(function.variables, functions, uses, set(function.arguments), Bias.of_function(function))
    walk.run(function.body)
    for finding in walk.uncovered():
        yield replace(finding, rule="partly-assigned", message=f"in {function.name}: {finding.message}")
    if walk.known.get(function.name, FALSE) != TRUE:
        yield found("partly-assigned", function.at, f"function {function.name} has no value on some path")


class _FlowWalk:
    """Walk through one evaluation, along every path at once.

    Attributes:
        known: by variable, the function of the conditions under which it has been assigned.
        changing: variables whose present value may change while a circuit is simulated.
        settled: variables that get nothing but numbers outside events, under conditions that do not change.
        path: the function of the conditions under which the present statement runs (or a weaker one).
        kept: variables that would have to keep their values.
        dynamic, harmless: see FlowFacts.
    """

    def __init__(
        self,
        variables: Mapping[str, Declaration],
        functions: Mapping[str, Function],
        uses: list[Use],
        once: set[str],
        bias: Bias,
        integers: Iterable[str] = (),
    ) -> None:
        self.variables, self.functions, self.uses, self.bias = variables, functions, uses, bias
        self.accesses = ACCESSES | bias.accesses
        outside = {use.name for use in uses if not use.in_event}
        self.assigned = {use.name for use in uses}
        self.only_in_events = self.assigned - outside
        computed = {use.name for use in uses if not (use.in_event or use.is_number)}
        self.settled = self.only_in_events | (self.assigned - computed - bias.variables)
        self.known: Layers[int] = Layers(dict.fromkeys(once - self.assigned, TRUE))
        self.changing = Marks({})
        self.path, self.is_exact, self.is_chosen = TRUE, True, False
        self.versions: Layers[int] = Layers({})
        self.logic = Logic()
        self.conditions = Conditions(self.logic, self._version, self._changes, frozenset(integers))
        self.paths: dict[str, int] = {}
        self.inexact: set[str] = set()
        self.dynamic: set[int] = set()
        self.harmless: set[str] = set()
        self.kept: set[str] = set()
        self.reads: dict[str, list[UncoveredRead]] = {}
        self.reported: set[str] = set()
        self.relevant: set[str] = set(variables)

    def run(self, statement: Statement) -> None:
        """Follow the assignments and reads of a statement in the order of execution, and record what they show."""
        match statement:
            case Conditional():
                self._conditional(statement)
            case Loop():
                self._loop(statement)
            case Event():
                self._event(statement)
            case Opaque():
                for name in statement.names:
                    self._assign(name, True)
            case Task() if statement.call.text in PRINTING:
                pass
            case _:
                for e in statement.expressions:
                    self._read(e, statement)
                if isinstance(statement, Assign):
                    self._assign(statement.name, any(self._changes(e) for e in statement.expressions))
                for _, part in statement.parts:
                    self.run(part)

    def uncovered(self) -> Iterator[Finding]:
        """A finding for each variable that is read where it may not have been assigned: the gravest of its reads."""
        sets = (self.relevant, self.assigned, self.only_in_events, self.harmless, self.inexact)
        judge = Judge(self.logic, self.functions, *sets, self.paths)
        for name, reads in self.reads.items():
            findings = [judge.finding(name, read) for read in reads]
            gravest = next((f for f in findings if f.severity == "error"), findings[0])
            if gravest.severity == "error":
                self.kept.add(name)
            yield gravest

    def partly(self) -> Iterator[Finding]:
        """The first assignment of each variable that is not assigned on every path, if no other finding says so."""
        for use in self.uses:
            declared = self.variables.get(use.name)
            if declared is None or declared.is_local or use.name in self.reported or use.name in self.only_in_events:
                continue
            self.reported.add(use.name)
            if self.known.get(use.name, FALSE) != TRUE:
                yield found("partly-assigned", use.at, f"{use.name} is assigned on some paths only")

    def _changes(self, e: Expr) -> bool:
        return changes_in_time(e, self.accesses, self.changing)

    def _assign(self, name: str, changes: bool) -> None:
        self.known[name] = TRUE
        self.changing[name] = changes or self.is_chosen
        self.versions[name] = self._version(name) + 1
        self.paths[name] = self._or(self.paths.get(name, FALSE), self.path, TRUE)[0]

    def _version(self, name: str) -> int:
        """The number of assignments to a variable so far; after a conditional, of the arm with the most of them.

        Only one arm runs, so that equal numbers in two arms are never two values of one evaluation.
        """
        return self.versions.get(name, 0)

    def _or(self, a: int, b: int, if_too_large: int) -> tuple[int, bool]:
        try:
            return self.logic.either(a, b), True
        except TooLargeError:
            return if_too_large, False

    def _and(self, a: int, b: int, if_too_large: int) -> tuple[int, bool]:
        try:
            return self.logic.both(a, b), True
        except TooLargeError:
            return if_too_large, False

    def _kept(self, body: Statement) -> None:
        """Follow statements that may not run at all: their assignments do not count afterwards."""
        self.known.open()
        self.run(body)
        self.known.close()

    def _event(self, event: Event) -> None:
        is_start = event.event.text == "initial_step"
        inside = {s.name for s, _ in visit(event.body) if isinstance(s, Assign)}
        self.known.open()
        self.run(event.body)
        known = self.known.close()
        for name in inside if is_start and not self.is_chosen else ():
            if name in self.settled and name not in self.changing:
                self.harmless.add(name)
                if name in known:
                    self.known[name] = known[name]

    def _loop(self, loop: Loop) -> None:
        if loop.before is not None:
            self.run(loop.before)
        self._read(loop.condition, loop)
        for _ in range(_ROUNDS):
            self._foresee(loop.body, self.is_chosen)
        outer, self.is_chosen = self.is_chosen, self.is_chosen or self._changes(loop.condition)
        if loop.kind == "while":
            self._kept(loop.body)
        else:
            self.run(loop.body)
        self.is_chosen = outer

    def _foresee(self, statement: Statement, is_chosen: bool) -> None:
        """Mark what changes in the body of a loop: it may be read in the next round before it is assigned there."""
        is_chosen = is_chosen or any(self._changes(e) for e in statement.expressions)
        if is_chosen and isinstance(statement, Assign):
            self.changing[statement.name] = True
        for _, part in statement.parts:
            self._foresee(part, is_chosen)

    def _conditional(self, statement: Conditional) -> None:
        outer = self.path, self.is_exact, self.is_chosen
        arms: list[tuple[int, _Arm]] = []
        rest, path = TRUE, self.path
        for condition, arm in statement.arms:
            self.path = path
            self._read(condition, statement)
            if self._changes(condition):
                self.dynamic.add(id(statement))
                self.is_chosen = True
            holds = self._function(condition)
            fails, _ = self._not(holds)
            runs, exact = self._and(path, holds, path)
            under, _ = self._and(rest, holds, FALSE)
            arms.append((under, self._arm(arm, runs, exact and self.is_exact)))
            path, exact = self._and(path, fails, path)
            self.is_exact = self.is_exact and exact
            rest, _ = self._and(rest, fails, FALSE)
        default = statement.default or Block(statement.at)
        arms.append((rest, self._arm(default, path, self.is_exact)))
        self._merge(arms)
        self.path, self.is_exact, self.is_chosen = outer

    def _function(self, condition: Expr) -> int:
        """The function of a condition; one of its own if it is too large to be decided."""
        try:
            return self.conditions.function(condition)
        except TooLargeError:
            return self.conditions.whole(condition)

    def _not(self, a: int) -> tuple[int, bool]:
        try:
            return self.logic.negation(a), True
        except TooLargeError:
            return TRUE, False

    def _arm(self, statement: Statement, path: int, is_exact: bool) -> _Arm:
        """Follow an arm of a conditional, and return what it changes."""
        outer = self.path, self.is_exact
        self.path, self.is_exact = path, is_exact
        layers = (self.known, self.changing, self.versions)
        for layer in layers:
            layer.open()
        self.run(statement)
        self.path, self.is_exact = outer
        return _Arm(self.known.close(), self.changing.close(), self.versions.close())

    def _merge(self, arms: list[tuple[int, _Arm]]) -> None:
        """Join what is known after each arm of a conditional, each with the function of what it runs under."""
        for name in {name for _, arm in arms for name in arm.known}:
            before = self.known.get(name, FALSE)
            after = [arm.known.get(name, before) for _, arm in arms]
            whole = TRUE if all(f == TRUE for f in after) else before
            for (under, _), f in zip(arms, after, strict=True):
                if whole != TRUE:
                    part, exact = self._and(under, f, FALSE)
                    whole, also = self._or(whole, part, whole)
                    if not (exact and also):
                        self.inexact.add(name)
            self.known[name] = whole
        for name in {name for _, arm in arms for name in arm.changing}:
            before_changes = name in self.changing
            self.changing[name] = any(arm.changing.get(name, before_changes) for _, arm in arms)
        for name in {name for _, arm in arms for name in arm.versions}:
            self.versions[name] = max(arm.versions.get(name, 0) for _, arm in arms)

    def _read(self, e: Expr, by: Statement) -> None:
        written: list[Expr] = []
        for part in e.walk():
            written += outputs(part, self.functions)
            if part.kind in ("name", "index") and part.text in self.variables and part not in written:
                self._check(part, by)
        changes = bool(written) and self._changes(e)
        for output in written:
            self._assign(output.text, changes)

    def _check(self, e: Expr, by: Statement) -> None:
        known = self.known.get(e.text, FALSE)
        reads = self.reads.get(e.text, [])
        if known == TRUE or len(reads) >= _MOST_READS:
            return
        is_exact = self.is_exact
        try:
            if self.logic.implies(self.path, known):
                return
        except TooLargeError:
            is_exact = False
        self.reads[e.text] = [*reads, UncoveredRead(e, self.path, known, by, is_exact)]
        self.reported.add(e.text)
