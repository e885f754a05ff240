"""Syntax tree of a Verilog-A file: modules, statements, expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from spicegen.lint.reading.tokens import Token


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression; two expressions are equal if their texts are, wherever they stand.

    Attributes:
        kind: ``number``, ``string``, ``name``, ``call``, ``index``, ``operator``, ``choice`` (?:) or ``empty``.
        text: the name, literal or function.
        args: operands, arguments, or (condition, if true, if false).
        operators: operators between the operands, all of one precedence: ``a+b-c`` has ``("+", "-")``; or the operator
            before a single operand.
        at: first token of the expression, for messages.
    """

    kind: str
    text: str
    args: tuple[Expr, ...] = ()
    operators: tuple[str, ...] = ()
    at: Token = field(default=Token("end", "", 0, 0), compare=False)

    def walk(self) -> Iterator[Expr]:
        """This expression and all inside it."""
        yield self
        for argument in self.args:
            yield from argument.walk()

    @property
    def names(self) -> frozenset[str]:
        """Every plain name in it."""
        return frozenset(e.text for e in self.walk() if e.kind == "name")

    def source(self) -> str:
        """The text of the expression, without blanks, and with parentheses around sums within products."""
        if self.kind == "operator" and len(self.args) == 1:
            return self.operators[0] + self.args[0].operand()
        if self.kind == "operator":
            rest = "".join(o + a.operand() for o, a in zip(self.operators, self.args[1:], strict=True))
            return self.args[0].operand() + rest
        if self.kind == "choice":
            condition, if_true, if_false = (a.operand() for a in self.args)
            return f"{condition} ? {if_true} : {if_false}"
        if self.kind == "string":
            return f'"{self.text}"'
        if self.kind in ("call", "index"):
            ends = "()" if self.kind == "call" else "[]"
            return f"{self.text}{ends[0]}{', '.join(a.source() for a in self.args)}{ends[1]}"
        return self.text

    def operand(self) -> str:
        """The text of the expression as a part of another one, in parentheses where it needs them."""
        return f"({self.source()})" if self.kind in ("operator", "choice") else self.source()

    def calls(self, *functions: str) -> Iterator[Expr]:
        """Every call of one of ``functions`` in it."""
        return (e for e in self.walk() if e.kind == "call" and e.text in functions)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement; the subclasses say which."""

    at: Token

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """The expressions of the statement itself, not of those inside it."""
        return ()

    @property
    def parts(self) -> tuple[tuple[Expr | None, Statement], ...]:
        """The statements inside it, each with the condition it stands under (None: none)."""
        return ()


@dataclass(frozen=True, slots=True)
class Block(Statement):
    """begin ... end; its own variables are listed with the module's."""

    body: tuple[Statement, ...] = ()

    @property
    def parts(self) -> tuple[tuple[Expr | None, Statement], ...]:
        """The statements in order."""
        return tuple((None, s) for s in self.body)


@dataclass(frozen=True, slots=True)
class Assign(Statement):
    """name = value, or name[index] = value."""

    name: str
    value: Expr
    index: Expr | None = None

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """The value and the index."""
        return (self.value,) if self.index is None else (self.value, self.index)


@dataclass(frozen=True, slots=True)
class Contribution(Statement):
    """access(nodes) <+ value."""

    target: Expr
    value: Expr

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """The value."""
        return (self.value,)


@dataclass(frozen=True, slots=True)
class Conditional(Statement):
    """if, else if, else; or case: the arms in order, each with its condition.

    Attributes:
        arms: (condition, statement).
        default: what happens if no condition holds; None: nothing.
    """

    arms: tuple[tuple[Expr, Statement], ...]
    default: Statement | None

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """The conditions."""
        return tuple(condition for condition, _ in self.arms)

    @property
    def parts(self) -> tuple[tuple[Expr | None, Statement], ...]:
        """The arms; the default stands under the last condition, negated."""
        last = () if self.default is None else ((self.arms[-1][0] if self.arms else None, self.default),)
        return (*self.arms, *last)


@dataclass(frozen=True, slots=True)
class Loop(Statement):
    """for, while or repeat.

    Attributes:
        kind: which.
        before: the first assignment of ``for``.
        condition: of ``for`` and ``while``; the count of ``repeat``.
        body: with the step of ``for`` at its end.
    """

    kind: str
    before: Statement | None
    condition: Expr
    body: Statement

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """The condition."""
        return (self.condition,)

    @property
    def parts(self) -> tuple[tuple[Expr | None, Statement], ...]:
        """First assignment and body."""
        first = () if self.before is None else ((None, self.before),)
        return (*first, (self.condition, self.body))


