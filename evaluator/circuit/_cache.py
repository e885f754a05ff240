"""The key under which the currents of a tile are stored: a digest of everything that they depend on."""

from __future__ import annotations

from evaluator.circuit._tile import CircuitTile
from evaluator.network.layer import Array
from spicegen.result_cache import card_identity, digest, engine_identity
from spicegen.simulate import Simulator

_EDITION = 1
"""Edition of stored currents, which is raised when the same tile and vectors are to give other currents: old files are
then no longer found."""


def content_key(tile: CircuitTile, v_in_volt: Array, engine: Simulator) -> str:
    """The key of a tile's currents.

    Args:
        tile: all of it counts but its name.
        v_in_volt: shape (vectors, rows), V.
        engine: its name and version count.

    """
    crossbar = tile.crossbar
    numbers = {k: v for k, v in vars(crossbar).items() if k not in ("g_siemens", "faults")}
    head = {
        "edition": _EDITION,
        "engine": engine_identity(engine),
        "card": card_identity(tile.card),
        "temperature_k": tile.temperature_k,
        "crossbar": numbers,
        "faults": crossbar.faults.model_dump(mode="json"),
        "shapes": [crossbar.g_siemens.shape, v_in_volt.shape, tile.stuck is not None],
        "instance": sorted(tile.instance),
    }
    arrays = (crossbar.g_siemens, v_in_volt, tile.stuck, *(tile.instance[name] for name in sorted(tile.instance)))
    return digest(head, [a for a in arrays if a is not None])
