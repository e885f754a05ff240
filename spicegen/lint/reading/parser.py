"""Tokens to modules, natures and disciplines (LRM 2.4, chapters 3 and 6)."""

from __future__ import annotations

from collections.abc import Sequence

from spicegen.lint.reading.expressions import KEYWORDS, NotUnderstoodError
from spicegen.lint.reading.statements import VARIABLE_TYPES, StatementParser
from spicegen.lint.reading.syntax import Block, Declaration, File, Function, Module, Skipped, Statement
from spicegen.lint.reading.tokens import Token

_DIRECTIONS = ("inout", "input", "output")
_TOP_LEVEL = ("module", "macromodule", "nature", "discipline")
# what begins an item of Verilog-AMS that is not read
_BEYOND_TOP_LEVEL = frozenset(
    {"config", "connectmodule", "connectrules", "library", "package", "paramset", "primitive"}
)
_BEYOND = frozenset({"always", "assign", "begin", "case", "defparam", "for", "function", "generate", "if", "initial",
                     "specify", "task"})  # fmt: skip


def parse(tokens: Sequence[Token]) -> File:
    """Parse a file; what is not understood is noted in the result, never raised."""
    return _FileParser(tokens).file()


class _FileParser(StatementParser):
    def file(self) -> File:
        self.not_understood = []
        found = File(not_understood=self.not_understood)
        while self.token.kind != "end":
            start = self.position
            try:
                self._top_level(found)
            except NotUnderstoodError as error:
                may_be_right = self.tokens[start].text in _BEYOND_TOP_LEVEL
                self.not_understood.append(error.skipped(may_be_right))
                self.position = max(self.position, start + 1)
                while self.token.kind != "end" and not self.at(*_TOP_LEVEL):
                    self.advance()
        return found

    def _top_level(self, found: File) -> None:
        self.attributes()
        if self.accept("nature"):
            self._nature(found)
        elif self.accept("discipline"):
            self._discipline(found)
        elif self.accept("module", "macromodule"):
            found.modules.append(self._module())
        elif not self.accept(";"):
            raise NotUnderstoodError(self.token)

    def _nature(self, found: File) -> None:
        name = self.name().text
        found.natures[name] = ""
        while not self.accept("endnature"):
            if self.token.kind == "end":
                raise NotUnderstoodError(self.token)
            if self.accept("access") and self.accept("="):
                found.natures[name] = self.name().text
            else:
                self.advance()

    def _discipline(self, found: File) -> None:
        natures = found.disciplines[self.name().text] = {}
        while not self.accept("enddiscipline"):
            if self.token.kind == "end":
                raise NotUnderstoodError(self.token)
            word = self.advance().text
            if word in ("flow", "potential") and self.token.kind == "name":
                natures[word] = self.advance().text

    def _skip_past(self, word: str) -> None:
        while not self.accept(word):
            if self.advance().kind == "end":
                raise NotUnderstoodError(self.token)

    def _module(self) -> Module:
        name = self.name()
        self.module = Module(name.text, name)
        self.parameters, self.variables = self.module.parameters, self.module.variables
        if self.accept("#"):
            self._header_parameters()
        if self.accept("("):
            self._ports()
        self.expect(";")
        while not self.accept("endmodule"):
            if self.token.kind == "end" or self.at("module", "macromodule"):
                self.not_understood.append(Skipped(name, f"module {name.text} without 'endmodule'"))
                break
            self._item()
        self.scopes.clear()
        return self.module

    def _header_parameters(self) -> None:
        """#(...): read over; such parameters are rare, and their names count as known."""
        depth = 0
        while self.token.kind != "end":
            token = self.advance()
            depth += token.is_op("(") - token.is_op(")")
            if token.kind == "name" and token.text not in KEYWORDS and self.at("="):
                self.parameters[token.text] = Declaration(token.text, "parameter", token)
            if depth <= 0:
                break

    def _ports(self) -> None:
        """Names, or declarations such as ``inout electrical a``: the last word before a comma is the port."""
        last: Token | None = None
        direction = discipline = ""
        while not self.accept(")"):
            self.attributes()
            if self.accept("["):
                self._skip_past("]")
            elif self.accept(","):
                last = None
            elif self.token.kind == "name":
                if last is not None and self.module.ports and last.text == self.module.ports[-1]:
                    discipline = self.module.ports.pop()
                    self.module.directions.pop(discipline, None)
                    self.module.nets.pop(discipline, None)
                if last is not None and not direction:
                    self.expect(",")
                last = self.advance()
                if last.text in _DIRECTIONS:
                    direction, discipline = last.text, ""
                else:
                    self._port(last, direction, discipline)
            else:
                raise NotUnderstoodError(self.token)

    def _port(self, name: Token, direction: str, discipline: str) -> None:
        self.module.ports.append(name.text)
        if direction:
            self.module.directions[name.text] = direction
        if discipline:
            self.module.nets[name.text] = Declaration(name.text, discipline, name)

    def _item(self) -> None:
        start = self.position
        first = self.token
        try:
            attributes = self.attributes()
            first = self.token
            self._understood_item(attributes)
        except NotUnderstoodError as error:
            is_instance = first.kind == "name" and not {first.text, self.token.text} & KEYWORDS
            self.not_understood.append(error.skipped(is_instance or first.text in _BEYOND))
            self.skip(start)

    def _understood_item(self, attributes: dict[str, str]) -> None:
        if self.accept(";"):
            return
        if self.at("parameter", "localparam"):
            self.parameter_declaration(attributes)
        elif self.at(*VARIABLE_TYPES):
            self.variable_declaration(attributes)
        elif self.accept("aliasparam"):
            alias = self.name()
            self.expect("=")
            self.name()
            self.expect(";")
            self.parameters[alias.text] = Declaration(alias.text, "aliasparam", alias)
        elif self.accept("branch"):
            self._branch()
        elif self.accept("analog"):
            self._analog()
        else:
            self._nets(attributes)

    def _nets(self, attributes: dict[str, str]) -> None:
        """Such as: inout a, b; electrical a, b; inout electrical a; ground g."""
        words: list[Token] = []
        while self.token.kind == "name" and not self.at(",", ";", "=", ahead=1):
            if self.token.text in KEYWORDS and not self.at(*_DIRECTIONS, "ground"):
                raise NotUnderstoodError(words[0] if words else self.token)
            words.append(self.advance())
            if self.accept("["):
                self._skip_past("]")
        if not words:
            raise NotUnderstoodError(self.token)
        while True:
            name = self.name()
            if self.accept("["):
                self._skip_past("]")
            self._net(name, [word.text for word in words], attributes)
            if self.accept("="):
                self.expression()
            if not self.accept(","):
                break
        self.expect(";")

    def _net(self, name: Token, words: list[str], attributes: dict[str, str]) -> None:
        """A net may be declared twice: its direction, and its discipline."""
        module = self.module
        if words[0] in _DIRECTIONS:
            module.directions[name.text] = words[0]
            if words[-1] in _DIRECTIONS and name.text in module.nets:
                return
        module.nets[name.text] = Declaration(name.text, words[-1], name, attributes=attributes)

    def _branch(self) -> None:
        self.expect("(")
        nodes = [self.postfix().text]
        while self.accept(","):
            nodes.append(self.postfix().text)
        self.expect(")")
        while True:
            self.module.branches[self.name().text] = tuple(nodes)
            if not self.accept(","):
                break
        self.expect(";")

    def _analog(self) -> None:
        if self.accept("function"):
            self._function()
        elif self.accept("initial"):
            self.module.initial.append(self.statement())
        else:
            self.module.analog.append(self.statement())

    def _function(self) -> None:
        kind = self.advance().text if self.at("real", "integer", "string") else "real"
        name = self.name()
        function = self.module.functions[name.text] = Function(name.text, name, kind)
        outer = self.parameters, self.variables
        self.parameters, self.variables = {}, function.variables
        try:
            function.variables[name.text] = Declaration(name.text, kind, name)
            if self.accept("("):
                self._function_ports(function)
            self.expect(";")
            function.body = self._function_body(function)
        except NotUnderstoodError as error:
            self.not_understood.append(error.skipped())
            self._skip_past("endfunction")
        finally:
            self.parameters, self.variables = outer

    def _function_body(self, function: Function) -> Block:
        body: list[Statement] = []
        while not self.accept("endfunction"):
            if self.token.kind == "end" or self.at("endmodule"):
                raise NotUnderstoodError(function.at, f"function {function.name} without 'endfunction'")
            if self.at(*_DIRECTIONS):
                self._directions(function)
            else:
                body += self.block_item()
        return Block(function.at, tuple(body))

    def _function_ports(self, function: Function) -> None:
        """(input real a, output real b)."""
        direction = "input"
        while not self.accept(")"):
            if self.at(*_DIRECTIONS):
                direction = self.advance().text
            elif not self.accept(",", "real", "integer"):
                self._argument(function, direction, self.name())

    def _directions(self, function: Function) -> None:
        """Such as: input a, b; input real a."""
        direction = self.advance().text
        self.accept("real", "integer", "string")
        while True:
            self._argument(function, direction, self.name())
            if not self.accept(","):
                break
        self.expect(";")

    def _argument(self, function: Function, direction: str, name: Token) -> None:
        function.arguments.append(name.text)
        if direction != "input":
            function.outputs.add(name.text)
        if name.text not in function.variables:
            function.variables[name.text] = Declaration(name.text, "real", name)
