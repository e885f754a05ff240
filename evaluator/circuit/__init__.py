"""Tiles of a network as circuits: run, judged, chosen, priced, put into the network, and written as decks."""

from evaluator.circuit._choice import CircuitReport, CircuitRequest, with_circuits
from evaluator.circuit._estimate import RATES, Rate, estimate_seconds, rough_seconds
from evaluator.circuit._export import export_tile
from evaluator.circuit._network import logits
from evaluator.circuit._run import operator_error, tile_currents
from evaluator.circuit._select import (
    RowVoltages,
    TileChoice,
    circuit_tile,
    labelled_tiles,
    matching,
    row_voltages,
    select_tiles,
)
from evaluator.circuit._tile import CircuitTile, tile_job

__all__ = [
    "RATES",
    "CircuitReport",
    "CircuitRequest",
    "CircuitTile",
    "Rate",
    "RowVoltages",
    "TileChoice",
    "circuit_tile",
    "estimate_seconds",
    "export_tile",
    "labelled_tiles",
    "logits",
    "matching",
    "operator_error",
    "rough_seconds",
    "row_voltages",
    "select_tiles",
    "tile_currents",
    "tile_job",
    "with_circuits",
]
