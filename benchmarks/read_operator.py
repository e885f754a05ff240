"""read_operator against scipy's splu (symmetric mode, all adjoint solves as one block): seconds, ratio, growth."""

from __future__ import annotations

import time

import numpy as np
from scipy.sparse.linalg import splu

from netlists import Crossbar, crossbar_circuit
from spicegen.simulate import read_operator
from spicegen.simulate.native.system import System

SIZES = (16, 32, 64, 128, 256)


def by_splu(crossbar: Crossbar, system: System) -> np.ndarray:
    """T from one factorisation and one solve per column, all of them in one block."""
    n = system.unknown
    driven = slice(n, n + crossbar.rows + crossbar.columns)
    factor = splu(
        system.wires[:n, :n].tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}, diag_pivot_thresh=0.0
    )
    coupling = system.wires[:n, driven].toarray()
    into_columns = factor.solve(coupling[:, crossbar.rows :])  # the matrix is symmetric: adjoint = forward
    return into_columns.T @ coupling[:, : crossbar.rows]


def best(action, repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    rng = np.random.default_rng(0)
    print(f"{'N':>5} {'operator/s':>11} {'splu/s':>9} {'ratio':>7} {'difference':>11}")
    seconds = []
    for n in SIZES:
        crossbar = Crossbar(rng.uniform(1e-5, 1e-4, (n, n)), 1.0, 1.0)
        system = System(crossbar_circuit(crossbar))
        repeats = 5 if n <= 128 else 2
        ours = best(lambda c=crossbar: read_operator(c), repeats)
        theirs = best(lambda c=crossbar, s=system: by_splu(c, s), repeats)
        reference = by_splu(crossbar, system)
        difference = np.abs(read_operator(crossbar) - reference).max() / np.abs(reference).max()
        seconds.append(ours)
        print(f"{n:>5} {ours:>11.4f} {theirs:>9.4f} {theirs / ours:>7.1f} {difference:>11.1e}")
    slope = np.polyfit(np.log(SIZES[-3:]), np.log(seconds[-3:]), 1)[0]
    print(f"growth of the operator over the last three sizes: N^{slope:.1f}")


if __name__ == "__main__":
    main()
