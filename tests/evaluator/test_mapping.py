import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from evaluator.mapping import differential_pairs
from models_va.errors import InputError

WEIGHTS = arrays(
    np.float32, array_shapes(min_dims=3, max_dims=3, max_side=7), elements=st.floats(-(2.0**99), 2.0**99, width=32)
)
LOW, HIGH = 1e-5, 4e-5


@given(WEIGHTS)
def test_weights_survive_the_round_trip(weights):
    weights = weights.astype(np.float64)
    back = differential_pairs(weights, LOW, HIGH).weights()
    assert back.shape == weights.shape
    assert np.all(np.abs(back - weights) <= 1e-14 * np.max(np.abs(weights)))


@given(WEIGHTS, st.sampled_from([(0.0, 1e-6), (1e-5, 4e-5), (1.5e-6, 6e-6)]))
def test_conductances_use_the_window_and_stay_in_it(weights, window):
    pairs = differential_pairs(weights.astype(np.float64), *window)
    g = pairs.g_siemens
    assert g.shape == (weights.shape[0], weights.shape[2], 2 * weights.shape[1])
    assert g.min() >= window[0]
    assert g.max() <= window[1]
    assert np.all(np.minimum(g[..., 0::2], g[..., 1::2]) == window[0])  # one of each pair rests
    assert np.any(weights) == (g.max() == pytest.approx(window[1], rel=1e-12))


def test_sign_and_place():
    g = differential_pairs(np.array([[[2.0, -1.0, 0.0], [0.0, 0.0, 1.0]]]), 1e-6, 3e-6).g_siemens
    assert g[0] == pytest.approx(1e-6 * np.array([[3, 1, 1, 1], [1, 2, 1, 1], [1, 1, 2, 1]]))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers(bad):
    with pytest.raises(InputError, match=r"weight \[0, 1, 0\]"):
        differential_pairs(np.array([[[1.0], [bad]]]), LOW, HIGH)
