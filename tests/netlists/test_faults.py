"""Faults of lines and devices against circuits put together by hand."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models_va import load_card
from models_va.errors import InputError
from netlists import Crossbar, Devices, Job, LineFaults, ReadVectors, crossbar_circuit, source_voltages
from spicegen.arrays.read import column_currents
from spicegen.simulate import Native, read_operator
from spicegen.simulate.native.nodal_operator import nodal_operator

ohms = st.sampled_from([0.0, 2.5, 1e4])


@st.composite
def faulty(draw):
    """A crossbar with faults anywhere."""
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    places = {
        "open_rows": (rows, columns + 1), "open_columns": (columns, rows + 1),
        "shorted_rows": (rows - 1, columns), "shorted_columns": (columns - 1, rows),
    }  # fmt: skip
    faults = {
        name: draw(st.lists(st.tuples(st.integers(0, a - 1), st.integers(0, b - 1)), max_size=2, unique=True))
        for name, (a, b) in places.items()
        if a
    }
    g = np.array(draw(st.lists(st.floats(1e-6, 1e-3), min_size=rows * columns, max_size=rows * columns)))
    return Crossbar(
        g.reshape(rows, columns), r_row_ohm=draw(ohms), r_col_ohm=draw(ohms), r_source_ohm=draw(ohms),
        r_sense_ohm=draw(ohms), drive=draw(st.sampled_from(["left", "both"])),
        sense=draw(st.sampled_from(["bottom", "both"])), faults=LineFaults(r_short_ohm=7.0, **faults),
    )  # fmt: skip


def dense_operator(c):
    """By hand: every wire node on its own, wires of at least 1e-6 ohm, none where one is broken."""
    m, n, f = c.rows, c.columns, c.faults
    row, column = np.arange(m * n).reshape(m, n), m * n + np.arange(m * n).reshape(m, n)
    inputs, outputs = 2 * m * n + np.arange(m), 2 * m * n + m + np.arange(n)
    matrix = np.zeros((2 * m * n + m + n,) * 2)

    def connect(a, b, ohm):
        g = 1 / max(ohm, 1e-6)
        matrix[[a, b, a, b], [a, b, b, a]] += [g, g, -g, -g]

    for lines, r_ohm, end_ohm, broken, both in (
        ([[inputs[i], *row[i], inputs[i]] for i in range(m)], c.r_row_ohm, c.r_source_ohm, f.open_rows,
         c.drive == "both"),
        ([[outputs[j], *column[::-1, j], outputs[j]] for j in range(n)], c.r_col_ohm, c.r_sense_ohm,
         [(j, m - k) for j, k in f.open_columns], c.sense == "both"),
    ):  # fmt: skip
        for line, k in np.ndindex(len(lines), len(lines[0]) - 1 - (not both)):
            if (line, k) not in broken:
                end = end_ohm if k in (0, len(lines[0]) - 2) else 0.0
                connect(lines[line][k], lines[line][k + 1], r_ohm + end)
    for i, j in np.ndindex(m, n):
        connect(row[i, j], column[i, j], 1 / c.g_siemens[i, j])
    for i, j in f.shorted_rows:
        connect(row[i, j], row[i + 1, j], f.r_short_ohm)
    for j, i in f.shorted_columns:
        connect(column[i, j], column[i, j + 1], f.r_short_ohm)
    known, inside = slice(2 * m * n, None), slice(0, 2 * m * n)
    schur = matrix[known, known] - matrix[known, inside] @ np.linalg.solve(
        matrix[inside, inside], matrix[inside, known]
    )
    return -schur[m:, :m]


@settings(max_examples=150)
@given(faulty())
def test_operator_with_faults(crossbar):
    try:
        crossbar_circuit(crossbar)
    except InputError:
        assume(False)  # an island; see below
    # 1e-6 ohm in place of zero: beside cells of 1e-3 S and bridges of 7 ohm
    assert np.allclose(read_operator(crossbar), dense_operator(crossbar), rtol=1e-4, atol=1e-9)


@settings(max_examples=50)
@given(faulty())
def test_without_faults_both_operators_are_one(crossbar):
    whole = Crossbar(
        crossbar.g_siemens, crossbar.r_row_ohm, crossbar.r_col_ohm, crossbar.r_source_ohm, crossbar.r_sense_ohm,
        crossbar.drive, crossbar.sense,
    )  # fmt: skip
    assert np.allclose(nodal_operator(whole), read_operator(whole), rtol=1e-9, atol=1e-16)


def test_broken_row_is_dead_behind_the_break():
    crossbar = Crossbar(np.full((2, 3), 1e-5), 0.0, 0.0, faults=LineFaults(open_rows=((0, 1),)))
    assert np.allclose(read_operator(crossbar), 1e-5 * np.array([[1, 1], [0, 1], [0, 1]]))


def test_stuck_devices_conduct_as_they_are_stuck():
    card, stuck = load_card("au-lixcoo2-pt"), np.full((2, 2), np.nan)
    stuck[0, 0], stuck[1, 1] = 0.0, 1e-3
    devices = Devices(card, (2, 2), {}, stuck)
    crossbar = Crossbar(np.zeros((2, 2)), 0.0, 0.0)
    circuit = crossbar_circuit(crossbar, devices)
    assert [c.name for c in circuit.cells] == ["d0_1", "d1_0"]
    v_in = np.array([[0.1, 0.0], [0.0, 0.1]])
    found = column_currents(Native().run(Job(circuit, ReadVectors(source_voltages(crossbar, v_in)))), 2)
    assert found[0, 0] == 0
    assert found[1, 1] == pytest.approx(1e-4, rel=1e-9)
    assert found[0, 1] == pytest.approx(found[1, 0])


def test_an_island_is_named():
    g = np.array([[1e-5, 0.0, 0.0], [1e-5, 1e-5, 1e-5]])
    broken = Crossbar(g, 1.0, 1.0, faults=LineFaults(open_rows=((0, 1),)))
    with pytest.raises(InputError, match="without a path to ground or a source: r0_1"):
        crossbar_circuit(broken)


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ({"open_rows": ((2, 0),)}, r"open_rows: \(2, 0\) is not in an array of 2 x 2: at most \(1, 2\)"),
        ({"shorted_columns": ((1, 0),)}, r"shorted_columns: \(1, 0\)"),
        ({"open_columns": ((0, 1), (0, 1))}, "twice"),
    ],
)
def test_faults_must_lie_in_the_array(faults, message):
    with pytest.raises(InputError, match=message):
        Crossbar(np.ones((2, 2)), 1.0, 1.0, faults=LineFaults(**faults))


@pytest.mark.parametrize("value", [-1e-6, np.inf])
def test_stuck_conductances_are_checked(value):
    with pytest.raises(InputError, match="finite and not negative"):
        Devices(load_card("au-lixcoo2-pt"), (1, 1), {}, np.array([[value]]))
