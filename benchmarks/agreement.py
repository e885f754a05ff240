"""Do ngspice, VACASK and the native engine agree on arrays? The largest differences over a grid of cases and sizes.

ngspice runs twice: with compiled Verilog-A (OSDI), where the ngspice here loads that (NGSPICE_LIBRARY_PATH names
another one), and with subcircuits. Every case is run by all from the same devices (random states, spread from device
to device): column currents of all samples, then every device's conductance at the end, each relative to the largest.
``drop`` is the share of the supply that the wires take from the worst cell; ``KCL`` the native engine's residual over
its largest current. ``tests/spicegen/agreement/test_agreement.py`` runs the small sizes of the same grid.

    python benchmarks/agreement.py [WORKERS]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from models_va import Quantity, load_card
from netlists import (
    ArrayProgram,
    Crossbar,
    Devices,
    Job,
    LineVoltages,
    ReadVectors,
    column_node,
    crossbar_circuit,
    row_node,
    source_voltages,
    write_voltages,
)
from spicegen.arrays.program import run_array_program
from spicegen.arrays.read import column_currents
from spicegen.devices.programming import conductances, program_devices, stream
from spicegen.simulate import Native, Ngspice, SimResult, Simulator, Vacask
from spicegen.simulate.native.system import System

CARD = load_card("au-lixcoo2-pt")
SPREAD = {"g0": Quantity(value=0.05, provenance="assumed")}  # so that devices differ in more than their state
SIZES = ((1, 1), (1, 16), (16, 1), (2, 3), (4, 4), (8, 8), (16, 16))
V_WRITE, WIDTH_S, EDGE_S, V_READ = -1.5, 2e-3, 1e-5, 0.2
REL_TOL = 1e-5
READS = 5


@dataclass(frozen=True)
class Case:
    """What is done to an array.

    Attributes:
        name: what the table calls it.
        write: a write scheme for the cell that is farthest from the drivers; ``all``: every row at the write
            voltage; None: read vectors only.
        r_ohm: of a segment.
        r_scale: instead of it, in units of 1 over (highest conductance) x (rows^2 + columns^2): from about 3 on, half
            of the supply is lost on the way, whatever the size.
        c_farad: of a segment.
        both_ends: whether both ends of the lines are driven and sensed.
    """

    name: str
    write: str | None
    r_ohm: float = 2.5
    r_scale: float | None = None
    c_farad: float = 0.0
    both_ends: bool = False


CASES = (
    Case("read", None),
    Case("read, half lost", None, r_scale=4.0),
    Case("read, both ends, half lost", None, r_scale=12.0, both_ends=True),
    Case("write v/2", "v/2"),
    Case("write v/3", "v/3"),
    Case("write grounded", "grounded"),
    Case("write floating", "floating"),
    Case("write all rows, half lost", "all", r_scale=3.0),
    Case("write v/2, half lost", "v/2", r_scale=8.0),
    Case("write v/3, wires faster than devices", "v/3", c_farad=1e-15),
    Case("write v/2, wires as slow as the pulse", "v/2", r_ohm=1e3, c_farad=2e-8),
)


@dataclass(frozen=True)
class Found:
    """What one engine found: see the module's text."""

    i_column_amp: np.ndarray
    g_siemens: np.ndarray
    drop: float
    kcl: float


def array_of(case: Case, rows: int, columns: int, seed: int = 0) -> tuple[Crossbar, Devices]:
    """The wires, and devices of random states."""
    low, high = CARD.window()
    target = stream(seed, rows, columns).uniform(low, high, (rows, columns))
    card = CARD.model_copy(update={"device_to_device": SPREAD})
    devices = program_devices(card, target, seed, programming_error=False, device_to_device=True).devices
    r_ohm = case.r_ohm
    if case.r_scale is not None:
        r_ohm = case.r_scale / (high * (rows * rows + columns * columns))
    ends: dict[str, Any] = {"drive": "both", "sense": "both"} if case.both_ends else {}
    c = case.c_farad
    return Crossbar(np.zeros((rows, columns)), r_ohm, r_ohm, c_row_farad=c, c_col_farad=c, **ends), devices


