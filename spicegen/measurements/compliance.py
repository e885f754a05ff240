"""Compliance of source meters: the points at which the instrument, and not the device, determines the current."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spicegen.measurements.kinds import Array, Sweep

MOST_PARTS = 20
_FLAT = 0.005
"""Relative change of a current that still counts as constant: more than the digits of a limiting source meter, less
than the change of a device's own current."""
_SPAN = 0.1
"""Relative change of the voltage that is needed while the current is constant."""
_FEWEST = 5
"""Smallest number of successive points at the compliance."""


def at_compliance(voltage_volt: Array, current_amp: Array) -> NDArray[np.bool_]:
    """Mask of the points of a sweep at which the source meter limits the current, shape (n,).

    There the current stays at one level, the same for all points of a polarity, while the voltage that was asked for
    goes on; the voltage that the device really got is not in the file. A measured voltage stays constant, too, and is
    then right.

    Args:
        voltage_volt: voltages as the file has them, shape (n,), V.
        current_amp: currents, shape (n,), A.
    """
    found = np.zeros(len(voltage_volt), dtype=np.bool_)
    size, voltage = np.abs(current_amp), np.abs(voltage_volt)
    for side in (voltage_volt > 0, voltage_volt < 0):
        if size[side].any():
            level = _level(size[side])
            flat = side & (size <= level) & (size >= (1 - _FLAT) * level)
            for run in _runs(flat):
                found[run] = voltage[run].max() > (1 + _SPAN) * voltage[run].min()
    return found


def _level(size: Array) -> float:
    """Level at which most currents are, A: the upper end of the densest values among the larger half of ``size``."""
    ordered = np.sort(size)
    near = np.arange(len(ordered)) - np.searchsorted(ordered, (1 - _FLAT) * ordered)
    return float(ordered[int(np.argmax(np.where(ordered >= ordered[-1] / 2, near, -1)))])


def _runs(where: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Indices of points one after the other at which ``where`` holds, at least five in each run."""
    places = np.flatnonzero(where)
    return [run for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(run) >= _FEWEST]


def between_compliance(sweep: Sweep) -> list[Sweep]:
    """The parts of a sweep between its points at the compliance, each without a gap; at most the first twenty."""
    runs = _runs(~at_compliance(sweep.voltage_volt, sweep.current_amp))
    columns = ("time_s", "voltage_volt", "current_amp")
    return [replace(sweep, **{c: getattr(sweep, c)[run] for c in columns}) for run in runs[:MOST_PARTS]]
