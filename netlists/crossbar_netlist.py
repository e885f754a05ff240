"""The circuit of a crossbar: wires, terminations and cells under systematic names.

The row node of cell (i, j) is ``r{i}_{j}``, its column node ``c{i}_{j}``. Row driver i is the source ``vr{i}`` on node
``in{i}``. The sense ends of column j are the sources ``vb{j}`` on ``outb{j}`` (bottom) and ``vt{j}`` on ``outt{j}``
(top), whose currents are the outputs. A line that floats has neither sources nor end resistors. Where a resistance is
zero, the nodes that it would join are one node; where a line is broken, they are two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from netlists.circuit import Capacitor, Cell, Circuit, Resistor, Source
from netlists.crossbar import Crossbar
from netlists.devices import Devices
from netlists.lines import Lines
from netlists.stimulus import Waveform


def crossbar_circuit(crossbar: Crossbar, devices: Devices | None = None, lines: Lines | None = None) -> Circuit:
    """The circuit of a crossbar; its row sources come first, then the sense sources.

    Args:
        crossbar: wires and terminations.
        devices: the devices; None for the crossbar's own fixed conductances, of which zeros are left out.
        lines: waveforms that the lines are connected to; None for 0 V on all lines, as for read vectors, which set
            the voltages themselves.

    Raises:
        InputError: devices or lines do not fit the crossbar, or a fault leaves something without any connection.
    """
    zero = Waveform.constant(0.0)
    if lines is None:
        lines = Lines((zero,) * crossbar.rows, (zero,) * crossbar.columns)
    if (len(lines.rows), len(lines.columns)) != crossbar.g_siemens.shape:
        raise InputError(
            f"lines: {len(lines.rows)} rows and {len(lines.columns)} columns for a crossbar of shape "
            f"{crossbar.g_siemens.shape}"
        )
    names = _Names(crossbar)
    drivers = [Source(f"vr{i}", f"in{i}", wave) for i, wave in enumerate(lines.rows) if wave]
    senses = [
        Source(f"v{end}{j}", f"out{end}{j}", wave)
        for end in names.sense_ends
        for j, wave in enumerate(lines.columns)
        if wave
    ]
    sources = (*drivers, *senses)
    resistors = (*names.wires(), *names.ends(lines), *names.bridges())
    capacitors = tuple(names.capacitors({s.node for s in sources}))
    if devices is None:
        return Circuit((*resistors, *names.fixed_cells()), sources, capacitors=capacitors)
    if devices.shape != crossbar.g_siemens.shape:
        raise InputError(f"devices: shape {devices.shape} for a crossbar of shape {crossbar.g_siemens.shape}")
    cells = tuple(names.device_cells(devices))
    return Circuit((*resistors, *names.stuck_cells(devices)), sources, cells, capacitors)


def row_node(crossbar: Crossbar, i: int, j: int) -> str:
    """The node where cell (i, j) meets its row."""
    return _Names(crossbar).row(i, j)


def column_node(crossbar: Crossbar, i: int, j: int) -> str:
    """The node where cell (i, j) meets its column."""
    return _Names(crossbar).column(i, j)


def source_voltages(crossbar: Crossbar, v_in_volt: NDArray[np.float64]) -> NDArray[np.float64]:
    """Voltages of all sources of ``crossbar_circuit`` for row inputs of shape (vectors, rows), V."""
    v = np.atleast_2d(v_in_volt)
    ends = 2 if crossbar.sense == "both" else 1
    return np.hstack([v, np.zeros((len(v), ends * crossbar.columns))])


class _Names:
    """Node names with zero resistances merged away, and the wire resistors that remain."""

    def __init__(self, crossbar: Crossbar) -> None:
        self.c = crossbar
        self.sense_ends = ("b", "t") if crossbar.sense == "both" else ("b",)
        self.r_source = crossbar.r_row_ohm + crossbar.r_source_ohm
        self.r_sense = crossbar.r_col_ohm + crossbar.r_sense_ohm
        self.row_breaks = _by_line(crossbar.faults.open_rows)
        self.column_breaks = _by_line(crossbar.faults.open_columns)

    def row(self, i: int, j: int) -> str:
        piece = self._piece(self.row_breaks, i, j)
        if self.r_source == 0:  # nodes connected to a driver become the driver's node
            from_right = self.c.drive == "both" and piece == self._piece(self.row_breaks, i, self.c.columns)
            if piece < 0 or from_right:
                return f"in{i}"
        return f"r{i}_{j if self.c.r_row_ohm else max(piece, 0)}"

    def column(self, i: int, j: int) -> str:
        piece = self._piece(self.column_breaks, j, i)
        if self.r_sense == 0:
            if piece == self._piece(self.column_breaks, j, self.c.rows):
                return f"outb{j}"
            if piece < 0 and self.c.sense == "both":
                return f"outt{j}"
        return f"c{i if self.c.r_col_ohm else max(piece, 0)}_{j}"

    @staticmethod
    def _piece(breaks: Mapping[int, Sequence[int]], line: int, place: int) -> int:
        """The broken segment at which the piece of a line that holds the cell or end ``place`` begins; -1: none."""
        return max((k for k in breaks.get(line, ()) if k <= place), default=-1)

    def fixed_cells(self) -> Iterator[Resistor]:
        for (i, j), g in np.ndenumerate(self.c.g_siemens):
            if g > 0:
                yield Resistor(f"rg{i}_{j}", self.row(i, j), self.column(i, j), float(1 / g))

    def device_cells(self, devices: Devices) -> Iterator[Cell]:
        for i, j in zip(*np.nonzero(devices.alive), strict=True):
            yield devices.cell(int(i), int(j), self.row(i, j), self.column(i, j))

    def stuck_cells(self, devices: Devices) -> Iterator[Resistor]:
        if devices.stuck_siemens is not None:
            for (i, j), g in np.ndenumerate(devices.stuck_siemens):
                if g > 0:  # false for a NaN
                    yield Resistor(f"rg{i}_{j}", self.row(i, j), self.column(i, j), float(1 / g))

    def wires(self) -> Iterator[Resistor]:
        rows, columns = range(self.c.rows), range(self.c.columns)
        if self.c.r_row_ohm:
            for i, j in product(rows, columns[1:]):
                if j not in self.row_breaks.get(i, ()):
                    yield Resistor(f"rr{i}_{j}", f"r{i}_{j - 1}", f"r{i}_{j}", self.c.r_row_ohm)
        if self.c.r_col_ohm:
            for i, j in product(rows[1:], columns):
                if i not in self.column_breaks.get(j, ()):
                    yield Resistor(f"rc{i}_{j}", f"c{i - 1}_{j}", f"c{i}_{j}", self.c.r_col_ohm)

    def bridges(self) -> Iterator[Resistor]:
        """The resistors between neighbouring lines that touch."""
        faults = self.c.faults
        for i, j in faults.shorted_rows:
            yield Resistor(f"rbr{i}_{j}", self.row(i, j), self.row(i + 1, j), faults.r_short_ohm)
        for j, i in faults.shorted_columns:
            yield Resistor(f"rbc{i}_{j}", self.column(i, j), self.column(i, j + 1), faults.r_short_ohm)

    def capacitors(self, driven: Collection[str]) -> Iterator[Capacitor]:
        """The capacitor of each segment at its cell's node, summed over merged nodes; none where a source is."""
        for kind, farad, node in (("r", self.c.c_row_farad, self.row), ("c", self.c.c_col_farad, self.column)):
            if farad:
                cells = product(range(self.c.rows), range(self.c.columns))
                for name, count in Counter(node(i, j) for i, j in cells).items():
                    if name not in driven:
                        yield Capacitor(f"c{kind}_{name}", name, count * farad)

    def ends(self, lines: Lines) -> Iterator[Resistor]:
        """The resistors between sources and wires; there are none on floating lines, nor where a line is broken."""
        rows, columns = self.c.rows, self.c.columns
        if self.r_source:
            for i in (i for i, wave in enumerate(lines.rows) if wave):
                broken = self.row_breaks.get(i, ())
                if 0 not in broken:
                    yield Resistor(f"rsl{i}", f"in{i}", self.row(i, 0), self.r_source)
                if self.c.drive == "both" and columns not in broken:
                    yield Resistor(f"rsr{i}", f"in{i}", self.row(i, columns - 1), self.r_source)
        if self.r_sense:
            for j in (j for j, wave in enumerate(lines.columns) if wave):
                broken = self.column_breaks.get(j, ())
                if rows not in broken:
                    yield Resistor(f"rob{j}", self.column(rows - 1, j), f"outb{j}", self.r_sense)
                if self.c.sense == "both" and 0 not in broken:
                    yield Resistor(f"rot{j}", self.column(0, j), f"outt{j}", self.r_sense)


def _by_line(places: Collection[tuple[int, int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for line, segment in places:
        found.setdefault(line, []).append(segment)
    return found
