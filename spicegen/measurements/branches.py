"""Branches of trains: successive pulses of one direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from spicegen.measurements import Pulses

Array = NDArray[np.float64]
_FEWEST = 4


@dataclass(frozen=True, eq=False)
class Branch:
    """Branch of a train: conductance against the number of pulses of one direction, in all cycles.

    Attributes:
        rises: whether the pulses raise the conductance.
        g_siemens: conductances before the first pulse and after each pulse, shape (cycles, points), S; NaN where a
            cycle was not read or ended earlier. Points that fewer than half of the cycles have are left out.
        first_read: whether the first point was read before the first pulse; if not, that pulse's change is not known.
    """

    rises: bool
    g_siemens: Array
    first_read: bool = True

    @property
    def cycles(self) -> int:
        """Number of cycles."""
        return len(self.g_siemens)


def branches(pulses: Pulses) -> tuple[Branch | None, Branch | None]:
    """The rising and the falling branch of a train; None where there is none.

    Several runs of one direction in a train count as further cycles; a read between two runs begins the second.

    Raises:
        InputError: the longest run has fewer than three pulses.
    """
    pulsed = np.flatnonzero(pulses.direction)
    runs = np.split(pulsed, np.flatnonzero(np.diff(pulses.direction[pulsed])) + 1)
    found = tuple(_branch(pulses, [r for r in runs if len(r) and pulses.direction[r[0]] == sign]) for sign in (1, -1))
    if found == (None, None):
        raise InputError(
            f"{pulses.origin.path}: no {_FEWEST - 1} pulses one after the other that move the conductance one way: "
            "figures of merit are of trains of pulses"
        )
    return found[0], found[1]


def _branch(pulses: Pulses, runs: list[NDArray[np.intp]]) -> Branch | None:
    # A row of NaN is put in front, because there may be no read before the first pulse of a file.
    read = np.pad(pulses.g_siemens, ((1, 0), (0, 0)), constant_values=np.nan)
    pieces = [read[np.r_[run[0], run + 1]].T for run in runs]
    longest = max((p.shape[1] for p in pieces), default=0)
    rows = [np.pad(p, ((0, 0), (0, longest - p.shape[1])), constant_values=np.nan) for p in pieces]
    g = np.concatenate(rows) if rows else np.empty((0, 0))
    g = g[np.isfinite(g).any(axis=1)]
    there = np.isfinite(g).mean(axis=0) >= 0.5 if len(g) else np.zeros(0, dtype=bool)
    g = g[:, there]
    if g.shape[1] < _FEWEST:
        return None
    return Branch(bool(pulses.direction[runs[0][0]] > 0), g, bool(there[0]))
