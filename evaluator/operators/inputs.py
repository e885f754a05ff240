"""Row drivers in a graph: converters, bits one after another, phases of either sign, the device's I-V curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.mapping.plan import LayerPlan
from evaluator.network.node_writer import NodeWriter
from evaluator.settings import ConverterConfig
from spicegen.devices.read_curve import ReadCurve


@dataclass(frozen=True, slots=True)
class Signal:
    """Signal of the row drivers in one read.

    Attributes:
        voltage: name of a tensor of the activation's shape; row voltages over the read voltage are ``volt`` times it.
        volt: factor from the tensor ``voltage`` to row voltages over the read voltage.
        tensor: name of a tensor of that shape; the linear operators are applied to ``unit`` times it, which is the
            voltage bent along the I-V curve.
        unit: factor from ``tensor`` to the operand of the linear operators.
        factor: factor with which this read adds to the product of an input of ``largest_input``.

    """

    voltage: str
    volt: float
    tensor: str
    unit: float
    factor: float


def levels_of(bits: int, *, signed: bool) -> int:
    """The largest code of a converter: its codes are symmetric about zero if ``signed``, else they begin at zero."""
    return int(2 ** (bits - 1) - 1 if signed else 2**bits - 1)


def write_drivers(
    to: NodeWriter, activation: str, plan: LayerPlan, config: ConverterConfig, curve: ReadCurve | None, *, apart: bool
) -> list[Signal]:
    """Write the row drivers of a layer.

    Args:
        to: takes the nodes.
        activation: name of the layer's input.
        plan: largest value and sign of the input.
        config: bits and phases of the drivers.
        curve: the device's I-V curve; None: it is linear.
        apart: whether reads that add up without loss must stay apart, because something nonlinear follows.

    Returns:
        The signals of the reads, one after another.

    """
    if config.dac_bits is None:
        return _analog(to, activation, plan, config, curve, apart=apart)
    levels = levels_of(config.dac_bits, signed=plan.signed)
    codes = to.clipped(
        to.rounded(to.scaled(activation, levels / plan.largest_input)), -levels if plan.signed else 0, levels
    )
    if not config.bit_serial:
        parts = _phases(to, codes, plan, config) if apart else [(codes, 1.0)]
        return [_bent(to, t, 1 / levels, sign, curve) for t, sign in parts]
    gain = 1.0 if curve is None else float(curve(np.array(curve.v_read_volt)) / curve.v_read_volt)
    if not apart:  # every bit is read at the full voltage: the curve is a factor
        return [Signal(codes, 1 / levels, codes, gain / levels, 1.0)]
    bits, signed = levels.bit_length(), plan.signed and config.negative_inputs == "bipolar"
    signals = [
        Signal(bit, 1.0, bit, gain, sign * 2.0**k / levels)
        for t, sign in _phases(to, codes, plan, config)
        for k, bit in enumerate(_bits(to, t, bits, signed=signed))
    ]
    if signed and curve is not None and not curve.odd:  # of either sign it is another factor
        return [_bent(to, s.tensor, 1.0, s.factor, curve) for s in signals]
    return signals


def _analog(
    to: NodeWriter, activation: str, plan: LayerPlan, config: ConverterConfig, curve: ReadCurve | None, *, apart: bool
) -> list[Signal]:
    if curve is not None:  # drivers end at the read voltage
        activation = to.clipped(activation, -plan.largest_input if plan.signed else 0.0, plan.largest_input)
    parts = _phases(to, activation, plan, config) if apart else [(activation, 1.0)]
    return [_bent(to, t, 1 / plan.largest_input, sign, curve) for t, sign in parts]


def _phases(to: NodeWriter, tensor: str, plan: LayerPlan, config: ConverterConfig) -> list[tuple[str, float]]:
    """Write the phases of a read, each with its sign: inputs of both signs at once, or one sign after the other."""
    if not plan.signed or config.negative_inputs == "bipolar":
        return [(tensor, 1.0)]
    return [(to.node("Relu", [tensor]), 1.0), (to.node("Relu", [to.node("Neg", [tensor])]), -1.0)]


def _bits(to: NodeWriter, codes: str, bits: int, *, signed: bool) -> list[str]:
    """Write the binary digits of integer codes, lowest first, each with the sign of its code."""
    left = to.node("Abs", [codes]) if signed else codes
    sign = to.clipped(codes, -1, 1) if signed else ""
    digits = []
    for _ in range(bits - 1):
        half = to.node("Floor", [to.scaled(left, 0.5)])
        digits.append(to.node("Sub", [left, to.scaled(half, 2.0)]))
        left = half
    return [to.node("Mul", [digit, sign]) if sign else digit for digit in (*digits, left)]


def _bent(to: NodeWriter, tensor: str, volt: float, factor: float, curve: ReadCurve | None) -> Signal:
    """Signal of rows that are driven with ``volt`` times a tensor, over the read voltage, bent along the I-V curve."""
    if curve is None or len(curve.coefficients) == 1:
        return Signal(tensor, volt, tensor, volt, factor)
    relative = to.scaled(tensor, volt)
    variable = to.node("Mul", [relative, relative]) if curve.odd else relative
    bent = to.scaled(variable, curve.coefficients[-1])
    for coefficient in reversed(curve.coefficients[1:-1]):
        bent = to.node("Mul", [to.node("Add", [bent, to.constant(coefficient)]), variable])
    bent = to.node("Add", [bent, to.constant(curve.coefficients[0])])
    return Signal(tensor, volt, to.node("Mul", [relative, bent]), 1.0, factor)
