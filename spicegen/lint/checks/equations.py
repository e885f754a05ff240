"""Checks of the equations: contributions, states, overflow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from spicegen.lint.context import Context
from spicegen.lint.facts.bias import Bias
from spicegen.lint.reading.syntax import Assign, Conditional, Contribution, Event, Expr, Statement, visit
from spicegen.lint.reading.tokens import number
from spicegen.lint.rules import Finding, found

_GROWING = ("exp", "sinh", "cosh")
_BOUNDED = frozenset({"min", "tanh", "atan", "atan2", "sin", "cos", "limexp", "ddx", "analysis"})
_SMALLEST_CAPACITANCE_F = 1e-6
_OVERFLOWS = 709.0  # exp of more is no double


def check_contributions(context: Context) -> Iterator[Finding]:
    """Check rules 11 and 18: contributions are currents only, and no branch switches its kind with the bias."""
    for c in context.contributions:
        if context.is_potential(c.target):
            yield found("voltage-contribution", c.at, f"{c.target.text}({_nodes(c.target)}) is contributed")
    for statement, _ in context.analog:
        if isinstance(statement, Conditional) and id(statement) in context.flow.dynamic:
            yield from _switching(statement, context)


def _switching(statement: Conditional, context: Context) -> Iterator[Finding]:
    arms = [arm for _, arm in statement.parts]
    kinds = [
        {
            context.branch(s.target)
            for s, _ in visit(arm)
            if isinstance(s, Contribution) and context.is_potential(s.target)
        }
        for arm in arms
    ]
    if statement.default is None:
        kinds.append(set())
    if set.union(*kinds) != set.intersection(*kinds):
        yield found("switch-branch", statement.at, "whether a branch is a voltage or a current source depends on bias")


def _nodes(target: Expr) -> str:
    return ", ".join(a.text for a in target.args)


def check_ddt(context: Context) -> Iterator[Finding]:
    """Check rule 2: ddt is on every path; conditions on parameters and settings of the simulation are allowed."""
    for statement, under in context.analog:
        for e in statement.expressions:
            for call in e.calls("ddt", "idt"):
                conditions = [c for s in under for c in s.expressions]
                conditions += [c.args[0] for c in e.walk() if c.kind == "choice" and _is_in_arm(call, c)]
                if not all(_is_constant(c, context) for c in conditions) or any(isinstance(s, Event) for s in under):
                    yield found("conditional-ddt", call.at, f"{call.text} is evaluated under a condition")


def _is_in_arm(call: Expr, choice: Expr) -> bool:
    return any(part is call for arm in choice.args[1:] for part in arm.walk())


def _is_constant(e: Expr, context: Context) -> bool:
    """Whether a condition is made of parameters and settings, with no voltage, current, time or variable in it."""
    reads = any(part.kind in ("name", "index") and part.text in context.module.variables for part in e.walk())
    times = {"$abstime", "$realtime", "$random", "ddt", "idt"}
    return not reads and e not in context.bias and not any(part.text in times for part in e.walk())


def check_states(context: Context) -> Iterator[Finding]:
    """Check rules 5, 15 and 16: states start at an instance parameter, are well scaled, and are not clipped."""
    if context.states and not any(context.calls("analysis")):
        at = context.states[0].at
        yield found("initial-state", at, "at the operating point the state is whatever the equations settle at")
    for state in context.states:
        for call in state.value.calls("ddt"):
            scale = math.prod(abs(number(e.text)) for e in _factors(call.args[:1]))
            if scale < _SMALLEST_CAPACITANCE_F:
                message = f"a state capacitance of {scale:g} F: its current is near the simulators' tolerance"
                yield found("state-scale", call.at, message)
    nodes = {context.branch(s.target) for s in context.states}
    held = {
        s.name
        for s, _ in context.analog
        if isinstance(s, Assign) and s.value.kind == "call" and context.branch(s.value) in nodes
    }
    for assign in _clamps(context.module.analog):
        if assign.name in held and assign.name not in assign.value.names:
            yield found("clipped-state", assign.at, f"{assign.name} is a state, and is clipped")


def _factors(operands: tuple[Expr, ...]) -> Iterator[Expr]:
    """The literal factors of a product."""
    for e in operands:
        if e.kind == "number":
            yield e
        elif (
            e.kind == "operator"
            and not {"/", "%"} & set(e.operators)
            and (set(e.operators) == {"*"} or len(e.args) == 1)
        ):
            yield from _factors(e.args)


def _clamps(statements: Iterable[Statement], tested: frozenset[str] = frozenset()) -> Iterator[Assign]:
    """Assignments to a variable under a condition on itself: if (x > 1) x = 1."""
    for s in statements:
        if isinstance(s, Assign) and s.name in tested:
            yield s
        names = tested.union(*(e.names for e in s.expressions)) if isinstance(s, Conditional) else tested
        yield from _clamps((part for _, part in s.parts), names)


def check_overflow(context: Context) -> Iterator[Finding]:
    """Check rule 13: there is no exponential of a bias that nothing bounds."""
    limited = {s.name for s in _clamps(context.module.analog)}
    bias = context.bias
    assigns = [s for s, _ in context.analog if isinstance(s, Assign)]
    rising = {s.name for s in assigns if any(_rising(s.value, bias, limited))}
    limited |= {s.name for s in assigns} - rising
    for statement in context.module.analog:
        yield from _overflows(statement, bias, frozenset(limited))
    for function in context.module.functions.values():
        yield from _overflows(function.body, Bias.of_function(function), frozenset())


def _overflows(statement: Statement, bias: Bias, limited: frozenset[str]) -> Iterator[Finding]:
    """Unprotected exponentials in a statement; ``limited`` are names with an upper bound here."""
    for e in statement.expressions:
        yield from _growing(e, bias, limited)
    if not isinstance(statement, Conditional):
        for _, part in statement.parts:
            yield from _overflows(part, bias, limited)
        return
    for condition, arm in statement.arms:
        yield from _overflows(arm, bias, limited | _below(condition, True))
        limited |= _below(condition, False)
    if statement.default is not None:
        yield from _overflows(statement.default, bias, limited)


def _growing(e: Expr, bias: Bias, limited: frozenset[str]) -> Iterator[Finding]:
    if e.kind == "choice":
        condition, if_true, if_false = e.args
        yield from _growing(condition, bias, limited)
        yield from _growing(if_true, bias, limited | _below(condition, True))
        yield from _growing(if_false, bias, limited | _below(condition, False))
        return
    if e.kind == "call" and e.text in _GROWING and e.args and any(_rising(e.args[0], bias, limited)):
        yield found("overflow", e.at, f"{e.text} of a voltage or what follows from one, without a bound")
    for part in e.args:
        yield from _growing(part, bias, limited)


def _rising(e: Expr, bias: Bias, limited: frozenset[str] | set[str]) -> Iterator[Expr]:
    """The biases in ``e`` that can make it large: those that nothing bounds and that do not divide."""
    if e not in bias:
        return
    if e.kind in ("name", "index") or (e.kind == "call" and e.text in bias.accesses):
        if not limited & {e.text, *e.names}:
            yield e
        return
    if (e.kind == "call" and e.text in _BOUNDED) or (e.operators == ("-",) and e.args[0].text == "abs"):
        return
    divides = ("*", *e.operators) if e.kind == "operator" and len(e.args) > 1 else ()
    parts = e.args[1:] if e.kind == "choice" else e.args
    for n, part in enumerate(parts):
        if not divides or divides[n] not in ("/", "%"):
            yield from _rising(part, bias, limited)


def _below(condition: Expr, truth: bool) -> frozenset[str]:
    """The names that have an upper bound if ``condition`` is (or is not) true."""
    operators = set(condition.operators)
    if operators == {"!"}:
        return _below(condition.args[0], not truth)
    if operators == ({"&&"} if truth else {"||"}):
        return frozenset().union(*(_below(e, truth) for e in condition.args))
    if len(condition.args) == 2 and operators & {"<", "<=", ">", ">="}:
        left_is_below = (condition.operators[0] in ("<", "<=")) == truth
        below, above = condition.args if left_is_below else reversed(condition.args)
        if above.kind != "number" or number(above.text) < _OVERFLOWS:
            return below.names
    return frozenset()
