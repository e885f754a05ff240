"""Tiles against a dense nodal analysis written here from Kirchhoff's laws alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.mapping import differential_pairs
from evaluator.tiles import effective_weights, has_wires, tiles_of, without_wires
from models_va.errors import InputError
from netlists import ArrayConfig

LOW, HIGH = 1e-5, 4e-5


def nodal_currents(g, v, r_row, r_col):
    """Column currents of an array driven from the left, sensed at the bottom: one equation a node."""
    m, n = g.shape
    a, rhs = np.zeros((2 * m * n, 2 * m * n)), np.zeros(2 * m * n)
    row = lambda i, j: i * n + j
    col = lambda i, j: m * n + i * n + j

    def connect(p, q, conductance):
        for s, t in ((p, q), (q, p)):
            a[s, s] += conductance
            a[s, t] -= conductance

    for i in range(m):
        for j in range(n):
            connect(row(i, j), col(i, j), g[i, j])
            if j == 0:
                a[row(i, j), row(i, j)] += 1 / r_row
                rhs[row(i, j)] = v[i] / r_row
            else:
                connect(row(i, j - 1), row(i, j), 1 / r_row)
            if i == m - 1:
                a[col(i, j), col(i, j)] += 1 / r_col
            else:
                connect(col(i, j), col(i + 1, j), 1 / r_col)
    u = np.linalg.solve(a, rhs)
    return u[[col(m - 1, j) for j in range(n)]] / r_col


@given(*(st.integers(1, n) for n in (3, 60, 20, 9, 20)), st.integers(2, 20))
def test_tiles_cover_a_layer_exactly_once(groups, outputs, channels, block, rows, columns):
    count = np.zeros((groups, outputs, channels * block), int)
    tiles = tiles_of(count.shape, ArrayConfig(rows=rows, columns=columns), block)
    for tile in tiles:
        part = count[tile.weights]
        assert 1 <= part.shape[1] <= rows
        assert 1 <= part.shape[0] <= columns // 2
        assert block > rows or tile.inputs.start % block == tile.inputs.stop % block == 0
        part += 1
    assert np.all(count == 1)
    high = -(-channels // (rows // block)) if block <= rows else -(-channels * block // rows)
    assert len(tiles) == groups * high * -(-outputs // (columns // 2))  # as few as can be


def test_groups_are_layers_of_their_own():
    weights = np.random.default_rng(4).normal(size=(3, 5, 18))
    array = ArrayConfig(rows=10, columns=6, r_row_ohm=5, r_col_ohm=7)
    together = effective_weights(differential_pairs(weights, LOW, HIGH), array, 9)
    scale = np.abs(weights).max()
    for k in range(3):  # the same scale for all: the layer's
        alone = np.concatenate([weights[k], np.full((1, 18), scale)])
        pairs = differential_pairs(alone[None], LOW, HIGH)
        own = pairs.with_conductances(pairs.g_siemens[:, :, :-2])
        assert effective_weights(own, array, 9)[0] == pytest.approx(together[k], rel=1e-12)


@pytest.mark.parametrize(("r_row", "r_col"), [(1.0, 1.0), (20.0, 5.0), (3.0, 300.0)])
def test_effective_weights_are_those_of_nodal_analysis(r_row, r_col):
    rng = np.random.default_rng(1)
    weights, x = rng.normal(size=(5, 7)), rng.uniform(-1, 1, 7)
    pairs = differential_pairs(weights[None], LOW, HIGH)
    array = ArrayConfig(rows=4, columns=6, r_row_ohm=r_row, r_col_ohm=r_col)
    expected = np.zeros(5)
    for inputs in (slice(0, 3), slice(3, 7)):  # 7 = 3 + 4 inputs, 5 = 2 + 3 outputs
        for outputs in (slice(0, 2), slice(2, 5)):
            g = pairs.g_siemens[0, inputs, 2 * outputs.start : 2 * outputs.stop]
            current = nodal_currents(g, x[inputs], r_row, r_col)
            expected[outputs] += (current[0::2] - current[1::2]) / ((HIGH - LOW) / np.abs(weights).max())
    assert effective_weights(pairs, array)[0] @ x == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_wires_tend_to_the_ideal_limit():
    weights = np.random.default_rng(2).normal(size=(1, 20, 40))
    pairs = differential_pairs(weights, LOW, HIGH)
    errors = []
    for r in (1e-1, 1e-3, 1e-5):
        array = ArrayConfig(rows=16, columns=16, r_row_ohm=r, r_col_ohm=r)
        errors.append(np.abs(effective_weights(pairs, array) - weights).max())
    assert errors[1] == pytest.approx(errors[0] / 100, rel=0.05)
    assert errors[2] == pytest.approx(errors[1] / 100, rel=0.05)


def test_without_wires_tiles_make_no_difference():
    weights = np.random.default_rng(3).normal(size=(1, 9, 11))
    array = ArrayConfig(rows=4, columns=5)
    assert has_wires(array)
    assert not has_wires(without_wires(array))
    pairs = differential_pairs(weights, LOW, HIGH)
    assert effective_weights(pairs, without_wires(array)) == pytest.approx(weights, rel=1e-12, abs=1e-14)


def test_a_source_resistance_alone_counts():
    array = without_wires(ArrayConfig(rows=8, columns=8)).model_copy(update={"r_source_ohm": 100.0})
    weights = np.ones((1, 1, 1))
    (effective,) = effective_weights(differential_pairs(weights, LOW, HIGH), array)[0, 0]
    total = LOW + HIGH  # both devices of the pair hang on one row
    assert effective == pytest.approx(1 / (1 + 100 * total), rel=1e-12)


def test_one_column_holds_no_pair():
    with pytest.raises(InputError, match="columns >= 2"):
        tiles_of((1, 3, 3), ArrayConfig(rows=4, columns=1))
