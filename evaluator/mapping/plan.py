"""LayerPlan: the arrays of a layer as planned, before anything random happens to them."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.mapping.weights import Conductances
from evaluator.network.layer import Array, MappedLayer


@dataclass(frozen=True, eq=False)
class LayerPlan:
    """Plan of a layer's arrays: target conductances, tiles, ranges of drivers and converters.

    Attributes:
        number: number of the layer, part of the keys of its random numbers.
        layer: the layer.
        target: the conductances to be programmed.
        rows: range of inputs of each tile that adds to the same outputs.
        outputs: range of outputs of each tile that has the same inputs.
        largest_input: magnitude of an input that the read voltage stands for, in the network's units.
        signed: whether inputs below zero occur.
        adc_range: current of each slice at the end of its converters' range, over span times read voltage, shape
            (slices,); None: there are no converters, or they are ideal.

    """

    number: int
    layer: MappedLayer
    target: Conductances
    rows: tuple[slice, ...]
    outputs: tuple[slice, ...]
    largest_input: float = 1.0
    signed: bool = True
    adc_range: Array | None = None
