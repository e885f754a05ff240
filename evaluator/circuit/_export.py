"""Decks of a tile for circuit designers to run by hand, beside the currents that must come out."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np

from evaluator.circuit._run import tile_currents
from evaluator.circuit._tile import CircuitTile, tile_job
from evaluator.network.layer import Array
from spicegen.files import output_folder, write_text
from spicegen.simulate import REFERENCE, read_operator, simulator, write_decks

_README = """{name}: {rows} x {columns} cells, {vectors} read vectors. SI units. Written by spicegen.

    (cd ngspice && ngspice -b -r out.raw deck.cir)
    (cd vacask && vacask deck.sim)

ngspice/out.raw holds {ngspice} of column J, one point a read vector;
vacask/opK.raw holds {vacask} of column J, one file a read vector K.
expected_currents.csv has what must come out: i_native_amp of the nonlinear circuit; i_operator_amp with every cell
at its conductance of v = 0, which is the same only where cells are linear.
"""


def export_tile(tile: CircuitTile, v_in_volt: Array, folder: Path) -> None:
    """Write ``ngspice/`` and ``vacask/``, each complete in itself, ``expected_currents.csv`` and ``README.txt``.

    Args:
        tile: the tile as it was programmed.
        v_in_volt: row voltages, as a layer's activations give them, shape (vectors, rows), V.
        folder: folder of the files, created if needed.

    Raises:
        InputError: vectors of another shape, or the folder cannot be written.
        SimulationError: the native solver did not solve a vector.

    """
    v = tile.vectors(v_in_volt)
    i_native = tile_currents(tile, v, simulator(REFERENCE))
    i_operator = v @ read_operator(tile.crossbar).T
    write_decks(tile_job(tile, v), output_folder(folder))
    lines = [
        f"{k},{j},{i_operator[k, j]:.12e},{i_native[k, j]:.12e}\n" for k, j in np.ndindex(len(v), tile.crossbar.columns)
    ]
    write_text(folder / "expected_currents.csv", "vector,column,i_operator_amp,i_native_amp\n" + "".join(lines))
    write_text(folder / "README.txt", _readme(tile, len(v)))


def _readme(tile: CircuitTile, vectors: int) -> str:
    ends = "bt" if tile.crossbar.sense == "both" else "b"
    return _README.format(
        name=shlex.quote(repr(tile.name)[1:-1]),  # a network's author chose it, and people paste what stands here
        rows=tile.crossbar.rows,
        columns=tile.crossbar.columns,
        vectors=vectors,
        ngspice=" + ".join(f"i(v{end}J)" for end in ends),
        vacask=" + ".join(f"v{end}J:flow(br)" for end in ends),
    )
