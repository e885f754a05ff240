"""Multi-start least squares over positive parameters on a log scale, with what the data say of each.

Every parameter has a weak prior, lognormal about its start, so that combinations which the data do not fix stay
where they were instead of drifting to a bound; the comparison of posterior and prior is the identifiability.
Source: Laplace's approximation, as in Raue et al., Bioinformatics 25, 1923 (2009), for profile likelihoods' origin.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import get_context, parent_process
from pathlib import Path
from signal import SIG_IGN, SIGINT, signal
from threading import Thread, current_thread, main_thread

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

Array = NDArray[np.float64]
Residuals = Callable[[Mapping[str, float]], Array]

PRIOR = math.log(3.0)
"""Standard deviation of the prior, natural log: a factor of three either way."""
SPREAD = math.log(1.2)
"""Standard deviation of the further starts about the first, natural log."""
_STEP = 5e-3
"""Of the forward differences, natural log: far above the simulator's noise, far below the parameters' effect."""
_SHARE_FIXED = 0.75
"""Share of the prior variance that the data must take away for a parameter to count as fixed: half its width."""


@dataclass(frozen=True, slots=True)
class Free:
    """A parameter to be fitted.

    Attributes:
        name: as the residuals know it.
        start: first value, and the centre of its prior.
        lower, upper: bounds, positive.
    """

    name: str
    start: float
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class Solution:
    """The best of all starts.

    Attributes:
        free: what was fitted, k of them.
        values: shape (k,).
        misfit: sum of squared residuals of the data at the end of each start, the chosen one's last value included.
        chosen: which start is the best, the prior's part counted.
        residuals: of the data, shape (n,).
        jacobian: of the data by the natural logs of the parameters, shape (n, k).
        evaluations: of the residuals, over all starts.
    """

    free: tuple[Free, ...]
    values: Array
    misfit: tuple[float, ...]
    chosen: int
    residuals: Array
    jacobian: Array
    evaluations: int

    @cached_property
    def covariance(self) -> Array:
        """Of the natural logs of the parameters, prior included, shape (k, k)."""
        k = len(self.free)
        return np.asarray(np.linalg.inv(self.jacobian.T @ self.jacobian + np.eye(k) / PRIOR**2), dtype=np.float64)

    @property
    def log_std(self) -> Array:
        """Standard deviation of the natural log of each parameter: its relative uncertainty while small, shape (k,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def share(self) -> Array:
        """Part of each parameter's prior variance that the data take away, 0 to 1, shape (k,)."""
        return 1 - np.diag(self.covariance) / PRIOR**2

    @property
    def is_fixed(self) -> NDArray[np.bool_]:
        """Whether the data at least halve what the prior leaves open, shape (k,)."""
        return self.share >= _SHARE_FIXED

    @property
    def at_bound(self) -> NDArray[np.bool_]:
        """Whether it stands at one of its bounds, shape (k,)."""
        low, high = (np.array([getattr(f, n) for f in self.free]) for n in ("lower", "upper"))
        return np.asarray(np.minimum(self.values / low, high / self.values) < 1 + 1e-3)

    def directions(self) -> list[tuple[float, Array]]:
        """Combinations of log parameters, the best fixed first.

        Each with its information, the data's over the prior's (below 1 the prior says more than the data), and the
        exponents of the parameters in it, shape (k,), of unit length.
        """
        found, vectors = np.linalg.eigh(self.jacobian.T @ self.jacobian * PRIOR**2)
        return [(float(max(found[n], 0.0)), vectors[:, n]) for n in range(len(found))[::-1]]


class _Memory:
    """Residuals by worker processes, each point once; kept in a folder, so that an interrupted fit can go on."""

    def __init__(self, pool: ProcessPoolExecutor, names: Sequence[str], folder: Path | None, key: str) -> None:
        self._pool, self._names, self._folder, self._key = pool, names, folder, key
        self._known: dict[bytes, Array] = {}

    @property
    def evaluations(self) -> int:
        """Points so far."""
        return len(self._known)

    def __call__(self, points: Array) -> Array:
        """Residuals at each point, natural logs, shape (points, k) -> (points, n)."""
        new = [p for p in points if p.tobytes() not in self._known]
        if new:
            found = self._kept(np.array(new))
            self._known.update({p.tobytes(): r for p, r in zip(new, found, strict=True)})
        return np.array([self._known[p.tobytes()] for p in points])

    def _kept(self, points: Array) -> Array:
        if not self._folder:
            return self._compute(points)
        name = hashlib.sha256(self._key.encode() + points.tobytes()).hexdigest()[:24]
        path = self._folder / f"{name}.npy"
        if path.is_file():
            kept: Array = np.load(path, allow_pickle=False)
            return kept
        found = self._compute(points)
        partial = path.with_suffix(".partial.npy")
        np.save(partial, found)
        partial.replace(path)
        return found

    def _compute(self, points: Array) -> Array:
        values = [dict(zip(self._names, np.exp(p).tolist(), strict=True)) for p in points]
        return np.array(list(self._pool.map(_evaluate, values)))


_residuals: Residuals


def _start_worker(residuals: Residuals) -> None:
    global _residuals
    _residuals = residuals
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed program must not leave workers behind that go on computing."""
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


def _evaluate(values: Mapping[str, float]) -> Array:
    return _residuals(values)


@contextmanager
def _workers(residuals: Residuals) -> Iterator[ProcessPoolExecutor]:
    """Worker processes; whatever interrupts the work also drops what waits for them."""
    count = os.cpu_count() or 1
    pool = ProcessPoolExecutor(count, get_context("spawn"), _start_worker, (residuals,))
    # Ctrl-C reaches the whole group; workers that start while it is ignored ignore it, and the program decides
    in_main = current_thread() is main_thread()
    before = signal(SIGINT, SIG_IGN) if in_main else None
    try:
        for _ in range(count):
            pool.submit(int)  # a worker starts when there is something to do and none is idle
    finally:
        if in_main:
            signal(SIGINT, before)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def fit(
    residuals: Residuals,
    free: Iterable[Free],
    seed: int,
    starts: int = 1,
    iterations: int = 30,
    notebook: Path | None = None,
    key: str = "",
    report: Callable[[int, int, float], None] = lambda start, iteration, misfit: None,
) -> Solution:
    """Find the parameters of least squares: from their start, and from others drawn about it.

    Args:
        residuals: values by name -> residuals in units of their uncertainty, always as many; it is sent to worker
            processes and must not raise.
        free: what to fit.
        seed: of the further starts.
        starts: how many in all.
        iterations: of each start, at most.
        notebook: a folder where computed residuals are kept.
        key: what else the residuals depend on; names them in the notebook.
        report: called with start, iteration, misfit.
    """
    free = tuple(free)
    centre, low, high = (np.log([getattr(f, n) for f in free]) for n in ("start", "lower", "upper"))
    rng = np.random.default_rng(seed)
    begins = [centre, *(centre + SPREAD * rng.standard_normal(len(free)) for _ in range(starts - 1))]
    # started afresh instead of forked: what the caller's threads hold is no concern of the workers
    with _workers(residuals) as pool:
        memory = _Memory(pool, [f.name for f in free], notebook, key)

        def both(z: Array) -> Array:
            return np.concatenate([memory(z[None])[0], (z - centre) / PRIOR])

        def jacobian(z: Array) -> Array:
            step = np.where(z + _STEP < high, _STEP, -_STEP)
            change = memory(z + np.diag(step)) - memory(z[None])
            return np.vstack([(change / step[:, None]).T, np.eye(len(z)) / PRIOR])

        ends = []
        for number, begin in enumerate(begins):
            count = [0]

            def slopes(z: Array, number: int = number, count: list[int] = count) -> Array:
                found = jacobian(z)
                report(number, count[0], float(np.sum(memory(z[None])[0] ** 2)))
                count[0] += 1
                return found

            ends.append(_descend(both, slopes, np.clip(begin, low, high), (low, high), iterations))
        best = int(np.argmin([cost for _, cost in ends]))
        z = ends[best][0]
        n = len(z)
        return Solution(
            free=free,
            values=np.exp(z),
            misfit=tuple(float(np.sum(both(e)[:-n] ** 2)) for e, _ in ends),
            chosen=best,
            residuals=both(z)[:-n],
            jacobian=jacobian(z)[:-n],
            evaluations=memory.evaluations,
        )


def _descend(
    fun: Callable[[Array], Array], jac: Callable[[Array], Array], begin: Array, bounds: tuple[Array, Array], most: int
) -> tuple[Array, float]:
    """One start: the end and its cost."""
    low, high = bounds
    inside = np.clip(begin, low + 1e-6, high - 1e-6)
    found = least_squares(fun, inside, jac=jac, bounds=bounds, method="trf", ftol=1e-3, xtol=1e-4, max_nfev=most)
    return found.x, float(found.cost)
