"""Read noise of devices in their columns' currents: where wires matter, it is less than the operator of the row says.

To first order a change dG of a device adds lambda dG v to its column's current: v is the device's voltage, lambda the
share of its current that arrives. The operator has another voltage in it: T = lambda G a, by reciprocity, where a is
what the row's wire would be at there without the device, for a volt on that row. So a device adds T v / a for its
relative change. With all rows driven, v is lower than with its own alone: currents of other rows raise the column's
wire. All currents behind a and v are taken from T itself.

How high others raise it depends on all inputs, which only their distribution is known of: the mean square of v is taken
over inputs in any order, the square of whose mean is ``ALIKE`` of their mean square.
"""

from __future__ import annotations

import math

import numpy as np

from evaluator.network.layer import Array
from netlists import ArrayConfig

ALIKE = 1 / math.pi
"""Square of the inputs' mean over their mean square, for normal numbers behind a ReLU. It is 1 where all inputs are
equal, and 0 where signs balance. On devices of 10 to 40 uS with 1 ohm a segment, the standard deviation comes out at

==========  =============  ===========  =============
inputs      behind a ReLU  all equal    balanced
==========  =============  ===========  =============
64 x 64     1.00 (1.01)    1.02 (1.04)  0.99 (1.00)
128 x 128   1.01 (1.05)    1.08 (1.13)  0.98 (1.02)
==========  =============  ===========  =============

of the exact one; in brackets, what squares of T would give.
"""

_NOTHING = 1e-9
"""Share of a row's voltage below which differences of voltages are rounding, and there is no noise either."""


def noise_power(operator: Array, array: ArrayConfig) -> Array:
    """Mean square of the current that a relative change of each device adds, over the mean square of its input.

    Noise that a device causes in other columns is left out, and so are line faults.

    Args:
        operator: the tile's operator, shape (columns, rows), S.
        array: wires and terminations of the tile.

    Returns:
        Mean squares, shape (columns, rows), S^2.

    """
    columns, rows = operator.shape
    on_row = _shared_ohm(columns, array.r_row_ohm, array.r_source_ohm, both=array.drive == "both")
    on_column = _shared_ohm(rows, array.r_col_ohm, array.r_sense_ohm, both=array.sense == "both")[::-1, ::-1]
    lost, raised = on_row @ operator, operator @ on_column
    by_itself = operator * np.diag(on_column)
    without = np.maximum(1 - lost + operator * np.diag(on_row)[:, None], _NOTHING)
    alone, together = 1 - lost - by_itself, 1 - lost - raised
    power: Array = (operator / without) ** 2 * ((1 - ALIKE) * alone**2 + ALIKE * together**2)
    return power


def _shared_ohm(crossings: int, r_segment_ohm: float, r_end_ohm: float, *, both: bool) -> Array:
    """Voltage at each crossing of a wire for 1 A into each, shape (crossings, crossings), ohm.

    The wire is held at its near end, before the first crossing, and if ``both`` at the other one too.
    """
    near = r_end_ohm + r_segment_ohm * np.arange(1, crossings + 1)
    whole = near[-1] + r_segment_ohm + r_end_ohm
    shared: Array = np.minimum.outer(near, near)
    return shared * (1 - np.maximum.outer(near, near) / whole) if both and whole > 0 else shared
