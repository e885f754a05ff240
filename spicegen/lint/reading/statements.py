"""Tokens to analog statements (LRM 2.4, chapter 5)."""

from __future__ import annotations

from spicegen.lint.reading.expressions import ExpressionParser, NotUnderstoodError, Scope
from spicegen.lint.reading.syntax import (
    Assign,
    Block,
    Conditional,
    Contribution,
    Declaration,
    Event,
    Expr,
    Loop,
    Module,
    Opaque,
    Skipped,
    Statement,
    Task,
)
from spicegen.lint.reading.tokens import Token

VARIABLE_TYPES = ("real", "integer", "string", "genvar")
_PARAMETER_WORDS = ("parameter", "localparam")
# where skipping stops: these close what the parser is in
_CLOSERS = ("end", "endcase", "endfunction", "endmodule", "module", "macromodule")


class StatementParser(ExpressionParser):
    """Statements and the declarations that blocks may hold.

    Attributes:
        module: the module that is being read.
        parameters, variables: where declarations go: of the module, or of the function that is being read.
        not_understood: places where something was skipped.
    """

    module: Module
    parameters: dict[str, Declaration]
    variables: dict[str, Declaration]
    not_understood: list[Skipped]

    def attributes(self) -> dict[str, str]:
        """(* name = value, ... *) as often as it comes; values are constants."""
        found: dict[str, str] = {}
        while self.accept("(*"):
            while not self.accept("*)"):
                name = self.advance()
                if name.kind == "end":
                    raise NotUnderstoodError(name)
                found[name.text] = self.expression().text if self.accept("=") else ""
                self.accept(",")
        return found

    def statement(self) -> Statement:
        """One statement; what is not understood is skipped, noted, and becomes an Opaque."""
        start = self.position
        try:
            with self.deeper():
                self.attributes()
                return self._statement()
        except NotUnderstoodError as error:
            self.not_understood.append(error.skipped())
            return self.skip(start)

    def skip(self, start: int) -> Opaque:
        """Go on after the next semicolon, or before what closes the surroundings; at least one token is taken."""
        nested = 0
        self.position = max(self.position, start)
        while self.token.kind != "end":
            if nested == 0 and self.at(*_CLOSERS) and self.position > start:
                break
            token = self.advance()
            nested += token.kind == "name" and token.text == "begin"
            nested -= token.kind == "name" and token.text == "end" and nested > 0
            if nested == 0 and token.is_op(";"):
                break
        skipped = self.tokens[start : self.position]
        return Opaque(self.tokens[start], frozenset(self.resolved(t.text) for t in skipped if t.kind == "name"))

    def _statement(self) -> Statement:
        token = self.token
        if self.accept(";"):
            return Block(token)
        if self.accept("begin"):
            return Block(token, tuple(self._block("end")))
        if self.accept("if"):
            return self._if(token)
        if self.accept("case", "casex", "casez"):
            return self._case(token)
        if self.at("for", "while", "repeat"):
            return self._loop(self.advance())
        if self.accept("@"):
            return self._event(token)
        return self._simple()

    def _block(self, close: str) -> list[Statement]:
        begin = self.tokens[self.position - 1]
        self.scopes.append(Scope(self.name().text if self.accept(":") else ""))
        body: list[Statement] = []
        try:
            while not self.accept(close):
                if self.token.kind == "end" or self.at("endmodule"):
                    raise NotUnderstoodError(begin, f"{begin.quoted} without {close!r}")
                start = self.position
                try:
                    body += self.block_item()
                except NotUnderstoodError as error:
                    self.not_understood.append(error.skipped())
                    body.append(self.skip(start))
        finally:
            self.scopes.pop()
        return body

    def _declared(self, name: str) -> str:
        """The name of a declaration outside the block that it stands in: a block's variables are its own."""
        if not self.scopes:
            return name
        scope = self.scopes[-1]
        if not scope.label:
            self.module.unnamed.append(self.tokens[self.position - 1])
        whole = f"{scope.label}.{name}" if scope.label else name
        while whole in self.parameters or whole in self.variables:
            whole = f"block.{name}" if whole == name else whole + "'"
        scope.names[name] = whole
        return whole

    def block_item(self) -> list[Statement]:
        """A statement, or a declaration with its initial values as assignments."""
        attributes = self.attributes()
        if self.at(*_PARAMETER_WORDS):
            self.parameter_declaration(attributes)
            return []
        if self.at(*VARIABLE_TYPES):
            return self.variable_declaration(attributes)
        return [self.statement()]

    def _if(self, token: Token) -> Statement:
        arms = [self._arm()]
        default = None
        while self.accept("else"):
            if not self.accept("if"):
                default = self.statement()
                break
            arms.append(self._arm())
        return Conditional(token, tuple(arms), default)

    def _arm(self) -> tuple[Expr, Statement]:
        return self._in_parentheses(), self.statement()

    def _in_parentheses(self) -> Expr:
        self.expect("(")
        inner = self.expression()
        self.expect(")")
        return inner

    def _case(self, token: Token) -> Statement:
        subject = self._in_parentheses()
        arms: list[tuple[Expr, Statement]] = []
        default = None
        while not self.accept("endcase"):
            if self.accept("default"):
                self.accept(":")
                default = self.statement()
                continue
            labels = [self.expression()]
            while self.accept(","):
                labels.append(self.expression())
            self.expect(":")
            arms.append((_is_one_of(subject, labels), self.statement()))
        return Conditional(token, tuple(arms), default)

    def _loop(self, token: Token) -> Statement:
        if token.text != "for":
            condition = self._in_parentheses()
            return Loop(token, token.text, None, condition, self.statement())
        self.expect("(")
        before = self._assignment()
        self.expect(";")
        condition = self.expression()
        self.expect(";")
        step = self._assignment()
        self.expect(")")
        return Loop(token, "for", before, condition, Block(token, (self.statement(), step)))

    def _event(self, token: Token) -> Statement:
        if self.accept("("):
            parts = [self.expression()]
            while self.accept("or", ","):
                parts.append(self.expression())
            self.expect(")")
            event = parts[0] if len(parts) == 1 else Expr("call", "or", tuple(parts), at=parts[0].at)
        else:
            event = Expr("name", self.name().text, at=token)
        return Event(token, event, self.statement())

    def _simple(self) -> Statement:
        """An assignment, a contribution or a task."""
        token = self.token
        target = self.postfix()
        if self.accept("<+"):
            found: Statement = Contribution(token, target, self.expression())
        elif self.at("="):
            found = self._assigned(target)
        elif target.kind == "call" and self.accept(":"):  # indirect: V(out) : V(in) == 0
            found = Contribution(token, target, self.expression())
        elif token.kind == "system" or target.kind == "call":
            found = Task(token, target)
        else:
            raise NotUnderstoodError(self.token)
        self.expect(";")
        return found

    def _assignment(self) -> Statement:
        return self._assigned(self.postfix())

    def _assigned(self, target: Expr) -> Assign:
        if target.kind not in ("name", "index"):
            raise NotUnderstoodError(target.at)
        self.expect("=")
        index = target.args[0] if target.args else None
        return Assign(target.at, target.text, self.expression(), index)

    def variable_declaration(self, attributes: dict[str, str]) -> list[Statement]:
        """Such as: real a, b = 1, c[0:3]. The initial values as assignments: in a block they are made each time."""
        kind = self.advance().text
        made: list[Statement] = []
        is_array = self._range()
        while True:
            name = self.name()
            array = self._range() or is_array
            value = self.expression() if self.accept("=") else None
            whole = self._declared(name.text)
            self.variables[whole] = Declaration(whole, kind, name, "", attributes, value, False, array, self.depth > 0)
            if value is not None:
                made.append(Assign(name, whole, value))
            if not self.accept(","):
                break
        self._end_of_declaration(attributes)
        return made

    def _end_of_declaration(self, attributes: dict[str, str]) -> None:
        """The semicolon; attributes may stand before it, as in files for ADMS and Spectre."""
        if self.at("(*"):
            self.module.trailing.append(self.token)
            attributes.update(self.attributes())
        self.expect(";")

    def parameter_declaration(self, attributes: dict[str, str]) -> None:
        """Such as: parameter real p = 1 from (0:inf) exclude 2, q = 3."""
        word = self.advance().text
        kind = self.advance().text if self.at("real", "integer", "string", "signed") else ""
        is_array = self._range()
        while True:
            name = self.name()
            array = self._range() or is_array
            self.expect("=")
            value = self.expression()
            bounds, has_range = None, False
            while self.at("from", "exclude"):
                has_range = True
                is_from = self.advance().text == "from"
                ends = self._bounds()
                bounds = bounds or (ends if is_from else None)
            whole = self._declared(name.text)
            self.parameters[whole] = Declaration(
                whole, word, name, kind, attributes, value, has_range, array, bounds=bounds
            )
            if not self.accept(","):
                break
        self._end_of_declaration(attributes)

    def _range(self) -> bool:
        """[a:b], if it comes."""
        found = False
        while self.accept("["):
            found = True
            self.expression()
            if self.accept(":"):
                self.expression()
            self.expect("]")
        return found

    def _bounds(self) -> tuple[Expr, Expr] | None:
        """(a:b], [a:b), a single value, or '{...}; the ends if there are two."""
        start = self.position
        if self.accept("(", "["):
            low = self.expression()
            if self.at(","):
                self.module.commas.append(self.token)
            if self.accept(":", ","):
                high = self.expression()
                if not self.accept(")", "]"):
                    raise NotUnderstoodError(self.token)
                return low, high
            self.position = start
        self.expression()
        return None


def _is_one_of(subject: Expr, labels: list[Expr]) -> Expr:
    """The condition that a case stands for."""
    equal = tuple(Expr("operator", "", (subject, label), ("==",), label.at) for label in labels)
    return equal[0] if len(equal) == 1 else Expr("operator", "", equal, ("||",) * (len(equal) - 1), equal[0].at)
