"""Search for the assignments of a body's variables, which says whether they stand at an event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from spicegen.lint.facts.relevance import outputs
from spicegen.lint.reading.syntax import Assign, Event, Function, Opaque, Statement, visit
from spicegen.lint.reading.tokens import Token


@dataclass(frozen=True, slots=True)
class Use:
    """A place where a variable is assigned; ``is_number`` if what is assigned is a number."""

    name: str
    at: Token
    in_event: bool
    is_number: bool = False


def assignments(body: Statement, functions: Mapping[str, Function]) -> Iterator[Use]:
    """Every assignment, with those by output arguments and statements that may be assignments."""
    for statement, under in visit(body):
        in_event = any(isinstance(s, Event) for s in under)
        if isinstance(statement, Assign):
            yield Use(statement.name, statement.at, in_event, statement.value.kind == "number")
        elif isinstance(statement, Opaque):
            yield from (Use(name, statement.at, in_event) for name in statement.names)
        for e in statement.expressions:
            yield from (Use(o.text, o.at, in_event) for call in e.walk() for o in outputs(call, functions))
