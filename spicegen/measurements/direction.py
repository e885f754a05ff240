"""What each pulse of a train does to the conductance, where the file does not say it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_TURN = 0.3
"""A curve has turned when it has gone back by so much of its whole range: more than its noise, less than a branch."""
_BACK = 0.5
"""Pulses of one polarity go both ways when their changes, one after the other, end so far back in their range."""
_JUMP = 0.5
"""A branch of which one step is so much is no pulses' work: the device was erased without a word."""
_WORD = {1: "raise", -1: "lower"}


def by_polarity(amplitude_volt: Array, g_siemens: Array) -> tuple[NDArray[np.int8], str]:
    """The direction of each polarity, as the sum of the changes that its pulses make.

    Unipolar devices go both ways at one polarity: then the direction is that of branches between turning points.

    Args:
        amplitude_volt: shape (n,), V; 0 is a read.
        g_siemens: after each, shape (n, cycles), S.

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
        g_siemens: after each pulse, shape (n, cycles), S.

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
    """Indices of the highest and lowest points between branches: where it has gone back by a part of its range.

    Args:
        curve: shape (n,).
        part: of the range, 0 to 1.
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
