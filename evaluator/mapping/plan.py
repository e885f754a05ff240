"""LayerPlan: what is settled about a layer's arrays before anything random happens to them."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.mapping.weights import Conductances
from evaluator.network.layer import Array, MappedLayer


@dataclass(frozen=True, eq=False)
class LayerPlan:
    """A layer on its arrays.

    Attributes:
        number: of the layer, which its random numbers hang on.
        layer: what is computed.
        target: the conductances to be programmed.
        rows: inputs of each tile that adds to the same outputs.
        outputs: of each tile that has the same inputs.
        largest_input: magnitude that the read voltage stands for, in the network's units.
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
