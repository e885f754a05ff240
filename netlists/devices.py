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

    Raises:
        InputError: values of another shape.
    """

    card: DeviceCard
    shape: tuple[int, int]
    instance: Mapping[str, NDArray[np.float64]]

    def __post_init__(self) -> None:
        for name, values in self.instance.items():
            if values.shape != self.shape:
                raise InputError(f"devices: {name} of shape {values.shape} for an array of shape {self.shape}")

    def cell(self, i: int, j: int, te: str, be: str) -> Cell:
        """The device in row ``i`` and column ``j``, called ``d{i}_{j}``, between two nodes."""
        return Cell(f"d{i}_{j}", te, be, self.card, {name: float(v[i, j]) for name, v in self.instance.items()})
