"""Reading files that may be anything: one line for what goes wrong, no more memory than the file really fills."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from models_va.errors import InputError
from spicegen.files import one_line, printable

_BLOCK_BYTES = 2**22
_LONGEST_SHOWN = 300
_LONGEST_CAUSE = 120
_WORKING_BYTES = 4  # networks see float32


class Readable(Protocol):
    """A source of bytes, such as a file."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes."""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Put ``path`` in front of what goes wrong inside, as an InputError of one line."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{shown(path)}: {error}") from error
    except MemoryError as error:
        raise InputError(f"{shown(path)}: does not fit into the memory: give fewer images (--limit)") from error
    except (EOFError, zlib.error) as error:
        raise InputError(f"{shown(path)}: is truncated or damaged ({cause(error)}): get it again") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or cause(error)
        raise InputError(f"{shown(path)}: cannot be read: {reason}: give a data set") from error


def cause(error: Exception) -> str:
    """The message of a foreign exception, which may quote the file, on one short line."""
    return shown(one_line(error, _LONGEST_CAUSE))


def shown(name: object) -> str:
    """A path or a name from a file, on one line of bearable length."""
    text = printable(str(name))
    return text if len(text) <= _LONGEST_SHOWN else "..." + text[-_LONGEST_SHOWN:]


def open_file(path: Path) -> BinaryIO:
    """Open a regular file; a pipe or a device would make a reader wait, or never end.

    Raises:
        InputError: it is something else.
        OSError: it cannot be opened.

    """
    if path.exists() and not path.is_file():
        raise InputError("is no plain file: give one")
    return path.open("rb")


def read_exactly(stream: Readable, count: int) -> bytearray:
    """The next ``count`` bytes; memory grows with what is really there.

    Raises:
        InputError: there are fewer.

    """
    content = bytearray()
    while len(content) < count:
        block = stream.read(min(_BLOCK_BYTES, count - len(content)))
        if not block:
            raise InputError(f"is truncated, {len(content)} of {count} bytes are there: get it again")
        content += block
    return content


def check_room(values: int) -> None:
    """Check that so many values, as float32, fit into the memory of this machine.

    Raises:
        InputError: they do not.

    """
    if values * _WORKING_BYTES > _memory_bytes():
        raise InputError(f"holds {values} values, too many for the memory: give fewer images (--limit)")


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not every system tells
        return 2**63


def training_twin(path: Path) -> Path | None:
    """The file or folder beside ``path`` that is called train where ``path`` is called test; None if there is none."""
    for own in ("t10k", "test", "validation", "valid", "val"):
        if own in path.name:
            twin = path.with_name(path.name.replace(own, "train"))
            return twin if twin.exists() else None
    return None
