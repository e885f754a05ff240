"""Compiler directives: macros, conditional compilation, includes (LRM 2.4, chapter 10)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from models_va.errors import InputError
from spicegen.lint.reading.sources import OLD_INCLUDES, STANDARD_INCLUDES, Sources, is_standard
from spicegen.lint.reading.syntax import Skipped
from spicegen.lint.reading.tokens import Token, scan

__all__ = ["STANDARD_INCLUDES", "Macro", "PreprocessedSource", "preprocess"]

_MOST_WORK = 3_000_000
_DEEPEST = 30
_DEFINE = re.compile(r"`define[ \t]+(?P<name>\w+)(?P<head>\((?P<params>[\w\s,]*)\))?(?P<body>.*)", re.DOTALL)
_COMMENT = re.compile(r'(?P<kept>"(?:[^"\\\n]|\\.)*")|/\*.*?(?:\*/|\Z)|//[^\n]*?(?=\\?(?:\n|\Z))', re.DOTALL)
_BRANCHES = frozenset({"`ifdef", "`ifndef", "`elsif", "`else", "`endif"})
# LRM 2.4, 10.5, for compact models; and what OpenVAF says of itself
_PREDEFINED = ("__VAMS_ENABLE__", "__VAMS_COMPACT_MODELING__", "__VAMS__", "__OPENVAF__")
# name -> how many tokens follow it
_IGNORED = {
    "`resetall": 0,
    "`celldefine": 0,
    "`endcelldefine": 0,
    "`end_keywords": 0,
    "`begin_keywords": 1,
    "`default_discipline": 1,
    "`default_nettype": 1,
    "`default_transition": 1,
}


@dataclass(frozen=True, slots=True)
class Macro:
    """A `define: parameter names (None if it takes no parentheses) and body."""

    params: tuple[str, ...] | None
    body: tuple[Token, ...]


@dataclass
class PreprocessedSource:
    """A file after its directives.

    Attributes:
        sources: texts of the file and of what it includes.
        tokens: what is left, closed by a token of kind ``end``; macros that the file does not define stay.
        includes: the file names of `include.
        unread: those of them that are neither the standard's own nor could be read.
        broken: directives that could not be obeyed.
    """

    sources: Sources
    tokens: list[Token] = field(default_factory=list)
    includes: list[Token] = field(default_factory=list)
    unread: list[Token] = field(default_factory=list)
    broken: list[Skipped] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether everything that is included is known, so that every name is."""
        return not self.unread

    def has(self, name: str) -> bool:
        """Whether the standard's file ``name`` is included, under its present name or a former one."""
        return any(OLD_INCLUDES.get(token.text, token.text) == name for token in self.includes)


def preprocess(text: str, folder: Path | None = None) -> PreprocessedSource:
    """Expand macros and includes, and follow conditional compilation.

    Args:
        text: text of a file.
        folder: folder that the file stands in, and what it includes beside it; None if no other file may be opened.

    Raises:
        InputError: the macros or includes expand without end, or an included file cannot be read.
    """
    run = _Run(Sources(text, folder))
    tokens = list(scan(text))
    run.expand(tokens[:-1], 0)
    run.source.tokens.append(tokens[-1])
    run.source.broken += [Skipped(token, f"{token.text} without `endif") for token in run.opened]
    return run.source


