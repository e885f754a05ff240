"""The files that a Verilog-A file is made of: itself, and what it includes from the folders beside it."""

from __future__ import annotations

import os
from pathlib import Path

from models_va.errors import InputError

_LARGEST_BYTES = 2_000_000
_MOST_BYTES = 8_000_000
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
STANDARD_INCLUDES = frozenset({"constants.vams", "disciplines.vams"})
OLD_INCLUDES = {
    "constants.h": "constants.vams",
    "constants.va": "constants.vams",
    "discipline.h": "disciplines.vams",
    "disciplines.va": "disciplines.vams",
    "disciplines.h": "disciplines.vams",
}
"""Former names of the standard's files, which compilers still bring along."""


def is_standard(name: str) -> bool:
    """Whether a file that is included under ``name`` comes with every compiler."""
    return name in STANDARD_INCLUDES or name in OLD_INCLUDES


def read_text(path: Path) -> str:
    """The text of a Verilog-A file, with line ends of one character.

    Raises:
        InputError: the file cannot be read, is too large or no text.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputError(f"{path}: larger than {_LARGEST_BYTES // 10**6} MB: not a device model")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if data.startswith(_UTF_16):
        raise InputError(f"{path}: is UTF-16, which compilers do not read: save it as UTF-8")
    if b"\0" in data:
        raise InputError(f"{path}: is not text: expected Verilog-A")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")  # a degree sign in an old comment is no reason to refuse
    return text.replace("\r\n", "\n").replace("\r", "\n")


class Sources:
    """The texts of a Verilog-A file and of what it includes.

    Args:
        text: text of the file itself.
        folder: folder that the file stands in; None if no other file may be opened.

    Attributes:
        texts: text of each file by its path from ``folder``, as the tokens name it; that of the file itself is "".
    """

    def __init__(self, text: str, folder: Path | None = None) -> None:
        self.texts = {"": text}
        self.folder = folder
        self._bytes = 0
        self._lines: dict[str, list[str]] = {}

    def include(self, name: str, by: str) -> tuple[str, str] | None:
        """Path from the folder and text of a file that the file ``by`` includes; None if it is not there.

        As in compilers a file is looked for beside the one that names it, then beside the first one. Absolute paths
        are not followed: they are another machine's.

        Raises:
            InputError: it cannot be read, or all files together are too large.
        """
        if self.folder is None or not name or os.path.isabs(name):
            return None
        for place in dict.fromkeys((os.path.normpath(os.path.join(os.path.dirname(by), name)), os.path.normpath(name))):
            path = self.folder / place
            if _is_file(path):
                if place not in self.texts:
                    self.texts[place] = read_text(path)
                self._bytes += len(self.texts[place])
                if self._bytes > _MOST_BYTES:
                    raise InputError(f"includes more than {_MOST_BYTES // 10**6} MB: not a device model")
                return place, self.texts[place]
        return None

    def line(self, file: str, number: int) -> str:
        """Line ``number`` (from 1) of a file, or "" if it has none."""
        if file not in self._lines:
            self._lines[file] = self.texts.get(file, "").split("\n")
        lines = self._lines[file]
        return lines[number - 1] if 0 < number <= len(lines) else ""


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file system allows
        return False
