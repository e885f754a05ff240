"""The variables that matter: those that a contribution or an operating-point output depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from spicegen.lint.reading.syntax import Assign, Contribution, Expr, Function, Module, Opaque, Statement, visit


def relevant_variables(body: Statement, module: Module) -> set[str]:
    """The variables that a contribution or an operating-point output depends on."""
    names = {n for n, d in module.variables.items() if d.attributes.keys() & {"desc", "units"}}
    causes: list[tuple[set[str], set[str]]] = []
    read_by: dict[int, set[str]] = {}
    for statement, under in visit(body):
        read_by[id(statement)] = {n for e in statement.expressions for n in _read_names(e)}
        read = set().union(*(read_by[id(s)] for s in (statement, *under)))
        written = {o.text for e in statement.expressions for call in e.walk() for o in outputs(call, module.functions)}
        if isinstance(statement, Contribution):
            names |= read
        elif isinstance(statement, Assign):
            causes.append(({statement.name} | written, read))
        elif isinstance(statement, Opaque):
            names |= statement.names
        elif written:
            causes.append((written, read))
    size = -1
    while size != len(names):
        size = len(names)
        for effects, read in causes:
            if effects & names:
                names |= read
    return names


def _read_names(e: Expr) -> Iterator[str]:
    return (part.text for part in e.walk() if part.kind in ("name", "index"))


def outputs(call: Expr, functions: Mapping[str, Function]) -> list[Expr]:
    """The arguments that a call writes."""
    return functions[call.text].written(call) if call.kind == "call" and call.text in functions else []


def matters(statement: Statement, relevant: set[str], functions: Mapping[str, Function]) -> bool:
    """Whether a contribution or one of the ``relevant`` variables depends on what a statement reads."""
    for s, _ in visit(statement):
        names = {s.name} if isinstance(s, Assign) else s.names if isinstance(s, Opaque) else set()
        written = {o.text for e in s.expressions for call in e.walk() for o in outputs(call, functions)}
        if isinstance(s, Contribution) or relevant & (written | names):
            return True
    return False
