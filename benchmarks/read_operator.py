"""read_operator against the other known ways to the same answer: seconds, ratios, growth, memory.

All ways solve the same arrays (10 to 100 uS, 1 ohm a segment) in the same run. ``splu``: scipy's in symmetric mode,
all adjoint solves as one block. ``rows``: rows eliminated one by one with the semiseparable inverse of their chains,
dense in the columns. ``CG``: conjugate gradients on all columns together, preconditioned with the exact solution of
each line. ``cholmod``: supernodal Cholesky, its best ordering. ``badcrossbar``: 10,000 input vectors. The last two are
run where they are installed (scikit-sparse, badcrossbar); nothing else here needs them.

    python benchmarks/read_operator.py [LARGEST]
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from scipy.linalg import cho_factor, cho_solve, cho_solve_banded, cholesky_banded
from scipy.sparse import csr_array
from scipy.sparse.linalg import splu

from netlists import Crossbar, crossbar_circuit
from spicegen.simulate import read_operator, read_operators
from spicegen.simulate.native.system import System

SIZES = (16, 32, 64, 128, 256, 512, 1024)
MOST = {"splu": 256, "rows": 256, "CG": 128, "cholmod": 256, "badcrossbar": 128}
VECTORS = 10_000
CG_TOLERANCE = 1e-9


def crossbar(n: int, seed: int = 0) -> Crossbar:
    return Crossbar(np.random.default_rng(seed).uniform(1e-5, 1e-4, (n, n)), 1.0, 1.0)


def wires_of(c: Crossbar) -> tuple[csr_array, np.ndarray]:
    """Conductances between the unknown nodes, and from them to the driven ones: rows' sources, then the amplifiers."""
    system = System(crossbar_circuit(c))
    n = system.unknown
    return csr_array(system.wires[:n, :n]), system.wires[:n, n : n + c.rows + c.columns].toarray()


def by_splu(c: Crossbar) -> Callable[[], np.ndarray]:
    wires, coupling = wires_of(c)

    def solve() -> np.ndarray:
        factor = splu(wires.tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}, diag_pivot_thresh=0.0)
        return factor.solve(coupling[:, c.rows :]).T @ coupling[:, : c.rows]  # symmetric: adjoint = forward

    return solve


def by_cholmod(c: Crossbar) -> Callable[[], np.ndarray]:
    from sksparse.cholmod import cholesky

    wires, coupling = wires_of(c)

    def solve() -> np.ndarray:
        factor = cholesky(wires.tocsc(), mode="supernodal", ordering_method="best")
        return factor(coupling[:, c.rows :]).T @ coupling[:, : c.rows]

    return solve


def by_rows(c: Crossbar) -> Callable[[], np.ndarray]:
    """Columns' Norton equivalent (Y, J), carried from the top row to the sense amplifiers; one segment is 1 + r Y."""
    distance = c.r_row_ohm * (1 + np.arange(c.columns))
    shared = np.minimum.outer(distance, distance)

    def through(y: np.ndarray, right: np.ndarray) -> np.ndarray:
        return cho_solve(cho_factor(np.eye(len(y)) + c.r_col_ohm * y, lower=True, check_finite=False), right)

    def solve() -> np.ndarray:
        n = c.columns
        carried = np.zeros((n, n + c.rows))
        for i, g in enumerate(c.g_siemens):
            if i:
                used = n + i
                carried[:, :used] = through(carried[:, :n], carried[:, :used])
            root = np.sqrt(g)
            row = np.eye(n) + root[:, None] * shared * root
            admittance = root[:, None] * cho_solve(cho_factor(row, lower=True, check_finite=False), np.diag(root))
            carried[:, :n] += admittance
            carried[:, n + i] = admittance.sum(axis=1)
        return through(carried[:, :n], carried[:, n:])

    return solve


def by_cg(c: Crossbar) -> Callable[[], np.ndarray]:
    """Block of independent CG runs; the preconditioner solves every wire with its cells' far sides held."""
    m, n = c.rows, c.columns
    g = c.g_siemens

    def chains(cells: np.ndarray, r_ohm: float, *, driven_first: bool) -> np.ndarray:
        diagonal = cells + 2 / r_ohm
        diagonal[:, -1 if driven_first else 0] -= 1 / r_ohm
        banded = np.stack([np.ravel(diagonal), np.full(cells.size, -1 / r_ohm)])
        banded[1, cells.shape[1] - 1 :: cells.shape[1]] = 0.0  # lines do not touch
        return banded

    row_bands = chains(g, c.r_row_ohm, driven_first=True)
    column_bands = chains(g.T.copy(), c.r_col_ohm, driven_first=False)

    def apply(bands: np.ndarray, v: np.ndarray) -> np.ndarray:
        product = bands[0][:, None] * v
        product[:-1] += bands[1, :-1, None] * v[1:]
        product[1:] += bands[1, :-1, None] * v[:-1]
        return product

    def turned(v: np.ndarray) -> np.ndarray:
        return v.reshape(m, n, -1).swapaxes(0, 1).reshape(m * n, -1)

    def turned_back(v: np.ndarray) -> np.ndarray:
        return v.reshape(n, m, -1).swapaxes(0, 1).reshape(m * n, -1)

    def solve() -> np.ndarray:
        row_factor, column_factor = cholesky_banded(row_bands, lower=True), cholesky_banded(column_bands, lower=True)
        cells = g.reshape(-1, 1)
        across = np.zeros((m, n, n))  # sources: a volt at each amplifier in turn; the columns' ends
        across[-1, np.arange(n), np.arange(n)] = 1 / c.r_col_ohm
        right = np.vstack([np.zeros((m * n, n)), turned(across.reshape(m * n, n))])

        def system(v: np.ndarray) -> np.ndarray:
            rows, columns = v[: m * n], v[m * n :]
            return np.vstack(
                [
                    apply(row_bands, rows) - cells * turned_back(columns),
                    apply(column_bands, columns) - turned(cells * rows),
                ]
            )

        def precondition(v: np.ndarray) -> np.ndarray:
            return np.vstack(
                [
                    cho_solve_banded((row_factor, True), v[: m * n], check_finite=False),
                    cho_solve_banded((column_factor, True), v[m * n :], check_finite=False),
                ]
            )

        found = precondition(right)
        residual = right - system(found)
        z = precondition(residual)
        step, old = z.copy(), (residual * z).sum(axis=0)
        scale = np.abs(found).max()
        for _ in range(2000):
            image = system(step)
            length = old / (step * image).sum(axis=0)
            found += length * step
            residual -= length * image
            z = precondition(residual)
            new = (residual * z).sum(axis=0)
            if np.abs(z).max() < CG_TOLERANCE * scale:
                break
            step = z + (new / old) * step
            old = new
        first = found[: m * n].reshape(m, n, n)[:, 0]  # row voltages at the driven end: source, then column
        return first.T / c.r_row_ohm

    return solve


