"""CircuitTile: a crossbar whose cells are devices with the states that give its conductances."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from evaluator.network.layer import Array
from models_va import ROOM_TEMPERATURE_K, VOLTAGE, DeviceCard, Model
from models_va.errors import InputError, located
from netlists import Circuit, Crossbar, Devices, Job, ReadVectors, crossbar_circuit, source_voltages
from spicegen.devices.memory_state import memory, memory_state, reach


@dataclass(frozen=True, eq=False)
class CircuitTile:
    """A tile of a layer as it was programmed.

    Attributes:
        card: card of every device.
        crossbar: conductances at v = 0, wires and faults.
        stuck: cells that are fixed conductances, not devices, shape (rows, columns); None: only cells of 0 S, where
            nothing is.
        instance: the parameters in which the devices differ, each of shape (rows, columns), in its unit.
        name: name for messages; decks show blanks for what is no letter, digit or plain punctuation.
        temperature_k: temperature at which the devices have these conductances and are read, K.

    Raises:
        InputError: a mask of another shape.

    """

    card: DeviceCard
    crossbar: Crossbar
    stuck: NDArray[np.bool_] | None = None
    instance: Mapping[str, Array] = field(default_factory=dict)
    name: str = "tile"
    temperature_k: float = ROOM_TEMPERATURE_K

    def __post_init__(self) -> None:
        shape = self.crossbar.g_siemens.shape
        if self.stuck is not None and (self.stuck.shape != shape or self.stuck.dtype != np.bool_):
            found = f"{self.stuck.dtype} of shape {self.stuck.shape}"
            raise InputError(f"{self.name}: stuck is {found}: give booleans of shape {shape}")

    @cached_property
    def devices(self) -> Devices | None:
        """The devices in their states; None: resistors, as the model is linear or has no memory to program.

        Raises:
            InputError: a conductance is out of its device's reach.

        """
        model = self.card.device_model
        if model.memory is None or _is_linear(model):
            return None
        g = self.crossbar.g_siemens
        stuck = (g == 0) | (False if self.stuck is None else self.stuck)
        low, _ = reach(self.card, self.instance, self.temperature_k)
        with located(self.name):
            states = memory_state(self.card, np.where(stuck, low, g), self.instance, self.temperature_k)
        instance = {**self.instance, memory(self.card).initial: states}
        return Devices(self.card, g.shape, instance, np.where(stuck, g, np.nan) if stuck.any() else None)

    @cached_property
    def circuit(self) -> Circuit:
        """The circuit of wires, terminations and cells."""
        return crossbar_circuit(self.crossbar, self.devices)

    def vectors(self, v_in_volt: Array) -> Array:
        """Read vectors as an array of shape (vectors, rows), V, without negative zeros.

        Raises:
            InputError: another shape, none at all, or a voltage that is not finite.

        """
        v = np.atleast_2d(np.asarray(v_in_volt, dtype=np.float64)) + 0.0
        if v.ndim != 2 or v.shape[1] != self.crossbar.rows or not len(v):
            raise InputError(f"{self.name}: read vectors of shape {v.shape}: give (vectors, {self.crossbar.rows})")
        if not np.isfinite(v).all():
            k, row = np.argwhere(~np.isfinite(v))[0]
            raise InputError(f"{self.name}: read vector {k}: {v[k, row]} V at row {row}: must be finite")
        return v


def tile_job(tile: CircuitTile, v_in_volt: Array) -> Job:
    """The job that reads a tile with these vectors, while its devices' states are held.

    Args:
        tile: the tile.
        v_in_volt: row voltages, shape (vectors, rows), V.

    Raises:
        InputError: vectors of another shape, or a fault leaves something without any connection.

    """
    v = tile.vectors(v_in_volt)
    title = re.sub(r"[^A-Za-z0-9 ,.()+-]", " ", f"spicegen {tile.name}")
    return Job(tile.circuit, ReadVectors(source_voltages(tile.crossbar, v)), title, tile.temperature_k)


@cache
def _is_linear(model: Model) -> bool:
    """Whether the model's current is proportional to its voltage, so that a device is a resistor while it is read."""
    return VOLTAGE not in model.expanded(model.current).diff(VOLTAGE).free_symbols
