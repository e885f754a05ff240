"""TileExport: a programmed tile as self-contained decks, with real activations as read vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluator.circuit import circuit_tile, export_tile
from evaluator.evaluation_setup import EvaluationSetup
from evaluator.hardware.activations import activations_of
from evaluator.hardware.row_voltages import row_voltages
from evaluator.mapping.tiles import labelled_tiles
from evaluator.operators.arrays import ArrayPart
from models_va.errors import InputError

_IMAGES, _VECTORS = 8, 16


@dataclass(frozen=True)
class TileExport:
    """A tile that is wanted as decks.

    Attributes:
        label: label of the tile, see ``labelled_tiles``.
        folder: folder for the decks.
    """

    label: str
    folder: Path

    def write(self, setup: EvaluationSetup, parts: Sequence[ArrayPart]) -> None:
        """Write the tile of the first trial, read with some of the vectors that the network's images put onto it.

        Raises:
            InputError: there is no such tile, or the folder cannot be written.

        """
        array = setup.hardware.config.array
        for part in parts:
            for label, tile in labelled_tiles(part.plan, array):
                if label == self.label:
                    (activations,) = activations_of(setup.network, [part.plan], setup.images[:_IMAGES])
                    rows = row_voltages(setup.network.graph, part, activations, array.v_read_volt, _VECTORS)
                    volts = rows.volts[tile.group][:_VECTORS, tile.inputs]
                    export_tile(circuit_tile(part, tile, label, setup), volts, self.folder)
                    return
        last = [list(labelled_tiles(p.plan, array))[-1][0] for p in parts]
        raise InputError(f"export tile: no tile {self.label!r}; the last one of each layer is {', '.join(last[:20])}")
