"""Weights onto conductances, and back by what the columns add up to."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from evaluator.mapping.tiles import read_layer, tiles_of
from evaluator.mapping.weights import map_weights, weight_layout
from evaluator.settings import MappingConfig
from models_va.errors import InputError
from netlists import ArrayConfig

WEIGHTS = arrays(
    np.float32, array_shapes(min_dims=3, max_dims=3, max_side=7), elements=st.floats(-(2.0**99), 2.0**99, width=32)
)
WINDOWS = st.sampled_from([(0.0, 1e-6), (1e-5, 4e-5), (1.5e-6, 6e-6)])
WINDOW = (1e-5, 4e-5)
CONFIGS = st.builds(
    MappingConfig,
    scheme=st.sampled_from(["differential", "reference", "bit-sliced"]),
    scale=st.sampled_from(["per-tensor", "per-channel"]),
    slices=st.integers(1, 5),
    bits_per_slice=st.integers(1, 6),
)
ARRAY = ArrayConfig(rows=4, columns=11).without_wires()


def full_scale(weights, config):
    """Largest magnitude, of all weights or of each output, shape (groups, outputs, 1)."""
    axis = (0, 1, 2) if config.scale == "per-tensor" else 2
    return np.broadcast_to(np.abs(weights).max(axis=axis, keepdims=True), (*weights.shape[:2], 1))


def back(mapped):
    """The weights that ideal columns make of conductances: written from the definition of each scheme, not the code."""
    g, span, outputs = mapped.g_siemens, mapped.span_siemens, mapped.g_siemens.shape[2]
    if mapped.reference_siemens is not None:  # (groups, inputs, outputs, 1) against (groups, inputs, ranges)
        ranges = mapped.reference_siemens.shape[2]
        of = np.searchsorted([outputs * k // ranges for k in range(1, ranges + 1)], np.arange(outputs), side="right")
        relative = (g[..., 0] - mapped.reference_siemens[:, :, of]) / span
    else:
        digits = (g[..., 0::2] - g[..., 1::2]) / span
        relative = digits @ mapped.layout.factors
    return relative.transpose(0, 2, 1) * mapped.full_scale[..., None]


@given(WEIGHTS, CONFIGS, WINDOWS)
def test_weights_survive_the_round_trip(weights, config, window):
    weights = weights.astype(np.float64)
    mapped = map_weights(weights, config, window)
    found, scale = back(mapped), full_scale(weights, config)
    assert found.shape == weights.shape
    steps = 2 ** (config.slices * config.bits_per_slice) - 1
    off = 0.5 / steps if config.scheme == "bit-sliced" else 0
    assert np.all(np.abs(found - weights) <= (off + 4e-14 / (1 - window[0] / window[1])) * scale)
    assert np.all((np.sign(found) == np.sign(weights)) | (np.abs(weights) <= (off + 1e-13) * scale))


@given(WEIGHTS, CONFIGS)
def test_ideal_tiles_have_the_mapped_weights_in_effect(weights, config):
    weights, layout = weights.astype(np.float64), weight_layout(config)
    ranges = -(-weights.shape[1] // layout.outputs_in(ARRAY.columns))
    mapped = map_weights(weights, config, WINDOW, ranges)
    found = mapped.weights(read_layer(mapped, ARRAY).slices)
    assert np.all(np.abs(found - back(mapped)) <= 1e-13 * full_scale(weights, config))


@given(WEIGHTS, CONFIGS, WINDOWS)
def test_conductances_use_the_window_and_stay_in_it(weights, config, window):
    weights = weights.astype(np.float64)
    mapped = map_weights(weights, config, window, 2)
    g, columns = mapped.g_siemens, {"differential": 2, "reference": 1, "bit-sliced": 2 * config.slices}[config.scheme]
    assert g.shape == (weights.shape[0], weights.shape[2], weights.shape[1], columns)
    assert window[0] <= g.min() <= g.max() <= window[1]
    middle = (window[0] + window[1]) / 2
    if config.scheme == "reference":
        assert mapped.reference_siemens.shape == (weights.shape[0], weights.shape[2], 2)
        assert np.all(mapped.reference_siemens == middle)
        used = np.abs(g - middle).max()  # half of the window on either side
        assert np.any(weights) == (used == pytest.approx(middle - window[0], rel=1e-12))
    else:
        assert mapped.reference_siemens is None
        assert np.all(np.minimum(g[..., 0::2], g[..., 1::2]) == window[0])  # one of each pair rests
        assert np.any(weights) == (g.max() == pytest.approx(window[1], rel=1e-12))


@given(WEIGHTS, CONFIGS)
def test_zero_weights_rest(weights, config):
    weights = weights.astype(np.float64)
    weights[:, 0] = 0
    mapped = map_weights(weights, config, WINDOW)
    rest = 2.5e-5 if config.scheme == "reference" else 1e-5
    assert mapped.g_siemens[:, :, 0] == pytest.approx(np.full(mapped.g_siemens[:, :, 0].shape, rest), rel=1e-15)
    assert np.all(back(mapped)[:, 0] == 0)
    nothing = map_weights(0 * weights, config, WINDOW)
    assert np.all(nothing.full_scale == 0)
    assert np.all(back(nothing) == 0)


@given(WEIGHTS, CONFIGS)
def test_opposite_weights_change_the_columns_about(weights, config):
    weights = weights.astype(np.float64)
    plus, minus = (map_weights(w, config, WINDOW).g_siemens for w in (weights, -weights))
    if config.scheme == "reference":
        assert minus == pytest.approx(5e-5 - plus, rel=1e-12)
    else:
        assert np.array_equal(plus[..., 0::2], minus[..., 1::2])


@given(WEIGHTS, CONFIGS, st.floats(1, 99.9))
def test_clipping_cuts_the_largest_and_leaves_the_others(weights, config, percentile):
    weights, config = weights.astype(np.float64), config.model_copy(update={"clip_percentile": percentile})
    found = back(map_weights(weights, config, WINDOW))
    axis = (0, 1, 2) if config.scale == "per-tensor" else 2
    limit = np.percentile(np.abs(weights), percentile, axis=axis, keepdims=True)
    limit = np.where(limit > 0, limit, np.abs(weights).max(axis=axis, keepdims=True))
    off = 0.5 / (2 ** (config.slices * config.bits_per_slice) - 1) if config.scheme == "bit-sliced" else 0
    assert np.all(np.abs(found - np.clip(weights, -limit, limit)) <= (off + 1e-13) * limit)


def test_clipping_of_mostly_zeros_clips_nothing():
    weights = np.zeros((1, 2, 50))
    weights[0, 0, 0] = 3.0
    for scale in ("per-tensor", "per-channel"):
        config = MappingConfig(clip_percentile=90, scale=scale)
        assert back(map_weights(weights, config, WINDOW)) == pytest.approx(weights, rel=1e-13)


@given(WEIGHTS)
def test_the_full_window_is_every_outputs_own_per_channel(weights):
    weights = weights.astype(np.float64)
    g = map_weights(weights, MappingConfig(scale="per-channel"), WINDOW).g_siemens
    used = g.max(axis=(1, 3))
    assert np.array_equal(used > 1e-5, np.any(weights != 0, axis=2))
    assert np.all((used == 1e-5) | (np.abs(used - 4e-5) < 1e-18))


def test_sign_and_place():
    weights = np.array([[[2.0, -1.0, 0.0], [0.0, 0.0, 1.0]]])
    g = map_weights(weights, MappingConfig(scale="per-tensor"), (1e-6, 3e-6)).g_siemens
    assert g[0].reshape(3, 4) == pytest.approx(1e-6 * np.array([[3, 1, 1, 1], [1, 2, 1, 1], [1, 1, 2, 1]]))
    g = map_weights(weights, MappingConfig(scheme="reference", scale="per-tensor"), (1e-6, 3e-6)).g_siemens
    assert g[0, ..., 0] == pytest.approx(1e-6 * np.array([[3, 2], [1.5, 2], [2, 2.5]]))


def test_digits_of_bit_slicing():
    """11 of 15 in digits of two bits is 2 x 4 + 3; lowest digit first, plus before minus."""
    config = MappingConfig(scheme="bit-sliced", slices=2, bits_per_slice=2)
    mapped = map_weights(np.array([[[15.0, 11.0, -11.0, 0.4]]]), config, (0.0, 3e-6))
    digits = mapped.g_siemens[0, :, 0] * 1e6
    assert digits == pytest.approx(np.array([[3, 0, 3, 0], [3, 0, 2, 0], [0, 3, 0, 2], [0, 0, 0, 0]]), abs=1e-12)
    assert mapped.layout.factors == pytest.approx([1 / 5, 4 / 5])
    assert back(mapped)[0, 0] == pytest.approx([15, 11, -11, 0])


def test_the_reference_column_stands_in_the_middle_of_each_tile():
    weights = np.random.default_rng(0).normal(size=(2, 7, 5))
    array, layout = ArrayConfig(rows=3, columns=5), weight_layout(MappingConfig(scheme="reference"))
    mapped = map_weights(weights, MappingConfig(scheme="reference"), WINDOW, 2)
    mapped = mapped.with_conductances(mapped.g_siemens, np.random.default_rng(1).uniform(*WINDOW, (2, 5, 2)))
    tiles = tiles_of(weights.shape, array, layout)
    assert [(t.group, t.inputs, t.outputs, t.range) for t in tiles[:4]] == [
        (0, slice(0, 2), slice(0, 3), 0), (0, slice(2, 5), slice(0, 3), 0),
        (0, slice(0, 2), slice(3, 7), 1), (0, slice(2, 5), slice(3, 7), 1),
    ]  # fmt: skip
    for tile in tiles:
        g, middle = tile.conductances(mapped), (tile.outputs.stop - tile.outputs.start) // 2
        assert g.shape[1] == tile.outputs.stop - tile.outputs.start + 1 <= 5
        assert np.array_equal(g[:, middle], mapped.reference_siemens[tile.group, tile.inputs, tile.range])
        own = mapped.g_siemens[tile.group, tile.inputs, tile.outputs, 0]
        assert np.array_equal(np.delete(g, middle, axis=1), own)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers(bad):
    with pytest.raises(InputError, match=r"weight \[0, 1, 0\]"):
        map_weights(np.array([[[1.0], [bad]]]), MappingConfig(), WINDOW)
