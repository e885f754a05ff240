"""Output folders and files, with errors a user can act on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from shutil import copyfile

from models_va.errors import InputError


def printable(text: str) -> str:
    """Text of other people, such as a file's name, in one line of a terminal: control characters are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def one_line(error: Exception, length: int = 200) -> str:
    """The message of a foreign exception on one line of at most about ``length`` characters."""
    text = " ".join(str(error).split()).rstrip(".")
    return text if len(text) <= length else text[:length] + "..."


def distinct_names(paths: Sequence[str | Path]) -> list[str]:
    """A name for each file, for people: its own, with as many of its folders as tell it from other files given."""
    parts = [Path(os.path.abspath(path)).parts for path in paths]

    def name(mine: tuple[str, ...]) -> str:
        others = set(parts) - {mine}
        least = next(n for n in range(1, len(mine) + 1) if all(other[-n:] != mine[-n:] for other in others))
        return printable(str(Path(*mine[-least:])))

    return [name(mine) for mine in parts]


def beside(config: Path, name: str) -> str:
    """``name`` as a file or folder beside ``config`` if there is one, else as it is (a name, or a path of its own).

    Raises:
        InputError: the place cannot be looked at.
    """
    near = config.parent / name
    try:
        return str(near) if near.exists() else name
    except OSError as error:
        raise InputError(
            f"{printable(str(near))[:200]}: cannot be read: {error.strerror}: give the name of a file"
        ) from error


def write_text(path: Path, text: str) -> Path:
    """Write a result file and return its path.

    Raises:
        InputError: it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    return path


def write_keeping(path: Path, text: str) -> Path | None:
    """Write a file that somebody may have worked on: another text that is there is kept in NAME.bak.

    What was kept before stays: after NAME.bak comes NAME.bak2, and so on.

    Returns:
        Where it is kept; None if nothing else was there.

    Raises:
        InputError: one of the two cannot be written.
    """
    kept = _unused(path)
    try:
        other = path.exists() and path.read_bytes() != text.encode()
        if other:
            copyfile(path, kept)
    except OSError as error:
        raise InputError(f"{path}: cannot be kept as {kept.name}: {error.strerror}: move it away") from error
    write_text(path, text)
    return kept if other else None


def _unused(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.bak{n if n > 1 else ''}") for n in count(1))
    return next(name for name in names if not os.path.lexists(name))


def output_file(path: Path) -> Path:
    """Check, before the work, that ``path`` can become a file; its folder is created if needed.

    Raises:
        InputError: it is a folder, or its own folder cannot be used.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder: give the name of a file")
    output_folder(path.parent)
    return path


def output_folder(path: Path) -> Path:
    """Create ``path`` (and parents) if needed.

    Raises:
        InputError: it is a file, or cannot be created or written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be used as output folder: {error.strerror}") from error
    if not os.access(path, os.W_OK):
        raise InputError(f"{path}: cannot be used as output folder: no permission to write")
    return path
