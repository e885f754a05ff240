"""Devices: the devices of an array, all of one card, each with its own instance parameters."""

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
    """The devices at the crossings of an array.

    Attributes:
        card: card of all devices.
        shape: size of the array, (rows, columns).
        instance: values of per-instance parameters by name, each of shape (rows, columns), in the parameter's unit;
            parameters that are left out have the card's values.
        stuck_siemens: conductance of each stuck cell (0 where no device is), NaN where the device works, shape
            (rows, columns), S; None if all devices work.

    Raises:
        InputError: values have another shape, or a conductance is negative or infinite.
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
        """Mask of the cells that are working devices, shape (rows, columns)."""
        return np.ones(self.shape, dtype=bool) if self.stuck_siemens is None else np.isnan(self.stuck_siemens)

    def cell(self, i: int, j: int, te: str, be: str) -> Cell:
        """The device in row ``i`` and column ``j``, called ``d{i}_{j}``, between two nodes."""
        return Cell(f"d{i}_{j}", te, be, self.card, {name: float(v[i, j]) for name, v in self.instance.items()})
