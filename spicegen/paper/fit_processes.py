"""Least squares whose residuals take seconds: worker processes compute each point once, and a folder keeps them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from signal import SIG_IGN, SIGINT, signal
from threading import Thread, current_thread, main_thread

import numpy as np
from numpy.typing import NDArray

from spicegen.fit.free_parameter import Free
from spicegen.fit.solve.least_squares import Solution, fit, prior_widths, step_inside
from spicegen.fit.solve.population import search_population
from spicegen.result_cache import ResultCache, digest

Array = NDArray[np.float64]
Residuals = Callable[[Mapping[str, float]], Array]

_NICE = 5
"""How much the workers give way to other programs: a fit takes hours, and the machine is used meanwhile."""
SPREAD = np.log(1.2)
"""Standard deviation of the further starts about the first, natural log."""


def fit_in_processes(
    residuals: Residuals,
    free: Iterable[Free],
    seed: int,
    starts: int = 1,
    iterations: int = 30,
    population: int = 0,
    cache_folder: Path | None = None,
    key: str = "",
    report: Callable[[int, int, float], None] = lambda start, iteration, misfit: None,
    report_population: Callable[[int, float], None] = lambda evaluated, misfit: None,
) -> Solution:
    """Find the parameters of least squares, from their start and from further starts drawn about it.

    A population search may come first: the starts are then drawn about the best that it finds.

    Args:
        residuals: values by name -> residuals in units of their uncertainty, always as many; it is sent to worker
            processes and must not raise.
        free: parameters to be fitted.
        seed: seed of the further starts.
        starts: number of starts in all.
        iterations: largest number of iterations of each start.
        population: number of evaluations of the population search; 0: there is none.
        cache_folder: folder where computed residuals are kept, so that an interrupted fit resumes; None keeps none.
        key: everything else that the residuals depend on; it names them in the folder.
        report: function that is called with start, iteration and misfit.
        report_population: function that is called with the evaluations so far and the least misfit of the search.
    """
    free = tuple(free)
    rng = np.random.default_rng(seed)
    first = np.array([f.coordinate(f.start) for f in free])
    # started afresh instead of forked: what the caller's threads hold is no concern of the workers
    with _workers(residuals) as pool:
        problem = _Problem(pool, free, cache_folder, key)
        if population:
            widths = prior_widths(free)
            first = search_population(problem.at, free, first, widths, seed, population, report_population)
        begins = [first, *(first + SPREAD * rng.standard_normal(len(free)) for _ in range(starts - 1))]
        return fit(problem, free, begins, iterations=iterations, report=report)


class _Problem:
    """The least-squares problem: worker processes compute each point once, so that an interrupted fit can resume."""

    def __init__(self, pool: ProcessPoolExecutor, free: tuple[Free, ...], folder: Path | None, key: str) -> None:
        self._pool, self._free, self._cache, self._key = pool, free, ResultCache(folder), key
        self._known: dict[bytes, Array] = {}

    def residuals(self, z: Array) -> Array:
        """Residuals at the coordinates z of the parameters, shape (n,)."""
        return np.asarray(self.at(z[None])[0])

    def jacobian(self, z: Array) -> Array:
        """Derivatives of the residuals by the coordinates z, by forward differences, shape (n, k)."""
        step = step_inside(z, self._free)
        change = self.at(z + np.diag(step)) - self.at(z[None])
        return np.asarray((change / step[:, None]).T)

    def at(self, points: Array) -> Array:
        """Residuals at several coordinates of the parameters, shape (points, n)."""
        new = [p for p in points if p.tobytes() not in self._known]
        if new:
            rows = self._stored_or_computed(np.array(new))
            self._known.update({p.tobytes(): r for p, r in zip(new, rows, strict=True)})
        return np.array([self._known[p.tobytes()] for p in points])

    def _stored_or_computed(self, points: Array) -> Array:
        key = digest({"residuals": self._key, "shape": points.shape}, [points])
        found = self._cache.load(key, ["residuals"])
        if found is not None:
            return found["residuals"]
        residuals = self._compute(points)
        self._cache.store(key, residuals=residuals)
        return residuals

    def _compute(self, points: Array) -> Array:
        values = [{f.name: f.value(c) for f, c in zip(self._free, p, strict=True)} for p in points]
        return np.array(list(self._pool.map(_evaluate, values)))


_residuals: Residuals
"""The residuals that this process computes, if it is a worker."""


def _start_worker(residuals: Residuals, line: Connection) -> None:
    global _residuals
    _residuals = residuals
    os.nice(_NICE)
    signal(SIGINT, SIG_IGN)
    Thread(target=_end_with, args=(line,), daemon=True).start()


def _end_with(line: Connection) -> None:
    """End this worker, whatever it computes, when the program closes its end of ``line`` or is killed."""
    line.poll(None)
    os._exit(1)


def _evaluate(values: Mapping[str, float]) -> Array:
    return _residuals(values)


@contextmanager
def _workers(residuals: Residuals) -> Iterator[ProcessPoolExecutor]:
    """Worker processes; whatever interrupts the work also drops what they compute and what waits for them."""
    count, context = os.cpu_count() or 1, get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(count, context, _start_worker, (residuals, theirs))
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
        ours.close()  # not left to the pool: it would wait for every evaluation that has begun or comes next
        theirs.close()
        pool.shutdown(wait=False, cancel_futures=True)
