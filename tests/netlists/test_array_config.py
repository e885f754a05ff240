import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from netlists import ArrayConfig

WINDOW = (1e-5, 4e-5)


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("rows", 0), ("rows", 4097), ("columns", -1), ("columns", 2.5),
        *((f"r_{name}_ohm", bad) for name in ("row", "col", "source", "sense") for bad in (-1.0, np.nan, np.inf)),
        ("v_read_volt", 0.0), ("v_read_volt", 10.5), ("v_read_volt", np.nan), ("seed", -1),
        ("drive", "right"), ("sense", "top"), ("cells", "zero"), ("inputs", "two"),
    ],
)  # fmt: skip
def test_bounds(field, bad):
    with pytest.raises(ValidationError) as caught:
        ArrayConfig(**{field: bad})
    assert [e["loc"] for e in caught.value.errors()] == [(field,)]


@pytest.mark.parametrize(("field", "edge"), [("rows", 1), ("rows", 4096), ("r_row_ohm", 0.0), ("v_read_volt", 10.0)])
def test_the_bounds_themselves(field, edge):
    assert getattr(ArrayConfig(**{field: edge}), field) == edge


def test_unknown_field():
    with pytest.raises(ValidationError, match="r_wire_ohm"):
        ArrayConfig(r_wire_ohm=1.0)


@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 2**32))
def test_random_cells_fill_the_window_and_repeat(rows, columns, seed):
    config = ArrayConfig(rows=rows, columns=columns, seed=seed)
    g = config.draw_cells(*WINDOW)
    assert g.shape == (rows, columns)
    assert np.all((g >= WINDOW[0]) & (g <= WINDOW[1]))
    np.testing.assert_array_equal(g, ArrayConfig(rows=rows, columns=columns, seed=seed).draw_cells(*WINDOW))
    assert np.all(g != ArrayConfig(rows=rows, columns=columns, seed=seed + 1).draw_cells(*WINDOW))


def test_random_cells_are_uniform():
    g = ArrayConfig(rows=200, columns=200).draw_cells(0.0, 1.0)
    assert abs(g.mean() - 1 / 2) < 5 * np.sqrt(1 / 12 / g.size)
    assert abs(g.var() - 1 / 12) < 5 * np.sqrt(1 / 180 / g.size)


@pytest.mark.parametrize(("cells", "value"), [("max", WINDOW[1]), ("min", WINDOW[0])])
def test_uniform_cells(cells, value):
    assert np.all(ArrayConfig(rows=2, columns=3, cells=cells).draw_cells(*WINDOW) == value)


def test_inputs():
    assert ArrayConfig(rows=3).draw_inputs().tolist() == [0.1] * 3
    drawn = ArrayConfig(rows=64, inputs="random", v_read_volt=0.3).draw_inputs()
    assert drawn.shape == (64,)
    assert 0 <= drawn.min() < 0.05 < 0.25 < drawn.max() <= 0.3
    np.testing.assert_array_equal(drawn, ArrayConfig(rows=64, inputs="random", v_read_volt=0.3).draw_inputs())


def test_inputs_do_not_follow_the_cells():
    config = ArrayConfig(rows=4, columns=1, inputs="random", v_read_volt=1.0)
    assert np.all(config.draw_cells(0.0, 1.0)[:, 0] != config.draw_inputs())


def test_crossbar_has_these_wires():
    wires = {"r_row_ohm": 1.0, "r_col_ohm": 2.0, "r_source_ohm": 3.0, "r_sense_ohm": 4.0}
    crossbar = ArrayConfig(**wires, drive="both", sense="both").crossbar(np.ones((2, 3)))
    assert {name: getattr(crossbar, name) for name in wires} == wires
    assert (crossbar.drive, crossbar.sense, crossbar.rows, crossbar.columns) == ("both", "both", 2, 3)


@pytest.mark.parametrize("switch", ["programming_error", "device_to_device"])
def test_cells_vary_only_on_demand(switch):
    assert not ArrayConfig().varies
    assert ArrayConfig(**{switch: True}).varies
