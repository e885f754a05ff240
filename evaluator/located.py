"""Where an error happened, added on its way up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from models_va.errors import InputError


@contextmanager
def located(place: object) -> Iterator[None]:
    """Put ``place`` (a file, a node) in front of the message of an InputError raised inside."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{place}: {error}") from error
