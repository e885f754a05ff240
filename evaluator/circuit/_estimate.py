"""Estimates of the time that a tile takes in a simulator: from a table, or from short runs of the tile itself."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from evaluator.circuit._run import chunk_size
from evaluator.circuit._tile import CircuitTile, tile_job
from netlists import Job
from spicegen.simulate import SIMULATORS, ExternalSimulator, SimulationError, Simulator, simulator
from spicegen.simulate.base import vectors_a_run

_CELLS = 1024
"""Number of cells of the array that the table is for."""
_FEW, _MORE = 2, 8
_TELLING_S, _LONG_S = 0.25, 2.0
"""A run shorter than this is mostly noise; one longer than this is not made longer."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Time of a run of n vectors on k times 1024 cells: start + run k^a + n vector k^b seconds.

    Attributes:
        start_s: time that any run takes, s.
        run_s, run_growth: time of a run of 1024 cells, s, and the power a.
        vector_s, vector_growth: time of one more vector, s, and the power b.

    """

    start_s: float
    run_s: float
    run_growth: float
    vector_s: float
    vector_growth: float

    def at(self, cells: int) -> tuple[float, float]:
        """Time of a run, and of each vector in it, on an array of this many cells, s."""
        k = cells / _CELLS
        return self.start_s + self.run_s * k**self.run_growth, self.vector_s * k**self.vector_growth


RATES: Mapping[tuple[str, bool], Rate] = {
    ("native", True): Rate(0.002, 0.011, 1.1, 0.0009, 1.17),
    ("native", False): Rate(0.001, 0.004, 1.1, 0.0003, 1.17),
    ("vacask", True): Rate(0.03, 0.06, 0.95, 0.018, 1.2),
    ("vacask", False): Rate(0.03, 0.025, 0.9, 0.01, 1.1),
    ("ngspice (OSDI)", True): Rate(0.22, 0.16, 0.95, 0.0046, 1.6),
    ("ngspice (OSDI)", False): Rate(0.21, 0.05, 0.95, 0.0023, 1.75),
    ("ngspice", True): Rate(0.25, 3.6, 1.15, 0.33, 1.2),
    ("ngspice", False): Rate(0.23, 0.16, 1.65, 0.015, 1.9),
}
"""Rates by ``Simulator.method`` and by whether the cells are devices (of the card au-lixcoo2-pt), fitted to wall times
measured on one idle core. The table shows seconds of a run of 8 vectors on devices, then on resistors, at

==============  =============  =============  =============  =============
engine          8 x 8          32 x 32        64 x 64        128 x 128
==============  =============  =============  =============  =============
native          0.002  0.001   0.012  0.005   0.053  0.022   0.29   0.11
vacask          0.024  0.017   0.19   0.14    1.1    0.37    6.3    2.3
ngspice (OSDI)  0.22   0.22    0.39   0.27    1.1    0.58    6.0    3.4
ngspice         0.42   0.23    6.3    0.45    33     3.4     -      -
==============  =============  =============  =============  =============
"""


def rough_seconds(rows: int, columns: int, vectors: int, engine: str, *, devices: bool = True) -> float:
    """Time of different vectors on a tile, from the table: right to a factor of about two on an idle machine.

    Args:
        rows: number of the tile's rows.
        columns: number of the tile's columns.
        vectors: number of different vectors.
        engine: name of a simulator.
        devices: whether the cells are devices, not resistors.

    Returns:
        Wall time, s.

    Raises:
        UnknownNameError: no such engine.

    """
    cells = rows * columns
    run_s, vector_s = RATES[simulator(engine).method, devices].at(cells)
    return _total(run_s, vector_s, vectors, chunk_size(cells), _together(engine, 2 * cells))


def estimate_seconds(tile: CircuitTile, vectors: int, engine: Simulator, v_read_volt: float) -> float:
    """Time of different vectors on this tile, on this machine as busy as it is, from runs of a few of them.

    Takes as long as two runs, of 2 and of 8 vectors, or two or three seconds where these are short. An engine of
    which several runs are to go side by side is timed so.

    Args:
        tile: the tile that is to be read.
        vectors: number of different vectors.
        engine: the simulator.
        v_read_volt: highest row voltage, V.

    Returns:
        Wall time, s.

    Raises:
        SimulationError: the engine is not here, or failed.

    """
    found = engine.available()
    if not found.here:
        raise SimulationError(engine.name, f"{tile.name}: not here: {found.version}")
    chunk, together = chunk_size(tile.crossbar.g_siemens.size), _together(engine.name, len(tile.circuit.nodes))
    beside = max(1, min(os.cpu_count() or 1, -(-min(vectors, chunk) // together)))

    def seconds(count: int) -> float:
        v = np.random.default_rng(count).uniform(0, v_read_volt, (count, tile.crossbar.rows))
        return _timed(engine, tile_job(tile, v), beside)

    few, more, count = seconds(_FEW), seconds(_MORE), _MORE
    while more < max(_TELLING_S, min(1.5 * few, _LONG_S)) and count < min(chunk, together):
        count = min(4 * count, chunk, together)
        more = seconds(count)
    vector = max(more - few, 0.0) / (count - _FEW)
    return _total(max(few - _FEW * vector, 0.0), vector, vectors, chunk, together)


def _timed(engine: Simulator, job: Job, beside: int) -> float:
    """Wall time of ``beside`` runs at once, s: the better of two if short, as the first may have compiled the model."""
    best = float("inf")
    with ThreadPoolExecutor(beside) as pool:
        for _ in range(2):
            start = time.perf_counter()
            list(pool.map(engine.run, [job] * beside))
            best = min(best, time.perf_counter() - start)
            if best > _LONG_S / 2:
                break
    return best


def _together(engine: str, nodes: int) -> int:
    """Number of vectors that one run of the engine takes together."""
    external = issubclass(SIMULATORS.get(engine, Simulator), ExternalSimulator)
    return vectors_a_run(nodes) if external else sys.maxsize


def _total(run_s: float, vector_s: float, vectors: int, chunk: int, together: int) -> float:
    """Total time, s, of chunks one after another, whose runs go side by side, as many as there are processors."""

    def seconds(count: int) -> float:
        turns = -(-count // (together * (os.cpu_count() or 1)))
        return turns * (run_s + min(count, together) * vector_s)

    whole, rest = divmod(vectors, chunk)
    return whole * seconds(chunk) + (seconds(rest) if rest else 0.0)
