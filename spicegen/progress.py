"""A progress display on a terminal, silence elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

Item = TypeVar("Item")


class Progress(Protocol):
    """Iterates over items and shows how far it is; ``track`` is one."""

    def __call__(self, items: Iterable[Item], label: str, total: int | None = None) -> Iterator[Item]:
        """Yield the items."""


def track(items: Iterable[Item], label: str, total: int | None = None) -> Iterator[Item]:
    """Iterate over ``items`` with a progress bar on standard error if that is a terminal."""
    with _bar() as progress:
        yield from progress.track(items, total=total, description=label)


@contextmanager
def counter(label: str, total: int) -> Iterator[Callable[[int, str], None]]:
    """A progress bar for work that counts by itself: call the result with the count and a new label."""
    with _bar() as progress:
        task = progress.add_task(label, total=total)
        yield lambda done, text: progress.update(task, completed=done, description=text)


@contextmanager
def _bar() -> Iterator[Bar]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Bar(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        yield progress
