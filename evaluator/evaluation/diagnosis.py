"""Where the error comes from, layer by layer and cause by cause; what a layer takes; and one tile to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.evaluation.costs import LayerCosts, layer_costs
from evaluator.hardware.activations import Seen, activations_of
from evaluator.hardware.calibration import with_input_range
from evaluator.hardware.compensation import out_of_reach, products
from evaluator.hardware.programmed import Engine
from evaluator.hardware.row_voltages import RowVoltages, row_voltages
from evaluator.mapping.tiles import labelled_tiles, tiles_of
from evaluator.network.layer import Array
from evaluator.operators.arrays import ArrayPart, is_plain, plain_weights
from evaluator.scores import relative_difference, relative_output_error
from evaluator.study import Study
from models_va.errors import located
from spicegen.progress import Progress

ERROR_VECTORS = 4096
"""Of a layer: a convolution has one for each place of each image."""
_COST_VECTORS = 1024
_PROBE_IMAGES, _PROBE_VALUES = 256, 2**20


@dataclass(frozen=True, slots=True)
class ErrorSplit:
    """||(W_eff - W) x|| / ||W x|| over real activations.

    Attributes:
        programming: with all that changes conductances, wires left out.
        wires: with the target conductances, wires alone.
        both: with both.
        total: ||y - W x|| / ||W x|| of what the arrays deliver, converters, noise, I-V curve and corrections included.
    """

    programming: float
    wires: float
    both: float
    total: float


@dataclass(frozen=True, slots=True)
class LayerReport:
    """One mapped layer; its errors are those of the first trial.

    Attributes:
        name, op: of its ONNX node.
        shape: (outputs, inputs) of each group.
        groups: matrices that share nothing.
        tiles, devices: how many it takes.
        circuit_tiles: how many of them ran in a circuit simulator.
        engine: how the others were read, and all of them for the errors: ``"operator"`` (exact, wires included) or
            ``"ideal"`` (no wires).
        relative_output_error: see ErrorSplit.
        costs: what it takes.
        unverified: share of the devices that write-verify gave up; None: it did not program them.
        out_of_reach: ||W_eff - W|| / ||W|| that corrected conductances leave; None: they are not corrected.

    """

    name: str
    op: str
    shape: tuple[int, int]
    groups: int
    tiles: int
    circuit_tiles: int
    devices: int
    engine: Engine
    relative_output_error: ErrorSplit
    costs: LayerCosts
    out_of_reach: float | None = None
    unverified: float | None = None


@dataclass(frozen=True, eq=False)
class TileSample:
    """One tile, to look at.

    Attributes:
        layer: name of its layer.
        inputs, outputs: first and last input and output of the layer that it holds.
        g_siemens: target conductances, shape (inputs, columns of the tile), S.
        weight_error: (W_eff - W) / max|W| of the layer in the first trial, shape (outputs, inputs).

    """

    layer: str
    inputs: tuple[int, int]
    outputs: tuple[int, int]
    g_siemens: Array
    weight_error: Array


def probe_images(images: NDArray[Any]) -> NDArray[Any]:
    """Images to look into the network with: fewer of large ones."""
    return images[: max(1, min(_PROBE_IMAGES, _PROBE_VALUES // max(images[0].size, 1)))]


def inspect_layers(study: Study, parts: Sequence[ArrayPart], progress: Progress) -> Iterator[LayerReport]:
    """Tiles, devices, costs and output error of every layer in the first trial, whose arrays ``parts`` are."""
    images = probe_images(study.images)
    seen = activations_of(study.network, study.plans, images)
    for part, of_layer in progress(zip(parts, seen, strict=True), "Errors of each layer", len(parts)):
        yield _inspect(study, part, of_layer)


def _inspect(study: Study, part: ArrayPart, seen: Seen) -> LayerReport:
    hardware, plan, circuits = study.hardware, part.plan, study.source.circuits
    layer, misfits = plan.layer, study.source.misfits
    labels = [label for label, _ in labelled_tiles(plan, hardware.config.array)]
    return LayerReport(
        name=layer.name,
        op=layer.op,
        shape=layer.shape,
        groups=layer.groups,
        tiles=len(labels),
        circuit_tiles=0 if circuits is None else len(circuits.labels.intersection(labels)),
        devices=plan.target.devices,
        engine=hardware.engine,
        relative_output_error=_errors(study, part, seen),
        costs=layer_costs(plan, hardware, _driven(study, part, seen), len(labels)),
        unverified=None if misfits is None else misfits[plan.number].unverified,
        out_of_reach=out_of_reach(plan, hardware) if hardware.config.compensate == "conductances" else None,
    )


def _errors(study: Study, part: ArrayPart, seen: Seen) -> ErrorSplit:
    hardware, layer, target, programmed = study.hardware, part.plan.layer, part.plan.target, part.conductances
    vectors = seen.vectors(layer, ERROR_VECTORS)
    cases = (
        programmed.weights(hardware.without_wires().read(programmed, layer).slices),
        target.weights(hardware.read(target, layer).slices),
        programmed.weights(part.read.slices),
    )
    programming, wires, both = (relative_output_error(c, layer.weights, vectors) for c in cases)
    as_weights = is_plain(part) and part.gain is None
    total = both if as_weights else relative_difference(*products(study.network.graph, part, seen))
    return ErrorSplit(programming, wires, both, total)


def _driven(study: Study, part: ArrayPart, seen: Seen) -> RowVoltages:
    """What the rows are driven with; where nothing needed ranges, what these images need."""
    if study.calibration is None:
        samples = np.concatenate([t.ravel() for t in seen.tensors])
        with located(study.network.source):
            part = replace(part, plan=with_input_range(part.plan, samples, study.hardware))
    return row_voltages(study.network.graph, part, seen, study.hardware.config.array.v_read_volt, _COST_VECTORS)


def sample_tile(study: Study, parts: Sequence[ArrayPart]) -> TileSample:
    """The tile of the largest layer that holds most weight (sum of magnitudes), in the first trial."""
    part = max(parts, key=lambda p: p.plan.layer.weights.size)
    layer, target = part.plan.layer, part.plan.target
    tiles = tiles_of(layer.weights.shape, study.hardware.config.array, target.layout, layer.block)
    tile = max(tiles, key=lambda t: float(np.sum(np.abs(layer.weights[t.weights]))))
    largest = float(np.max(np.abs(layer.weights))) or 1.0
    error: Array = (plain_weights(part) - layer.weights)[tile.weights] / largest
    return TileSample(
        layer=layer.name,
        inputs=(tile.inputs.start, tile.inputs.stop - 1),
        outputs=(tile.outputs.start, tile.outputs.stop - 1),
        g_siemens=tile.conductances(target),
        weight_error=error,
    )
