"""Which tiles of a network go to a circuit simulator: named, all, or those whose linear operator is off."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evaluator.calibration import activations_of, signal_session
from evaluator.circuit._run import operator_error
from evaluator.circuit._tile import CircuitTile
from evaluator.graph.arrays import ArrayPart
from evaluator.graph.runtime import run
from evaluator.layer import Array
from evaluator.tiles import Tile, tiles_of
from models_va.errors import InputError
from spicegen.progress import Progress

if TYPE_CHECKING:
    from evaluator.study import Study

_PROBES = 8
_PROBE_IMAGES = 8


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
    crossbar = study.hardware.config.array.crossbar(tile.conductances(part.conductances))
    return CircuitTile(study.hardware.card, crossbar, name=f"tile {label}")


def row_voltages(part: ArrayPart, study: Study, activation: NDArray[Any], most: int | None) -> Array:
    """What the rows of a layer are driven with, all reads one after another, shape (groups, vectors, inputs), V."""
    session, signals = signal_session(study.network.model, part)
    names = list(dict.fromkeys(s.voltage for s in signals))
    tensors = dict(zip(names, run(session, {"activation": activation}, names), strict=True))
    layer, v_read = part.plan.layer, study.hardware.config.array.v_read_volt
    reads = [layer.to_vectors(tensors[s.voltage], most) * (s.volt * v_read) for s in signals]
    return np.concatenate(reads, axis=1)


def select_tiles(
    study: Study, parts: Sequence[ArrayPart], wanted: str, tolerance: float, progress: Progress
) -> list[TileChoice]:
    """Look at the tiles of the first trial.

    Args:
        study: network, images, hardware.
        parts: the layers' arrays.
        wanted: none, all, auto, or patterns of labels separated by ``;``.
        tolerance: of auto: the relative error of the operator beyond which a tile goes to the circuit.
        progress: shows how far the work is.

    Raises:
        InputError: a pattern that no tile matches; the labels are shown.

    """
    if wanted == "none":
        return []
    images = study.images[:_PROBE_IMAGES]
    seen = activations_of(study.network, study.plans, images)
    found: list[TileChoice] = []
    for part, activation in progress(zip(parts, seen, strict=True), "Looking at tiles", len(parts)):
        found += _of_layer(study, part, activation, wanted, tolerance)
    if wanted not in ("auto", "all") and not any(c.in_circuit for c in found):
        labels = ", ".join(repr(c.label) for c in found[:5])
        raise InputError(f"circuit tiles: {wanted!r} matches none of {len(found)} tiles; labels are {labels} ...")
    return found


def _of_layer(
    study: Study, part: ArrayPart, activation: NDArray[Any], wanted: str, tolerance: float
) -> Iterator[TileChoice]:
    volts = row_voltages(part, study, activation, 64)
    reads = row_voltages(part, study, activation[:1], None).shape[1]
    curve = part.curve
    patterns = [p.strip() for p in wanted.split(";")]
    for label, tile in labelled_tiles(part, study):
        circuit = circuit_tile(part, tile, label, study)
        error = None
        if wanted == "auto":
            error = operator_error(circuit, _telling(volts[tile.group][:, tile.inputs]), curve)
        named = any(fnmatchcase(label, _without_sets(p)) for p in patterns)
        chosen = wanted == "all" or named or (error is not None and error > tolerance)
        yield TileChoice(label, circuit.crossbar.rows, circuit.crossbar.columns, error, reads, chosen)


def _without_sets(pattern: str) -> str:
    """Layer names may have brackets, which would be sets of characters: only * and ? are special here."""
    return re.sub(r"\[", "[[]", pattern)


def _telling(volts: Array) -> Array:
    """The few vectors with the highest mean square: where a nonlinear device shows."""
    order = np.argsort(-np.sum(volts**2, axis=1), kind="stable")
    return volts[order[:_PROBES]]
