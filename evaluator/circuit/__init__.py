"""Tiles of a network as circuits: run, judged, chosen, priced, put into the network, and written as decks."""

from evaluator.circuit._choice import CircuitReport, CircuitRequest, with_circuits
from evaluator.circuit._estimate import estimate_seconds, rough_seconds
from evaluator.circuit._export import export_tile
from evaluator.circuit._network import logits
from evaluator.circuit._run import operator_error, tile_currents
from evaluator.circuit._select import TileChoice, circuit_tile, matching, select_tiles
from evaluator.circuit._tile import CircuitTile, tile_job

__all__ = [
    "CircuitReport",
    "CircuitRequest",
    "CircuitTile",
    "TileChoice",
    "circuit_tile",
    "estimate_seconds",
    "export_tile",
    "logits",
    "matching",
    "operator_error",
    "rough_seconds",
    "select_tiles",
    "tile_currents",
    "tile_job",
    "with_circuits",
]