def by_badcrossbar(c: Crossbar, v: np.ndarray) -> Callable[[], np.ndarray]:
    import badcrossbar

    def solve() -> np.ndarray:
        found = badcrossbar.compute(v, 1 / c.g_siemens, c.r_row_ohm, node_voltages=False, all_currents=False)
        return found.currents.output.T

    return solve


WAYS = {"splu": by_splu, "rows": by_rows, "CG": by_cg, "cholmod": by_cholmod}


def best(action: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def ours_alone(n: int) -> tuple[float, float]:
    """Seconds and the process's peak memory, MB."""
    c = crossbar(n)
    seconds = best(lambda: read_operator(c), 5 if n <= 256 else 1)
    status = Path("/proc/self/status").read_text(encoding="ascii")  # ru_maxrss would start at the parent's
    return seconds, int(status.split("VmHWM:")[1].split()[0]) / 1024


def exponent(seconds: dict[int, float]) -> float:
    sizes = sorted(seconds)[-3:]
    return float(np.polyfit(np.log(sizes), np.log([seconds[n] for n in sizes]), 1)[0])


def scaling(largest: int) -> None:
    here = [w for w in WAYS if w != "cholmod" or importlib.util.find_spec("sksparse")]
    print("| N | read_operator s | MB | " + " | ".join(f"{w} s | ratio | difference" for w in here) + " |")
    print("|" + "---|" * (3 + 3 * len(here)))
    spent: dict[str, dict[int, float]] = {w: {} for w in ("read_operator", *here)}
    for n in (s for s in SIZES if s <= largest):
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            seconds, memory = pool.submit(ours_alone, n).result()
        spent["read_operator"][n] = seconds
        cells = [f"{n}", f"{seconds:.4f}", f"{memory:.0f}"]
        c = crossbar(n)
        operator = read_operator(c)
        for way in here:
            if n > MOST[way]:
                cells += ["", "", ""]
                continue
            solve = WAYS[way](c)
            difference = np.abs(solve() - operator).max() / operator.max()
            spent[way][n] = best(solve, 3 if n <= 128 else 1)
            cells += [f"{spent[way][n]:.4f}", f"{spent[way][n] / seconds:.1f}", f"{difference:.0e}"]
        print("| " + " | ".join(cells) + " |", flush=True)
    print(
        "growth with N, exponent over the last three: " + ", ".join(f"{w} {exponent(s):.2f}" for w, s in spent.items())
    )


def many_vectors() -> None:
    if not importlib.util.find_spec("badcrossbar"):
        print("badcrossbar is not installed")
        return
    for n in (32, 64, MOST["badcrossbar"]):
        c = crossbar(n)
        v = np.random.default_rng(1).uniform(0, 0.2, (n, VECTORS))
        ours = best(lambda c=c, v=v: read_operator(c) @ v, 5)
        peer = by_badcrossbar(c, v)
        start = time.perf_counter()
        found = peer()
        theirs = time.perf_counter() - start
        expected = read_operator(c) @ v
        off = np.abs(found - expected).max() / expected.max()
        print(f"{VECTORS} vectors, N {n}: {ours:.4f} s, badcrossbar {theirs:.2f} s, {theirs / ours:.0f}, off {off:.0e}")


def many_tiles() -> None:
    for n, count in ((8, 4096), (16, 1024), (64, 64), (128, 16)):
        tiles = [crossbar(n, seed) for seed in range(count)]
        together = best(lambda t=tiles: read_operators(t), 3)
        alone = best(lambda t=tiles: [read_operator(c) for c in t], 3)
        print(f"{count} tiles of {n}: {together:.3f} s together, {alone:.3f} s one by one, {alone / together:.1f}")


def both_ends() -> None:
    for n in (64, 128, 256):
        one = crossbar(n)
        both = Crossbar(one.g_siemens, 1.0, 1.0, drive="both", sense="both")
        ratio = best(lambda c=both: read_operator(c), 3) / best(lambda c=one: read_operator(c), 3)
        print(f"N {n}: driven and sensed at both ends takes {ratio:.1f} times as long")


def main() -> None:
    scaling(int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1])
    many_tiles()
    both_ends()
    many_vectors()


if __name__ == "__main__":
    main()
