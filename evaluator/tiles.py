"""A layer cut into tiles, each one crossbar; the weights that a layer has once its tiles are read.

Rows of a crossbar are inputs of the layer. The two columns of a pair stand next to each other, so R rows and
C columns hold R inputs and C // 2 outputs. Currents of tiles that share outputs are added digitally.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from evaluator.layer import Array
from evaluator.mapping import DifferentialPairs
from models_va.errors import InputError
from netlists import ArrayConfig
from spicegen.simulate import read_operators

_RESISTANCES = ("r_row_ohm", "r_col_ohm", "r_source_ohm", "r_sense_ohm")


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a layer on one crossbar: its group, and its inputs and outputs as ranges of the group's."""

    group: int
    inputs: slice
    outputs: slice

    @property
    def columns(self) -> slice:
        """The tile's columns among the 2 x outputs of the group."""
        return slice(2 * self.outputs.start, 2 * self.outputs.stop)

    @property
    def weights(self) -> tuple[int, slice, slice]:
        """Place of the tile's weights in the layer's, shape (groups, outputs, inputs)."""
        return self.group, self.outputs, self.inputs

    def conductances(self, layer: DifferentialPairs) -> Array:
        """The tile's part of a layer's conductances, shape (inputs, 2 outputs) of the tile, S."""
        return layer.g_siemens[self.group, self.inputs, self.columns]


def check_array(array: ArrayConfig) -> None:
    """Find an array that is of no use before any work.

    Raises:
        InputError: it has a single column, which holds no pair.

    """
    if array.columns < 2:
        raise InputError(f"array: columns = {array.columns}: a differential pair takes two, give columns >= 2")


def tiles_of(shape: tuple[int, int, int], array: ArrayConfig, block: int = 1) -> list[Tile]:
    """Cut a layer of (groups, outputs, inputs) into as few tiles as fit, of as equal sizes as possible.

    Every tile is an array of its own size, not a corner of a larger one. No tile holds two groups: the devices
    between them would carry currents that mean nothing.

    Args:
        shape: of the layer's weights.
        array: most rows and columns of a tile.
        block: inputs that stay together, where an array has rows for all of them.

    Raises:
        InputError: the array has a single column, which holds no pair.

    """
    check_array(array)
    groups, outputs, inputs = shape
    if block > array.rows:
        block = 1
    rows = [slice(r.start * block, r.stop * block) for r in _ranges(inputs // block, array.rows // block)]
    return [Tile(g, i, o) for g in range(groups) for o in _ranges(outputs, array.columns // 2) for i in rows]


def effective_weights(pairs: DifferentialPairs, array: ArrayConfig, block: int = 1) -> Array:
    """The weights of a layer as its tiles really compute them, wires included.

    Args:
        pairs: the layer's conductances, shape (groups, inputs, 2 outputs), S, as programmed.
        array: size, wires and terminations of a tile.
        block: see ``tiles_of``.

    Returns:
        Shape (groups, outputs, inputs), in units of the weights: exact, because the read is linear.

    """
    if not has_wires(array):  # every cell sees the full voltage
        return pairs.weights()
    groups, rows, columns = pairs.g_siemens.shape
    effective = np.empty((groups, columns // 2, rows))
    tiles = tiles_of(effective.shape, array, block)
    operators = read_operators([array.crossbar(tile.conductances(pairs)) for tile in tiles])
    for tile, operator in zip(tiles, operators, strict=True):
        effective[tile.weights] = pairs.weights_of(operator)
    return effective


def has_wires(array: ArrayConfig) -> bool:
    """Whether any resistance of the array is above zero."""
    return any(getattr(array, name) > 0 for name in _RESISTANCES)


def without_wires(array: ArrayConfig) -> ArrayConfig:
    """The array with every resistance at zero."""
    return array.model_copy(update=dict.fromkeys(_RESISTANCES, 0.0))


def _ranges(length: int, most: int) -> Iterator[slice]:
    count = -(-length // most)
    edges = [length * k // count for k in range(count + 1)]
    return (slice(a, b) for a, b in pairwise(edges))
