from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_va import load_card
from models_va.errors import InputError
from netlists import Crossbar, Devices, column_node, crossbar_circuit, row_node, source_voltages

ENDS = {"drive": ["left", "both"], "sense": ["bottom", "both"]}
sizes = st.integers(1, 4)
ohms = st.sampled_from([0.0, 2.5])


def crossbars(**fixed):
    drawn = {"r_row_ohm": ohms, "r_col_ohm": ohms, "r_source_ohm": ohms, "r_sense_ohm": ohms}
    drawn |= {name: st.sampled_from(values) for name, values in ENDS.items()}
    drawn |= {name: st.just(value) for name, value in fixed.items()}
    return st.builds(
        lambda rows, columns, **kw: Crossbar(np.arange(1.0, rows * columns + 1).reshape(rows, columns), **kw),
        sizes, sizes, **drawn,
    )  # fmt: skip


@given(crossbars())
def test_number_of_resistors(crossbar):
    m, n = crossbar.rows, crossbar.columns
    expected = m * n
    expected += m * (n - 1) * (crossbar.r_row_ohm > 0) + (m - 1) * n * (crossbar.r_col_ohm > 0)
    expected += m * (1 + (crossbar.drive == "both")) * (crossbar.r_row_ohm + crossbar.r_source_ohm > 0)
    expected += n * (1 + (crossbar.sense == "both")) * (crossbar.r_col_ohm + crossbar.r_sense_ohm > 0)
    assert len(crossbar_circuit(crossbar).resistors) == expected


@given(crossbars())
def test_resistances(crossbar):
    circuit = crossbar_circuit(crossbar)
    allowed = {
        "rr": crossbar.r_row_ohm, "rc": crossbar.r_col_ohm,
        "rs": crossbar.r_row_ohm + crossbar.r_source_ohm, "ro": crossbar.r_col_ohm + crossbar.r_sense_ohm,
    }  # fmt: skip
    for r in circuit.resistors:
        if r.name.startswith("rg"):
            i, j = map(int, r.name[2:].split("_"))
            assert r.resistance_ohm == 1 / crossbar.g_siemens[i, j]
            assert (r.a, r.b) == (row_node(crossbar, i, j), column_node(crossbar, i, j))
        else:
            assert r.resistance_ohm == allowed[r.name[:2]]


@given(crossbars())
def test_sources(crossbar):
    names = [s.name for s in crossbar_circuit(crossbar).sources]
    ends = "bt" if crossbar.sense == "both" else "b"
    outputs = [f"v{end}{j}" for end in ends for j in range(crossbar.columns)]
    assert names == [f"vr{i}" for i in range(crossbar.rows)] + outputs


@given(crossbars(), st.integers(1, 3))
def test_source_voltages(crossbar, vectors):
    v_in = np.arange(1.0, vectors * crossbar.rows + 1).reshape(vectors, crossbar.rows)
    found = source_voltages(crossbar, v_in)
    assert found.shape == (vectors, len(crossbar_circuit(crossbar).sources))
    np.testing.assert_array_equal(found[:, : crossbar.rows], v_in)
    assert not found[:, crossbar.rows :].any()
    np.testing.assert_array_equal(source_voltages(crossbar, v_in[0]), found[:1])


@pytest.mark.parametrize(
    ("wires", "row", "column"),
    [
        ({"r_row_ohm": 0, "r_col_ohm": 0}, "in1", "outb2"),
        ({"r_row_ohm": 1, "r_col_ohm": 0}, "r1_2", "outb2"),
        ({"r_row_ohm": 0, "r_col_ohm": 1}, "in1", "c1_2"),
        ({"r_row_ohm": 0, "r_col_ohm": 0, "r_source_ohm": 1}, "r1_0", "outb2"),
        ({"r_row_ohm": 0, "r_col_ohm": 0, "r_sense_ohm": 1}, "in1", "c0_2"),
        ({"r_row_ohm": 1, "r_col_ohm": 1, "r_source_ohm": 1, "r_sense_ohm": 1}, "r1_2", "c1_2"),
    ],
)
def test_zero_resistances_merge_nodes(wires, row, column):
    crossbar = Crossbar(np.ones((3, 4)), **wires)
    assert (row_node(crossbar, 1, 2), column_node(crossbar, 1, 2)) == (row, column)
    assert {row, column} <= set(crossbar_circuit(crossbar).nodes)


@given(crossbars())
def test_every_node_is_a_node_of_a_cell_or_an_end(crossbar):
    cells = list(product(range(crossbar.rows), range(crossbar.columns)))
    named = {row_node(crossbar, *at) for at in cells} | {column_node(crossbar, *at) for at in cells}
    circuit = crossbar_circuit(crossbar)
    assert named <= set(circuit.nodes) <= named | {s.node for s in circuit.sources}


def test_cells_without_a_device_are_left_out():
    g = np.array([[1.0, 0.0], [0.0, 0.0]])
    names = [r.name for r in crossbar_circuit(Crossbar(g, 1, 1)).resistors if r.name.startswith("rg")]
    assert names == ["rg0_0"]


@pytest.mark.parametrize("drive", ENDS["drive"])
@pytest.mark.parametrize("sense", ENDS["sense"])
def test_currents_by_a_dense_nodal_matrix_without_wires_are_the_product(drive, sense):
    crossbar = Crossbar(np.array([[1.0, 2.0], [3.0, 4.0]]), 0, 0, drive=drive, sense=sense)
    circuit, volts = crossbar_circuit(crossbar), {"in0": 0.1, "in1": 0.2}
    into = {"outb0": 0.0, "outb1": 0.0}
    for r in circuit.resistors:
        into[r.b] += volts[r.a] / r.resistance_ohm
    assert list(into.values()) == pytest.approx([0.7, 1.0])


CARD = load_card("au-lixcoo2-pt")


@given(crossbars())
def test_devices_stand_where_the_conductances_did(crossbar):
    shape = crossbar.g_siemens.shape
    x = np.linspace(0, 1, crossbar.g_siemens.size).reshape(shape)
    fixed, circuit = crossbar_circuit(crossbar), crossbar_circuit(crossbar, Devices(CARD, shape, {"x_init": x}))
    cells = {r.name[2:]: r for r in fixed.resistors if r.name.startswith("rg")}
    assert circuit.resistors == tuple(r for r in fixed.resistors if not r.name.startswith("rg"))
    assert circuit.sources == fixed.sources
    assert [c.name for c in circuit.cells] == [f"d{name}" for name in cells]
    for cell in circuit.cells:
        i, j = map(int, cell.name[1:].split("_"))
        assert (cell.te, cell.be) == (cells[f"{i}_{j}"].a, cells[f"{i}_{j}"].b)
        assert cell.instance == {"x_init": x[i, j]}
        assert cell.card is CARD


def test_devices_of_another_shape():
    with pytest.raises(InputError, match=r"x_init of shape \(2, 2\) for an array of shape \(2, 3\)"):
        Devices(CARD, (2, 3), {"x_init": np.zeros((2, 2))})
    with pytest.raises(InputError, match=r"shape \(2, 2\) for a crossbar of shape \(1, 2\)"):
        crossbar_circuit(Crossbar(np.ones((1, 2)), 1, 1), Devices(CARD, (2, 2), {}))
