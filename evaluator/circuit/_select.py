"""Which tiles of a network go to a circuit simulator: named, all, or those whose linear operator is off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from evaluator.activations import Seen, activations_of
from evaluator.calibration import signal_session
from evaluator.circuit._run import operator_error
from evaluator.circuit._tile import CircuitTile
from evaluator.graph.arrays import ArrayPart
from evaluator.graph.runtime import run
from evaluator.layer import Array
from evaluator.study import Study
from evaluator.tiles import Tile, tiles_of
from models_va.errors import InputError
from spicegen.progress import Progress

_PROBE_IMAGES = 8
_LOOKED_AT, _PROBES = 64, 8
"""Vectors of a layer's activation, and those of them that a tile is read with."""


@dataclass(frozen=True, slots=True)
class TileChoice:
    """A tile that was looked at.

    Attributes:
        label: LAYER:ROW,COLUMN, the number of its range of inputs and of outputs; for one of several groups also the
            group's.
        rows, columns: of the tile.
        operator_error: see ``operator_error``; None: it was not asked for.
        reads: vectors that an inference puts onto it.
        in_circuit: whether it goes to the simulator.
    """

    label: str
    rows: int
    columns: int
    operator_error: float | None
    reads: int
    in_circuit: bool


def labelled_tiles(part: ArrayPart, study: Study) -> Iterator[tuple[str, Tile]]:
    """The tiles of a layer, each with its label."""
    layer, plan = part.plan.layer, part.plan
    tiles = tiles_of(layer.weights.shape, study.hardware.config.array, plan.target.layout, layer.block)
    for tile in tiles:
        group = f",{tile.group}" if layer.groups > 1 else ""
        yield f"{layer.name}:{plan.rows.index(tile.inputs)},{tile.range}{group}", tile


def circuit_tile(part: ArrayPart, tile: Tile, label: str, study: Study) -> CircuitTile:
    """The tile as it was programmed."""
    hardware = study.hardware
    crossbar = hardware.config.array.crossbar(tile.conductances(part.conductances))
    name = f"tile {repr(label)[1:-1]}"  # a line, whatever a network's author called its node
    return CircuitTile(hardware.card, crossbar, name=name, temperature_k=hardware.config.errors.temperature_k)


@dataclass(frozen=True, eq=False)
class RowVoltages:
    """What the rows of a layer are driven with, read by read: phases of either sign, bits.

    Attributes:
        volts: of some vectors of the layer, all reads of them, shape (groups, vectors, inputs), V.
        reads: how many vectors an inference puts onto each tile.
    """

    volts: Array
    reads: int


def row_voltages(part: ArrayPart, study: Study, seen: Seen, most: int) -> RowVoltages:
    """What a layer's rows are driven with, for at most about ``most`` vectors of what it sees."""
    session, signals = signal_session(study.network.model, part)
    names = [s.voltage for s in signals]
    batches = [run(session, {"activation": tensor}, names) for tensor in seen.tensors]
    layer, v_read = part.plan.layer, study.hardware.config.array.v_read_volt
    volts = [
        Seen(tensors, seen.images).vectors(layer, most) * (signal.volt * v_read)
        for signal, tensors in zip(signals, zip(*batches, strict=True), strict=True)
    ]
    return RowVoltages(np.concatenate(volts, axis=1), len(signals) * seen.vectors_an_image(layer))


def select_tiles(
    study: Study, parts: Sequence[ArrayPart], wanted: str, tolerance: float, progress: Progress
) -> list[TileChoice]:
    """Look at the tiles of the first trial.

    Args:
        study: network, images, hardware.
        parts: the layers' arrays.
        wanted: none, all, auto, or patterns of labels separated by ``;``; see ``matching``.
        tolerance: of auto: the relative error of the operator beyond which a tile goes to the circuit.
        progress: shows how far the work is.

    Raises:
        InputError: a pattern that no tile matches; labels are shown.

    """
    if wanted == "none":
        return []
    named: frozenset[str] = frozenset()
    if wanted not in ("auto", "all"):
        named = matching(wanted, [label for p in parts for label, _ in labelled_tiles(p, study)])
    images = study.images[:_PROBE_IMAGES]
    seen = activations_of(study.network, study.plans, images)
    found: list[TileChoice] = []
    for part, of_layer in progress(zip(parts, seen, strict=True), "Looking at tiles", len(parts)):
        found += _of_layer(study, part, of_layer, wanted, tolerance, named)
    return found


def matching(wanted: str, labels: Sequence[str]) -> frozenset[str]:
    """The labels that are meant.

    Args:
        wanted: a label; or several patterns with * and ?, separated by ``;``, each of which is a label where it can be
            one. In a pattern, ? also stands for a ``;`` or a ``*`` of a name.
        labels: there are.

    Raises:
        InputError: a pattern that matches none; some are shown.

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
    study: Study, part: ArrayPart, seen: Seen, wanted: str, tolerance: float, named: frozenset[str]
) -> Iterator[TileChoice]:
    curve = part.curve
    driven = row_voltages(part, study, seen, _LOOKED_AT)
    for label, tile in labelled_tiles(part, study):
        circuit = circuit_tile(part, tile, label, study)
        error = None
        if wanted == "auto":
            error = operator_error(circuit, _telling(driven.volts[tile.group][:, tile.inputs]), curve)
        chosen = wanted == "all" or label in named or (error is not None and error > tolerance)
        yield TileChoice(label, circuit.crossbar.rows, circuit.crossbar.columns, error, driven.reads, chosen)


def _telling(volts: Array) -> Array:
    """The few vectors with the highest mean square: where a nonlinear device shows."""
    order = np.argsort(-np.sum(volts**2, axis=1), kind="stable")
    return volts[order[:_PROBES]]
