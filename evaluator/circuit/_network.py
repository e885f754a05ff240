"""Logits of a network with some tiles in a circuit simulator, whose currents replace those of the operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.circuit._run import tile_currents
from evaluator.circuit._select import circuit_tile
from evaluator.evaluation_setup import Circuits, EvaluationSetup
from evaluator.mapping.tiles import Tile, labelled_tiles, slices_of
from evaluator.network.layer import Array
from evaluator.operators.arrays import ArrayPart, ArrayTensors, Place, last_bits, output_scale
from evaluator.operators.inputs import Signal
from evaluator.operators.mapped import with_arrays
from spicegen.simulate import simulator


def logits(setup: EvaluationSetup, parts: Sequence[ArrayPart]) -> NDArray[np.float64]:
    """The logits of a network on these arrays, shape (images, classes).

    With tiles in a simulator it goes layer after layer: a tile's rows see what earlier tiles, simulated too, gave.
    Each product takes the difference between circuit and operator as an input of the graph: columns are added (and
    converted) behind it as everywhere else. A batch of images goes through all layers before the next
    one begins; batches are those without circuits, for the same read noise.

    Raises:
        SimulationError: a tile failed; currents that were computed are in the cache.

    """
    circuits = setup.inputs.circuits
    if circuits is None:
        return setup.on_arrays(parts).logits(setup.images)
    parts = [_with_circuits(p, setup, circuits) for p in parts]
    graph, tensors = with_arrays(setup.network.graph, parts)
    network = setup.network.with_graph(graph)
    # each opened once: what draws read noise goes on from batch to batch, and draws the same in all of them
    layers = [
        (part, inside, network.opened([s.voltage for s in inside.signals]))
        for part, inside in zip(parts, tensors, strict=True)
        if part.circuits
    ]
    output = network.opened([network.logits_name])

    def put_out(images: NDArray[Any]) -> NDArray[Any]:
        feeds: dict[str, NDArray[Any]] = {}
        for part, inside, _ in layers:
            feeds |= dict.fromkeys(inside.corrections.values(), np.zeros(1, part.plan.layer.array_dtype))
        for part, inside, voltages in layers:
            feeds |= _corrections(setup, part, inside, circuits, voltages(images, feeds))
        return output(images, feeds)[0]

    return network.joined((len(images), put_out(images)) for images in network.batches(setup.images))


def _with_circuits(part: ArrayPart, setup: EvaluationSetup, circuits: Circuits) -> ArrayPart:
    """The arrays of a layer with corrections for the ranges of rows that have tiles in the circuit simulator."""
    tiles = labelled_tiles(part.plan, setup.hardware.config.array)
    ranges = {part.plan.rows.index(t.inputs) for label, t in tiles if label in circuits.labels}
    return replace(part, circuits=frozenset(ranges))


def _corrections(
    setup: EvaluationSetup, part: ArrayPart, tensors: ArrayTensors, circuits: Circuits, voltages: list[NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Corrections of a layer's products, by name of the graph's input, for these row voltages, one for each signal."""
    layer = part.plan.layer
    totals: dict[Place, Array] = {}
    for n, (signal, voltage) in enumerate(zip(tensors.signals, voltages, strict=True)):
        vectors = layer.to_vectors(voltage, None)
        for place, tile, value in _of_tiles(setup, part, circuits, vectors, n, signal):
            shape = (layer.groups, vectors.shape[1], layer.shape[0])
            totals.setdefault(place, np.zeros(shape))[tile.group, :, tile.outputs] += value
    return {
        name: layer.from_vectors(totals[place], voltages[0].shape).astype(layer.array_dtype)
        for place, name in tensors.corrections.items()
        if place in totals
    }


def _of_tiles(
    setup: EvaluationSetup, part: ArrayPart, circuits: Circuits, vectors: Array, n: int, signal: Signal
) -> Iterator[tuple[Place, Tile, Array]]:
    """Difference of each simulated tile from its operator, shape (vectors, outputs), in its product's own unit."""
    plan, layout, array = part.plan, part.plan.target.layout, setup.hardware.config.array
    converts, v_read = part.converters.adc_bits is not None, array.v_read_volt
    for label, tile in labelled_tiles(plan, array):
        if label not in circuits.labels:
            continue
        volts = vectors[tile.group][:, tile.inputs] * (signal.volt * v_read)
        found = tile_currents(circuit_tile(part, tile, label, setup), volts, simulator(circuits.engine), circuits.cache)
        circuit = slices_of(found.T / (plan.target.span_siemens * v_read), layout).swapaxes(1, 2)
        driven = (volts if part.curve is None else part.curve(volts)) / v_read
        off = circuit - driven @ part.read.slices[:, *tile.weights].swapaxes(1, 2)  # (slices, vectors, outputs)
        r = plan.rows.index(tile.inputs)
        if converts:
            yield from (((n, r, s), tile, off[s] / unit) for s, unit in enumerate(last_bits(part)))
        else:
            scale = output_scale(part)[tile.group, tile.outputs] * signal.factor
            yield (n, 0, 0), tile, np.tensordot(layout.factors, off, 1) * scale
