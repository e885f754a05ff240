"""Row voltages of a layer, read by read: phases of either sign, bits one after another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.hardware.activations import Activations
from evaluator.network.graph import Graph
from evaluator.network.layer import Array
from evaluator.network.runtime import run
from evaluator.operators.arrays import ArrayPart
from evaluator.operators.one_layer import signal_session


@dataclass(frozen=True, eq=False)
class RowVoltages:
    """Voltages of a layer's rows.

    Attributes:
        volts: row voltages for some input vectors of the layer, in all reads of them, shape (groups, vectors, inputs),
            V.
        reads: number of vectors that an inference puts onto each tile.
    """

    volts: Array
    reads: int


def row_voltages(graph: Graph, part: ArrayPart, activations: Activations, v_read_volt: float, most: int) -> RowVoltages:
    """Compute the voltages that drive a layer's rows.

    Args:
        graph: the network's, whose opset the layer is run in.
        part: the layer's arrays.
        activations: activations of the layer.
        v_read_volt: row voltage of the largest input, V.
        most: about how many of the layer's input vectors are taken.

    """
    session, signals = signal_session(graph, part)
    names = [s.voltage for s in signals]
    batches = [run(session, {"activation": tensor}, names) for tensor in activations.tensors]
    layer = part.plan.layer
    volts = [
        Activations(tensors, activations.images).vectors(layer, most) * (signal.volt * v_read_volt)
        for signal, tensors in zip(signals, zip(*batches, strict=True), strict=True)
    ]
    return RowVoltages(np.concatenate(volts, axis=1), len(signals) * activations.vectors_an_image(layer))
