"""Costs of a layer: share of the crossings in use, converters, reads, and an estimate of the energy of an inference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.hardware.programmed import Hardware
from evaluator.hardware.row_voltages import RowVoltages
from evaluator.mapping.plan import LayerPlan
from evaluator.network.layer import Array


@dataclass(frozen=True, slots=True)
class LayerCosts:
    """Costs of one layer; energies are those of one inference.

    Attributes:
        utilisation: devices of the layer over the crossings that its tiles would have, were each of the largest size.
            Tiles are cut to the layer's size, where every crossing carries a device.
        dacs, adcs: number of converters, one a row and one an output (and slice) of every tile.
        reads: number of reads of each tile in an inference.
        array_joule: energy dissipated in devices, at the mean square of each row's voltage, IR drop left out, J.
        dac_joule, adc_joule: energy of the converters, J.
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
        """Energy of one inference, J: arrays, drivers and converters together."""
        return self.array_joule + self.dac_joule + self.adc_joule


def layer_costs(plan: LayerPlan, hardware: Hardware, rows: RowVoltages, tiles: int) -> LayerCosts:
    """Count a layer's converters and estimate its energy by the assumptions in the config's section ``costs``.

    Args:
        plan: plan of the layer's arrays.
        hardware: the arrays that it runs on.
        rows: voltages of its rows.
        tiles: number of tiles that it takes.

    """
    config, layer = hardware.config, plan.layer
    costs, converters = config.costs, config.converters
    dacs = layer.groups * layer.shape[1] * len(plan.outputs)
    adcs = layer.groups * layer.shape[0] * len(plan.rows) * len(plan.target.layout.factors)
    bits = converters.adc_bits or costs.adc_bits_assumed
    return LayerCosts(
        utilisation=plan.target.devices / (tiles * config.array.rows * config.array.columns),
        dacs=dacs,
        adcs=adcs,
        reads=rows.reads,
        array_joule=rows.reads * costs.t_read_s * _read_watt(plan, rows.volts),
        dac_joule=rows.reads * dacs * costs.dac_joule,
        adc_joule=rows.reads * adcs * costs.adc_joule_per_level * 2**bits,
    )


def _read_watt(plan: LayerPlan, volts: Array) -> float:
    """Mean power of a read, W: the sum of G V^2 over devices, V of shape (groups, vectors, inputs)."""
    on_row = plan.target.g_siemens.sum(axis=(2, 3))  # (groups, inputs)
    if plan.target.reference_siemens is not None:
        on_row = on_row + plan.target.reference_siemens.sum(axis=2)
    return float(np.sum(on_row * np.mean(volts**2, axis=1)))
