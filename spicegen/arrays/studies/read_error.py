"""Error that wires cause in the vector-matrix product, and the largest passive array for a given error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from models_va.errors import InputError
from netlists import ArrayConfig, Crossbar
from spicegen.arrays.identity import array_identity
from spicegen.arrays.studies.sizes import check_sizes
from spicegen.devices.programming import stream
from spicegen.progress import track
from spicegen.simulate import read_operator

Array = NDArray[np.float64]
Draw = Callable[[tuple[int, ...], np.random.Generator], Array]
_CELLS: dict[str, Draw] = {
    "all high": lambda shape, _: np.ones(shape),
    "random": lambda shape, rng: rng.uniform(size=shape),
    "all low": lambda shape, _: np.zeros(shape),
}
INPUTS: dict[str, Draw] = {
    "all rows": lambda shape, _: np.ones(shape),
    "random": lambda shape, rng: rng.uniform(size=shape),
    "far row only": lambda shape, _: np.eye(1, shape[0])[0],  # row 0 is the farthest from the amplifiers
}
PATTERNS = tuple((cells, inputs) for cells in _CELLS for inputs in INPUTS)
_LARGEST = 512
"""Largest number of rows, and of columns, of the sweep and of the search."""


@dataclass(frozen=True, eq=False)
class ReadErrorStudy:
    """Result of ``study read-error``.

    Attributes:
        config: description of the array: wires' ends, card and seed; size and wire resistance are swept.
        card: device card with the conductance window.
        sizes: numbers of rows, and of columns, of the square arrays.
        r_ohm: resistances of one wire segment, the same in rows and columns, ohm.
        largest, rms: largest and rms error (see ``errors_of``), shape (sizes, resistances, patterns), dimensionless.
        limit: largest error that is accepted, dimensionless.
        largest_size: largest number of rows and columns whose ``largest`` error is within the limit, shape
            (resistances, patterns).
    """

    config: ArrayConfig
    card: DeviceCard
    sizes: tuple[int, ...]
    r_ohm: tuple[float, ...]
    largest: Array
    rms: Array
    limit: float
    largest_size: NDArray[np.int64]

    @property
    def head(self) -> tuple[str, ...]:
        """The head of the table of largest arrays."""
        return ("cells", "inputs", *(f"{r:g} ohm" for r in self.r_ohm))

    @property
    def summary(self) -> str:
        """The result of the study in one sentence."""
        worst = self.largest_size.min(axis=1)
        found = ", ".join(f"{n} x {n} at {r:g} ohm" for n, r in zip(worst, self.r_ohm, strict=True))
        return f"Largest array with an error of up to {self.limit:.0%} whatever the pattern: {found} a segment"

    def rows(self) -> list[tuple[object, ...]]:
        """The rows of the table of largest arrays by pattern and wire resistance."""
        sizes = self.largest_size.T
        return [
            (cells, inputs, *(f"> {_LARGEST}" if n > _LARGEST else int(n) for n in found))
            for (cells, inputs), found in zip(PATTERNS, sizes, strict=True)
        ]

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            **array_identity(self.config, self.card),
            "sizes": self.sizes,
            "r_ohm": self.r_ohm,
            "patterns": PATTERNS,
            "largest_error": self.largest,
            "rms_error": self.rms,
            "error_limit": self.limit,
            "largest_size": self.largest_size,
        }


def study_read_error(
    config: ArrayConfig,
    card: DeviceCard,
    sizes: tuple[int, ...] = (8, 16, 32, 64, 128),
    r_ohm: tuple[float, ...] = (1.0, 2.5, 10.0),
    limit: float = 0.05,
) -> ReadErrorStudy:
    """Compute errors over sizes, wire resistances and patterns; and the largest array for ``limit``, by bisection.

    Raises:
        InputError: a size, resistance or limit is not positive, a size is beyond ``_LARGEST``, or the array has faults.
    """
    check_sizes("read-error", config, sizes, _LARGEST)
    if not r_ohm or not all(0 <= r < np.inf for r in r_ohm):
        raise InputError("read-error: wire resistances must be finite and not negative")
    if not 0 < limit < 1:
        raise InputError(f"read-error: an error limit of {limit:g}: give a share between 0 and 1")
    known: dict[tuple[int, float, str], Array] = {}

    def errors(n: int, r: float, cells: str) -> Array:
        if (n, r, cells) not in known:
            known[n, r, cells] = _errors(config, card, n, r, cells)
        return known[n, r, cells]

    grid = [(n, r, cells) for n in sizes for r in r_ohm for cells in _CELLS]
    found = np.array([errors(*point) for point in track(grid, "errors")])  # (points, inputs, 2)
    found = found.reshape(len(sizes), len(r_ohm), len(PATTERNS), 2)
    searches = [(r, cells, k) for r in r_ohm for cells in _CELLS for k in range(len(INPUTS))]

    def good(r: float, cells: str, k: int, n: int) -> bool:
        return bool(errors(n, r, cells)[k, 0] <= limit)

    most = [_largest(partial(good, *search)) for search in track(searches, "largest arrays")]
    return ReadErrorStudy(
        config, card, sizes, r_ohm, found[..., 0], found[..., 1], limit,
        np.array(most).reshape(len(r_ohm), len(PATTERNS)),
    )  # fmt: skip


def errors_of(current_amp: Array, ideal_amp: Array) -> tuple[float, float]:
    """Largest and rms difference of column currents from the ideal ones, relative to the largest and rms ideal one.

    Args:
        current_amp: column currents with wires, shape (columns,), A.
        ideal_amp: column currents without wires, shape (columns,), A.
    """
    off = current_amp - ideal_amp
    scale, rms = np.abs(ideal_amp).max(), np.sqrt(np.mean(ideal_amp**2))
    return float(np.abs(off).max() / scale), float(np.sqrt(np.mean(off**2)) / rms)


def _errors(config: ArrayConfig, card: DeviceCard, n: int, r_ohm: float, cells: str) -> Array:
    """Largest and rms error for each pattern of inputs, shape (inputs, 2), dimensionless."""
    low, high = card.window()
    g = low + (high - low) * _CELLS[cells]((n, n), stream(config.seed, 0, n))
    operator = read_operator(
        Crossbar(g, r_ohm, r_ohm, config.r_source_ohm, config.r_sense_ohm, config.drive, config.sense)
    )
    inputs = [draw((n,), stream(config.seed, 1, n)) * config.v_read_volt for draw in INPUTS.values()]
    return np.array([errors_of(operator @ v, g.T @ v) for v in inputs])


def _largest(good: Callable[[int], bool]) -> int:
    """Largest n with ``good(n)``, which must hold up to some n; one more than the search's end if it holds there."""
    high = 1
    while high <= _LARGEST and good(high):
        high *= 2
    if high > _LARGEST:
        return _LARGEST + 1
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if good(middle) else (low, middle)
    return low
