"""Levels of a start: the parameters of the current, moved so that the device can have the observed conductances."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from models_va import Model, volts_seconds_siemens
from spicegen.fit.replay.run import Replay
from spicegen.printers.numpy_model import numpy_model

Array = NDArray[np.float64]
_Reaches = tuple[float, float] | None

_MARGIN = 1.1
"""Factor by which a device usually reaches beyond the observed conductances, at either end."""
_SURE = 3.0
"""Number of standard deviations of noise by which the farthest observation may be beyond the device's reach."""
_LEAST_REACH = 1e-3
"""Share of the highest conductance at a voltage below which a state counts as cutting the current off."""
_SAME = 1e-3
"""Difference of two levels up to which they count as equal, natural log."""
_STAY = 1e-2
"""Weight with which parameters are kept where they are, relative to the weight of the ends of the reach."""


class Levels:
    """Parameters of the current, moved such that the memory state reaches what was observed, none more than needed.

    Args:
        model: model of the device, whose orientation makes no difference here.
        replays: the measurements.
    """

    def __init__(self, model: Model, replays: Sequence[Replay]) -> None:
        volt, seen, noise = np.concatenate([_seen(r) for r in replays], axis=1)
        self._volt, place = np.unique(volt, return_inverse=True)
        self._place, self._seen, self._noise = place, np.log(seen), noise
        self._model, self._temperature_k = model, replays[0].temperature_k
        symbols = model.expanded(model.current).free_symbols
        self._in_it = [k for k, p in enumerate(model.params) if p.symbol in symbols]
        self._known: dict[tuple[bytes, _Reaches], list[Array]] = {}  # results by arguments, which often recur

    def of(self, values: Array, held: Collection[str], reaches: _Reaches = None) -> list[Array]:
        """Parameter sets whose conductances have the observed middle, and ends just beyond what was observed.

        Args:
            values: every parameter; those that the current does not depend on stay, and so do states at the start.
            held: names of the parameters that stay, too; they are the same in every call.
            reaches: factors by which the device reaches farther, to lower and higher currents, than was surely
                observed, that is, without noise.
        """
        if not len(self._volt):
            return [values]
        key = values[self._in_it].tobytes(), reaches
        if key not in self._known:
            self._known[key] = [found[self._in_it] for found in self._found(values, held, self._wanted(reaches))]
        levelled = [values.copy() for _ in self._known[key]]
        for found, own in zip(levelled, self._known[key], strict=True):
            found[self._in_it] = own
        return levelled

    def _found(self, values: Array, held: Collection[str], wanted: Array) -> Iterator[Array]:
        params = self._model.params
        moved = [k for k in self._in_it if params[k].default is None and values[k] > 0 and params[k].name not in held]
        siemens = np.array([volts_seconds_siemens(params[k].unit)[2] for k in moved])

        def moved_to(z: Array) -> Array:
            other = values.copy()
            other[moved] = np.exp(z)
            return other

        def off(z: Array, before: Array) -> Array:
            return np.array([*np.nan_to_num(self._beyond(moved_to(z), wanted), neginf=0.0), *(_STAY * (z - before))])

        ends = self._beyond(values, wanted)
        over = ends[np.isfinite(ends)].mean()
        middle = np.log(values[moved]) - over * siemens / max(np.abs(siemens).max(initial=0.0), 1.0)
        whole = least_squares(off, middle, args=(middle.copy(),), max_nfev=30).x if moved else middle
        low, high = np.array([(p.lower, p.upper) for p in params]).T
        if not np.allclose(middle, whole, rtol=0, atol=_SAME):
            yield np.clip(moved_to(middle), low, high)
        yield np.clip(moved_to(whole), low, high)

    def _wanted(self, reaches: _Reaches) -> Array:
        """Logarithms of the lowest and the highest conductance that each observation asks for, shape (2, m)."""
        far, sure = (np.array([[_MARGIN]] * 2), 0.0) if reaches is None else (np.array(reaches)[:, None], _SURE)
        inward = np.array([[1.0], [-1.0]])
        return np.asarray(self._seen + inward * (sure * self._noise - np.log(far)))

    def _beyond(self, values: Array, wanted: Array) -> Array:
        """Distance of the lower and the upper end of the reach above ``wanted``, natural logarithm, shape (2,).

        Each distance is that at the worst voltage; it is -inf for a lower end that cuts the current off, as it should.
        """
        model, n = self._model, len(self._volt)
        by_name = dict(zip((p.name for p in model.params), values, strict=True))
        states = np.tile([by_name[s.initial] for s in model.states], (2 * n, 1))
        if model.memory is not None:
            states[:, model.state_names.index(model.memory)] = np.repeat([0.0, 1.0], n)
        volt = np.tile(self._volt, 2)
        g = np.abs(numpy_model(model).current(volt, states, by_name, self._temperature_k) / volt)
        low, high = np.sort(g.reshape(2, n), axis=0)
        with np.errstate(divide="ignore"):
            low, high = np.log(np.where(low <= _LEAST_REACH * high, 0.0, low)), np.log(high)
        over = low[self._place] - wanted[0]
        return np.array([over.max(), (high[self._place] - wanted[1]).min()])


def _seen(replay: Replay) -> Array:
    """Voltages (V), conductances (S) and relative noise of the observations that are conductances, shape (3, m)."""
    return np.array([replay.read_volt[replay.conducting], replay.g_siemens, replay.relative_noise[replay.conducting]])
