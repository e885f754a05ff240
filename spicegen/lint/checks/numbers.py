"""Checks of arithmetic that goes wrong without a word: integers divided, functions outside their domains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from spicegen.lint.checks.behaviour import behaviour_of
from spicegen.lint.context import Context
from spicegen.lint.evaluation.evaluate import NotEvaluableError
from spicegen.lint.reading.syntax import (
    Assign,
    Conditional,
    Contribution,
    Declaration,
    Expr,
    Loop,
    Statement,
    Task,
    visit,
)
from spicegen.lint.rules import Finding, found

_VOLTS = 2.0
"""Voltages that a device is taken to see, V."""
_INTEGER_FUNCTIONS = frozenset({"int", "analysis", "$param_given", "$port_connected"})
_KEEPING = frozenset({"abs", "min", "max"})
_COMPARING = frozenset({"<", "<=", ">", ">=", "==", "!=", "===", "!==", "&&", "||", "!", "&", "|", "^", "<<", ">>"})
_WANTED = frozenset({"int", "floor", "ceil"})
_DOMAINS = {"sqrt": "negative", "ln": "negative", "log": "negative", "pow": "negative", "acosh": "less than 1"}


class _Types:
    """The types of expressions in one body.

    Args:
        context: module.
        variables: variables of the body: the module's, or those of a function.
    """

    def __init__(self, context: Context, variables: Mapping[str, Declaration]) -> None:
        self.constants = context.constants
        self.module = module = context.module
        self.integers = {n for n, d in variables.items() if d.kind in ("integer", "genvar")}
        for name, item in module.parameters.items():
            if name not in variables and (
                item.type == "integer" or (not item.type and item.value is not None and self.is_integer(item.value))
            ):
                self.integers.add(name)

    def is_integer(self, e: Expr) -> bool:
        """Whether an expression is an integer."""
        if e.kind == "number":
            return e.text.replace("_", "").isdigit()
        if e.kind in ("name", "index"):
            return e.text in self.integers
        if e.kind == "choice":
            return all(self.is_integer(a) for a in e.args[1:])
        if e.kind == "operator":
            if set(e.operators) & _COMPARING:
                return True
            return "**" not in e.operators and all(self.is_integer(a) for a in e.args)
        if e.text in self.module.functions:
            return self.module.functions[e.text].type == "integer"
        return e.text in _INTEGER_FUNCTIONS or (e.text in _KEEPING and all(self.is_integer(a) for a in e.args))


def check_integer_division(context: Context) -> Iterator[Finding]:
    """Check that no integers are divided where a fraction is meant: 1/2 is 0."""
    module = context.module
    types = _Types(context, module.variables)
    for item in (*module.parameters.values(), *module.variables.values()):
        for e in (item.value, *(item.bounds or ())):
            if e is not None and "integer" not in (item.type, item.kind):
                yield from _divisions(e, types)
    for root in (*module.initial, *module.analog):
        yield from _divisions_in(root, types)
    for function in module.functions.values():
        yield from _divisions_in(function.body, _Types(context, function.variables))


def _divisions_in(root: Statement, types: _Types) -> Iterator[Finding]:
    for s, _ in visit(root):
        if isinstance(s, Contribution) or (isinstance(s, Assign) and s.name not in types.integers):
            yield from _divisions(s.value, types)
        elif isinstance(s, Task) and not s.call.text.startswith("$"):
            yield from _divisions(s.call, types)


def _divisions(e: Expr, types: _Types) -> Iterator[Finding]:
    """The divisions of integers in an expression, but not where their result is meant to be one."""
    if (e.kind == "call" and e.text in _WANTED) or (e.kind == "operator" and set(e.operators) & _COMPARING):
        return
    for n, operator in enumerate(e.operators if len(e.args) > 1 else ()):
        if operator == "/" and types.is_integer(e.args[n + 1]):
            left = e.args[0] if n == 0 else Expr("operator", "", e.args[: n + 1], e.operators[:n], e.at)
            if types.is_integer(left):
                yield from _division(left, e.args[n + 1], types)
    for part in e.args[1:] if e.kind == "choice" else e.args:
        yield from _divisions(part, types)


def _division(left: Expr, right: Expr, types: _Types) -> Iterator[Finding]:
    a, b = (types.constants.value(e) for e in (left, right))
    text = f"{left.source()}/{right.source()}"
    if a is None or b is None or not b:
        yield found("integer-quotient", left.at, f"{text} divides integers: the remainder is lost")
    elif a % b:
        yield found("integer-division", left.at, f"{text} is {int(a / b)}: integers are divided without remainder")
    elif left.names | right.names:
        yield found("integer-quotient", left.at, f"{text} divides integers: with other values the remainder is lost")


def check_domain(context: Context) -> Iterator[Finding]:
    """Check that no root, logarithm or power is taken of a bias that may be negative."""
    seen = set()
    for finding in (*_faults(context), *_signed(context)):
        if (finding.file, finding.line, finding.column) not in seen:
            seen.add((finding.file, finding.line, finding.column))
            yield finding


def _faults(context: Context) -> list[Finding]:
    """Functions outside their domains that evaluations of a two-terminal device came upon."""
    behaviour = behaviour_of(context)
    if behaviour is None:
        return []
    try:
        with np.errstate(all="ignore"):
            return [
                found("domain", f.at, f"{f.function} of {f.argument:.3g} {where} is not a number")
                for f, where in behaviour.faults()
            ]
    except NotEvaluableError:
        return []


def _signed(context: Context) -> Iterator[Finding]:
    """Roots, powers and logarithms of a scaled or shifted voltage that no condition guards: read off, not evaluated."""
    lines = _lines(context)
    guards: set[int] = set()
    for s, under in context.analog:
        if isinstance(s, (Conditional, Loop, Task)):
            if any(e in context.bias for e in s.expressions):
                guards.add(id(s))
            continue
        for e in () if any(id(u) in guards for u in under) else s.expressions:
            for call, operand, exponent in _roots(e, context):
                line = _line(operand, context, lines)
                if line is not None and line.least() < 0:
                    yield from _judged(call, operand, exponent, context)


def _judged(call: Expr, operand: Expr, exponent: Expr | None, context: Context) -> Iterator[Finding]:
    name = call.text or "pow"
    value = None if exponent is None or exponent in context.bias else context.constants.value(exponent)
    if exponent is not None and value is not None and value == round(value):
        if exponent.names and not _Types(context, context.module.variables).is_integer(exponent):
            message = f"{name} of a bias that may be negative is no number unless {exponent.source()} is whole"
            yield found("narrow-domain", call.at, message)
    elif _is_state(operand, context):
        message = f"{name} of a state is no number if an error of integration makes it {_DOMAINS[name]}"
        yield found("narrow-domain", call.at, message)
    else:
        yield found("domain", call.at, f"{name} of a bias that may be {_DOMAINS[name]} is not a number there")


def _is_state(operand: Expr, context: Context) -> bool:
    """Whether an operand is a state, or a variable that may follow from one, and not the voltage across the device."""
    if any(part.kind == "name" and part.text in context.bias.variables for part in operand.walk()):
        values = [s.value for s in context.statements if isinstance(s, Assign) and s.name in operand.names]
    else:
        values = [operand]
    nodes = {context.branch(c.target) for c in context.states}
    accesses = [part for value in values for part in value.walk() if context.is_potential(part) and part.kind == "call"]
    return bool(accesses) and all(context.branch(access) in nodes for access in accesses)


def _roots(e: Expr, context: Context) -> Iterator[tuple[Expr, Expr, Expr | None]]:
    """The calls in an expression that need a positive argument, with that and a power's exponent."""
    if e.kind == "choice":
        if e.args[0] in context.bias:
            return
    elif e.kind == "operator" and set(e.operators) & {"&&", "||"}:
        return
    elif e.operators == ("**",):
        yield e, e.args[0], e.args[1]
    elif e.kind == "call" and e.text in _DOMAINS and e.args and e.text not in context.module.functions:
        if e.text != "pow":
            yield e, e.args[0], None
        elif len(e.args) == 2:
            yield e, e.args[0], e.args[1]
    for part in e.args:
        yield from _roots(part, context)


