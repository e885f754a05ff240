"""Write-verify programming of an array to target conductances: pulse, rest and read, repeated on the array itself.

Each cell gets pulses of the polarity that its last read calls for, upwards in bursts where its card says so. The
pulse's width doubles while the sign of the error stays and falls to a quarter when it changes (incremental pulse width;
the idea of incremental step pulse programming, Suh et al., IEEE JSSC 30, 1149 (1995), with widths, which every driver
can vary). Before each read there is a rest in which the volatile part of a conductance decays. The rest of the array is
simulated, too: half-selected cells are disturbed, written cells relax, wires take their share of pulses and reads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from models_va.errors import InputError
from netlists import (
    ArrayProgram,
    Crossbar,
    Devices,
    LineVoltages,
    Scheme,
    column_write_voltages,
    row_read_voltages,
    write_voltages,
)
from spicegen.arrays.program import run_array_program
from spicegen.devices.programming import conductances, stream
from spicegen.devices.write_pulses import card_pulses
from spicegen.simulate import Simulator

Array = NDArray[np.float64]
Order = Literal["cells", "random", "rounds", "columns"]
ORDERS: tuple[Order, ...] = get_args(Order)
Cell = tuple[int, int]
_NARROWEST, _WIDEST = 1 / 8, 8.0
"""Smallest and largest width of a pulse, relative to the cell's first pulse."""


@dataclass(frozen=True)
class WritePlan:
    """How an array is programmed; ``WritePlan.of`` makes the plan that suits a device.

    Attributes:
        v_up_volt, v_down_volt: voltages te - be across the cell that raise and lower its conductance, V. Higher and
            shorter pulses disturb half-selected cells less.
        width_up_s, width_down_s: flat time of a cell's first pulse, s; later ones are up to 8 times longer or shorter.
        burst_up: number of equal pulses that raise a cell's conductance in one go. A device that keeps what a train
            leaves and loses what a single pulse does needs several.
        gap_s: rest between two pulses of a burst, s.
        edge_s: every rise and fall time, s.
        settle_s: rest of all lines before each read, s.
        read_width_s: flat time of a read, s.
        order: order of the cells. ``cells``: each cell until it is within tolerance, row by row; ``random``: each cell
            until it is, in random order; ``rounds``: each cell out of tolerance gets one pulse, then all are read,
            and so on; ``columns``: rounds in which all rows of a column are written in parallel.
        rest_s: rest between the pulses and the read that verifies them, s.
        pause_s: pause of ``rounds`` after each diagonal of the array, on which no two cells share a line, s. Writes of
            one line in quick succession add up on the half-selected cells, as if they were one long pulse.
        most_pulses: largest number of pulses of a cell, of which a burst is one; after these it is left as it is.
        v_read_volt: voltage of the reads, V.
        scheme: scheme of the writes of single cells.
    """

    v_up_volt: float
    v_down_volt: float
    width_up_s: float
    width_down_s: float
    edge_s: float
    settle_s: float
    read_width_s: float
    rest_s: float
    burst_up: int = 1
    gap_s: float = 0.0
    order: Order = "rounds"
    pause_s: float = 0.0
    most_pulses: int = 60
    v_read_volt: float = 0.1
    scheme: Scheme = "v/2"

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise InputError(f"write plan: order {self.order!r}: valid are {', '.join(ORDERS)}")
        if not self.v_up_volt * self.v_down_volt < 0:
            raise InputError("write plan: v_up_volt and v_down_volt must be of opposite sign")
        durations = (self.width_up_s, self.width_down_s, self.edge_s, self.settle_s, self.read_width_s, self.rest_s)
        if not min(*durations, self.most_pulses, self.burst_up, self.v_read_volt) > 0:
            raise InputError("write plan: durations, numbers of pulses and read voltage must be positive")
        if min(self.width_up_s, self.width_down_s) < self.edge_s:
            raise InputError(f"write plan: a pulse is shorter than its edges of {self.edge_s:g} s: give a wider one")
        if not 0 <= self.gap_s < math.inf:
            raise InputError("write plan: gap_s must not be negative")
        if not 0 <= self.pause_s < math.inf or (self.pause_s and self.order != "rounds"):
            raise InputError("write plan: pause_s must not be negative, and is for order rounds")

    @classmethod
    def of(cls, card: DeviceCard) -> WritePlan:
        """The plan for a card's device: its programming pulses, or else its write pulses, in the device's own time.

        Raises:
            CardError: the card names no write pulses.
        """
        pulses, own = card_pulses(card), card.programming_pulse
        if own is None:
            up, down, width_up, width_down = pulses.up_volt, pulses.down_volt, pulses.width_s, pulses.width_s
        else:
            up, down = own.amplitude_p_volt.value, own.amplitude_d_volt.value
            width_up, width_down = own.width_p_s.value, own.width_d_s.value
        burst = 1 if own is None or own.burst_p is None else int(own.burst_p.value)
        times = (pulses.edge_s, pulses.settle_s, pulses.read_width_s, pulses.rest_s)
        return cls(up, down, width_up, width_down, *times, burst, pulses.gap_s)

    def array_program(self, rows: int, columns: int) -> ArrayProgram:
        """An empty program of an array with the edges, the rests before reads and the reads of the plan."""
        return ArrayProgram(rows, columns, self.edge_s, self.settle_s, self.read_width_s)


