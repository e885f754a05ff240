"""One programmed tile of a network's layer as a circuit: run, judged, priced and written as decks."""

from evaluator.circuit._estimate import RATES, Rate, estimate_seconds, rough_seconds
from evaluator.circuit._export import export_tile
from evaluator.circuit._run import operator_error, tile_currents
from evaluator.circuit._tile import CircuitTile, tile_job

__all__ = [
    "RATES",
    "CircuitTile",
    "Rate",
    "estimate_seconds",
    "export_tile",
    "operator_error",
    "rough_seconds",
    "tile_currents",
    "tile_job",
]