@dataclass(frozen=True, slots=True)
class Event(Statement):
    """@(event) statement; the event is a call such as ``initial_step`` or ``cross``."""

    event: Expr
    body: Statement

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """The expression of the event."""
        return (self.event,)

    @property
    def parts(self) -> tuple[tuple[Expr | None, Statement], ...]:
        """The statement that the event carries out, under the event."""
        return ((self.event, self.body),)


@dataclass(frozen=True, slots=True)
class Task(Statement):
    """A call as a statement: $strobe(...), $bound_step(...)."""

    call: Expr

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """The call."""
        return (self.call,)


@dataclass(frozen=True, slots=True)
class Opaque(Statement):
    """Something that was not understood; every name in it may have been assigned."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Declaration:
    """A parameter, variable or net.

    Attributes:
        kind: ``parameter``, ``localparam``, ``real``, ``integer``, ``string``, ``genvar``, or a discipline.
        type: of a parameter: real, integer, string or "".
        attributes: what stands in (* *) before it.
        value: default or initial value.
        has_range: whether a parameter has from or exclude.
        bounds: ends of its first from, as written; None if it has none.
        is_array: whether it has a range of indices.
        is_local: whether it belongs to a block.
    """

    name: str
    kind: str
    at: Token
    type: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    value: Expr | None = None
    has_range: bool = False
    is_array: bool = False
    is_local: bool = False
    bounds: tuple[Expr, Expr] | None = None


@dataclass(slots=True)
class Function:
    """An analog function: arguments (those it writes apart), locals and body.

    Attributes:
        type: ``real``, ``integer`` or ``string``.
    """

    name: str
    at: Token
    type: str = "real"
    arguments: list[str] = field(default_factory=list)
    outputs: set[str] = field(default_factory=set)
    variables: dict[str, Declaration] = field(default_factory=dict)
    body: Statement = field(default_factory=lambda: Block(Token("end", "", 0, 0)))

    def written(self, call: Expr) -> list[Expr]:
        """The arguments that a call of this function assigns."""
        return [a for name, a in zip(self.arguments, call.args, strict=False) if name in self.outputs]


@dataclass(slots=True)
class Module:
    """A module.

    Attributes:
        directions: ``inout``, ``input`` or ``output`` of a port, where it is said.
        trailing: attributes that stand after a declaration instead of before it.
        commas: commas in ranges, where a colon belongs.
        unnamed: declarations in blocks without a name.
    """

    name: str
    at: Token
    ports: list[str] = field(default_factory=list)
    directions: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, Declaration] = field(default_factory=dict)
    variables: dict[str, Declaration] = field(default_factory=dict)
    nets: dict[str, Declaration] = field(default_factory=dict)
    branches: dict[str, tuple[str, ...]] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    initial: list[Statement] = field(default_factory=list)
    analog: list[Statement] = field(default_factory=list)
    trailing: list[Token] = field(default_factory=list)
    commas: list[Token] = field(default_factory=list)
    unnamed: list[Token] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A place where something was skipped.

    Attributes:
        at: first token that was not understood.
        message: what is wrong there.
        may_be_right: whether other tools may understand it: Verilog-AMS that is no Verilog-A, or very deep nesting.
    """

    at: Token
    message: str
    may_be_right: bool = False


@dataclass(slots=True)
class File:
    """A whole file.

    Attributes:
        natures: access function of each nature that the file declares.
        disciplines: of each discipline that the file declares, the natures of its flow and its potential.
        not_understood: places where something was skipped.
    """

    modules: list[Module] = field(default_factory=list)
    natures: dict[str, str] = field(default_factory=dict)
    disciplines: dict[str, dict[str, str]] = field(default_factory=dict)
    not_understood: list[Skipped] = field(default_factory=list)

    @property
    def accesses(self) -> set[str]:
        """The access functions that the file declares."""
        return set(self.natures.values())

    @property
    def potentials(self) -> set[str]:
        """Those of them that are not of a flow."""
        flows = {d["flow"] for d in self.disciplines.values() if "flow" in d}
        return {access for nature, access in self.natures.items() if nature not in flows}


def visit(statement: Statement, under: tuple[Statement, ...] = ()) -> Iterator[tuple[Statement, tuple[Statement, ...]]]:
    """``statement`` and all inside it, each with the conditionals, loops and events that it stands under."""
    yield statement, under
    inner = under if isinstance(statement, Block) else (*under, statement)
    for _, part in statement.parts:
        yield from visit(part, inner)
