"""The exact read operator: closed forms, reciprocity, an independent nodal solution, and circuit simulators."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlists import Crossbar, Job, LineFaults, ReadVectors, crossbar_circuit, source_voltages
from spicegen.arrays.read import column_currents
from spicegen.simulate import Native, SimulationError, read_operator, read_operators
from spicegen.simulate.native.nodal_operator import nodal_operator

ARRANGEMENTS = list(itertools.product(("left", "both"), ("bottom", "both")))
WIRES = [
    (0, 0, 0, 0),
    (1, 2, 3, 4),
    (0, 5, 0, 0),
    (5, 0, 0, 0),
    (0, 0, 7, 0),
    (0, 0, 0, 7),
    (0, 3, 9, 0),
    (2e3, 1e3, 0, 50),
]


def random_crossbar(rows, columns, wires, drive="left", sense="bottom", seed=0):
    g = np.random.default_rng(seed).uniform(1e-5, 1e-3, (rows, columns))
    return Crossbar(g, *wires, drive=drive, sense=sense)


@pytest.mark.parametrize(("drive", "sense"), ARRANGEMENTS)
def test_one_cell_is_a_series_circuit(drive, sense):
    g, row, column, source, amplifier = 2e-4, 10.0, 20.0, 30.0, 40.0
    r_in = (row + source) / (2 if drive == "both" else 1)
    r_out = (column + amplifier) / (2 if sense == "both" else 1)
    operator = read_operator(Crossbar([[g]], row, column, source, amplifier, drive, sense))
    assert operator == pytest.approx(np.array([[1 / (1 / g + r_in + r_out)]]), rel=1e-14)


@pytest.mark.parametrize(("drive", "sense"), ARRANGEMENTS)
def test_without_wires_it_is_the_transposed_conductance(drive, sense):
    c = random_crossbar(5, 3, (0, 0, 0, 0), drive, sense)
    assert read_operator(c) == pytest.approx(c.g_siemens.T, rel=1e-14)


def test_one_row_is_a_ladder():
    """Backward recursion over a row whose columns end in virtual ground behind r_col + r_sense."""
    g, r, r_out = np.array([1e-3, 2e-3, 5e-4]), 100.0, 70.0
    shunt = g / (1 + g * r_out)
    admittance, passed = 0.0, []
    for y in shunt[::-1]:
        admittance += y
        passed.insert(0, 1 / (1 + r * admittance))
        admittance *= passed[0]
    operator = read_operator(Crossbar(g[None], r, 50.0, 0.0, 20.0))
    assert operator[:, 0] == pytest.approx(shunt * np.cumprod(passed), rel=1e-13)


def test_one_column_with_ideal_rows_is_a_ladder_too():
    """By reciprocity the column is a ladder driven from its sense end."""
    g, r = np.array([1e-3, 2e-3, 5e-4]), 100.0
    admittance, passed = 0.0, []
    for y in g:
        admittance += y
        passed.append(1 / (1 + r * admittance))
        admittance *= passed[-1]
    operator = read_operator(Crossbar(g[:, None], 0.0, r))
    reach = np.cumprod(passed[::-1])[::-1]
    assert operator[0] == pytest.approx(g * reach, rel=1e-13)


@pytest.mark.parametrize("wires", WIRES, ids=str)
@pytest.mark.parametrize(("drive", "sense"), ARRANGEMENTS)
def test_equals_the_native_circuit_solution(drive, sense, wires):
    for rows, columns in ((1, 1), (1, 4), (4, 1), (3, 5), (6, 4)):
        c = random_crossbar(rows, columns, wires, drive, sense)
        job = Job(crossbar_circuit(c), ReadVectors(source_voltages(c, np.eye(rows))))
        expected = column_currents(Native().run(job), columns).T
        assert read_operator(c) == pytest.approx(expected, rel=1e-9, abs=1e-16)


@pytest.mark.parametrize("shape", [(7, 7), (13, 29), (40, 7), (1, 50), (50, 2), (31, 32)], ids=str)
@pytest.mark.parametrize("wires", WIRES, ids=str)
@pytest.mark.parametrize(("drive", "sense"), ARRANGEMENTS)
def test_arrays_of_many_blocks_equal_nodal_analysis(drive, sense, wires, shape):
    c = random_crossbar(*shape, wires, drive, sense)
    assert read_operator(c) == pytest.approx(nodal_operator(c), rel=1e-9, abs=1e-15)


def test_many_arrays_at_once_equal_one_by_one():
    """Of several sizes, wires and ends, mixed; one with a fault, which is solved on its own."""
    different = [
        random_crossbar(9, 14, (1, 2, 3, 4), seed=1),
        random_crossbar(9, 14, (1, 2, 3, 4), seed=2),
        random_crossbar(9, 13, (1, 2, 3, 4), seed=3),
        random_crossbar(9, 14, (1, 2, 3, 5), seed=4),
        random_crossbar(9, 14, (1, 2, 3, 4), drive="both", seed=5),
        random_crossbar(9, 14, (1, 2, 3, 4), seed=6),
    ]
    faults = LineFaults(open_rows=((2, 3),))
    different.insert(2, dataclasses.replace(different[0], faults=faults))
    together = read_operators(different)
    for c, found in zip(different, together, strict=True):
        assert np.array_equal(found, read_operator(c))
    assert not np.array_equal(together[2], together[0])
    assert read_operators([]) == []


@pytest.mark.parametrize("engine", ["ngspice", "ngspice (OSDI)", "vacask"])
@pytest.mark.parametrize(("drive", "sense"), ARRANGEMENTS)
def test_equals_circuit_simulators(engine, drive, sense, need_engine):
    simulator = need_engine(engine)
    for wires in ((1.0, 2.0, 50.0, 20.0), (300.0, 200.0, 0.0, 0.0)):
        c = random_crossbar(4, 3, wires, drive, sense)
        job = Job(crossbar_circuit(c), ReadVectors(source_voltages(c, np.eye(4))))
        found = column_currents(simulator.run(job), 3).T
        assert found == pytest.approx(read_operator(c), rel=1e-8, abs=1e-15)


@given(
    shape=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    wires=st.tuples(*[st.one_of(st.just(0.0), st.floats(1e-6, 1e6))] * 4),
    arrangement=st.sampled_from(ARRANGEMENTS),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60)
def test_reciprocity_and_passivity(shape, wires, arrangement, seed):
    """Swapping sources and sense amplifiers transposes the operator; no output exceeds what the cells can pass."""
    rng = np.random.default_rng(seed)
    g = rng.uniform(0, 1e-2, shape) * (rng.random(shape) > 0.2)
    row, column, source, amplifier = wires
    drive, sense = arrangement
    c = Crossbar(g, row, column, source, amplifier, drive, sense)
    # mirrored so that the driven end of the swapped array is the sensed end of the first
    swapped = Crossbar(
        g.T[::-1, ::-1], column, row, amplifier, source,
        "both" if sense == "both" else "left", "both" if drive == "both" else "bottom",
    )  # fmt: skip
    operator = read_operator(c)
    assert pytest.approx(operator, rel=1e-9, abs=1e-14 * operator.max()) == read_operator(swapped)[::-1, ::-1].T
    assert (operator >= -1e-18).all()
    assert (operator.sum(axis=0) <= g.sum(axis=1) * (1 + 1e-9) + 1e-18).all()


def test_weak_wires_cost_no_digits():
    """A first-order expansion in the wire resistance is exact to second order: 1e-6 ohm must show."""
    g = np.random.default_rng(3).uniform(1e-6, 1e-5, (8, 8))
    r = 1e-6
    lost = np.zeros((8, 8))
    for k, (i, j) in itertools.product(range(8), np.ndindex(8, 8)):
        # input on row i, output at column j: currents of row i through row segments, of column j's through its own
        lost[j, i] += g[i, j] * r * g[i, k] * (min(j, k) + 1)
    for i, j in np.ndindex(8, 8):
        for k in range(8):
            shared = 8 - max(i, k)
            lost[j, i] += g[k, j] * r * shared * g[i, j]
    found = (g.T - read_operator(Crossbar(g, r, r))) / lost
    assert found == pytest.approx(np.ones((8, 8)), rel=1e-4)


def test_missing_cells_and_dead_rows():
    g = np.array([[0.0, 1e-4], [0.0, 0.0]])
    operator = read_operator(Crossbar(g, 10.0, 10.0, 5.0, 5.0))
    assert operator[0] == pytest.approx([0, 0], abs=1e-20)
    assert operator[1] == pytest.approx([1 / (1e4 + 25.0 + 25.0), 0], rel=1e-12, abs=1e-20)


def test_too_large_for_the_memory_is_said_before_the_start(monkeypatch):
    small, large = (Crossbar(np.full((n, n), 1e-5), 1.0, 1.0) for n in (8, 80))
    monkeypatch.setattr("spicegen.simulate.native.memory_limit.available_bytes", lambda: 1e6)
    assert read_operator(small).shape == (8, 8)
    with pytest.raises(SimulationError, match="read operator of 6400 cells: needs about"):
        read_operators([small, large])