@dataclass(frozen=True)
class _Line:
    """A voltage that is scaled and shifted.

    Attributes:
        slope, offset: of the line.
    """

    slope: float
    offset: float

    def least(self) -> float:
        """The least value of the line within the voltages of a device."""
        return self.offset - abs(self.slope) * _VOLTS


def _lines(context: Context) -> dict[str, _Line]:
    """The variables that are assigned once, whatever the bias, to a line, which may be level."""
    counts: dict[str, int] = {}
    for s in context.statements:
        if isinstance(s, Assign):
            counts[s.name] = counts.get(s.name, 0) + 1
    lines: dict[str, _Line] = {}
    for s, under in context.analog:
        if isinstance(s, Assign) and counts[s.name] == 1 and not under:
            line = _line(s.value, context, lines)
            if line is not None:
                lines[s.name] = line
    return lines


def _line(e: Expr, context: Context, lines: Mapping[str, _Line]) -> _Line | None:
    """The line that an expression is; None if it is none, or one of values that are not known."""
    if e.kind == "name" and e.text in lines:
        return lines[e.text]
    if e not in context.bias:
        value = context.constants.value(e)
        return None if value is None or not np.isfinite(value) else _Line(0.0, value)
    if e.kind == "call":
        return _Line(1.0, 0.0) if context.is_potential(e) and len(e.args) in (1, 2) else None
    if e.kind != "operator":
        return None
    parts = [_line(a, context, lines) for a in e.args]
    line = parts[0]
    if len(parts) == 1:
        return (
            None if line is None or e.operators[0] not in "+-" else _scaled(line, -1.0 if "-" in e.operators else 1.0)
        )
    for operator, part in zip(e.operators, parts[1:], strict=True):
        line = None if line is None or part is None else _joined(operator, line, part)
    return line


def _joined(operator: str, a: _Line, b: _Line) -> _Line | None:
    if operator in ("+", "-"):
        sign = 1.0 if operator == "+" else -1.0
        return _Line(a.slope + sign * b.slope, a.offset + sign * b.offset)
    if operator == "*":
        return _scaled(a, b.offset) if not b.slope else _scaled(b, a.offset) if not a.slope else None
    return _scaled(a, 1 / b.offset) if operator == "/" and not b.slope and b.offset else None


def _scaled(line: _Line, factor: float) -> _Line:
    return _Line(line.slope * factor, line.offset * factor)
