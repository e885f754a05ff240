"""Check that every variable is assigned before it is read, on every path of one evaluation.

A compact-model compiler starts each evaluation with fresh variables: a variable that is read before it is assigned was
meant to keep its value from the step before, which is lost without a message. Loops that count are taken to run at
least once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from spicegen.lint.conditions import FALSE, TRUE, Formula, both, either, formula, implies, negation
from spicegen.lint.rules import Finding, found
from spicegen.lint.syntax import (
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
    visit,
)
from spicegen.lint.tokens import Token

_Known = dict[str, Formula]


@dataclass(frozen=True, slots=True)
class _Use:
    """A place where a variable is assigned."""

    name: str
    at: Token
    in_event: bool


def check_flow(module: Module) -> Iterator[Finding]:
    """Findings on the order of assignments, in the module and in its functions."""
    body = Block(module.at, tuple(module.analog))
    uses = list(_assignments(body, module.functions))
    changing = {use.name for use in uses}
    once = {n for n, d in module.variables.items() if d.value is not None}
    once |= {use.name for s in module.initial for use in _assignments(s, module.functions)}
    walk = _FlowWalk(module.variables, module.functions, uses, once - changing)
    walk.run(body)
    yield from walk.findings
    for use in walk.partly():
        yield found("partly-assigned", use.at, f"{use.name} is assigned on some paths only")
    for function in module.functions.values():
        yield from _check_function(function, module.functions)


def _check_function(function: Function, functions: Mapping[str, Function]) -> Iterator[Finding]:
    uses = list(_assignments(function.body, functions))
    walk = _FlowWalk(function.variables, functions, uses, set(function.arguments))
    walk.run(function.body)
    for finding in walk.findings:
        yield Finding(finding.line, finding.column, "partly-assigned", f"in {function.name}: {finding.message}")
    if not implies(TRUE, walk.known.get(function.name, FALSE)):
        yield found("partly-assigned", function.at, f"function {function.name} has no value on some path")


def _assignments(body: Statement, functions: Mapping[str, Function]) -> Iterator[_Use]:
    """Every assignment, with those by output arguments and statements that may be assignments."""
    for statement, under in visit(body):
        in_event = any(isinstance(s, Event) for s in under)
        if isinstance(statement, Assign):
            yield _Use(statement.name, statement.at, in_event)
        elif isinstance(statement, Opaque):
            yield from (_Use(name, statement.at, in_event) for name in statement.names)
        for e in statement.expressions:
            yield from (_Use(o.text, o.at, in_event) for call in e.walk() for o in _outputs(call, functions))


def _outputs(call: Expr, functions: Mapping[str, Function]) -> list[Expr]:
    """The arguments that a call writes."""
    if call.kind != "call" or call.text not in functions:
        return []
    function = functions[call.text]
    return [a for name, a in zip(function.arguments, call.args, strict=False) if name in function.outputs]


class _FlowWalk:
    """Walk through one evaluation, along every path at once.

    Attributes:
        known: formulas, by variable, under which the variable has been assigned.
        path: the formula under which the present statement runs (or a weaker one).
    """

    def __init__(
        self,
        variables: Mapping[str, Declaration],
        functions: Mapping[str, Function],
        uses: list[_Use],
        once: Iterable[str],
    ) -> None:
        self.variables, self.functions, self.uses = variables, functions, uses
        self.changing = {use.name for use in uses}
        self.only_in_events = self.changing - {use.name for use in uses if not use.in_event}
        self.known: _Known = dict.fromkeys(once, TRUE)
        self.path = TRUE
        self.versions: Counter[str] = Counter()
        self.findings: list[Finding] = []
        self.reported: set[str] = set()

    def run(self, statement: Statement) -> None:
        """Follow one statement."""
        match statement:
            case Conditional():
                self._conditional(statement)
            case Loop():
                self._loop(statement)
            case Event():
                self._kept(statement.body)
            case Opaque():
                for name in statement.names:
                    self._assign(name)
            case _:
                target = statement.name if isinstance(statement, Assign) else ""
                for e in statement.expressions:
                    self._read(e, target)
                if target:
                    self._assign(target)
                for _, part in statement.parts:
                    self.run(part)

    def partly(self) -> Iterator[_Use]:
        """The first assignment of each variable that is not assigned on every path, if no other finding says so."""
        for use in self.uses:
            declared = self.variables.get(use.name)
            if declared is None or declared.is_local or use.name in self.reported | self.only_in_events:
                continue
            self.reported.add(use.name)
            if not implies(TRUE, self.known.get(use.name, FALSE)):
                yield use

    def _assign(self, name: str) -> None:
        self.known[name] = TRUE
        self.versions[name] += 1

    def _kept(self, body: Statement) -> None:
        """Follow statements that may not run at all: their assignments do not count afterwards."""
        before = dict(self.known)
        self.run(body)
        self.known = before

    def _loop(self, loop: Loop) -> None:
        if loop.before is not None:
            self.run(loop.before)
        self._read(loop.condition)
        if loop.kind == "while":
            self._kept(loop.body)
        else:
            self.run(loop.body)

    def _conditional(self, statement: Conditional) -> None:
        before, path = dict(self.known), self.path
        arms: list[tuple[Formula, _Known]] = []
        rest = TRUE
        for condition, arm in statement.arms:
            self.known = dict(before)
            self._read(condition)
            holds = formula(condition, self.versions.__getitem__)
            arms.append((both(rest, holds, FALSE), self._arm(arm, both(path, holds, path))))
            path = both(path, negation(holds), path)
            rest = both(rest, negation(holds), FALSE)
        self.known = dict(before)
        if statement.default is not None:
            self._arm(statement.default, path)
        arms.append((rest, self.known))
        self.known = _merged(before, arms)

    def _arm(self, statement: Statement, path: Formula) -> _Known:
        outer, self.path = self.path, path
        self.run(statement)
        self.path = outer
        return self.known

    def _read(self, e: Expr, target: str = "") -> None:
        written: list[Expr] = []
        for part in e.walk():
            written += _outputs(part, self.functions)
            if part.kind in ("name", "index") and part.text in self.variables and part not in written:
                self._check(part, target)
        for output in written:
            self._assign(output.text)

    def _check(self, e: Expr, target: str) -> None:
        name = e.text
        under = self.known.get(name, FALSE)
        if name in self.reported or implies(self.path, under):
            return
        self.reported.add(name)
        if name not in self.changing:
            self.findings.append(found("unassigned", e.at, f"{name} is read, but nothing assigns it"))
            return
        if name in self.only_in_events:
            how = "is assigned only at events, and read outside them"
        elif name == target:
            how = "is computed from its own value of the evaluation before"
        elif under == FALSE:
            how = "is read before it is assigned"
        else:
            how = "is read here, but assigned only under a condition"
        self.findings.append(found("hidden-state", e.at, f"{name} {how}: a plain variable does not keep its value"))


def _merged(before: _Known, arms: list[tuple[Formula, _Known]]) -> _Known:
    """The known assignments after a conditional, from those after each arm."""
    result = {}
    for name in {name for _, known in arms for name in known}:
        after = [known.get(name, FALSE) for _, known in arms]
        whole = before.get(name, FALSE)
        for (condition, _), under in zip(arms, after, strict=True):
            whole = either(whole, both(condition, under, FALSE), whole)
        result[name] = TRUE if all(under == TRUE for under in after) else whole
    return result
