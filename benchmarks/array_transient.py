"""Ten write pulses on every row of a passive array: the native engine against VACASK and ngspice, with growth.

ngspice runs twice: with compiled Verilog-A (OSDI; NGSPICE_LIBRARY_PATH names a library that loads it where the
system's does not), and with subcircuits.

Wall seconds of the whole job (writing the deck, starting, compiling, running, reading) and the largest difference of
the column currents at the reads from the native engine's at a tenth of its tolerance, relative to the largest current;
peak memory of the native engine, each size in a process of its own.

    python benchmarks/array_transient.py [LARGEST [LARGEST_VACASK [LARGEST_OSDI [LARGEST_SUBCIRCUITS]]]]
"""

from __future__ import annotations

import dataclasses
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np

from models_va import load_card
from netlists import Crossbar, Devices, Job, SpikeTrain, Transient, crossbar_circuit
from spicegen.simulate import Native, Ngspice, Vacask

SIZES = (8, 16, 32, 64, 128, 256)
ENGINES = {
    "native": Native,
    "VACASK": partial(Vacask, 7200.0),
    "ngspice (OSDI)": partial(Ngspice, 7200.0, compiled=True),
    "ngspice": partial(Ngspice, 7200.0, compiled=False),
}
TRAIN = SpikeTrain((-1.5,) * 10, 10e-3, 13e-3)


def job(n: int, rel_tol: float) -> Job:
    """As in simulators.md: 1 ohm a segment, fresh devices, all rows driven."""
    circuit = crossbar_circuit(Crossbar(np.zeros((n, n)), 1.0, 1.0), Devices(load_card("au-lixcoo2-pt"), (n, n), {}))
    wave = TRAIN.waveform()
    sources = tuple(dataclasses.replace(s, waveform=wave) if s.name.startswith("vr") else s for s in circuit.sources)
    circuit = dataclasses.replace(circuit, sources=sources)
    return Job(circuit, Transient(TRAIN.stop_s, TRAIN.width_s / 20, rel_tol), "array benchmark")


def run(engine: str, n: int, rel_tol: float) -> tuple[float, np.ndarray, float]:
    """Wall seconds, column currents at the reads, peak memory in MB of this process."""
    work = job(n, rel_tol)
    chosen = ENGINES[engine]()
    chosen.run(job(2, rel_tol))  # what is compiled once a process is not the array's cost
    start = time.perf_counter()
    result = chosen.run(work)
    seconds = time.perf_counter() - start
    reads = np.array([result.current_at(f"vb{j}", TRAIN.read_time_s) for j in range(n)])
    return seconds, reads, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def alone(engine: str, n: int, rel_tol: float) -> tuple[float, np.ndarray, float]:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(run, engine, n, rel_tol).result()


def exponent(seconds: dict[int, float]) -> float:
    """Of the growth with the number of cells, from the largest sizes."""
    sizes = sorted(seconds)[-3:]
    return float(np.polyfit(np.log([n * n for n in sizes]), np.log([seconds[n] for n in sizes]), 1)[0])


def main() -> None:
    limits = [int(a) for a in sys.argv[1:]] + [256, 64, 64, 16][len(sys.argv) - 1 :]
    most = dict(zip(ENGINES, limits, strict=True))
    if not Ngspice().compiled:
        del most["ngspice (OSDI)"]
    others = [name for name in most if name != "native"]
    spent: dict[str, dict[int, float]] = {name: {} for name in most}
    print(f"| N | native s | MB | {''.join(f'{name} s | ratio | ' for name in others)}{' | '.join(most)} |")
    print("|" + "---|" * (4 + 3 * len(others)))
    for n in (s for s in SIZES if s <= most["native"]):
        spent["native"][n], found, memory = alone("native", n, 1e-4)
        exact = alone("native", n, 1e-5)[1] if n <= 128 else found  # beyond, that takes an hour
        cells = [f"{n}", f"{spent['native'][n]:.2f}", f"{memory:.0f}"]
        differences = [_difference(found, exact)] if exact is not found else []
        for name in others:
            if n <= most[name]:
                spent[name][n], other, _ = alone(name, n, 1e-4)
                cells += [f"{spent[name][n]:.1f}", f"{spent[name][n] / spent['native'][n]:.0f}"]
                differences.append(_difference(other, exact))
            else:
                cells += ["", ""]
        print("| " + " | ".join([*cells, *(f"{d:.0e}" for d in differences)]) + " |", flush=True)
    print("growth with the number of cells, exponent: " + ", ".join(f"{n} {exponent(s):.2f}" for n, s in spent.items()))


def _difference(found: np.ndarray, exact: np.ndarray) -> float:
    return float(np.abs(found - exact).max() / np.abs(exact).max())


if __name__ == "__main__":
    main()
