"""A file as text: its encoding, its lines, the numbers in its cells."""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from models_va.errors import InputError
from spicegen.files import printable

_CHUNK_BYTES = 2**20
_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
LARGEST = 1e30
"""Largest number that is a value: source meters write 9.9e37 for an overflow, and 9.91e37 where there is no value."""
NO_TEXT = "is no text: if it is a spreadsheet, save it as CSV in UTF-8; if it is compressed, unpack it"
MINUS = "\u2212"
"""The minus sign of typeset tables and of some spreadsheets, which is read like a hyphen."""
_LONGEST_SHOWN = 60
COMMENT_MARKS = ("#", "%", "//", "!")


def fault(place: object, problem: str, line: int = 0, column: str = "") -> InputError:
    """The error for a problem at a line (from 1) and column of a file; 0 and an empty text leave these away."""
    where = [printable(str(place))]
    if line:
        where.append(f"line {line}")
    if column:
        where.append(f"column {shown(column)}")
    return InputError(f"{', '.join(where)}: {problem}")


def shown(text: str) -> str:
    """Text of a file as it is shown in a message: one short line in quotation marks."""
    return repr(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "...")


def inspect(path: Path, before: bytes = b"") -> tuple[str, str]:
    """The SHA-256 of the bytes ``before`` followed by a file's bytes, and the file's encoding.

    The encoding is UTF-8, UTF-16 with its byte order mark, or else Latin-1.

    Raises:
        InputError: the file cannot be read, is empty, or is no text.
    """
    if not path.is_file():
        problem = "is no file" if path.exists() else "there is no such file"
        raise fault(path, f"{problem}: give a table of numbers (CSV)")
    digest = hashlib.sha256(before)
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding = ""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            if not encoding:
                encoding = next((e for mark, e in _BYTE_ORDER_MARKS.items() if chunk.startswith(mark)), "utf-8")
            if encoding != "utf-16" and b"\0" in chunk:
                raise fault(path, NO_TEXT)
            if len(chunk) == _CHUNK_BYTES and b"\n" not in chunk and b"\r" not in chunk:
                raise fault(path, "a line of more than a million characters: is no table: export it as CSV")
            digest.update(chunk)
            if encoding == "utf-8":
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    encoding = "latin-1"
    if not encoding:
        raise fault(path, "is empty: give a header line and rows of numbers")
    return digest.hexdigest(), encoding


@dataclass(slots=True)
class Dialect:
    """How a file writes its rows.

    Attributes:
        separator: separator of cells; a space stands for any white space.
        decimal: the decimal mark; empty as long as no number had one.
    """

    separator: str
    decimal: str = ""

    def split(self, line: str) -> list[str]:
        """The cells of a line.

        Raises:
            ValueError: a quotation mark is not closed.
        """
        if self.separator == " ":
            # A unit in brackets belongs to the name before it.
            return re.sub(r"\s+(?=[(\[])", "", line).split()
        if '"' not in line:
            return [cell.strip() for cell in line.split(self.separator)]
        try:
            (cells,) = csv.reader([line.strip()], delimiter=self.separator, strict=True, skipinitialspace=True)
        except csv.Error as error:
            raise ValueError(f"{error}: close the quotation mark in the same line") from error
        return [cell.strip() for cell in cells]

    def number(self, text: str) -> float:
        """The number in a cell; the first with a decimal mark decides which mark it is.

        ``1,500`` is refused where none has: but between semicolons, which people write for the sake of decimal commas.

        Raises:
            ValueError: it is none; the message says what it is instead, and the remedy.
        """
        text = text.replace(MINUS, "-")
        commas = self.decimal == "," or (not self.decimal and self.separator == ";")
        if not commas and _THREE.fullmatch(text):
            raise ValueError(
                f"{shown(text)} may have a decimal comma or a thousands separator: write {text.replace(',', '')} or "
                f"{text.replace(',', '.')}"
            )
        marks = [self.decimal] if self.decimal else [".", ","]
        for mark in marks:
            if _NUMBERS[mark].fullmatch(text):
                if mark in text:
                    self.decimal = mark
                return _within_range(float(text.replace(mark, ".")), text)
        raise ValueError(f"{shown(text)} {_instead(text, self.decimal)}")


def decimal_mark(text: str) -> str:
    """The decimal mark of a cell; empty if it is no number, has none, or may have a thousands separator."""
    text = text.replace(MINUS, "-")
    if _THREE.fullmatch(text):
        return ""
    return next((mark for mark in _NUMBERS if mark in text and _NUMBERS[mark].fullmatch(text)), "")


SEPARATORS = ("\t", ";", ",", " ")
_NUMBERS = {
    mark: re.compile(rf"[+-]?(\d+{re.escape(mark)}?\d*|{re.escape(mark)}\d+)([eE][+-]?\d+)?", re.ASCII)
    for mark in (".", ",")
}
_THREE = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
TIME_OF_DAY = "is a time of day: write seconds since the start"
_CLOCK = re.compile(r"(\d[\d./-]+[ T])?\d{1,2}:\d\d(:\d\d([.,]\d+)?)?( ?[AP]M)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(([,.' ]\d{3})+[.,]\d+|([,.' ]\d{3}){2,}|[' ]\d{3})", re.ASCII)


def is_clock(cell: str) -> bool:
    """Whether a cell holds a time of day, with or without the date."""
    return _CLOCK.fullmatch(cell) is not None


def _within_range(value: float, text: str) -> float:
    if abs(value) >= LARGEST:
        raise ValueError(f"{shown(text)} is what a source meter writes for an overflow or for nothing: {_REMOVE}")
    return value


_REMOVE = "measure it in a larger range, or remove the row"


def _instead(text: str, decimal: str) -> str:
    """Text on the content of a cell that is no number, and the remedy."""
    plain = text.casefold().strip("+-")
    if not plain:
        return "is empty: fill it in, or remove the row"
    if plain in ("nan", "nan(ind)", "n/a", "na", "#n/a", "null", "none", "--"):
        return "is no number: fill it in, or remove the row"
    if plain in ("inf", "infinity", "overflow", "ovflw", "overflw", "over", "compl", "compliance"):
        return f"is an overflow: {_REMOVE}"
    if is_clock(text):
        return TIME_OF_DAY
    if _THOUSANDS.fullmatch(text):
        return "has thousands separators: write it without"
    if decimal and any(pattern.fullmatch(text) for pattern in _NUMBERS.values()):
        return f"has another decimal mark than the numbers before it ({decimal}): use one in the whole file"
    return "is no number: expected one such as 1.5e-6; remove rows of sums and remarks"
