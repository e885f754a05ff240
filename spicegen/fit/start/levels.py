"""Levels of a start: what shapes the current, moved such that the device can show what was seen."""

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
"""Factor by which a device usually reaches farther than what was seen, to either end."""
_SURE = 3.0
"""Standard deviations of its noise by which the farthest that was seen may be farther than what the device reached."""
_LEAST_REACH = 1e-3
"""Of the highest conductance at a voltage: a state with less cuts the current off."""
_SAME = 1e-3
"""Difference of two levels that makes none, natural log."""
_STAY = 1e-2
"""How strongly parameters stay where they are, over what the ends of the reach count."""


class Levels:
    """Parameters of the current, moved such that the memory state reaches what was observed, none more than needed.

    Args:
        model: of the device; which way around it stands makes no difference here.
        replays: the measurements.
    """

    def __init__(self, model: Model, replays: Sequence[Replay]) -> None:
        volt, seen, noise = np.concatenate([_seen(r) for r in replays], axis=1)
        self._volt, place = np.unique(volt, return_inverse=True)
        self._place, self._seen, self._noise = place, np.log(seen), noise
        self._model, self._temperature_k = model, replays[0].temperature_k
        symbols = model.expanded(model.current).free_symbols
        self._in_it = [k for k, p in enumerate(model.params) if p.symbol in symbols]
        self._known: dict[tuple[bytes, _Reaches], list[Array]] = {}  # most speeds and voltages ask for the same

    def of(self, values: Array, held: Collection[str], reaches: _Reaches = None) -> list[Array]:
        """Parameter sets whose conductances have the observed middle, and ends just beyond what was observed.

        Args:
            values: every parameter; those that the current does not depend on stay, and so do states at the start.
            held: names of those that stay, too; always the same.
            reaches: factors by which the device reaches farther, to lower and higher currents, than what is seen
                surely, its noise apart.
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
        """Distance of the lower and the upper end of the reach above what is wanted, natural logarithm, shape (2,).

        Each at the voltage where it is least as wanted; -inf for a lower end that cuts the current off, as is wanted.
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
