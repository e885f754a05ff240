"""What a layer takes: devices, converters, and an estimate of the energy of an inference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.graph.inputs import levels_of
from evaluator.hardware import Hardware
from evaluator.layer import Array
from evaluator.plan import LayerPlan
from evaluator.tiles import output_ranges


@dataclass(frozen=True, slots=True)
class LayerCosts:
    """Of one layer; energies are of one inference.

    Attributes:
        utilisation: part of its tiles' crossings that carry a device of the layer.
        dacs, adcs: converters, one a row and one an output (and slice) of every tile.
        reads: how often each tile is read in an inference.
        array_joule: dissipated in devices and wires, at the mean square of the layer's inputs, IR drop left out, J.
        dac_joule, adc_joule: of the converters, J.
    """

    utilisation: float
    dacs: int
    adcs: int
    reads: int
    array_joule: float
    dac_joule: float
    adc_joule: float

    @property
    def joule(self) -> float:
        """All of it, J."""
        return self.array_joule + self.dac_joule + self.adc_joule


def layer_costs(
    plan: LayerPlan, hardware: Hardware, activation: NDArray[Any], vectors: Array, tiles: int
) -> LayerCosts:
    """Count and estimate; what the energies rest on is the config's section ``costs``.

    Args:
        plan: the layer.
        hardware: what it runs on.
        activation: of some images.
        vectors: what the arrays see of it, shape (groups, vectors, inputs).
        tiles: how many the layer takes.

    """
    config, layer = hardware.config, plan.layer
    costs, converters = config.costs, config.converters
    ranges = len(output_ranges(layer.shape[0], config.array, plan.target.layout))
    dacs = layer.groups * layer.shape[1] * ranges
    adcs = layer.groups * layer.shape[0] * len(plan.rows) * len(plan.target.layout.factors)
    read_again = _reads_a_vector(plan, hardware)
    reads = read_again * layer.to_vectors(activation[:1], None).shape[1]
    bits = converters.adc_bits or costs.adc_bits_assumed
    return LayerCosts(
        utilisation=plan.target.devices / (tiles * config.array.rows * config.array.columns),
        dacs=dacs,
        adcs=adcs,
        reads=reads,
        array_joule=reads * costs.t_read_s * _read_watt(plan, hardware, vectors),
        dac_joule=reads * dacs * costs.dac_joule,
        adc_joule=reads * adcs * costs.adc_joule_per_level * 2**bits,
    )


def _reads_a_vector(plan: LayerPlan, hardware: Hardware) -> int:
    converters = hardware.config.converters
    phases = 2 if plan.signed and converters.negative_inputs == "two-phase" else 1
    bits = levels_of(converters.dac_bits, signed=plan.signed).bit_length() if converters.dac_bits else 1
    return phases * (bits if converters.bit_serial else 1)


def _read_watt(plan: LayerPlan, hardware: Hardware, vectors: Array) -> float:
    """Mean power of a read: sum over devices of G V^2, rows at the inputs' mean square."""
    on_row = plan.target.g_siemens.sum(axis=(2, 3))  # (groups, inputs)
    if plan.target.reference_siemens is not None:
        on_row = on_row + plan.target.reference_siemens.sum(axis=2)
    largest = float(np.abs(vectors).max(initial=0.0)) or 1.0
    relative = np.mean((vectors / largest) ** 2, axis=1)  # of the read voltage, (groups, inputs)
    return float(np.sum(on_row * relative)) * hardware.config.array.v_read_volt**2
