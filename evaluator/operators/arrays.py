"""A layer's arrays in a graph: row drivers, tiles with their operators, noise, converters, and the digital sums.

What adds up without loss is added up before it gets into the graph: without column converters a layer is one product,
however many tiles and slices it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from evaluator.mapping.plan import LayerPlan
from evaluator.mapping.tiles import LayerRead
from evaluator.mapping.weights import Conductances
from evaluator.network.layer import Array
from evaluator.network.node_writer import NodeWriter
from evaluator.operators.inputs import Signal, levels_of, write_drivers
from evaluator.operators.noise import node_seed, standard_normal
from evaluator.settings import ConverterConfig
from spicegen.devices.read_curve import ReadCurve

Place = tuple[int, int, int]
"""Numbers of the read, of the range of rows and of the slice that a product belongs to. Without column converters one
product adds up all ranges and slices, and the last two are 0."""


@dataclass(frozen=True, eq=False)
class ArrayPart:
    """The arrays of a layer as the graph computes them.

    Attributes:
        plan: plan of the layer's arrays.
        conductances: conductances of its devices.
        read: operators of its tiles.
        converters: converters around the tiles.
        curve: the device's I-V curve; None: it is linear.
        read_noise: standard deviation of a device's conductance from read to read, relative to it.
        noise_seed: seed of the read noise of all layers of a graph.
        gain, offset: digital correction of each output, shape (groups, outputs); None: there is none.
        circuits: ranges of rows whose products take a correction from a circuit simulator, an input of the graph.

    """

    plan: LayerPlan
    conductances: Conductances
    read: LayerRead
    converters: ConverterConfig
    curve: ReadCurve | None
    read_noise: float
    noise_seed: int = 0
    gain: Array | None = None
    offset: Array | None = None
    circuits: frozenset[int] = frozenset()


@dataclass
class ArrayTensors:
    """Names of tensors inside the nodes of a layer's arrays.

    Attributes:
        signals: signals of the row drivers, one for each read.
        currents: currents of each slice's columns, over span times read voltage where converters follow.
        corrections: inputs of the graph that are added to products, by place.
    """

    signals: list[Signal] = field(default_factory=list)
    currents: dict[int, list[str]] = field(default_factory=dict)
    corrections: dict[Place, str] = field(default_factory=dict)


def is_plain(part: ArrayPart) -> bool:
    """Whether the arrays amount to other weights, with which the layer's node can stay as it is."""
    linear = part.converters.dac_bits is None and part.converters.adc_bits is None and part.curve is None
    return linear and part.read_noise == 0 and part.offset is None and not part.circuits


def plain_weights(part: ArrayPart) -> Array:
    """Effective weights of plain arrays, wires included, shape (groups, outputs, inputs), in the network's units."""
    weights = part.plan.target.weights(part.read.slices)
    return weights if part.gain is None else weights * part.gain[..., None]


def write_arrays(to: NodeWriter, activation: str, part: ArrayPart) -> tuple[str, ArrayTensors]:
    """Write the nodes of a layer's arrays.

    Args:
        to: takes the nodes.
        activation: name of the layer's input.
        part: the arrays.

    Returns:
        Name of the product, which is in units of the network, and the names of tensors inside.

    """
    converts, layer = part.converters.adc_bits is not None, part.plan.layer
    on = to.of_type(layer.array_dtype)
    signals = write_drivers(on, on.cast(activation, to), part.plan, part.converters, part.curve, apart=_apart(part))
    tensors = ArrayTensors(signals)
    product = (_converted if converts else _added)(on, signals, part, tensors)
    if part.offset is not None:
        product = on.node("Add", [product, on.constant(layer.product.along_outputs(part.offset))])
    return to.cast(product, on), tensors


def _apart(part: ArrayPart) -> bool:
    """Whether reads of an input must stay apart in the graph, because something behind the drivers is not linear."""
    converters, curve = part.converters, part.curve
    of_devices = (converters.bit_serial and part.read_noise > 0) or (curve is not None and not curve.odd)
    return converters.adc_bits is not None or of_devices or bool(part.circuits)


def output_scale(part: ArrayPart) -> Array:
    """Product in the network's units that a current of span times read voltage stands for, shape (groups, outputs)."""
    scale = part.plan.target.full_scale * part.plan.largest_input
    return scale if part.gain is None else scale * part.gain


def _added(to: NodeWriter, signals: Sequence[Signal], part: ArrayPart, tensors: ArrayTensors) -> str:
    """Write the product of arrays without column converters: one node a signal, all scales in its matrices."""
    factors, scale = part.plan.target.layout.factors, output_scale(part)[..., None]
    weights = np.tensordot(factors, part.read.slices, 1)
    power = None if part.read.power is None else np.tensordot(factors**2, part.read.power, 1)
    products = []
    for n, signal in enumerate(signals):
        unit = signal.unit * signal.factor
        product = part.plan.layer.product.write(to, signal.tensor, weights * scale * unit)
        product = _corrected(to, product, (n, 0, 0), part, tensors)
        products.append(_noisy(to, product, signal.tensor, part, power, part.read.reference_power, scale * unit))
    return to.summed(products)


def _converted(to: NodeWriter, signals: Sequence[Signal], part: ArrayPart, tensors: ArrayTensors) -> str:
    """Write the product of arrays with column converters: each tile's currents become codes, which are then added."""
    plan = part.plan
    of_slices = []
    for s, (factor, unit) in enumerate(zip(plan.target.layout.factors, last_bits(part), strict=True)):
        of_signals = []
        for n, signal in enumerate(signals):
            codes = [_code(to, (n, r, s), signal, rows, part, tensors, unit) for r, rows in enumerate(plan.rows)]
            of_signals.append(to.scaled(to.summed(codes), signal.factor))
        of_slices.append(to.scaled(to.summed(of_signals), factor * unit))
    return to.scaled(to.summed(of_slices), plan.layer.product.along_outputs(output_scale(part)))


