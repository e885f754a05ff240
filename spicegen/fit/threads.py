"""Threads that share the work of a fit."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, TypeVar

Result = TypeVar("Result")


class Threads:
    """Calls functions on every processor at a time; of calls within such calls, one after another.

    What takes long in a fit is compiled and lets other threads run.
    """

    def __init__(self) -> None:
        self._inside = threading.local()
        self._pool = ThreadPoolExecutor(os.cpu_count(), initializer=self._enter)
        self._left = threading.Event()

    def __enter__(self) -> Threads:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._left.set()
        self._pool.shutdown(cancel_futures=True)

    def map(self, function: Callable[..., Result], *arguments: Iterable[Any]) -> list[Result]:
        """What the function makes of each, in their order."""
        return list((map if self._is_inside else self._pool.map)(function, *arguments))

    def check(self) -> None:
        """Called now and then within long calls: ends them where nobody waits for the result any more."""
        if self._left.is_set():
            raise InterruptedError

    @property
    def _is_inside(self) -> bool:
        return getattr(self._inside, "yes", False)

    def _enter(self) -> None:
        self._inside.yes = True
