"""Compliance of source meters: where the current is the instrument's and not the device's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spicegen.measurements.kinds import Array, Sweep

MOST_PARTS = 20
_FLAT = 0.005
"""Relative: more than the digits of a source meter that limits, less than a device's own current changes by."""
_SPAN = 0.1
"""The voltage goes on by so much meanwhile, relative."""
_FEWEST = 5
"""Points."""


def at_compliance(voltage_volt: Array, current_amp: Array) -> NDArray[np.bool_]:
    """Mask of shape (n,): at which points of a sweep the source meter limits the current.

    There the current stays at one level, the same all along a polarity, while the voltage that was asked for goes on;
    what the device really got is not in the file. A measured voltage stays where it is, too: nothing is wrong then.

    Args:
        voltage_volt: as the file has it, shape (n,), V.
        current_amp: shape (n,), A.
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
    """Level at which most of the currents are, A: the upper end of the densest values of the larger half."""
    ordered = np.sort(size)
    near = np.arange(len(ordered)) - np.searchsorted(ordered, (1 - _FLAT) * ordered)
    return float(ordered[int(np.argmax(np.where(ordered >= ordered[-1] / 2, near, -1)))])


def _runs(where: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Indices of points one after the other at which ``where`` holds, at least five in each run."""
    places = np.flatnonzero(where)
    return [run for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(run) >= _FEWEST]


def between_compliance(sweep: Sweep) -> list[Sweep]:
    """Parts of a sweep between its points at the compliance, each in one piece; at most the first twenty."""
    runs = _runs(~at_compliance(sweep.voltage_volt, sweep.current_amp))
    columns = ("time_s", "voltage_volt", "current_amp")
    return [replace(sweep, **{c: getattr(sweep, c)[run] for c in columns}) for run in runs[:MOST_PARTS]]
