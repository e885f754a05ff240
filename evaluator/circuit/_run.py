"""The currents of a tile in a circuit simulator, and how far the linear operator is from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluator.circuit._cache import content_key
from evaluator.circuit._tile import CircuitTile, tile_job
from evaluator.mapping.tiles import outputs_of
from evaluator.mapping.weights import WeightLayout
from evaluator.network.layer import Array
from netlists import Job, ReadVectors
from spicegen.arrays.read import column_currents
from spicegen.files import output_folder
from spicegen.result_cache import ResultCache
from spicegen.simulate import REFERENCE, SimResult, SimulationError, Simulator, read_operator, simulator

_NUMBERS_A_CHUNK, _SMALLEST_CHUNK, _LARGEST_CHUNK = 1 << 19, 64, 4096
"""Product of nodes and vectors that one file stores, and the smallest and largest number of vectors in a file: as much
as eight runs of a simulator."""


def tile_currents(tile: CircuitTile, v_in_volt: Array, engine: Simulator, cache: Path | None = None) -> Array:
    """Currents of a tile's columns in a circuit simulator.

    Equal vectors are simulated once. Different ones are taken in order of their first appearance, in chunks, each
    stored in a file of its own: a run that was interrupted goes on, and a longer run takes over what a shorter one
    found. Vectors that do not converge are tried once more without the others, from whose solution they started.

    Args:
        tile: the tile that is read.
        v_in_volt: row voltages, shape (vectors, rows), V.
        engine: the simulator.
        cache: folder of stored results, created if needed; None: nothing is stored.

    Returns:
        Currents, shape (vectors, columns), A.

    Raises:
        InputError: vectors of another shape, or the folder cannot be used.
        SimulationError: the engine is not here, failed, or did not solve a vector; the message names the tile.

    """
    v = tile.vectors(v_in_volt)
    found = engine.available()
    if not found.here:
        raise SimulationError(engine.name, f"{tile.name}: not here: {found.version}")
    if cache is not None:
        output_folder(cache)
    different, place = _different(v)
    size = chunk_size(tile.crossbar.g_siemens.size)
    parts = [different[k : k + size] for k in range(0, len(different), size)]
    return np.concatenate([_chunk(tile, part, engine, cache) for part in parts])[place]


def chunk_size(cells: int) -> int:
    """Number of vectors of a tile of this many cells that are simulated and stored together, on every machine alike."""
    return min(max(_SMALLEST_CHUNK, _NUMBERS_A_CHUNK // (2 * cells)), _LARGEST_CHUNK)


def operator_error(
    tile: CircuitTile, layout: WeightLayout, v_in_volt: Array, phi: Callable[[Array], Array] | None = None
) -> float:
    """Relative error of the linear operator against the nonlinear circuit: ||S (i - T phi(v))|| / ||S T phi(v)||.

    i are the column currents of the native circuit solver, T is the exact operator, and S makes the tile's outputs of
    its columns (pairs and references subtracted, slices added up): what columns have in common is not in them. The
    norm is over all vectors and outputs.

    Args:
        tile: the tile that is read.
        layout: way in which its columns are combined into outputs.
        v_in_volt: probes, shape (vectors, rows), V.
        phi: the device's nonlinearity, applied to the inputs before T; None: the device is linear.

    Returns:
        The relative error; 0 if nothing flows, infinite if only T sees nothing flow.

    Raises:
        InputError: vectors of another shape.
        SimulationError: the native solver did not solve a vector.

    """
    v = tile.vectors(v_in_volt)
    i_circuit = tile_currents(tile, v, simulator(REFERENCE))
    i_operator = (v if phi is None else phi(v)) @ read_operator(tile.crossbar).T
    off, scale = (np.linalg.norm(outputs_of(i.T, layout)) for i in (i_circuit - i_operator, i_operator))
    if scale == 0:
        return 0.0 if off == 0 else float("inf")
    return float(off / scale)


def _different(v: Array) -> tuple[Array, NDArray[np.intp]]:
    """The different vectors in order of appearance, and the position of each given vector among them."""
    numbers: dict[bytes, int] = {}
    place = np.array([numbers.setdefault(vector.tobytes(), len(numbers)) for vector in v])
    _, first = np.unique(place, return_index=True)
    return v[first], place


def _chunk(tile: CircuitTile, v: Array, engine: Simulator, cache: Path | None) -> Array:
    """Currents of a chunk of vectors, shape (vectors, columns), A: from the cache, or simulated and stored."""
    if cache is None:
        return _simulated(tile, v, engine)
    results, key = ResultCache(cache), content_key(tile, v, engine)
    if stored := results.load(key, ["i_out_amp"]):
        return stored["i_out_amp"]
    i_out_amp = _simulated(tile, v, engine)
    results.store(key, i_out_amp=i_out_amp)
    return i_out_amp


def _simulated(tile: CircuitTile, v: Array, engine: Simulator) -> Array:
    """Currents of every vector, shape (vectors, columns), A."""
    job = tile_job(tile, v)
    result = _run(tile, job, engine)
    currents = column_currents(result, tile.crossbar.columns)
    if result.failed:
        again = sorted(result.failed)
        result = _run(tile, _only(job, again), engine)
        currents[again] = column_currents(result, tile.crossbar.columns)
    if result.failed or not np.isfinite(currents).all():
        why = next(iter(result.failed.values()), "no convergence")
        bad = np.count_nonzero(~np.isfinite(currents).all(axis=1))
        raise SimulationError(engine.name, f"{tile.name}: {bad} of {len(v)} read vectors: {why}")
    return currents


def _run(tile: CircuitTile, job: Job, engine: Simulator) -> SimResult:
    """Run a job; the message of an error names the tile."""
    try:
        return engine.run(job)
    except SimulationError as error:
        raise SimulationError(error.simulator, f"{tile.name}: {error.problem}", error.deck, error.log) from error


def _only(job: Job, places: list[int]) -> Job:
    """The job with only the read vectors at these places."""
    assert isinstance(job.stimulus, ReadVectors)
    return replace(job, stimulus=ReadVectors(job.stimulus.v_volt[places]))
