"""Deviations of single cycles from the mean curve: updates that scatter and are forgotten, reads, and offsets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spicegen.metrics._fitting import exponential_curves, fit_exponential
from spicegen.progress import track

Array = NDArray[np.float64]
_TRIALS = 100
_MEMORIES = 12
_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Noise:
    """Noise of the cycles of a train: x' = memory x + update, plus white noise of reads, plus an offset for each cycle.

    The first term is a first-order autoregression.

    Attributes:
        update, read, offset: variances, S^2.
        memory: share of a deviation that is left after one pulse, dimensionless.
    """

    update: float
    read: float
    offset: float
    memory: float

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Draw deviations of cycles from their mean, shape (.., points), S; updates begin behind the first point."""
        from scipy.signal import lfilter  # a quarter of a second, for which not every command is to wait

        shocks, white = rng.standard_normal((2, *shape))
        shocks[..., 0] = 0
        apart = np.sqrt(self.update) * lfilter([1.0], [1.0, -self.memory], shocks) + np.sqrt(self.read) * white
        if self.offset:
            apart += np.sqrt(self.offset) * rng.standard_normal((*shape[:-1], 1))
        return np.asarray(apart)

    def chunks(self, shape: tuple[int, int], points: int, rng: np.random.Generator) -> Iterator[Array]:
        """Draw deviations of ``shape`` (samples, cycles), some samples at a time so that not too much is in memory."""
        samples, cycles = shape
        some = max(1, _AT_ONCE // (cycles * points))
        starts = range(0, samples, some)
        for done in track(starts, "simulated cycles") if len(starts) > 1 else starts:
            yield self.draw((min(some, samples - done), cycles, points), rng)

    def variance(self, points: int) -> Array:
        """Variance of the conductance across cycles after each pulse, shape (points,), S^2."""
        grown = np.cumsum(self.memory ** (2.0 * np.arange(points - 1))) if points > 1 else np.empty(0)
        return np.asarray(self.offset + self.read + self.update * np.r_[0.0, grown])


def of_one_cycle(residual: Array, exponential: Array, rng: np.random.Generator) -> Noise:
    """Noise of a single cycle, from its deviation from its law and its exponential law, both of shape (points,), S.

    The memory is that with which simulated cycles about an exponential law deviate as far from their own fitted laws.
    """
    points = len(residual)
    trials = int(np.clip(_AT_ONCE // points, 10, _TRIALS))
    w, seen = np.linspace(0, 1, points), np.mean(residual**2)
    found = Noise(0.0, 0.0, 0.0, 1.0)
    # of updates that are forgotten sooner nothing tells reads
    for memory in 1 - np.geomspace(0.1 / points, 1 / np.sqrt(points), _MEMORIES):
        update, read = variances(residual[None], float(memory))[0]
        found = Noise(float(update), float(read), 0.0, float(memory))
        again = exponential + found.draw((trials, points), rng)
        fitted = exponential_curves(fit_exponential(again, w), w)
        if np.mean((again - fitted) ** 2) <= seen:
            break
    return found


def variances(residual: Array, memory: float) -> Array:
    """Variances of updates and of reads in single cycles, from their deviations from their law: shape (rows, 2), S^2.

    Updates that scatter leave the conductance off its law until later ones bring it back. From the mean squares of
    differences over 1 and over m points, m the square root of the length, which the fitted law cannot hide.
    """
    far = max(2, round(np.sqrt(residual.shape[1])))
    one, many = (np.mean((residual[:, m:] - residual[:, :-m]) ** 2, axis=1) for m in (1, far))
    grown = 2 * np.sum(memory ** np.arange(1, far)) / (1 + memory)
    update = np.clip((many - one) / grown, 0, one * (1 + memory) / 2)
    return np.stack([update, one / 2 - update / (1 + memory)], axis=1)
