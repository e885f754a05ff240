"""A layer cut into tiles, each one crossbar; what its tiles really compute, wires included.

Rows of a crossbar are inputs of the layer. The columns of an output stand next to each other; a column that they all
share stands in the middle. Currents of tiles that share outputs are added digitally.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from evaluator.mapping.plan import LayerPlan
from evaluator.mapping.read_noise import noise_power
from evaluator.mapping.weights import Conductances, Traits, WeightLayout, weight_layout
from evaluator.network.layer import Array
from evaluator.settings import HardwareConfig
from models_va.errors import InputError
from netlists import ArrayConfig
from spicegen.simulate import read_operators

T = TypeVar("T", bound=np.generic)
_CELLS_AT_ONCE = 1 << 24
"""Number of cells of the tiles whose operators are computed together, which takes some 400 MB."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a layer on one crossbar.

    Attributes:
        group: number of the group.
        inputs, outputs: ranges of the group's inputs and outputs.
        range: number of the range of outputs.
    """

    group: int
    inputs: slice
    outputs: slice
    range: int

    @property
    def weights(self) -> tuple[int, slice, slice]:
        """Place of the tile's weights in the layer's, shape (groups, outputs, inputs)."""
        return self.group, self.outputs, self.inputs

    def conductances(self, layer: Conductances) -> Array:
        """The tile's part of a layer's conductances, shape (inputs, columns) of the tile, S."""
        return self.cells(layer.g_siemens, layer.reference_siemens)

    def traits(self, layer: Conductances) -> Traits:
        """The tile's part of the other properties of a layer's devices, shapes (inputs, columns) of the tile."""
        own, shared = layer.traits, layer.reference_traits
        instance = {name: self.cells(v, shared.instance.get(name)) for name, v in own.instance.items()}
        return Traits(instance, None if own.stuck is None else self.cells(own.stuck, shared.stuck))

    def cells(self, own: NDArray[T], shared: NDArray[T] | None) -> NDArray[T]:
        """The tile's part of any numbers of a layer's devices, shape (inputs, columns) of the tile.

        Args:
            own: numbers of the outputs' devices, shape (groups, inputs, outputs, columns of an output).
            shared: numbers of the shared columns' devices, shape (groups, inputs, ranges); None if there are none.

        """
        of_tile = own[self.group, self.inputs, self.outputs]
        columns = of_tile.reshape(len(of_tile), -1)
        if shared is None:
            return columns
        return np.insert(columns, columns.shape[1] // 2, shared[self.group, self.inputs, self.range], axis=1)


@dataclass(frozen=True, eq=False)
class LayerRead:
    """Operators of a layer's tiles, as one matrix a slice, over the span of the window.

    Attributes:
        slices: current of each slice for a unit input, its reference subtracted: shape (slices, groups, outputs,
            inputs).
        power: sum of the columns' ``noise_power``, without the reference's, same shape; None: it was not asked for.
        reference_power: ``noise_power`` of the shared columns, shape (groups, ranges, inputs); None: there are none.
    """

    slices: Array
    power: Array | None = None
    reference_power: Array | None = None


def check_array(array: ArrayConfig, layout: WeightLayout) -> None:
    """Refuse an array onto which no layer can be put, before any work.

    Raises:
        InputError: it has too few columns for one output, shares of stuck cells beyond 1, or cells that only an array
            of one size has.

    """
    if array.columns < layout.fewest_columns:
        raise InputError(
            f"array: columns = {array.columns}: an output takes {layout.fewest_columns} in this mapping, "
            f"give columns >= {layout.fewest_columns}"
        )
    if array.stuck_low + array.stuck_high > 1:
        raise InputError(f"array: stuck_low + stuck_high = {array.stuck_low + array.stuck_high:g}: at most 1")
    if array.stuck:
        raise InputError("array: stuck: tiles differ in size, so cells have no names: give stuck_low and stuck_high")


def check_tiles(config: HardwareConfig) -> None:
    """``check_array`` for the array and the mapping of a configuration."""
    check_array(config.array, weight_layout(config.mapping))


def tiles_of(shape: tuple[int, int, int], array: ArrayConfig, layout: WeightLayout, block: int = 1) -> list[Tile]:
    """Cut a layer of (groups, outputs, inputs) into as few tiles as fit, of as equal sizes as possible.

    Every tile is an array of its own size, not a corner of a larger one. No tile holds two groups: the devices
    between them would carry currents that mean nothing.

    Args:
        shape: shape of the layer's weights.
        array: largest number of rows and columns of a tile.
        layout: columns of an output.
        block: number of inputs that stay together, where an array has rows for all of them.

    Raises:
        InputError: see ``check_array``.

    """
    check_array(array, layout)
    groups, outputs, inputs = shape
    across = list(enumerate(output_ranges(outputs, array, layout)))
    down = input_ranges(inputs, array, block)
    return [Tile(g, i, o, number) for g in range(groups) for number, o in across for i in down]


def labelled_tiles(plan: LayerPlan, array: ArrayConfig) -> Iterator[tuple[str, Tile]]:
    """The tiles of a layer, each with its label.

    A label is LAYER:ROW,COLUMN, the number of its range of inputs and of outputs; of one of several groups also ,GROUP.
    """
    layer = plan.layer
    for tile in tiles_of(layer.weights.shape, array, plan.target.layout, layer.block):
        group = f",{tile.group}" if layer.groups > 1 else ""
        yield f"{layer.name}:{plan.rows.index(tile.inputs)},{tile.range}{group}", tile


def input_ranges(inputs: int, array: ArrayConfig, block: int) -> list[slice]:
    """The rows of each tile as ranges of a group's inputs; see ``tiles_of``."""
    if block > array.rows:
        block = 1
    return [slice(r.start * block, r.stop * block) for r in _ranges(inputs // block, array.rows // block)]


def output_ranges(outputs: int, array: ArrayConfig, layout: WeightLayout) -> list[slice]:
    """The outputs of each tile as ranges of a group's; see ``tiles_of``."""
    return list(_ranges(outputs, layout.outputs_in(array.columns)))


def read_layer(layer: Conductances, array: ArrayConfig, block: int = 1, *, powers: bool = False) -> LayerRead:
    """Read a layer's tiles: exact, because the read is linear.

    Args:
        layer: conductances as programmed.
        array: size, wires, terminations and line faults of a tile.
        block: see ``tiles_of``.
        powers: whether ``noise_power`` is wanted too, for read noise.

    """
    layout = layer.layout
    groups, inputs, outputs, _ = layer.g_siemens.shape
    tiles = tiles_of((groups, outputs, inputs), array, layout, block)
    slices = np.empty((len(layout.factors), groups, outputs, inputs))
    power = np.empty_like(slices) if powers else None
    shared = None
    if powers and layer.reference_siemens is not None:
        shared = np.empty(layer.reference_siemens.swapaxes(1, 2).shape)
    for tile, operator in _operators(tiles, layer, array):
        over_span = operator / layer.span_siemens
        slices[:, *tile.weights] = slices_of(over_span, layout)
        if power is not None:
            columns, reference = _split(noise_power(operator, array) / layer.span_siemens**2, layout)
            power[:, *tile.weights] = np.einsum("sk,oki->soi", np.abs(layout.signs), columns)
            if shared is not None:
                shared[tile.group, tile.range, tile.inputs] = reference
    return LayerRead(slices, power, shared)


def slices_of(columns: Array, layout: WeightLayout) -> Array:
    """Slices of a tile's outputs, shape (slices, outputs, n), from its columns' currents, shape (columns, n)."""
    own, reference = _split(columns, layout)
    slices = np.einsum("sk,oki->soi", layout.signs, own)
    return np.asarray(slices if reference is None else slices - reference)


def outputs_of(columns: Array, layout: WeightLayout) -> Array:
    """A tile's outputs, shape (outputs, n), from its columns' currents, shape (columns, n); slices are added up."""
    return np.asarray(np.tensordot(layout.factors, slices_of(columns, layout), 1))


def _split(columns: Array, layout: WeightLayout) -> tuple[Array, Array | None]:
    """The columns of each output, shape (outputs, columns of an output, n), and the shared column, shape (n,)."""
    reference = None
    if layout.has_reference:
        middle = (len(columns) - 1) // 2  # where Tile.conductances puts it
        reference, columns = columns[middle], np.delete(columns, middle, axis=0)
    return columns.reshape(-1, layout.columns_per_output, columns.shape[1]), reference


def _operators(tiles: list[Tile], layer: Conductances, array: ArrayConfig) -> Iterator[tuple[Tile, Array]]:
    """Each tile with its operator, shape (columns, inputs), S."""
    if not array.has_wires:  # every cell sees the full voltage
        yield from ((tile, tile.conductances(layer).T) for tile in tiles)
        return
    at_once = max(1, _CELLS_AT_ONCE // (array.rows * array.columns))
    for start in range(0, len(tiles), at_once):
        some = tiles[start : start + at_once]
        yield from zip(some, read_operators([array.crossbar(t.conductances(layer)) for t in some]), strict=True)


def _ranges(length: int, most: int) -> Iterator[slice]:
    """Cut ``length`` into as few ranges of at most ``most`` as it takes, of as equal lengths as possible."""
    count = -(-length // most)
    edges = [length * k // count for k in range(count + 1)]
    return (slice(a, b) for a, b in pairwise(edges))