@dataclass(frozen=True, eq=False)
class Written:
    """An array after write-verify programming.

    Attributes:
        plan: how the array was programmed.
        devices: the devices as they are after the last read.
        target_siemens: target conductances, shape (rows, columns), S.
        g_siemens: conductances at v = 0 after the last read, shape (rows, columns), S.
        verified_siemens: conductance that each cell's last read gave, through the wires, shape (rows, columns), S.
        pulses: number of pulses that each cell got, shape (rows, columns).
        time_s: time that programming took on the array, s.
    """

    plan: WritePlan
    devices: Devices
    target_siemens: Array
    g_siemens: Array
    verified_siemens: Array
    pulses: NDArray[np.int64]
    time_s: float


def write_verify(
    crossbar: Crossbar,
    devices: Devices,
    target_siemens: Array,
    tolerance_siemens: Array,
    plan: WritePlan,
    simulator: Simulator,
    seed: int = 0,
    progress: Callable[[int, str], None] | None = None,
) -> Written:
    """Program ``devices`` in their array to target conductances.

    Args:
        crossbar: wires and terminations of the array.
        devices: the devices before programming.
        target_siemens: target conductances, shape (rows, columns), S.
        tolerance_siemens: a read this close to its target ends a cell's programming; shape (rows, columns), S.
        plan: how the array is programmed.
        simulator: simulator that runs every pulse.
        seed: seed of the random order.
        progress: function that is called with the number of finished cells and a label.

    Raises:
        SimulationError: a transient failed.
    """
    loop = _WriteVerifyLoop(crossbar, devices, target_siemens, tolerance_siemens, plan, simulator)
    rows, columns = devices.shape
    cells = [(i, j) for i in range(rows) for j in range(columns)]
    if plan.order == "random":
        cells = [cells[k] for k in stream(seed, 0).permutation(len(cells))]
    groups = [[c] for c in cells] if plan.order in ("cells", "random") else [cells]
    for group in groups:
        loop.apply(plan.array_program(rows, columns), group)
        while todo := loop.wanting(group):
            program = plan.array_program(rows, columns)
            loop.add_pulses(program, todo)
            program.rest(plan.rest_s)
            loop.apply(program, group)
            if progress:
                progress(loop.finished(), f"programming, {plan.order}")
    return Written(
        plan=plan,
        devices=loop.devices,
        target_siemens=target_siemens,
        g_siemens=conductances(loop.devices),
        verified_siemens=loop.read_siemens,
        pulses=loop.pulses,
        time_s=loop.time_s,
    )


