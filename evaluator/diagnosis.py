"""Where the error comes from: layer by layer, programming and wires apart; and one tile to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluator.hardware import Hardware
from evaluator.layer import Array, MappedLayer
from evaluator.report import ErrorSplit, LayerReport, TileSample
from evaluator.scores import relative_output_error
from evaluator.tiles import tiles_of

ERROR_IMAGES = 256
ERROR_VECTORS = 4096
"""Of a layer: a convolution has one for each place of each image."""


def inspect_layer(index: int, layer: MappedLayer, effective: Array, vectors: Array, hardware: Hardware) -> LayerReport:
    """Tiles, devices and output error of one layer in the first trial.

    Args:
        index: number of the layer, which its random numbers hang on.
        layer: the layer.
        effective: its weights in the first trial, shape (groups, outputs, inputs).
        vectors: what its arrays see of some images, shape (groups, vectors, inputs).
        hardware: what it runs on.

    """
    target = hardware.target(layer.weights)
    programmed = hardware.programmed(target, 0, index)
    cases = (programmed.weights(), hardware.read(target, layer), effective)
    return LayerReport(
        name=layer.name,
        op=layer.op,
        shape=layer.shape,
        groups=layer.groups,
        tiles=len(tiles_of(layer.weights.shape, hardware.array, layer.block)),
        devices=target.g_siemens.size,
        engine=hardware.engine,
        relative_output_error=ErrorSplit(*(relative_output_error(c, layer.weights, vectors) for c in cases)),
    )


def sample_tile(layers: Sequence[MappedLayer], effective: Sequence[Array], hardware: Hardware) -> TileSample:
    """The tile of the largest layer that holds most weight (sum of magnitudes), in the first trial."""
    index = max(range(len(layers)), key=lambda k: layers[k].weights.size)
    layer = layers[index]
    tiles = tiles_of(layer.weights.shape, hardware.array, layer.block)
    tile = max(tiles, key=lambda t: float(np.sum(np.abs(layer.weights[t.weights]))))
    largest = float(np.max(np.abs(layer.weights))) or 1.0
    error = (effective[index] - layer.weights)[tile.weights] / largest
    return TileSample(
        layer=layer.name,
        inputs=(tile.inputs.start, tile.inputs.stop - 1),
        outputs=(tile.outputs.start, tile.outputs.stop - 1),
        g_siemens=tile.conductances(hardware.target(layer.weights)),
        weight_error=error,
    )
