from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from models_va.errors import InputError
from netlists import Crossbar

WIRES = ("r_row_ohm", "r_col_ohm", "r_source_ohm", "r_sense_ohm")


@given(hnp.arrays(float, hnp.array_shapes(min_dims=2, max_dims=2, max_side=5), elements=st.floats(0, 1)))
def test_shape_and_content(g):
    crossbar = Crossbar(g, 1, 2)
    assert (crossbar.rows, crossbar.columns) == g.shape
    np.testing.assert_array_equal(crossbar.g_siemens, g)
    assert (crossbar.r_row_ohm, crossbar.r_col_ohm, crossbar.r_source_ohm, crossbar.r_sense_ohm) == (1, 2, 0, 0)


def test_it_keeps_its_own_copy():
    g = np.ones((2, 2))
    crossbar = Crossbar(g, 1, 1)
    g[0, 0] = 7
    assert crossbar.g_siemens[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        crossbar.g_siemens[0, 0] = 7
    with pytest.raises(FrozenInstanceError):
        crossbar.r_row_ohm = 2.0


@pytest.mark.parametrize("g", [1.0, [1.0, 2.0], [[[1.0]]], [], [[]], np.empty((0, 3)), np.empty((3, 0))])
def test_wrong_shapes(g):
    with pytest.raises(InputError, match=r"g_siemens has shape .*give \(rows, columns\), at least 1 x 1"):
        Crossbar(g, 1, 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -1e-30])
def test_the_bad_cell_is_named(bad):
    g = np.ones((3, 4))
    g[2, 1] = bad
    with pytest.raises(InputError, match=r"g_siemens\[2, 1\] = .* S: conductances are finite and not negative"):
        Crossbar(g, 1, 1)


@pytest.mark.parametrize("name", WIRES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0])
def test_bad_resistances_are_named(name, bad):
    wires = dict.fromkeys(WIRES, 1.0) | {name: bad}
    with pytest.raises(InputError, match=f"crossbar: {name} = .* ohm: resistances are finite and not negative"):
        Crossbar(np.ones((1, 1)), **wires)


@pytest.mark.parametrize(("name", "valid"), [("drive", "'left' and 'both'"), ("sense", "'bottom' and 'both'")])
def test_unknown_arrangements_list_the_valid(name, valid):
    with pytest.raises(InputError, match=f"crossbar: {name} = 'top': valid are {valid}"):
        Crossbar(np.ones((1, 1)), 1, 1, **{name: "top"})
