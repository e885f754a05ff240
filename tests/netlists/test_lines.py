"""Voltages of write schemes, programs of arrays, and the circuits they make."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_va import load_card
from models_va.errors import InputError
from netlists import (
    SCHEMES,
    ArrayProgram,
    Crossbar,
    Devices,
    Lines,
    Waveform,
    column_write_voltages,
    crossbar_circuit,
    read_voltages,
    row_read_voltages,
    write_voltages,
)

CARD = load_card("au-lixcoo2-pt")
sizes = st.integers(1, 5)


@given(st.sampled_from(SCHEMES), sizes, sizes, st.data(), st.floats(-3, 3))
def test_the_selected_cell_gets_all(scheme, rows, columns, data, volt):
    row, column = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    found = write_voltages(scheme, rows, columns, row, column, volt).across
    assert found[row, column] == pytest.approx(volt, abs=1e-15)


@given(sizes, sizes, st.data(), st.floats(0.1, 3))
def test_what_the_others_get(rows, columns, data, volt):
    row, column = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    on_lines, elsewhere = np.zeros((rows, columns), bool), np.ones((rows, columns), bool)
    on_lines[row], on_lines[:, column] = True, True
    on_lines[row, column] = False
    elsewhere[row], elsewhere[:, column] = False, False
    half = write_voltages("v/2", rows, columns, row, column, volt).across
    assert half[on_lines] == pytest.approx(volt / 2)
    assert half[elsewhere] == pytest.approx(0, abs=1e-15)
    third = write_voltages("v/3", rows, columns, row, column, volt).across
    assert third[on_lines] == pytest.approx(volt / 3)
    assert third[elsewhere] == pytest.approx(-volt / 3)
    floating = write_voltages("floating", rows, columns, row, column, volt)
    assert np.isnan(floating.rows).sum() == rows - 1
    assert np.isnan(floating.columns).sum() == columns - 1


def test_a_column_in_parallel():
    found = column_write_voltages(np.array([-1.5, 0.0, -0.7]), 4, 2).across
    assert found[:, 2].tolist() == [-1.5, 0.0, -0.7]
    assert np.abs(np.delete(found, 2, axis=1)).max() <= 0.75 + 1e-15


def test_reads():
    assert read_voltages(np.array([0.1, 0.0]), 3).across.tolist() == [[0.1] * 3, [0.0] * 3]
    assert np.isnan(row_read_voltages(3, 2, 1, 0.1, floating=True).rows).tolist() == [True, False, True]
    assert row_read_voltages(3, 2, 1, 0.1).rows.tolist() == [0, 0.1, 0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: write_voltages("v/4", 2, 2, 0, 0, 1.0), "write scheme 'v/4': valid are v/2, v/3, grounded, floating"),
        (lambda: write_voltages("v/2", 2, 2, 2, 0, 1.0), r"cell \(2, 0\) is not in an array of 2 x 2"),
        (lambda: column_write_voltages(np.ones(2), 2, 2), "column 2 is not in an array of 2 columns"),
        (lambda: ArrayProgram(2, 3).pulse(read_voltages(np.ones(2), 2), 1e-3), "2 x 2 lines for an array of 2 x 3"),
        (lambda: ArrayProgram(2, 2).pulse(read_voltages(np.ones(2), 2), 0.0), "a duration of 0 s: must be positive"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(InputError, match=words):
        call()


def test_a_program_ends_a_stage_where_other_lines_float():
    program = ArrayProgram(2, 2)
    program.pulse(write_voltages("v/2", 2, 2, 0, 0, 1.0), 1e-3)
    program.pulse(write_voltages("v/2", 2, 2, 1, 1, 1.0), 1e-3)
    program.pulse(write_voltages("floating", 2, 2, 0, 1, 1.0), 1e-3)
    program.read(read_voltages(np.full(2, 0.1), 2))
    first, second, third = program.stages
    assert all(first.lines.rows)
    assert second.lines.rows[1] is None
    assert second.lines.columns[0] is None
    assert third.sample_time_s == (pytest.approx(0.5e-3 + 10e-6 + 0.5e-3),)
    assert first.lines.rows[0].at(0.5e-3) == 0.5
    assert first.stop_s == pytest.approx(2 * (1e-3 + 20e-6))


def test_lines_that_do_the_same_share_a_waveform():
    program = ArrayProgram(40, 2)
    program.pulse(write_voltages("v/2", 40, 2, 0, 0, 1.0), 1e-3)
    rows = program.stages[0].lines.rows
    assert len({id(w) for w in rows}) == 2


def test_a_floating_line_has_no_end():
    zero = Waveform.constant(0.0)
    lines = Lines((zero, None), (None, zero))
    circuit = crossbar_circuit(Crossbar(np.ones((2, 2)), 1.0, 1.0), lines=lines)
    assert [s.name for s in circuit.sources] == ["vr0", "vb1"]
    assert {r.name for r in circuit.resistors if r.name[:3] in ("rsl", "rob")} == {"rsl0", "rob1"}


def test_segments_have_capacitors_but_driven_nodes_have_none():
    devices = Devices(CARD, (2, 3), {})
    bare = crossbar_circuit(Crossbar(np.ones((2, 3)), 1.0, 0.0, c_row_farad=1e-15, c_col_farad=2e-15), devices)
    assert len(bare.capacitors) == 6  # the columns are their sense sources
    merged = crossbar_circuit(Crossbar(np.ones((2, 3)), 0.0, 0.0, r_source_ohm=5.0, c_row_farad=1e-15), devices)
    assert [c.capacitance_farad for c in merged.capacitors] == pytest.approx([3e-15] * 2)


def test_lines_of_another_size():
    zero = Waveform.constant(0.0)
    with pytest.raises(InputError, match="1 rows and 2 columns for a crossbar of shape"):
        crossbar_circuit(Crossbar(np.ones((2, 2)), 1.0, 1.0), lines=Lines((zero,), (zero, zero)))
