"""The circuit of a crossbar: wires, terminations and cells under systematic names.

Row node of cell (i, j): ``r{i}_{j}``; column node: ``c{i}_{j}``; row driver i: source ``vr{i}`` on node
``in{i}``; sense ends of column j: sources ``vb{j}`` on ``outb{j}`` (bottom) and ``vt{j}`` on ``outt{j}`` (top),
whose currents are the outputs; a line that floats has neither source nor end resistors. Where a resistance is zero,
the nodes it would join are one node.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
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
    """A crossbar as a circuit: row sources first, then the sense sources.

    Args:
        crossbar: wires and terminations.
        devices: the cells; None: the crossbar's own fixed conductances, those of zero left out.
        lines: what they are connected to; None: all at 0 V, for read vectors, which set them.

    Raises:
        InputError: devices or lines do not fit the crossbar.
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
    resistors = (*names.wires(), *names.ends(lines))
    capacitors = tuple(names.capacitors({s.node for s in sources}))
    if devices is None:
        return Circuit((*resistors, *names.fixed_cells()), sources, capacitors=capacitors)
    if devices.shape != crossbar.g_siemens.shape:
        raise InputError(f"devices: shape {devices.shape} for a crossbar of shape {crossbar.g_siemens.shape}")
    return Circuit(resistors, sources, tuple(names.device_cells(devices)), capacitors)


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

    def row(self, i: int, j: int) -> str:
        if self.r_source == 0:
            return f"in{i}"
        return f"r{i}_{j if self.c.r_row_ohm else 0}"

    def column(self, i: int, j: int) -> str:
        if self.r_sense == 0:
            return f"outb{j}"
        return f"c{i if self.c.r_col_ohm else 0}_{j}"

    def fixed_cells(self) -> Iterator[Resistor]:
        for (i, j), g in np.ndenumerate(self.c.g_siemens):
            if g > 0:
                yield Resistor(f"rg{i}_{j}", self.row(i, j), self.column(i, j), float(1 / g))

    def device_cells(self, devices: Devices) -> Iterator[Cell]:
        for i, j in product(range(self.c.rows), range(self.c.columns)):
            yield devices.cell(i, j, self.row(i, j), self.column(i, j))

    def wires(self) -> Iterator[Resistor]:
        rows, columns = range(self.c.rows), range(self.c.columns)
        if self.c.r_row_ohm:
            for i, j in product(rows, columns[1:]):
                yield Resistor(f"rr{i}_{j}", f"r{i}_{j - 1}", f"r{i}_{j}", self.c.r_row_ohm)
        if self.c.r_col_ohm:
            for i, j in product(rows[1:], columns):
                yield Resistor(f"rc{i}_{j}", f"c{i - 1}_{j}", f"c{i}_{j}", self.c.r_col_ohm)

    def capacitors(self, driven: Collection[str]) -> Iterator[Capacitor]:
        """Each segment's, at its cell's node; of nodes that are one, the sum; none where a source holds the node."""
        for kind, farad, node in (("r", self.c.c_row_farad, self.row), ("c", self.c.c_col_farad, self.column)):
            if farad:
                cells = product(range(self.c.rows), range(self.c.columns))
                for name, count in Counter(node(i, j) for i, j in cells).items():
                    if name not in driven:
                        yield Capacitor(f"c{kind}_{name}", name, count * farad)

    def ends(self, lines: Lines) -> Iterator[Resistor]:
        """What stands between the sources and the wires; nothing on floating lines."""
        last_row, last_column = self.c.rows - 1, self.c.columns - 1
        if self.r_source:
            for i in (i for i, wave in enumerate(lines.rows) if wave):
                yield Resistor(f"rsl{i}", f"in{i}", self.row(i, 0), self.r_source)
                if self.c.drive == "both":
                    yield Resistor(f"rsr{i}", f"in{i}", self.row(i, last_column), self.r_source)
        if self.r_sense:
            for j in (j for j, wave in enumerate(lines.columns) if wave):
                yield Resistor(f"rob{j}", self.column(last_row, j), f"outb{j}", self.r_sense)
                if self.c.sense == "both":
                    yield Resistor(f"rot{j}", self.column(0, j), f"outt{j}", self.r_sense)
