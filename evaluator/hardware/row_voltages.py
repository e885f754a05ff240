"""What a layer's rows are driven with, read by read: phases of either sign, bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.hardware.activations import Seen
from evaluator.network.graph import Graph
from evaluator.network.layer import Array
from evaluator.network.runtime import run
from evaluator.operators.arrays import ArrayPart
from evaluator.operators.one_layer import signal_session


@dataclass(frozen=True, eq=False)
class RowVoltages:
    """Of the rows of a layer.

    Attributes:
        volts: of some vectors of the layer, all reads of them, shape (groups, vectors, inputs), V.
        reads: how many vectors an inference puts onto each tile.
    """

    volts: Array
    reads: int


def row_voltages(graph: Graph, part: ArrayPart, seen: Seen, v_read_volt: float, most: int) -> RowVoltages:
    """The voltages of a layer's rows.

    Args:
        graph: the network's, whose opset the layer is run in.
        part: the layer's arrays.
        seen: activations of the layer.
        v_read_volt: row voltage of the largest input, V.
        most: about how many of the layer's input vectors are taken.

    """
    session, signals = signal_session(graph, part)
    names = [s.voltage for s in signals]
    batches = [run(session, {"activation": tensor}, names) for tensor in seen.tensors]
    layer = part.plan.layer
    volts = [
        Seen(tensors, seen.images).vectors(layer, most) * (signal.volt * v_read_volt)
        for signal, tensors in zip(signals, zip(*batches, strict=True), strict=True)
    ]
    return RowVoltages(np.concatenate(volts, axis=1), len(signals) * seen.vectors_an_image(layer))
