"""Tokens to expressions (LRM 2.4, chapter 4): operators by precedence, calls, branch accesses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from spicegen.lint.reading.syntax import Expr, Skipped
from spicegen.lint.reading.tokens import Token

_DEEPEST = 40
# loosest first; `?:` binds looser than all
_LEVELS = (
    ("||",),
    ("&&",),
    ("|",),
    ("^", "^~", "~^"),
    ("&",),
    ("==", "!=", "===", "!=="),
    ("<", "<=", ">", ">="),
    ("<<", ">>", "<<<", ">>>"),
    ("+", "-"),
    ("*", "/", "%"),
    ("**",),
)
_UNARY = frozenset({"+", "-", "!", "~", "&", "|", "^"})
_KEYWORDS = """
analog begin branch case default discipline else end endcase enddiscipline endfunction endmodule endnature exclude for
from function ground if inout input integer localparam macromodule module nature output parameter real repeat string
while
"""
KEYWORDS = frozenset(_KEYWORDS.split())


class NotUnderstoodError(Exception):
    """The parser met something that it has no rule for; never leaves this package.

    Args:
        token: first token that it has no rule for.
        message: what is wrong there; by default that the token is not understood.
        may_be_right: whether other tools may understand it.
    """

    def __init__(self, token: Token, message: str = "", may_be_right: bool = False) -> None:
        super().__init__(message or f"{token.quoted} is not understood here")
        self.token = token
        self.may_be_right = may_be_right

    def skipped(self, may_be_right: bool = False) -> Skipped:
        """The place, as part of a file; ``may_be_right`` if what surrounds it may be no Verilog-A."""
        return Skipped(self.token, str(self), self.may_be_right or may_be_right)


@dataclass
class Scope:
    """A block and its declarations.

    Attributes:
        label: name of the block; "" if it has none.
        names: what each name that it declares is called outside it.
    """

    label: str
    names: dict[str, str] = field(default_factory=dict)


class ExpressionParser:
    """A position in a list of tokens, and the expressions from there on.

    Args:
        tokens: the last one is of kind ``end``.

    Attributes:
        scopes: blocks that the position is in, each with what its declarations are called outside it.
    """

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.position = 0
        self.depth = 0
        self.scopes: list[Scope] = []

    def resolved(self, name: str) -> str:
        """The name of a variable outside the blocks that the position is in: ``block.name`` if one declares it."""
        for scope in reversed(self.scopes):
            if name in scope.names:
                return scope.names[name]
        return name

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.position]

    def advance(self) -> Token:
        """Take the next token; the last one stays."""
        token = self.token
        self.position = min(self.position + 1, len(self.tokens) - 1)
        return token

    def at(self, *texts: str, ahead: int = 0) -> bool:
        """Whether one of these words or operators comes next."""
        token = self.tokens[min(self.position + ahead, len(self.tokens) - 1)]
        return token.kind in ("op", "name") and token.text in texts

    def accept(self, *texts: str) -> bool:
        """Take one of these words or operators if it comes next."""
        found = self.at(*texts)
        if found:
            self.advance()
        return found

    def expect(self, text: str) -> Token:
        """Take this word or operator."""
        if not self.at(text):
            raise NotUnderstoodError(self.token, f"{text!r} is missing before {self.token.quoted}")
        return self.advance()

    def name(self) -> Token:
        """Take a name that is no keyword."""
        if self.token.kind != "name" or self.token.text in KEYWORDS:
            raise NotUnderstoodError(self.token)
        return self.advance()

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """One level of nesting; too many are not understood rather than a stack overflow."""
        if self.depth >= _DEEPEST:
            raise NotUnderstoodError(self.token, f"more than {_DEEPEST} levels of nesting", may_be_right=True)
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    def expression(self) -> Expr:
        """A whole expression."""
        with self.deeper():
            condition = self._binary(0)
            if not self.accept("?"):
                return condition
            if_true = self.expression()
            self.expect(":")
            return Expr("choice", "?:", (condition, if_true, self.expression()), at=condition.at)

    def _binary(self, loosest: int) -> Expr:
        """Operators from level ``loosest`` on; a level's operands are one flat expression."""
        left = self._unary()
        for level in range(len(_LEVELS) - 1, loosest - 1, -1):
            operands, operators = [left], []
            while self.at(*_LEVELS[level]):
                operators.append(self.advance().text)
                operands.append(self._binary(level + 1))
            if operators:
                left = Expr("operator", "", tuple(operands), tuple(operators), left.at)
        return left

    def _unary(self) -> Expr:
        token = self.token
        if token.kind == "op" and token.text in _UNARY:
            self.advance()
            with self.deeper():
                return Expr("operator", "", (self._unary(),), (token.text,), token)
        return self.postfix()

    def postfix(self) -> Expr:
        """A primary with its arguments or indices."""
        e = self._primary()
        while self.at("(", "[", "."):
            if self.accept("."):
                e = Expr("name", f"{e.text}.{self.name().text}", at=e.at)
            elif self.accept("["):
                e = Expr("index", e.text, tuple(self._index()), at=e.at)
            elif e.kind == "name":
                self.advance()
                e = Expr("call", e.text, tuple(self._list(")")), at=e.at)
            else:
                break
        return e

    def _primary(self) -> Expr:
        token = self.token
        if token.kind in ("number", "string"):
            self.advance()
            return Expr(token.kind, token.text, at=token)
        if token.kind in ("system", "macro"):
            self.advance()
            return Expr("name", token.text, at=token)
        if self.accept("("):
            inner = self.expression()
            self.expect(")")
            return inner
        if self.accept("{", "'{"):
            return Expr("call", "{}", tuple(self._list("}")), at=token)
        if self.accept("<"):  # I(<port>)
            inner = Expr("name", self.name().text, at=token)
            self.expect(">")
            return inner
        return Expr("name", self.resolved(self.name().text), at=token)

    def _index(self) -> Iterator[Expr]:
        yield self.expression()
        if self.accept(":"):
            yield self.expression()
        self.expect("]")

    def _list(self, close: str) -> Iterator[Expr]:
        """Expressions and commas up to ``close``; an argument may be left out."""
        while not self.accept(close):
            if self.accept(","):
                yield Expr("empty", "", at=self.token)
                continue
            yield self.expression()
            if not self.at(",", close):
                self.expect(close)
            self.accept(",")
