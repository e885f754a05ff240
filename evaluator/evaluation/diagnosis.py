"""Diagnosis of a trial: the output error of each layer split by cause, its costs, and one tile as a sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.evaluation.costs import LayerCosts, layer_costs
from evaluator.evaluation_setup import EvaluationSetup
from evaluator.hardware.activations import Activations, activations_of
from evaluator.hardware.calibration import with_input_range
from evaluator.hardware.compensation import out_of_reach, products
from evaluator.hardware.programmed import Engine
from evaluator.hardware.row_voltages import RowVoltages, row_voltages
from evaluator.mapping.tiles import labelled_tiles, tiles_of
from evaluator.network.layer import Array
from evaluator.operators.arrays import ArrayPart, is_plain, plain_weights
from evaluator.scores import relative_difference, relative_output_error
from models_va.errors import located
from spicegen.progress import Progress

ERROR_VECTORS = 4096
"""Most input vectors of a layer that its error is taken over; a convolution has one for each place of each image."""
_COST_VECTORS = 1024
_PROBE_IMAGES, _PROBE_VALUES = 256, 2**20


@dataclass(frozen=True, slots=True)
class ErrorSplit:
    """Relative error of a layer's outputs by cause: ||(W_eff - W) x|| / ||W x|| over real activations x.

    Attributes:
        programming: error by everything that changes conductances, without wires.
        wires: error by wires alone, with the target conductances.
        both: error by both together.
        total: ||y - W x|| / ||W x|| of the arrays' product y, converters, noise, I-V curve and corrections included.
    """

    programming: float
    wires: float
    both: float
    total: float


@dataclass(frozen=True, slots=True)
class LayerReport:
    """One mapped layer; its errors are those of the first trial.

    Attributes:
        name, op: name and operator of its ONNX node.
        shape: (outputs, inputs) of each group.
        groups: number of matrices, which share neither inputs nor outputs.
        tiles, devices: number of tiles and devices that it takes.
        circuit_tiles: number of its tiles that ran in a circuit simulator.
        engine: method by which its other tiles were read, and all of its tiles for the errors: ``"operator"`` (exact,
            wires included) or ``"ideal"`` (no wires).
        relative_output_error: see ErrorSplit.
        costs: converters, reads and energy that it takes.
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
    """Conductances and weight errors of one tile.

    Attributes:
        layer: name of the tile's layer.
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
    """The first images, for the activations that a diagnosis is made with; fewer of large images."""
    return images[: max(1, min(_PROBE_IMAGES, _PROBE_VALUES // max(images[0].size, 1)))]


def inspect_layers(setup: EvaluationSetup, parts: Sequence[ArrayPart], progress: Progress) -> Iterator[LayerReport]:
    """Tiles, devices, costs and output error of every layer in the first trial, whose arrays ``parts`` are."""
    images = probe_images(setup.images)
    activations = activations_of(setup.network, setup.plans, images)
    for part, of_layer in progress(zip(parts, activations, strict=True), "Errors of each layer", len(parts)):
        yield _inspect(setup, part, of_layer)


def _inspect(setup: EvaluationSetup, part: ArrayPart, activations: Activations) -> LayerReport:
    """The report of a layer from its arrays and its activations."""
    hardware, plan, circuits = setup.hardware, part.plan, setup.inputs.circuits
    layer, misfits = plan.layer, setup.inputs.misfits
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
        relative_output_error=_errors(setup, part, activations),
        costs=layer_costs(plan, hardware, _driven(setup, part, activations), len(labels)),
        unverified=None if misfits is None else misfits[plan.number].unverified,
        out_of_reach=out_of_reach(plan, hardware) if hardware.config.compensate == "conductances" else None,
    )


def _errors(setup: EvaluationSetup, part: ArrayPart, activations: Activations) -> ErrorSplit:
    """The relative error of a layer's outputs by cause, over its activations."""
    hardware, layer, target, programmed = setup.hardware, part.plan.layer, part.plan.target, part.conductances
    vectors = activations.vectors(layer, ERROR_VECTORS)
    cases = (
        programmed.weights(hardware.without_wires().read(programmed, layer).slices),
        target.weights(hardware.read(target, layer).slices),
        programmed.weights(part.read.slices),
    )
    programming, wires, both = (relative_output_error(c, layer.weights, vectors) for c in cases)
    as_weights = is_plain(part) and part.gain is None
    total = both if as_weights else relative_difference(*products(setup.network.graph, part, activations))
    return ErrorSplit(programming, wires, both, total)


def _driven(setup: EvaluationSetup, part: ArrayPart, activations: Activations) -> RowVoltages:
    """Row voltages of a layer; where nothing needed ranges, the largest input is that of these images."""
    if setup.calibration is None:
        samples = np.concatenate([t.ravel() for t in activations.tensors])
        with located(setup.network.source):
            part = replace(part, plan=with_input_range(part.plan, samples, setup.hardware))
    return row_voltages(setup.network.graph, part, activations, setup.hardware.config.array.v_read_volt, _COST_VECTORS)


def sample_tile(setup: EvaluationSetup, parts: Sequence[ArrayPart]) -> TileSample:
    """The tile of the largest layer that holds most weight (sum of magnitudes), in the first trial."""
    part = max(parts, key=lambda p: p.plan.layer.weights.size)
    layer, target = part.plan.layer, part.plan.target
    tiles = tiles_of(layer.weights.shape, setup.hardware.config.array, target.layout, layer.block)
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