def last_bits(part: ArrayPart) -> Array:
    """Current of the converters' last bit, over span times read voltage, shape (slices,); 1 without a known range."""
    known, bits = part.plan.adc_range, part.converters.adc_bits
    if known is None or bits is None:
        return np.ones(len(part.plan.target.layout.factors))
    return known / levels_of(bits, signed=True)


def _code(
    to: NodeWriter,
    place: Place,
    signal: Signal,
    rows: slice,
    part: ArrayPart,
    tensors: ArrayTensors,
    last_bit: float,
) -> str:
    """Write the codes of a range of rows, one converter an output, in units of the last bit; analog without a range."""
    s = place[2]
    unit = signal.unit / last_bit
    tensor = _channels(to, signal.tensor, rows, part)
    weights = _of_rows(part.read.slices[s], rows, part)
    power = None if part.read.power is None else _of_rows(part.read.power[s], rows, part)
    shared = None if part.read.reference_power is None else _of_rows(part.read.reference_power, rows, part)
    current = part.plan.layer.product.write(to, tensor, weights * unit)
    current = _corrected(to, current, place, part, tensors)
    current = _noisy(to, current, tensor, part, power, shared, np.full((1, 1, 1), unit))
    tensors.currents.setdefault(s, []).append(current)
    if part.plan.adc_range is None or part.converters.adc_bits is None:
        return current
    levels = levels_of(part.converters.adc_bits, signed=True)
    return to.clipped(to.rounded(current), -levels, levels)


def _channels(to: NodeWriter, tensor: str, rows: slice, part: ArrayPart) -> str:
    """Write a selection of the channels that a range of rows belongs to; the name of the result."""
    layer, (first, end) = part.plan.layer, _blocks(rows, part)
    channels = layer.shape[1] // layer.block
    if end - first == channels:
        return tensor
    if layer.groups == 1:
        return to.sliced(tensor, layer.product.input_axis, slice(first, end))
    places = np.arange(layer.groups)[:, None] * channels + np.arange(first, end)
    return to.gathered(tensor, layer.product.input_axis, places.ravel())


def _of_rows(matrices: Array, rows: slice, part: ArrayPart) -> Array:
    """Columns of matrices for the channels of a range of rows; inputs that belong to another range are zero."""
    block, (first, end) = part.plan.layer.block, _blocks(rows, part)
    only = np.zeros((*matrices.shape[:2], (end - first) * block))
    only[..., rows.start - first * block : rows.stop - first * block] = matrices[..., rows]
    return only


def _blocks(rows: slice, part: ArrayPart) -> tuple[int, int]:
    """Number of the first block of a range of rows, and of the one behind its last."""
    block = part.plan.layer.block
    return rows.start // block, -(-rows.stop // block)


def _corrected(to: NodeWriter, product: str, place: Place, part: ArrayPart, tensors: ArrayTensors) -> str:
    """Add to a product the correction by a circuit simulator, an input of the graph, if any of its tiles is in one."""
    if not part.circuits or (part.converters.adc_bits is not None and place[1] not in part.circuits):
        return product
    tensors.corrections[place] = to.input(f"circuit_{part.plan.number}")
    return to.node("Add", [product, tensors.corrections[place]])


def _noisy(
    to: NodeWriter, product: str, tensor: str, part: ArrayPart, power: Array | None, shared: Array | None, unit: Array
) -> str:
    """Add read noise: for a given input the sum of independent device noises is normal, and its variance a product too.

    Each device adds its ``noise_power`` times (relative noise x input)^2; that of a shared column is common to outputs.

    Args:
        to: takes the nodes.
        product: name of the product that noise is added to.
        tensor: name of the input.
        part: the arrays.
        power: ``noise_power`` of the columns that only one output has, over the square of the span, shape (groups,
            outputs, inputs); None: there is no noise.
        shared: ``noise_power`` of the shared columns, shape (groups, ranges, inputs).
        unit: product that a current over the span stands for, shape (groups, outputs, 1) or the same for all.

    """
    if power is None:
        return product
    return to.node("Add", [product, _noise(to, tensor, part, power, shared, unit)])


def _noise(to: NodeWriter, tensor: str, part: ArrayPart, power: Array, shared: Array | None, unit: Array) -> str:
    """Write the noise alone, without the product; see ``_noisy``."""
    layer, (groups, outputs, _) = part.plan.layer.product, power.shape
    scaled = power * unit**2
    matrices = scaled if shared is None else np.concatenate([scaled, shared], axis=1)
    square = to.node("Mul", [tensor, tensor])
    deviation = to.node("Sqrt", [layer.write(to, square, matrices * part.read_noise**2)])
    before = sum(a.name == "seed" for n in to.nodes for a in n.attribute)  # in this layer
    seed = node_seed(part.noise_seed, part.plan.number, before)
    noise = to.node("Mul", [deviation, standard_normal(to, deviation, seed)])
    if shared is None:
        return noise
    of_range = np.concatenate([np.full(o.stop - o.start, k) for k, o in enumerate(part.plan.outputs)])
    start = np.arange(groups)[:, None] * matrices.shape[1]
    own = to.gathered(noise, layer.output_axis, (start + np.arange(outputs)).ravel())
    common = to.gathered(noise, layer.output_axis, (start + outputs + of_range).ravel())
    common = to.scaled(common, layer.along_outputs(np.broadcast_to(unit[..., 0], (groups, outputs))))
    return to.node("Sub", [own, common])
