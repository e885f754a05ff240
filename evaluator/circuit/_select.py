"""Selection of the tiles that go to a circuit simulator: named ones, all, or those whose linear operator is off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from evaluator.circuit._run import operator_error
from evaluator.circuit._tile import CircuitTile
from evaluator.evaluation_setup import EvaluationSetup
from evaluator.hardware.activations import Activations, activations_of
from evaluator.hardware.row_voltages import row_voltages
from evaluator.mapping.tiles import Tile, labelled_tiles
from evaluator.network.layer import Array
from evaluator.operators.arrays import ArrayPart
from models_va.errors import InputError
from spicegen.progress import Progress

_PROBE_IMAGES = 8
_LOOKED_AT, _PROBES = 64, 8
"""Number of vectors of a layer's activation that are looked at, and of those that a tile is read with."""


@dataclass(frozen=True, slots=True)
class TileChoice:
    """A tile that was looked at, and whether it goes to the circuit simulator.

    Attributes:
        label: label of the tile, see ``labelled_tiles``.
        rows, columns: number of its rows and columns.
        operator_error: relative error of its operator, see ``operator_error``; None: it was not asked for.
        reads: number of vectors that an inference puts onto it.
        in_circuit: whether it goes to the simulator.
    """

    label: str
    rows: int
    columns: int
    operator_error: float | None
    reads: int
    in_circuit: bool


def circuit_tile(part: ArrayPart, tile: Tile, label: str, setup: EvaluationSetup) -> CircuitTile:
    """A tile of a layer as a circuit, as it was programmed."""
    config, traits = setup.hardware.config, tile.traits(part.conductances)
    return CircuitTile(
        setup.hardware.card,
        config.array.crossbar(tile.conductances(part.conductances)),
        traits.stuck,
        traits.instance,
        name=f"tile {repr(label)[1:-1]}",  # a line, whatever a network's author called its node
        temperature_k=config.errors.temperature_k,
    )


def select_tiles(
    setup: EvaluationSetup, parts: Sequence[ArrayPart], wanted: str, tolerance: float, progress: Progress
) -> list[TileChoice]:
    """Look at the tiles of the first trial, and choose those that go to the circuit simulator.

    Args:
        setup: network, images, hardware.
        parts: the layers' arrays.
        wanted: none, all, auto, or patterns of labels separated by ``;``; see ``matching``.
        tolerance: for auto, the relative error of the operator beyond which a tile goes to the circuit.
        progress: shows how far the work is.

    Raises:
        InputError: a pattern that no tile matches; labels are shown.

    """
    if wanted == "none":
        return []
    array, named = setup.hardware.config.array, frozenset[str]()
    if wanted not in ("auto", "all"):
        named = matching(wanted, [label for p in parts for label, _ in labelled_tiles(p.plan, array)])
    images = setup.images[:_PROBE_IMAGES]
    activations = activations_of(setup.network, setup.plans, images)
    choices: list[TileChoice] = []
    for part, of_layer in progress(zip(parts, activations, strict=True), "Looking at tiles", len(parts)):
        choices += _of_layer(setup, part, of_layer, wanted, tolerance, named)
    return choices


def matching(wanted: str, labels: Sequence[str]) -> frozenset[str]:
    """The labels of tiles that a choice of the user means.

    Args:
        wanted: a label; or several patterns with * and ?, separated by ``;``, each of which is a label where it can be
            one. In a pattern, ? also stands for a ``;`` or a ``*`` of a name.
        labels: labels of all tiles.

    Raises:
        InputError: a pattern matches none of the labels; the message shows some of them.

    """
    if wanted in labels:
        return frozenset([wanted])
    found: set[str] = set()
    for piece in wanted.split(";"):
        exact = {piece, piece.strip()} & set(labels)
        pattern = piece.strip().replace("[", "[[]")  # layers' names may have brackets: only * and ? are special here
        some = exact or {label for label in labels if fnmatchcase(label, pattern)}
        if not some:
            shown = ", ".join(map(repr, labels[:5]))
            raise InputError(f"circuit tiles: {piece!r} matches none of {len(labels)} tiles; labels are {shown} ...")
        found |= some
    return frozenset(found)


def _of_layer(
    setup: EvaluationSetup,
    part: ArrayPart,
    activations: Activations,
    wanted: str,
    tolerance: float,
    named: frozenset[str],
) -> Iterator[TileChoice]:
    array = setup.hardware.config.array
    driven = row_voltages(setup.network.graph, part, activations, array.v_read_volt, _LOOKED_AT)
    for label, tile in labelled_tiles(part.plan, array):
        circuit = circuit_tile(part, tile, label, setup)
        error = None
        if wanted == "auto":
            volts = _telling(driven.volts[tile.group][:, tile.inputs])
            error = operator_error(circuit, part.plan.target.layout, volts, part.curve)
        chosen = wanted == "all" or label in named or (error is not None and error > tolerance)
        yield TileChoice(label, circuit.crossbar.rows, circuit.crossbar.columns, error, driven.reads, chosen)


def _telling(volts: Array) -> Array:
    """The few vectors with the highest mean square: where a nonlinear device shows."""
    order = np.argsort(-np.sum(volts**2, axis=1), kind="stable")
    return volts[order[:_PROBES]]
