"""A circuit as arrays: nodal equations of the wires, and the cells grouped by model.

Node voltages are ordered [unknown | driven by sources | ground]. Kirchhoff's current law at the unknown nodes
is F(v) = W v + (cell currents leaving each node) = 0, with W the wires' Laplacian.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from models_va import ROOM_TEMPERATURE_K
from netlists import GROUND, Cell, Circuit, Source, Transient
from spicegen.printers.numpy_model import NumpyModel, numpy_model
from spicegen.simulate.base import SimulationError
from spicegen.simulate.native.tableau import SHORTEST

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CellGroup:
    """All cells of one model.

    Attributes:
        names: names of the n cells.
        te, be: indices of the cells' top and bottom nodes, shape (n,).
        params: values of every parameter by name: a number, or an array of shape (n,).
        initial: the k states of each cell at the operating point, shape (n, k).
    """

    model: NumpyModel
    names: tuple[str, ...]
    te: NDArray[np.intp]
    be: NDArray[np.intp]
    params: Mapping[str, float | Array]
    initial: Array

    def voltage(self, v: Array) -> Array:
        """Cell voltages te - be for node voltages ``v``, shape (n,), V."""
        return np.asarray(v[self.te] - v[self.be])


class System:
    """The nodal equations of a circuit.

    Args:
        circuit: what is connected.
        temperature_k: temperature of every device, K.
    """

    def __init__(self, circuit: Circuit, temperature_k: float = ROOM_TEMPERATURE_K) -> None:
        self.temperature_k = temperature_k
        driven = [s.node for s in circuit.sources]
        known = set(driven)
        unknown = [n for n in circuit.nodes if n not in known]
        self.nodes = [*unknown, *driven, GROUND]
        self.unknown = len(unknown)
        index = {node: k for k, node in enumerate(self.nodes)}
        self.wires = _laplacian(circuit, index)
        self.groups = tuple(_groups(circuit.cells, index))
        self._leaving = [_incidence(g, len(index)) for g in self.groups]
        self.capacitance_farad = np.zeros(self.unknown)
        for c in circuit.capacitors:
            self.capacitance_farad[index[c.node]] += c.capacitance_farad

    def voltages(self, unknown: Array, driven: Array) -> Array:
        """The voltages of all nodes in the system's order (unknown, driven, ground), V."""
        return np.concatenate([unknown, driven, [0.0]])

    def kcl(self, v: Array, cell_currents: list[Array]) -> Array:
        """Current leaving every node into wires and cells, A; zero at the unknown ones when solved.

        Args:
            v: node voltages, shape (nodes,), or (nodes, points) for many points at once, V.
            cell_currents: currents of the cells, one array per group, shape (n,) or (n, points), A.
        """
        leaving = np.asarray(self.wires @ v)
        for incidence, current in zip(self._leaving, cell_currents, strict=True):
            leaving += incidence @ current
        return leaving

    def meeting(self, v: Array, cell_currents: list[Array]) -> Array:
        """Sum of the magnitudes of all contributions to ``kcl`` at every node, A: the scale of its rounding."""
        total = np.asarray(abs(self.wires) @ np.abs(v))
        for incidence, current in zip(self._leaving, cell_currents, strict=True):
            total += abs(incidence) @ np.abs(current)
        return total

    def solve(self, conductances: list[Array], right: Array, grounded: Array | None = None) -> Array:
        """Solve (wires + cells of the given small-signal conductances) dv = right at the unknown nodes.

        Args:
            conductances: small-signal conductances of the cells, one array per group, S.
            right: right-hand side, shape (unknown,), A.
            grounded: a further conductance from each unknown node to ground, S; None for none.

        Raises:
            SimulationError: the matrix is singular.
        """
        if self.unknown == 0:
            return np.zeros(0)
        return np.asarray(self.factor(conductances, grounded).solve(right))

    def factor(self, conductances: list[Array], grounded: Array | None = None) -> Any:
        """Factorise the matrix of ``solve``; there must be at least one unknown node.

        Raises:
            SimulationError: the matrix is singular.
        """
        n = self.unknown
        matrix = self.wires[:n, :n] + _stamp(self.groups, conductances, n)
        if grounded is not None:
            matrix = matrix + sparse.diags_array(grounded)
        try:
            return splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
        except RuntimeError as error:
            raise SimulationError("native", f"the nodal matrix is singular: {error}") from error


