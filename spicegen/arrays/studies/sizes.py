"""Check of the sizes of the square arrays that some studies sweep."""

from __future__ import annotations

from models_va.errors import InputError
from netlists import ArrayConfig, LineFaults


def check_sizes(study: str, config: ArrayConfig, sizes: tuple[int, ...], largest: int) -> None:
    """Refuse sizes out of range, and arrays with faults: a fault has a place in one array, not in all sizes.

    Raises:
        InputError: a size is not in 1 .. ``largest``, or ``config`` has stuck cells or line faults.
    """
    if not sizes or min(sizes) < 1 or max(sizes) > largest:
        raise InputError(f"{study}: sizes {', '.join(map(str, sizes))}: give sizes from 1 to {largest}")
    given = [key for key in ("stuck", "stuck_low", "stuck_high") if getattr(config, key)]
    given += ["faults"] if config.faults != LineFaults() else []
    if given:
        raise InputError(
            f"{', '.join(given)}: study {study} sweeps the size of sound arrays: remove this (array, study disturb and "
            "study programming take it)"
        )
