"""The residuals of a model against measurements, and their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from threading import get_ident

import numpy as np
from numpy.typing import NDArray

from models_va import Model
from spicegen.fit.free_parameter import Free, free_parameter
from spicegen.fit.replay.run import ModelDevice, Replay, Run, scale_of_most, weight_of_independent
from spicegen.fit.setup import FitSetup
from spicegen.fit.solve.posterior import soft
from spicegen.fit.start.start import Start

Array = NDArray[np.float64]

_OUTSIDE = 3.0
"""Number of standard deviations beyond which a residual is an outlier."""


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights of the replays in a fit.

    Attributes:
        scale: factor by which a replay's uncertainties exceed its noise, as the model misses it: shape (replays,).
        independent: share of a replay's points that are as good as independent, shape (replays,).
    """

    scale: Array
    independent: Array


class MeasuredProblem:
    """Residuals of a model against the replays of measurements, as functions of the fitted coordinates.

    Args:
        setup: the model, the replays, and which parameters are fitted.
        start: the centre of the priors, with the values of the parameters that are not fitted.
        weights: weights of the replays.
    """

    def __init__(self, setup: FitSetup, start: Start, weights: Weights) -> None:
        model, replays, fitted = setup.model, setup.replays, setup.fitted
        self.free, self.weights = _free(model, replays, start, fitted), weights
        self._model, self._replays, self._start, self._fitted = model, replays, start, list(fitted)
        self._threads = setup.threads
        self._states = [replay.free_states(model) for replay in replays]
        ends = np.cumsum([len(fitted), *map(len, self._states)])
        self._own = [list(range(a, b)) for a, b in pairwise(ends.tolist())]
        self._weight = np.sqrt(weights.independent) / weights.scale
        self._known: dict[int, tuple[bytes, list[Run]]] = {}  # each thread's last runs, for derivatives

    def coordinates(self, start: Start) -> Array:
        """Coordinates of the fitted parameters and states in a start, shape (k,)."""
        states = [x for at, places in zip(start.initial, self._states, strict=True) for x in at[places].tolist()]
        values = [*start.values[self._fitted].tolist(), *states]
        return np.array([f.coordinate(v) for f, v in zip(self.free, values, strict=True)])

    def start(self, z: Array) -> Start:
        """The start that has coordinates z, shape (k,): its other parameters are those of the first start."""
        values = self._start.values.copy()
        initial = self._start.initial.copy()
        found = [f.value(c) for f, c in zip(self.free, z, strict=True)]
        values[self._fitted] = found[: len(self._fitted)]
        for at, places, own in zip(initial, self._states, self._own, strict=True):
            at[places] = [found[n] for n in own]
        return replace(self._start, values=values, initial=initial)

    def runs(self, z: Array) -> list[Run]:
        """The run of the device in each replay, at coordinates ``z`` of shape (k,)."""
        where, runs = self._known.get(get_ident(), (b"", []))
        if where != z.tobytes():
            start = self.start(z)
            devices = [_device(self._model, start, k) for k in range(len(self._replays))]
            runs = self._threads.map(lambda replay, d: replay.run(d), self._replays, devices)
            self._known[get_ident()] = z.tobytes(), runs
        return runs

    def residuals(self, z: Array) -> Array:
        """Residuals of all replays at coordinates z, weighted, in units of the noise, shape (n,)."""
        found = [replay.residuals(r.predicted) for replay, r in zip(self._replays, self.runs(z), strict=True)]
        return np.concatenate([w * r for w, r in zip(self._weight, found, strict=True)])

    def jacobian(self, z: Array) -> Array:
        """Derivatives of the residuals by the coordinates z, shape (n, k)."""
        start, inside = self.start(z), len(self._fitted)
        by_coordinate = np.array([f.slope(c) for f, c in zip(self.free, z, strict=True)])
        places = np.array(self._fitted, dtype=np.intp)
        runs = self.runs(z)

        def block(k: int) -> Array:
            replay, run, device = self._replays[k], runs[k], _device(self._model, start, k)
            slopes = replay.residual_slopes(run.predicted, replay.slopes(run, device, places))
            found = np.zeros((len(slopes), len(z)))
            found[:, :inside] = slopes[:, :inside]
            found[:, self._own[k]] = slopes[:, [inside + place for place in self._states[k]]]
            return np.asarray(self._weight[k] * found * by_coordinate)

        return np.concatenate(self._threads.map(block, range(len(self._replays))))

    def information(self, residuals: Array) -> Array:
        """Information of each residual on the parameters by the robust loss, over what its weight promises, shape (n,).

        (E psi')^2 / E psi^2 in each run, with psi half the loss's derivative: what has heavier tails than normal errors
        leaves more open, however little each point of these counts. Not more than 1: no less than the noise is left.
        Source: Huber, Robust Statistics (Wiley 1981), section 7.6, the covariance of M-estimates.
        """
        ends = np.cumsum([len(replay.observed) for replay in self._replays])[:-1]
        found = []
        for r, share in zip(np.split(residuals, ends), self.weights.independent, strict=True):
            _, weight, slope = soft(r**2)
            promised = share * np.mean(weight + 2 * r**2 * slope) ** 2
            found.append(np.full(len(r), promised / max(promised, np.mean((weight * r) ** 2))))
        return np.concatenate(found)


def _device(model: Model, start: Start, replay: int) -> ModelDevice:
    return ModelDevice(model, start.values, start.initial[replay], start.turned)


def _free(model: Model, replays: Sequence[Replay], start: Start, fitted: Sequence[int]) -> list[Free]:
    found = [free_parameter(model.params[k], float(start.values[k])) for k in fitted]
    for replay, initial in zip(replays, start.initial.tolist(), strict=True):
        for place in replay.free_states(model):
            s = model.states[place]
            found.append(Free(f"{s.name} at the start of {replay.name}", initial[place], s.lower, s.upper, "linear"))
    return found


def coarse(replays: Sequence[Replay], relative: float) -> Weights:
    """Weights by which all points count, with at least this relative uncertainty."""
    scale = [max(1.0, relative / float(np.median(replay.relative_noise))) for replay in replays]
    return Weights(np.array(scale), np.ones(len(replays)))


def weights_by_misfit(replays: Sequence[Replay], runs: Sequence[Run]) -> Weights:
    """Weights by what the model misses most of each replay by, and by the share of that which is independent.

    Neither depends on outliers: these count less already, and must not make the rest of their file count less, too.
    """
    found = [replay.residuals(r.predicted) for replay, r in zip(replays, runs, strict=True)]
    scale = [scale_of_most(r) for r in found]
    inside = [np.clip(r, -_OUTSIDE * s, _OUTSIDE * s) for r, s in zip(found, scale, strict=True)]
    return Weights(np.array(scale), np.array([weight_of_independent(r) for r in inside]))