class _WriteVerifyLoop:
    """State of a program-and-verify loop on an array: what each cell last read, and the pulse that it gets next."""

    def __init__(
        self, crossbar: Crossbar, devices: Devices, target: Array, tolerance: Array, plan: WritePlan, engine: Simulator
    ) -> None:
        self.crossbar, self.devices, self.plan, self.engine = crossbar, devices, plan, engine
        self.target, self.tolerance = target, tolerance
        self.read_siemens = np.full(devices.shape, np.nan)
        self.pulses = np.zeros(devices.shape, dtype=np.int64)
        self.time_s = 0.0
        self._scale = np.ones(devices.shape)
        self._sign = np.zeros(devices.shape)

    def apply(self, program: ArrayProgram, group: list[Cell]) -> None:
        """Run ``program`` and read the cells of ``group`` after it, row by row."""
        rows, columns = self.devices.shape
        read_rows = sorted({i for i, _ in group})
        for i in read_rows:
            program.read(row_read_voltages(rows, columns, i, self.plan.v_read_volt))
        record = run_array_program(self.crossbar, self.devices, program, self.engine, 1e-4)
        self.devices = record.devices
        self.time_s += sum(stage.stop_s for stage in program.stages)
        where = {i: n for n, i in enumerate(read_rows)}
        for i, j in group:
            self.read_siemens[i, j] = record.i_column_amp[where[i], j] / self.plan.v_read_volt

    def wanting(self, group: list[Cell]) -> list[Cell]:
        """Cells of ``group`` that are out of tolerance and may have another pulse."""
        return [c for c in group if self._off()[c] and self.pulses[c] < self.plan.most_pulses]

    def finished(self) -> int:
        """How many cells are within their tolerance or have had all their pulses."""
        with np.errstate(invalid="ignore"):
            return int(np.count_nonzero(~self._off() & ~np.isnan(self.read_siemens)))

    def add_pulses(self, program: ArrayProgram, cells: list[Cell]) -> None:
        """Add each cell's next pulse to ``program``."""
        for cell in cells:
            self._next(cell)
        for n, some in enumerate(self._apart(cells)):
            if n > 0:
                program.rest(self.plan.pause_s)
            for group in self._together(some):
                self._add_burst(program, group)

    def _add_burst(self, program: ArrayProgram, group: list[Cell]) -> None:
        """Add the next pulse to all cells of ``group``, or the pulses of a burst."""
        _, width_s = self._pulse(group[0])
        for n in range(self.plan.burst_up if self._sign[group[0]] > 0 else 1):
            if n > 0:
                program.rest(self.plan.gap_s)
            program.pulse(self._voltages(group), width_s)

    def _voltages(self, group: list[Cell]) -> LineVoltages:
        """The voltages on all lines for one pulse to all cells of ``group``."""
        volt, _ = self._pulse(group[0])
        if self.plan.order != "columns":
            return write_voltages(self.plan.scheme, *self.devices.shape, *group[0], volt)
        on_rows = np.full(self.devices.shape[0], volt / 2)  # the other rows are at half of it
        on_rows[[i for i, _ in group]] = volt
        return column_write_voltages(on_rows, self.devices.shape[1], group[0][1])

    def _apart(self, cells: list[Cell]) -> list[list[Cell]]:
        """Divide cells by diagonals, between which the array pauses; all cells are one group if there is no pause."""
        if not self.plan.pause_s:
            return [cells]
        found: dict[int, list[Cell]] = {}
        for i, j in cells:
            found.setdefault((j - i) % max(self.devices.shape), []).append((i, j))
        return list(found.values())

    def _together(self, cells: list[Cell]) -> Iterator[list[Cell]]:
        """Groups of cells that share a pulse: in order ``columns`` those of one column, voltage and width, else one."""
        if self.plan.order != "columns":
            yield from ([c] for c in cells)
            return
        found: dict[tuple[int, float, float], list[Cell]] = {}
        for cell in cells:
            found.setdefault((cell[1], *self._pulse(cell)), []).append(cell)
        yield from found.values()

    def _next(self, cell: Cell) -> None:
        sign = np.sign(self.target[cell] - self.read_siemens[cell])
        if self._sign[cell] != 0:
            wider = self._scale[cell] * (2 if sign == self._sign[cell] else 1 / 4)
            self._scale[cell] = np.clip(wider, _NARROWEST, _WIDEST)
        self._sign[cell] = sign
        self.pulses[cell] += 1

    def _pulse(self, cell: Cell) -> tuple[float, float]:
        """Voltage (V) and width (s) of the pulse that a cell gets next."""
        plan, up = self.plan, self._sign[cell] > 0
        volt, width_s = (plan.v_up_volt, plan.width_up_s) if up else (plan.v_down_volt, plan.width_down_s)
        return volt, width_s * float(self._scale[cell])

    def _off(self) -> NDArray[np.bool_]:
        return np.asarray(np.abs(self.read_siemens - self.target) > self.tolerance)