class _Run:
    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.source = PreprocessedSource(sources)
        self.macros = {name: Macro(None, ()) for name in _PREDEFINED}
        self.work = 0
        self.live = [(True, True)]  # a conditional: (this part is compiled, a part has been)
        self.opened: list[Token] = []  # the directives that opened the conditionals

    def expand(self, tokens: Sequence[Token], depth: int) -> None:
        position = 0
        while position < len(tokens):
            self._count(1)
            token = tokens[position]
            position += 1
            if token.kind == "macro" and token.text in _BRANCHES:
                position += self._branch(token, tokens[position : position + 1])
            elif not self.live[-1][0]:
                continue
            elif token.kind == "define":
                self._define(token)
            elif token.kind == "macro":
                position = self._macro(token, tokens, position, depth)
            elif token.kind == "bad" and token.text.startswith(('"', "/*")):
                self._broken(
                    token, "a comment that does not end" if token.text[0] == "/" else "a string that does not end"
                )
            else:
                self.source.tokens.append(token)

    def _broken(self, at: Token, message: str) -> None:
        self.source.broken.append(Skipped(at, message))

    def _count(self, work: int) -> None:
        self.work += work
        if self.work > _MOST_WORK:
            raise InputError(f"more than {_MOST_WORK} tokens after macro expansion: not a device model")

    def _branch(self, token: Token, following: Sequence[Token]) -> int:
        """Open, switch or close a conditional; how many tokens its name took."""
        if token.text in ("`ifdef", "`ifndef"):
            outer = self.live[-1][0]
            chosen = outer and self._is_defined(following) == (token.text == "`ifdef")
            self.live.append((chosen, chosen or not outer))
            self.opened.append(token)
            return 1
        if len(self.live) == 1:
            self._broken(token, f"{token.text} without `ifdef")
            return 0
        _, done = self.live.pop()
        if token.text == "`endif":
            self.opened.pop()
            return 0
        chosen = not done and (token.text == "`else" or self._is_defined(following))
        self.live.append((chosen, done or chosen))
        return int(token.text == "`elsif")

    def _is_defined(self, following: Sequence[Token]) -> bool:
        return bool(following) and following[0].text in self.macros

    def _define(self, token: Token) -> None:
        text = _COMMENT.sub(lambda comment: comment["kept"] or " ", token.text)
        match = _DEFINE.match(text.replace("\\\n", " "))
        if match is None:
            self._broken(token, "`define without a name")
            return
        params = None
        if is_standard(token.file.rpartition("/")[2]) and match["name"].startswith(("P_", "M_")):
            return  # a copy of constants.vams beside the file: its constants keep their names
        if match["head"] is not None:
            params = tuple(name.strip() for name in match["params"].split(",") if name.strip())
        self.macros[match["name"]] = Macro(params, tuple(scan(match["body"]))[:-1])

    def _macro(self, token: Token, tokens: Sequence[Token], position: int, depth: int) -> int:
        """Expand a macro or obey a directive; the position after it."""
        macro = self.macros.get(token.text[1:])
        following = tokens[position : position + 1]
        if token.text == "`include":
            for name in following:
                self._include(name, depth)
        elif token.text == "`undef":
            for name in following:
                self.macros.pop(name.text, None)
        elif token.text == "`timescale":
            return position + sum(t.line == token.line for t in tokens[position : position + 5])
        elif token.text in _IGNORED:
            return position + _IGNORED[token.text]
        elif macro is None:
            self.source.tokens.append(token)
            return position
        elif depth >= _DEEPEST:
            self._broken(token, f"{token.text} expands to itself")
            self.source.tokens.append(replace(token, kind="number", text="0"))
            return position
        else:
            return self._expand_macro(token, macro, tokens, position, depth)
        return position + 1

    def _include(self, name: Token, depth: int) -> None:
        self.source.includes.append(name)
        found = self.sources.include(name.text, name.file)
        if found is not None and depth >= _DEEPEST:
            self._broken(name, f"{name.text} includes itself")
        elif found is not None:
            path, text = found
            self.expand(list(scan(text, path))[:-1], depth + 1)
        elif not is_standard(name.text):
            self.source.unread.append(name)

    def _expand_macro(self, token: Token, macro: Macro, tokens: Sequence[Token], position: int, depth: int) -> int:
        arguments: dict[str, list[Token]] = {}
        if macro.params is not None and position < len(tokens) and tokens[position].is_op("("):
            parts, position = _arguments(tokens, position + 1)
            if len(parts) != max(len(macro.params), 1):
                self._broken(token, f"{token.text} takes {len(macro.params)} arguments, and is given {len(parts)}")
            arguments = dict(zip(macro.params, parts, strict=False))
        body: list[Token] = []
        for part in macro.body:
            new = arguments.get(part.text, [part]) if part.kind == "name" else [part]
            self._count(1 + len(new))
            body += new
        self.expand([part.moved(token) for part in body], depth + 1)
        return position


def _arguments(tokens: Sequence[Token], position: int) -> tuple[list[list[Token]], int]:
    """The arguments of a macro, ``position`` being after its parenthesis; and the position after them."""
    parts: list[list[Token]] = [[]]
    depth = 1
    while position < len(tokens):
        token = tokens[position]
        position += 1
        depth += token.is_op("(", "[", "{", "'{") - token.is_op(")", "]", "}")
        if depth == 0:
            break
        if depth == 1 and token.is_op(","):
            parts.append([])
        else:
            parts[-1].append(token)
    return parts, position
