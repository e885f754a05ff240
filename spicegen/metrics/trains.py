"""Measured trains as samples of a bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from spicegen.measurements import Pulses
from spicegen.measurements.branches import Branch, branches
from spicegen.metrics._bootstrap import RESAMPLES, Samples, draw
from spicegen.metrics._curves import Curves
from spicegen.metrics.sigma_line import sigma_line

Array = NDArray[np.float64]
_FEWEST_RESAMPLES = 200
_NUMBERS = 50_000_000


class Trains:
    """Samples of a rising branch, of a falling one, or of both: what figures of merit of pulses are computed from.

    Args:
        up, down: the branches.
        seed: seed of the bootstrap, which has 1000 resamples, or fewer (at least 200) for branches longer than 50,000
            pulses.

    Attributes:
        samples: samples of the cycles of all branches; each of the curves has the samples of its own branch.
        curves: curves of the branches, the rising one first.
        measured: the measured branches.
    """

    samples: Samples

    def __init__(self, up: Branch | None, down: Branch | None, seed: int) -> None:
        found = [b for b in (up, down) if b]
        if not found:
            raise InputError("figures of merit: no branch of pulses in one direction")
        rng = np.random.default_rng(seed)
        cycles = tuple(b.cycles for b in found)
        longest = max(b.g_siemens.shape[1] for b in found)
        resamples = int(np.clip(_NUMBERS // longest, _FEWEST_RESAMPLES, RESAMPLES))
        # The rising and falling cycles of one train belong together.
        samples = draw(cycles, rng, paired=len(set(cycles)) == 1, resamples=resamples)
        self.curves = [
            Curves(branch, replace(samples, counts=(counts,), shifts=(shifts,)), rng)
            for branch, counts, shifts in zip(found, samples.counts, samples.shifts, strict=True)
        ]
        self.samples = replace(
            samples,
            means_simulated=any(c.samples.means_simulated for c in self.curves),
            scatter_simulated=any(c.samples.scatter_simulated for c in self.curves),
        )
        self.measured = found

    @property
    def pair(self) -> tuple[Curves, Curves] | None:
        """The rising and the falling curves; None unless there are both."""
        return (self.curves[0], self.curves[1]) if len(self.curves) == 2 else None

    @cached_property
    def window(self) -> tuple[Array, Array]:
        """Lowest and highest end of the trends, each of shape (rows,), S.

        The ends are chosen once, in the measurement: the lower of two ends in each sample would be lower than either.
        """
        ends = np.concatenate([c.trend.ends for c in self.curves], axis=1)
        return ends[:, np.argmin(ends[0])], ends[:, np.argmax(ends[0])]

    @cached_property
    def sigma(self) -> tuple[Array, Array]:
        """Slope (1) and offset (S) of sigma against G from cycle to cycle, each of shape (rows,); NaN for one cycle."""
        g = [c.g_siemens for c in self.curves]
        scatters = [c.scatter for c in self.curves]
        return sigma_line(
            *(np.concatenate(m, axis=1) for m in (g, [s.variance for s in scatters], [s.freedom for s in scatters]))
        )


def trains_of(pulses: Sequence[Pulses], seed: int) -> Trains:
    """Trains from one measurement, or from one that only rises and one that only falls."""
    found = [branches(p) for p in pulses]
    ups, downs = ([b for b in side if b] for side in zip(*found, strict=True))
    if len(ups) > 1 or len(downs) > 1:
        names = ", ".join(p.origin.name for p in pulses)
        raise InputError(f"{names}: more than one rising or falling branch: give each device by itself")
    return Trains(ups[0] if ups else None, downs[0] if downs else None, seed)
