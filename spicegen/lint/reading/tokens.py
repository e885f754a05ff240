"""Scanner of Verilog-A text into tokens, with compiler directives still in them (Verilog-AMS LRM 2.4, chapter 2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Token:
    """A token and where it stands.

    Attributes:
        kind: ``name``, ``system`` ($...), ``macro`` (`...), ``define`` (the whole directive), ``number``,
            ``string``, ``op``, ``end``, or ``bad`` (a character that no token starts with, or the beginning of a string
            or comment that does not end).
        text: text as in the file; a string is without its quotes, an escaped name without its backslash.
        line, column: place in the file, from 1.
        file: path of the included file that the token stands in, as `include names it; "" in the file itself.
    """

    kind: str
    text: str
    line: int
    column: int
    file: str = ""

    @property
    def quoted(self) -> str:
        """The token's text for a message, cut short if it is long."""
        text = self.text if len(self.text) <= 30 else self.text[:30] + "..."
        return text if self.kind == "end" else repr(text)

    def is_op(self, *texts: str) -> bool:
        """Whether the token is one of these operators, and not a string that looks like it."""
        return self.kind == "op" and self.text in texts

    def moved(self, to: Token) -> Token:
        """The same token at the place of ``to``: what a macro expands to stands where it is used."""
        return Token(self.kind, self.text, to.line, to.column, to.file)


_TOKEN = re.compile(
    r"""
    (?P<space>(?:[\s\x00]|\\\n)+ | //[^\n]* | /\*.*?\*/)
  | (?P<open>/\*.*)
  | (?P<define>`define\b(?:[^\n\\]|\\\n|\\)*)
  | (?P<macro>`[A-Za-z_]\w*)
  | (?P<string>"(?:[^"\\\n]|\\.)*"?)
  | (?P<number>(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*|[TGMKkmunpfa](?![A-Za-z0-9_$]))?)
  | (?P<system>\$[A-Za-z_][\w$]*)
  | (?P<escaped>\\\S+)
  | (?P<name>[A-Za-z_][\w$]*)
  | (?P<op>\(\*(?!\s*\)) | \*\) | <\+ | <<<|>>>|===|!==| <<|>>|<=|>=|==|!=|&&|\|\||\*\*|\^~|~\^|'\{
      | [-+*/%<>!~&|^=?:;,.()\[\]{}@\#])
  | (?P<bad>.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_SCALE = {"T": 1e12, "G": 1e9, "M": 1e6, "K": 1e3, "k": 1e3, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12,
          "f": 1e-15, "a": 1e-18}  # fmt: skip


def scan(text: str, file: str = "") -> Iterator[Token]:
    """The tokens of ``text``, comments left out, closed by one of kind ``end``; ``file`` says where they stand."""
    line, start_of_line, end = 1, 0, 0
    for match in _TOKEN.finditer(text):
        kind, found, end = str(match.lastgroup), match.group(), match.end()
        if kind == "escaped":
            kind, found = "name", found[1:]
        elif kind == "string" and found.endswith('"') and len(found) > 1:
            found = found[1:-1]
        elif kind in ("string", "open"):
            kind = "bad"
        if kind != "space":
            yield Token(kind, found, line, match.start() - start_of_line + 1, file)
        newlines = match.group().count("\n")
        if newlines:
            line += newlines
            start_of_line = match.start() + match.group().rindex("\n") + 1
    yield Token("end", "the end of the file", line, end - start_of_line + 1, file)


def leading_comments(text: str) -> str:
    """The comments that stand before the first token."""
    parts = []
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "space":
            break
        parts.append(match.group())
    return "".join(parts)


def number(text: str) -> float:
    """The value of a number token, its scale factor included."""
    plain = text.replace("_", "")
    scale = _SCALE.get(plain[-1], 1.0)
    return float(plain[:-1]) * scale if scale != 1.0 else float(plain)
