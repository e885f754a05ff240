"""The residuals of a model against measurements, and what each of them counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from threading import get_ident

import numpy as np
from numpy.typing import NDArray

from models_va import Model
from spicegen.fit.replay.run import Bench, Device, Run, scale_of_most, weight_of_independent
from spicegen.fit.setting import Setting
from spicegen.fit.solve.posterior import Free, soft
from spicegen.fit.start.start import Start, free_parameter

Array = NDArray[np.float64]

_OUTSIDE = 3.0
"""Standard deviations beyond which a residual is an outlier."""


@dataclass(frozen=True, eq=False)
class Weights:
    """What each run counts.

    Attributes:
        scale: by which its uncertainties are larger than the noise in it, because the model misses it: shape (runs,).
        independent: share of its points that are as good as independent, shape (runs,).
    """

    scale: Array
    independent: Array


class MeasuredProblem:
    """Residuals of a model against measurements.

    Args:
        setting: what is fitted to what.
        start: the centre of the priors; gives the values that are not fitted.
        weights: of the benches.
    """

    def __init__(self, setting: Setting, start: Start, weights: Weights) -> None:
        model, benches, fitted = setting.model, setting.benches, setting.fitted
        self.free, self.weights = _free(model, benches, start, fitted), weights
        self._model, self._benches, self._start, self._fitted = model, benches, start, list(fitted)
        self._threads = setting.threads
        self._states = [b.free_states(model) for b in benches]
        ends = np.cumsum([len(fitted), *map(len, self._states)])
        self._own = [list(range(a, b)) for a, b in pairwise(ends.tolist())]
        self._weight = np.sqrt(weights.independent) / weights.scale
        self._known: dict[int, tuple[bytes, list[Run]]] = {}  # of each thread: derivatives are asked for next

    def coordinates(self, start: Start) -> Array:
        """Of a start of this problem's parameters, shape (k,)."""
        states = [x for at, places in zip(start.initial, self._states, strict=True) for x in at[places].tolist()]
        values = [*start.values[self._fitted].tolist(), *states]
        return np.array([f.coordinate(v) for f, v in zip(self.free, values, strict=True)])

    def start(self, z: Array) -> Start:
        """The other way around."""
        values = self._start.values.copy()
        initial = self._start.initial.copy()
        found = [f.value(c) for f, c in zip(self.free, z, strict=True)]
        values[self._fitted] = found[: len(self._fitted)]
        for at, places, own in zip(initial, self._states, self._own, strict=True):
            at[places] = [found[n] for n in own]
        return replace(self._start, values=values, initial=initial)

    def runs(self, z: Array) -> list[Run]:
        """What the device does on each bench."""
        where, runs = self._known.get(get_ident(), (b"", []))
        if where != z.tobytes():
            start = self.start(z)
            devices = [_device(self._model, start, k) for k in range(len(self._benches))]
            runs = self._threads.map(lambda b, d: b.run(d), self._benches, devices)
            self._known[get_ident()] = z.tobytes(), runs
        return runs

    def residuals(self, z: Array) -> Array:
        """Shape (n,)."""
        found = [b.residuals(r.predicted) for b, r in zip(self._benches, self.runs(z), strict=True)]
        return np.concatenate([w * r for w, r in zip(self._weight, found, strict=True)])

    def jacobian(self, z: Array) -> Array:
        """Shape (n, k)."""
        start, inside = self.start(z), len(self._fitted)
        by_coordinate = np.array([f.slope(c) for f, c in zip(self.free, z, strict=True)])
        places = np.array(self._fitted, dtype=np.intp)
        runs = self.runs(z)

        def block(k: int) -> Array:
            bench, run, device = self._benches[k], runs[k], _device(self._model, start, k)
            slopes = bench.residual_slopes(run.predicted, bench.slopes(run, device, places))
            found = np.zeros((len(slopes), len(z)))
            found[:, :inside] = slopes[:, :inside]
            found[:, self._own[k]] = slopes[:, [inside + place for place in self._states[k]]]
            return np.asarray(self._weight[k] * found * by_coordinate)

        return np.concatenate(self._threads.map(block, range(len(self._benches))))

    def information(self, residuals: Array) -> Array:
        """What each of them says of the parameters by the robust loss, over what its weight promises, shape (n,).

        (E psi')^2 / E psi^2 in each run, with psi half the loss's derivative: what has heavier tails than normal errors
        leaves more open, however little each point of these counts. Not more than 1: no less than the noise is left.
        Source: Huber, Robust Statistics (Wiley 1981), section 7.6, the covariance of M-estimates.
        """
        ends = np.cumsum([len(b.observed) for b in self._benches])[:-1]
        found = []
        for r, share in zip(np.split(residuals, ends), self.weights.independent, strict=True):
            _, weight, slope = soft(r**2)
            promised = share * np.mean(weight + 2 * r**2 * slope) ** 2
            found.append(np.full(len(r), promised / max(promised, np.mean((weight * r) ** 2))))
        return np.concatenate(found)


def _device(model: Model, start: Start, bench: int) -> Device:
    return Device(model, start.values, start.initial[bench], start.turned)


def _free(model: Model, benches: Sequence[Bench], start: Start, fitted: Sequence[int]) -> list[Free]:
    found = [free_parameter(model.params[k], float(start.values[k])) for k in fitted]
    for bench, initial in zip(benches, start.initial.tolist(), strict=True):
        for place in bench.free_states(model):
            s = model.states[place]
            found.append(Free(f"{s.name} at the start of {bench.name}", initial[place], s.lower, s.upper, "linear"))
    return found


def coarse(benches: Sequence[Bench], relative: float) -> Weights:
    """All points count, with at least this relative uncertainty."""
    scale = [max(1.0, relative / float(np.median(b.relative_noise))) for b in benches]
    return Weights(np.array(scale), np.ones(len(benches)))


def weights_by_misfit(benches: Sequence[Bench], runs: Sequence[Run]) -> Weights:
    """Each bench's uncertainty is what the model misses most of it by, and what is independent in that counts.

    Neither hangs on outliers: these count less already, and are not to make the rest of their file count less, too.
    """
    found = [b.residuals(r.predicted) for b, r in zip(benches, runs, strict=True)]
    scale = [scale_of_most(r) for r in found]
    inside = [np.clip(r, -_OUTSIDE * s, _OUTSIDE * s) for r, s in zip(found, scale, strict=True)]
    return Weights(np.array(scale), np.array([weight_of_independent(r) for r in inside]))