def run(case: Case, rows: int, columns: int, engine: Simulator) -> Found:
    """One case in one engine."""
    crossbar, devices = array_of(case, rows, columns)
    if case.write is None:
        v_in = stream(1, rows).uniform(0, V_READ, (READS, rows))
        v_in[0] = V_READ
        job = Job(crossbar_circuit(crossbar, devices), ReadVectors(source_voltages(crossbar, v_in)))
        result = engine.run(job)
        return Found(
            column_currents(result, columns), conductances(devices), _drop(crossbar, result, V_READ), _kcl(job, result)
        )
    program = ArrayProgram(rows, columns, EDGE_S)
    if case.write == "all":
        voltages = LineVoltages(np.full(rows, V_WRITE), np.zeros(columns))
    else:
        voltages = write_voltages(case.write, rows, columns, 0, columns - 1, V_WRITE)
    program.pulse(voltages, WIDTH_S)
    program.read(LineVoltages(np.full(rows, V_READ), np.zeros(columns)))
    watched = _Watched(engine, crossbar)
    record = run_array_program(crossbar, devices, program, watched, REL_TOL)
    return Found(record.i_column_amp, conductances(record.devices), watched.drop, watched.kcl)


class _Watched(Simulator):
    """An engine, and what its results say besides currents."""

    def __init__(self, engine: Simulator, crossbar: Crossbar) -> None:
        self.engine, self.crossbar, self.drop, self.kcl = engine, crossbar, 0.0, 0.0

    def available(self) -> Any:
        return self.engine.available()

    def run(self, job: Job) -> SimResult:
        result = self.engine.run(job)
        self.drop = max(self.drop, _drop(self.crossbar, result, V_WRITE))
        if not job.circuit.capacitors:  # with them, what is missing charges them
            self.kcl = max(self.kcl, _kcl(job, result))
        return result


def _drop(crossbar: Crossbar, result: SimResult, supply: float) -> float:
    """Largest share of the supply that a cell at a driven row and a grounded column misses; 0 where none is."""
    lost = [0.0]
    for i, j in np.ndindex(crossbar.g_siemens.shape):
        row, column = result.voltage_volt.get(f"in{i}"), result.voltage_volt.get(f"outb{j}")
        if row is None or column is None:
            continue
        wanted = row - column
        full = np.abs(wanted) > 0.99 * abs(supply)
        if full.any():
            across = result.voltage_volt[row_node(crossbar, i, j)] - result.voltage_volt[column_node(crossbar, i, j)]
            lost.append(float((1 - across[full] / wanted[full]).max()))
    return max(lost)


def _kcl(job: Job, result: SimResult) -> float:
    """Largest current missing at a node, over the largest current of a source; all points."""
    system = System(job.circuit, job.temperature_k)
    largest = max(float(np.abs(i).max()) for i in result.current_amp.values())
    worst = 0.0
    points = len(next(iter(result.current_amp.values())))
    for k in range(points):
        v = np.array([result.voltage_volt[n][k] for n in system.nodes[:-1]] + [0.0])
        currents = []
        for g in system.groups:
            states = np.array([[result.state[f"{n}.{s}"][k] for s in g.model.model.state_names] for n in g.names])
            currents.append(g.model.current(g.voltage(v), states, g.params, system.temperature_k))
        worst = max(worst, float(np.abs(system.kcl(v, currents)[: system.unknown]).max(initial=0.0)))
    return worst / largest


def difference(found: Found, reference: Found) -> tuple[float, float]:
    """Of column currents, and of conductances, relative to the largest."""
    pairs = ((found.i_column_amp, reference.i_column_amp), (found.g_siemens, reference.g_siemens))
    return tuple(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in pairs)  # type: ignore[return-value]


def compare(case: Case, rows: int, columns: int, engines: Sequence[Simulator]) -> list[float]:
    """A line of the table: currents and conductances of each engine against native, the drop and the residual."""
    native = run(case, rows, columns, Native())
    others = [difference(run(case, rows, columns, engine), native) for engine in engines]
    return [x for pair in others for x in pair] + [native.drop, native.kcl]


def grid() -> Iterator[tuple[Case, int, int]]:
    """Every case at every size."""
    for case in CASES:
        for rows, columns in SIZES:
            yield case, rows, columns


def main() -> None:
    workers = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    engines = [*([Ngspice(compiled=True)] if Ngspice().compiled else []), Ngspice(compiled=False), Vacask()]
    heads = [f"{engine.method} i | g" for engine in engines]
    print(f"| case | size | {' | '.join(heads)} | drop | KCL |")
    print("|" + "---|" * (4 + 2 * len(engines)))
    worst = np.zeros(2 + 2 * len(engines))
    with ThreadPoolExecutor(workers) as pool:
        lines = pool.map(lambda point: compare(*point, engines), grid())
        for (case, rows, columns), line in zip(grid(), lines, strict=True):
            print(f"| {case.name} | {rows} x {columns} | {_numbers(line)} |", flush=True)
            worst = np.maximum(worst, line)
    print(f"| largest | | {_numbers(worst)} |")


def _numbers(line: Sequence[float]) -> str:
    *differences, drop, residual = line
    return " | ".join([*(f"{x:.0e}" for x in differences), f"{drop:.2f}", f"{residual:.0e}"])


if __name__ == "__main__":
    main()
