"""Bins of neighbouring points, for trains that are longer than laws need."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_MOST = 512
_AT_ONCE = 2_000_000


class Bins:
    """At most 512 bins of equally many neighbouring points (one more in some); one each where points are fewer.

    A law with beta = 50, the steepest that is fitted, bends by 4e-4 of its height within one of 512.

    Args:
        points: number of points.
    """

    def __init__(self, points: int) -> None:
        self.count = min(points, _MOST)
        self._edges = np.linspace(0, points, self.count + 1).astype(int)

    def mean(self, values: Array) -> Array:
        """Mean over each bin of values of shape (.., points): shape (.., bins)."""
        if self.count == values.shape[-1]:
            return values
        return np.asarray(np.add.reduceat(values, self._edges[:-1], axis=-1) / np.diff(self._edges))

    def parts(self, rows: int) -> Iterator[tuple[slice, NDArray[np.intp]]]:
        """Parts of the points, a few bins each, so that not too much is in memory.

        Yields the slice of the points, and where in it each bin begins.
        """
        some = max(1, int(_AT_ONCE * self.count / (rows * self._edges[-1])))
        for first in range(0, self.count, some):
            edges = self._edges[first : first + some + 1]
            yield slice(edges[0], edges[-1]), edges[:-1] - edges[0]
