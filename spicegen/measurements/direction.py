"""Direction of each pulse of a train, whether it raises or lowers the conductance, where the file does not state it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_TURN = 0.3
"""A curve turns where it goes back by this share of its whole range, which is more than its noise and less than a
branch."""
_BACK = 0.5
"""Pulses of one polarity go both ways if the sum of their changes is below this share of the running sum's range."""
_JUMP = 0.5
"""A branch whose largest step is this share of its height was not made by pulses: the device was erased meanwhile."""
_WORD = {1: "raise", -1: "lower"}


def by_polarity(amplitude_volt: Array, g_siemens: Array) -> tuple[NDArray[np.int8], str]:
    """The direction of each pulse by its polarity: the sign of the sum of the changes that pulses of it make.

    Pulses of unipolar devices go both ways at one polarity; the direction is then that of branches between turning
    points.

    Args:
        amplitude_volt: amplitudes of the pulses, shape (n,), V; 0 is a read.
        g_siemens: conductances after each pulse, shape (n, cycles), S.

    Returns:
        1, -1 or 0 (a read) for each pulse, shape (n,); a sentence that says what was found.
    """
    change = np.concatenate([[0.0], np.nanmean(np.diff(g_siemens, axis=0), axis=1)])
    direction = np.zeros(len(amplitude_volt), dtype=np.int8)
    found = []
    for polarity, name in ((1, "positive"), (-1, "negative")):
        mine = np.sign(amplitude_volt) == polarity
        if mine.any():
            sums = np.cumsum([0.0, *change[mine]])
            if _both_ways(sums):
                direction, note = by_turning_points(g_siemens)
                return direction, f"{name.capitalize()} pulses go both ways. {note}"
            direction[mine] = 1 if sums[-1] > 0 else -1
            found.append(f"{name} pulses {_WORD[int(direction[mine][0])]} the conductance")
    return direction, f"{' and '.join(found) or 'There are only reads'}.".capitalize()


def _both_ways(sums: Array) -> bool:
    """Whether changes of one polarity, added up from 0 to shape (n,), end far back, or are branches up and down."""
    ends = [0, *turning_points(sums, _TURN), len(sums) - 1]
    steady = {
        bool(sums[last] > sums[first])
        for first, last in pairwise(ends)
        if np.abs(np.diff(sums[first : last + 1])).max() < _JUMP * abs(sums[last] - sums[first])
    }
    return abs(float(sums[-1])) < _BACK * float(np.ptp(sums)) or len(steady) == 2


def by_turning_points(g_siemens: Array) -> tuple[NDArray[np.int8], str]:
    """The direction of each pulse by the branch of the median curve that it is on.

    Args:
        g_siemens: conductances after each pulse, shape (n, cycles), S.

    Returns:
        1 or -1 for each pulse, shape (n,); a sentence that says where the curve turns.
    """
    curve = np.nanmedian(g_siemens, axis=1)
    turns = turning_points(curve, _TURN)
    direction = np.empty(len(curve), dtype=np.int8)
    for first, last in zip([0, *turns], [*turns, len(curve) - 1], strict=True):
        direction[first + bool(first) : last + 1] = 1 if curve[last] > curve[first] else -1
    begins = f"Which pulses raise the conductance is not said: it {'rises' if direction[0] > 0 else 'falls'} first"
    where = ", ".join(str(t + 1) for t in turns[:10]) + (" ..." if len(turns) > 10 else "")
    return direction, f"{begins}, and turns after row {where}." if turns else f"{begins}, to the end."


def turning_points(curve: Array, part: float) -> list[int]:
    """Indices of the highest and lowest points between branches, behind which the curve goes back by ``part``.

    Args:
        curve: values of the curve, shape (n,).
        part: share of the curve's range, 0 to 1.
    """
    least = part * float(np.ptp(curve))
    turns: list[int] = []
    high = low = 0
    rising = 0  # unknown
    for n, value in enumerate(curve):
        high = n if value > curve[high] else high
        low = n if value < curve[low] else low
        if rising >= 0 and value < curve[high] - least:
            turns += [high] if rising else []
            rising, low = -1, n
        elif rising <= 0 and value > curve[low] + least:
            turns += [low] if rising else []
            rising, high = 1, n
    return turns