class SourceVoltages:
    """The voltages of a circuit's sources over time; a waveform that several sources share is evaluated once."""

    def __init__(self, sources: Sequence[Source]) -> None:
        waves = dict.fromkeys(s.waveform for s in sources)
        self._waves = list(waves)
        number = {wave: n for n, wave in enumerate(waves)}
        self._which = np.array([number[s.waveform] for s in sources], dtype=np.intp)
        self.largest_volt = max((abs(v) for w in waves for v in w.value_volt), default=0.0)

    def at(self, time_s: float) -> Array:
        """The voltages of all sources at ``time_s``, shape (sources,), V."""
        return np.array([w.at(time_s) for w in self._waves])[self._which]

    def breaks(self, stop_s: float, apart_s: float) -> list[float]:
        """Every time up to ``stop_s`` at which a waveform has a corner, s; those within ``apart_s`` count as one."""
        found = [0.0]
        for time in sorted({t for w in self._waves for t in w.time_s if t < stop_s - apart_s}):
            if time - found[-1] > apart_s:
                found.append(time)
        return [*found, stop_s]

    def points(self, stimulus: Transient) -> Array:
        """The times at which a transient's result has points whatever its devices do, s: see ``_ramps_divided``."""
        breaks = np.array(self.breaks(stimulus.stop_s, SHORTEST * stimulus.stop_s))
        v_volt = np.array([w.at(breaks) for w in self._waves]).reshape(-1, len(breaks)).T
        return _ramps_divided(breaks, v_volt, stimulus.max_step_s)


def _ramps_divided(time_s: Array, v_volt: Array, longest_s: float) -> Array:
    """Divide the ramps between points of applied voltages, so that a current drawn by straight lines follows them.

    States may change so little in a ramp that the integration would step over all of it, but currents are not linear in
    the voltage.

    Args:
        time_s: times of the points, rising, shape (n,), s.
        v_volt: voltages at these points, shape (n, waveforms), V.
        longest_s: the longest piece of a ramp, s.

    Returns:
        The given times, and those that divide the ramps into equal pieces, s.
    """
    ramps = np.any(np.diff(v_volt, axis=0) != 0, axis=1)
    pieces = np.where(ramps, np.ceil(np.diff(time_s) / longest_s * (1 - 1e-9)), 1).astype(int).clip(1)
    inside = [np.linspace(a, b, n, endpoint=False) for a, b, n in zip(time_s[:-1], time_s[1:], pieces, strict=True)]
    return np.concatenate([*inside, time_s[-1:]])


def _laplacian(circuit: Circuit, index: Mapping[str, int]) -> sparse.csr_array:
    a = np.array([index[r.a] for r in circuit.resistors], dtype=np.intp)
    b = np.array([index[r.b] for r in circuit.resistors], dtype=np.intp)
    g = np.array([1 / r.resistance_ohm for r in circuit.resistors])
    return _two_poles(a, b, g, len(index))


def _incidence(group: CellGroup, nodes: int) -> sparse.csr_array:
    """Incidence matrix of a group, shape (nodes, n): +1 where a cell's current leaves the node, -1 where it enters."""
    n = len(group.names)
    cell, sign = np.tile(np.arange(n), 2), np.repeat([1.0, -1.0], n)
    at = np.concatenate([group.te, group.be])
    return sparse.csr_array(sparse.coo_array((sign, (at, cell)), shape=(nodes, n)))


def _two_poles(a: NDArray[np.intp], b: NDArray[np.intp], g: Array, size: int) -> sparse.csr_array:
    rows, columns = np.concatenate([a, b, a, b]), np.concatenate([a, b, b, a])
    return sparse.csr_array(sparse.coo_array((np.concatenate([g, g, -g, -g]), (rows, columns)), shape=(size, size)))


def _stamp(groups: tuple[CellGroup, ...], conductances: list[Array], n: int) -> sparse.csr_array:
    total = sparse.csr_array((n, n))
    for group, g in zip(groups, conductances, strict=True):
        size = max(int(group.te.max()), int(group.be.max()), n - 1) + 1
        total = total + _two_poles(group.te, group.be, g, size)[:n, :n]
    return total


def _groups(cells: tuple[Cell, ...], index: Mapping[str, int]) -> Iterator[CellGroup]:
    for name in dict.fromkeys(c.card.model for c in cells):
        members = [c for c in cells if c.card.model == name]
        values = [{**c.card.values, **c.instance} for c in members]
        params = {key: _shared([v[key] for v in values]) for key in values[0]}
        states = members[0].card.device_model.states
        initial = np.array([[v[s.initial] for s in states] for v in values]).reshape(len(members), len(states))
        yield CellGroup(
            model=numpy_model(members[0].card.device_model),
            names=tuple(c.name for c in members),
            te=np.array([index[c.te] for c in members], dtype=np.intp),
            be=np.array([index[c.be] for c in members], dtype=np.intp),
            params=params,
            initial=initial,
        )


def _shared(values: list[float]) -> float | Array:
    # Parameters are numpy scalars, so that an underflow in a denominator gives inf, which Newton's method reports, and
    # not an exception.
    return np.float64(values[0]) if len(set(values)) == 1 else np.array(values)
