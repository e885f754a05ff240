"""A progress display on a terminal, silence elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Item = TypeVar("Item")


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
def _bar() -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        yield progress
