"""Devices: a field of devices of one card in an array, each with its own instance parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from models_va.errors import InputError
from netlists.circuit import Cell


@dataclass(frozen=True, eq=False)
class Devices:
    """What stands at the crossings of an array.

    Attributes:
        card: of all of them.
        shape: (rows, columns).
        instance: per-instance parameter -> its values, shape (rows, columns), in the parameter's unit; those
            left out are the card's.
        stuck_siemens: conductance of the cells that are stuck (0: nothing is there), S, NaN where the device works;
            shape (rows, columns). None: all of them work.

    Raises:
        InputError: values of another shape, or a negative or infinite conductance.
    """

    card: DeviceCard
    shape: tuple[int, int]
    instance: Mapping[str, NDArray[np.float64]]
    stuck_siemens: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.stuck_siemens is not None:
            if self.stuck_siemens.shape != self.shape:
                raise InputError(f"devices: stuck_siemens of shape {self.stuck_siemens.shape}, not {self.shape}")
            stuck = self.stuck_siemens[~self.alive]
            if not np.all((stuck >= 0) & np.isfinite(stuck)):
                raise InputError(f"devices: stuck at {stuck.min():g} S: conductances are finite and not negative")
        for name, values in self.instance.items():
            if values.shape != self.shape:
                raise InputError(f"devices: {name} of shape {values.shape} for an array of shape {self.shape}")

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Which cells are working devices, shape (rows, columns)."""
        return np.ones(self.shape, dtype=bool) if self.stuck_siemens is None else np.isnan(self.stuck_siemens)

    def cell(self, i: int, j: int, te: str, be: str) -> Cell:
        """The device in row ``i`` and column ``j``, called ``d{i}_{j}``, between two nodes."""
        return Cell(f"d{i}_{j}", te, be, self.card, {name: float(v[i, j]) for name, v in self.instance.items()})
