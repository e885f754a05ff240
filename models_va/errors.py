"""The exception tree of the whole project.

::

    SpicegenError
    ├── InputError                 what the user gave is wrong: one line, exit code 2
    │   ├── UnknownNameError       no such card, model, simulator ...: lists the valid ones
    │   ├── CardError              a device card that cannot be used
    │   ├── MissingDataError       data that are no part of the project are needed, and they are not here
    │   └── UnsupportedExpressionError   an equation that a printer cannot express exactly
    ├── ModelDefinitionError       a model in models_va contradicts itself (a bug of its author)
    └── SimulationError            a simulator crashed, hung or failed (spicegen.simulate)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class SpicegenError(Exception):
    """Base class of every error that this project raises on purpose."""


class InputError(SpicegenError):
    """The input of the user is wrong; the message is one line: file or object, place, what was found, remedy."""


class UnknownNameError(InputError):
    """Nothing is registered under a name.

    Args:
        kind: kind of thing that was looked up, for example ``"card"``.
        name: the name that was not found.
        known: the names that exist.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self._given = kind, name, tuple(sorted(known))
        super().__init__(f"unknown {kind} {name!r}: known are {', '.join(self._given[2])}")

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[str, str, tuple[str, ...]]]:
        return type(self), self._given


class CardError(InputError):
    """A device card is unreadable, incomplete or out of range."""


class MissingDataError(InputError):
    """Data that are no part of the project are needed, and they are not where they should be."""


class UnsupportedExpressionError(InputError):
    """A printer met a function or form that its language cannot express exactly."""


class ModelDefinitionError(SpicegenError):
    """A model definition contradicts itself: names, units or dimensions."""


@contextmanager
def located(place: object) -> Iterator[None]:
    """Put ``place`` (a file, a node) in front of the message of an InputError raised inside."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{place}: {error}") from error
