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
    """Threads that call a function on every processor at a time; calls within such calls run one after another.

    The slow parts of a fit are compiled and let other threads run.
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
        """Call the function with each set of arguments, as ``map`` does; the results come in the arguments' order."""
        return list((map if self._is_inside else self._pool.map)(function, *arguments))

    def check(self) -> None:
        """Raise InterruptedError if nobody waits for the result any more; long calls call this now and then."""
        if self._left.is_set():
            raise InterruptedError

    @property
    def _is_inside(self) -> bool:
        return getattr(self._inside, "yes", False)

    def _enter(self) -> None:
        self._inside.yes = True
