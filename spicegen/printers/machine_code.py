"""Functions compiled to machine code by numba, which is kept on disk where the disk allows it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numba


def compiled(signature: Any, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile the decorated function for one signature; later processes find its machine code beside its source.

    If the machine code cannot be kept, or a kept file is damaged, the function is compiled for this process alone.

    Args:
        signature: numba's signature of the function.
        options: options of numba's compiler.
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
