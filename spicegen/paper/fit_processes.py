"""Least squares whose residuals take seconds: computed by worker processes, each point once, kept in a folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from pathlib import Path
from signal import SIG_IGN, SIGINT, signal
from threading import Thread, current_thread, main_thread

import numpy as np
from numpy.typing import NDArray

from spicegen.fit.free_parameter import Free
from spicegen.fit.solve.least_squares import Solution, fit, step_inside

Array = NDArray[np.float64]
Residuals = Callable[[Mapping[str, float]], Array]

SPREAD = np.log(1.2)
"""Standard deviation of the further starts about the first, natural log."""


def fit_in_processes(
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
        notebook: a folder where computed residuals are kept: an interrupted fit goes on from there.
        key: what else the residuals depend on; names them in the notebook.
        report: called with start, iteration, misfit.
    """
    free = tuple(free)
    rng = np.random.default_rng(seed)
    centre = np.array([f.coordinate(f.start) for f in free])
    begins = [centre, *(centre + SPREAD * rng.standard_normal(len(free)) for _ in range(starts - 1))]

    # started afresh instead of forked: what the caller's threads hold is no concern of the workers
    with _workers(residuals) as pool:
        return fit(_Problem(pool, free, notebook, key), free, begins, iterations=iterations, report=report)


class _Problem:
    """Residuals by worker processes, each point once; kept in a folder, so that an interrupted fit can go on."""

    def __init__(self, pool: ProcessPoolExecutor, free: tuple[Free, ...], folder: Path | None, key: str) -> None:
        self._pool, self._free, self._folder, self._key = pool, free, folder, key
        self._known: dict[bytes, Array] = {}

    def residuals(self, z: Array) -> Array:
        """Shape (n,)."""
        return np.asarray(self._at(z[None])[0])

    def jacobian(self, z: Array) -> Array:
        """By forward differences, shape (n, k)."""
        step = step_inside(z, self._free)
        change = self._at(z + np.diag(step)) - self._at(z[None])
        return np.asarray((change / step[:, None]).T)

    def _at(self, points: Array) -> Array:
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
        values = [{f.name: f.value(c) for f, c in zip(self._free, p, strict=True)} for p in points]
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
