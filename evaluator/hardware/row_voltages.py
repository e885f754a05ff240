"""What a layer's rows are driven with, read by read: phases of either sign, bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.hardware.activations import Seen
from evaluator.hardware.calibration import signal_session
from evaluator.network.layer import Array
from evaluator.network.runtime import run
from evaluator.operators.arrays import ArrayPart
from evaluator.study import Study


@dataclass(frozen=True, eq=False)
class RowVoltages:
    """Of the rows of a layer.

    Attributes:
        volts: of some vectors of the layer, all reads of them, shape (groups, vectors, inputs), V.
        reads: how many vectors an inference puts onto each tile.
    """

    volts: Array
    reads: int


def row_voltages(part: ArrayPart, study: Study, seen: Seen, most: int) -> RowVoltages:
    """What a layer's rows are driven with, for at most about ``most`` vectors of what it sees."""
    session, signals = signal_session(study.network.model, part)
    names = [s.voltage for s in signals]
    batches = [run(session, {"activation": tensor}, names) for tensor in seen.tensors]
    layer, v_read = part.plan.layer, study.hardware.config.array.v_read_volt
    volts = [
        Seen(tensors, seen.images).vectors(layer, most) * (signal.volt * v_read)
        for signal, tensors in zip(signals, zip(*batches, strict=True), strict=True)
    ]
    return RowVoltages(np.concatenate(volts, axis=1), len(signals) * seen.vectors_an_image(layer))
