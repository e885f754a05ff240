"""Functions compiled to machine code (numba) that is kept on disk, whatever the disk is like."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numba


def compiled(signature: Any, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile the decorated function for one signature; later processes find its machine code beside its source.

    Where that cannot be kept, or what is there is damaged, it is compiled for this process alone.

    Args:
        signature: of the function, numba's.
        options: numba's.
    """

    def decorated(function: Callable[..., Any]) -> Any:
        found = numba.njit(error_model="numpy", **options)(function)
        try:
            found.enable_caching()
            found.compile(signature)
        except Exception:  # no folder, no room, half a file: numba raises whatever it meets there
            with suppress(Exception):
                found._cache.flush()  # so that the next process writes it anew
            return numba.njit(signature, error_model="numpy", **options)(function)
        found.disable_compile()
        return found

    return decorated
