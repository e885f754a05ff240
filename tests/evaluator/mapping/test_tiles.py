"""Tiles against a dense nodal analysis written from Kirchhoff's laws alone."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.mapping.tiles import (
    check_array,
    input_ranges,
    output_ranges,
    read_layer,
    slices_of,
    tiles_of,
)
from evaluator.mapping.weights import map_weights, weight_layout
from evaluator.settings import MappingConfig
from models_va.errors import InputError
from netlists import ArrayConfig, LineFaults
from tests.evaluator.circuit.kirchhoff import nodal_operator

LOW, HIGH = 1e-5, 4e-5
DIFFERENTIAL = MappingConfig()
SCHEMES = {
    "differential": DIFFERENTIAL,
    "reference": MappingConfig(scheme="reference", scale="per-channel"),
    "bit-sliced": MappingConfig(scheme="bit-sliced", slices=2, bits_per_slice=3),
}
ENDS = {
    "plain": {"r_row_ohm": 1.0, "r_col_ohm": 1.0},
    "uneven": {"r_row_ohm": 3.0, "r_col_ohm": 300.0},
    "both": {"r_row_ohm": 20.0, "r_col_ohm": 5.0, "drive": "both", "sense": "both", "r_source_ohm": 40.0},
    "terminated": {"r_row_ohm": 20.0, "r_col_ohm": 5.0, "r_source_ohm": 100.0, "r_sense_ohm": 70.0},
    "faulty": {
        "r_row_ohm": 9.0, "r_col_ohm": 5.0, "r_sense_ohm": 30.0,
        "faults": LineFaults(open_rows=((1, 1),), open_columns=((2, 1),), shorted_rows=((0, 2),),
                             shorted_columns=((1, 0),), r_short_ohm=11.0),
    },
}  # fmt: skip


def effective_weights(layer, array, block=1):
    """The weights of a layer as its tiles really compute them, shape (groups, outputs, inputs)."""
    return layer.weights(read_layer(layer, array, block).slices)


def mapped(weights, config=DIFFERENTIAL, ranges=1):
    return map_weights(np.asarray(weights, dtype=float), config, (LOW, HIGH), ranges)


def columns_of(layer, group, inputs, outputs, number):
    """Conductances of a tile, laid out by hand; for each output and slice its plus and minus column; the reference."""
    columns, places = [], []
    middle = (outputs.stop - outputs.start) // 2
    shared = layer.reference_siemens
    reference = None
    for k, o in enumerate(range(outputs.start, outputs.stop)):
        if shared is not None and k == middle:
            reference = len(columns)
            columns.append(shared[group, inputs, number])
        own = [layer.g_siemens[group, inputs, o, c] for c in range(layer.g_siemens.shape[3])]
        first = len(columns)
        columns += own
        places.append([(first, None)] if shared is not None else
                      [(first + 2 * s, first + 2 * s + 1) for s in range(len(own) // 2)])  # fmt: skip
    return np.stack(columns, axis=1), places, reference


@given(*(st.integers(1, n) for n in (3, 60, 20, 9, 20)), st.integers(2, 20), st.sampled_from(list(SCHEMES)))
def test_tiles_cover_a_layer_exactly_once(groups, outputs, channels, block, rows, columns, scheme):
    layout = weight_layout(SCHEMES[scheme])
    columns = max(columns, layout.fewest_columns)
    count = np.zeros((groups, outputs, channels * block), int)
    array = ArrayConfig(rows=rows, columns=columns)
    tiles = tiles_of(count.shape, array, layout, block)
    for tile in tiles:
        part = count[tile.weights]
        assert 1 <= part.shape[1] <= rows
        assert 1 <= part.shape[0] * layout.columns_per_output + layout.has_reference <= columns
        assert block > rows or tile.inputs.start % block == tile.inputs.stop % block == 0
        assert tile.outputs == output_ranges(outputs, array, layout)[tile.range]
        part += 1
    assert np.all(count == 1)
    high = -(-channels // (rows // block)) if block <= rows else -(-channels * block // rows)
    wide = -(-outputs // ((columns - layout.has_reference) // layout.columns_per_output))
    assert len(tiles) == groups * high * wide  # as few as can be
    for some in (input_ranges(channels * block, array, block), output_ranges(outputs, array, layout)):
        assert all(a.stop == b.start for a, b in pairwise(some))
        sizes = [r.stop - r.start for r in some]
        assert max(sizes) - min(sizes) <= block  # as equal as can be


def test_one_reference_column_is_shared_by_the_outputs_of_a_tile():
    """In each range of outputs (not in each tile: rows are other devices anyway) there is one column of references."""
    array, config = ArrayConfig(rows=4, columns=6), SCHEMES["reference"]
    assert len(output_ranges(12, array, weight_layout(config))) == 3  # 12 = 4 + 4 + 4 outputs, 5 would fit
    layer = mapped(np.random.default_rng(0).normal(size=(2, 12, 10)), config, 3)
    assert layer.reference_siemens.shape == (2, 10, 3)
    assert layer.devices == 2 * 10 * (12 + 3)
    moved = layer.reference_siemens.copy()
    moved[1, 7, 2] += 1e-6
    off = effective_weights(layer.with_conductances(layer.g_siemens, moved), array.without_wires())
    off = (off - effective_weights(layer, array.without_wires())) / layer.full_scale[..., None]
    expected = np.zeros(off.shape)
    expected[1, 8:, 7] = -1e-6 / 1.5e-5  # the same for all outputs of that tile, and for no other
    assert off == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ends", ENDS)
def test_tiles_read_as_nodal_analysis_says(scheme, ends):
    config = SCHEMES[scheme]
    layout = weight_layout(config)
    array = ArrayConfig(rows=4, columns={"differential": 6, "reference": 4, "bit-sliced": 12}[scheme], **ENDS[ends])
    rng = np.random.default_rng(1)
    layer = mapped(rng.normal(size=(2, 5, 7)), config, 2)
    shared = layer.reference_siemens
    layer = layer.with_conductances(  # as programmed: no device is where it should be
        layer.g_siemens * rng.uniform(0.8, 1.2, layer.g_siemens.shape),
        None if shared is None else shared * rng.uniform(0.8, 1.2, shared.shape),
    )
    read = read_layer(layer, array)
    slices = np.zeros((len(layout.factors), 2, 5, 7))
    for group in range(2):
        for inputs in (slice(0, 3), slice(3, 7)):  # 7 = 3 + 4 inputs
            for number, outputs in enumerate((slice(0, 2), slice(2, 5))):  # 5 = 2 + 3 outputs
                g, places, reference = columns_of(layer, group, inputs, outputs, number)
                t = nodal_operator(g, array) / layer.span_siemens
                for o, of_slices in zip(range(outputs.start, outputs.stop), places, strict=True):
                    for s, (plus, minus) in enumerate(of_slices):
                        taken = t[reference] if minus is None else t[minus]
                        slices[s, group, o, inputs] = t[plus] - taken
    assert read.slices == pytest.approx(slices, rel=1e-8, abs=1e-11)
    weights = np.einsum("s,sgoi->goi", layout.factors, slices) * layer.full_scale[..., None]
    assert effective_weights(layer, array) == pytest.approx(weights, rel=1e-8, abs=1e-11)


@pytest.mark.parametrize("outputs", [1, 2, 5])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_slices_of_measured_columns_are_those_of_the_operator(scheme, outputs):
    """What circuits deliver column by column is put together as the operators are."""
    config = SCHEMES[scheme]
    array = ArrayConfig(rows=4, columns=24, r_row_ohm=4, r_col_ohm=4)
    layer = mapped(np.random.default_rng(6).normal(size=(1, outputs, 3)), config)
    (tile,) = tiles_of((1, outputs, 3), array, weight_layout(config))
    currents = nodal_operator(tile.conductances(layer), array) / layer.span_siemens
    assert slices_of(currents, weight_layout(config)) == pytest.approx(read_layer(layer, array).slices[:, 0], rel=1e-9)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_groups_are_layers_of_their_own(scheme):
    weights = np.random.default_rng(4).normal(size=(3, 5, 18))
    array = ArrayConfig(rows=10, columns=8, r_row_ohm=5, r_col_ohm=7)
    config = SCHEMES[scheme].model_copy(update={"scale": "per-channel"})
    ranges = len(output_ranges(5, array, weight_layout(config)))
    together = effective_weights(mapped(weights, config, ranges), array, 9)
    for k in range(3):
        alone = effective_weights(mapped(weights[k : k + 1], config, ranges), array, 9)
        assert alone[0] == pytest.approx(together[k], rel=1e-12)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_wires_tend_to_the_ideal_limit(scheme):
    weights = np.random.default_rng(2).normal(size=(1, 20, 40))
    config = SCHEMES[scheme]
    array = ArrayConfig(rows=16, columns=16)
    layer = mapped(weights, config, len(output_ranges(20, array, weight_layout(config))))
    errors = []
    for r in (0, 1e-1, 1e-3, 1e-5):
        wired = array.model_copy(update={"r_row_ohm": r, "r_col_ohm": r})
        errors.append(np.abs(effective_weights(layer, wired) - effective_weights(layer, array.without_wires())).max())
    assert errors[0] == 0
    assert errors[2] == pytest.approx(errors[1] / 100, rel=0.05)
    assert errors[3] == pytest.approx(errors[2] / 100, rel=0.05)


def test_without_wires_tiles_make_no_difference():
    weights = np.random.default_rng(3).normal(size=(1, 9, 11))
    array = ArrayConfig(rows=4, columns=5)
    assert array.has_wires
    assert not array.without_wires().has_wires
    assert effective_weights(mapped(weights), array.without_wires()) == pytest.approx(weights, rel=1e-12, abs=1e-14)


def test_a_broken_line_counts_without_wires():
    sound = ArrayConfig(rows=2, columns=4).without_wires()
    array = sound.model_copy(update={"faults": LineFaults(open_rows=((1, 2),))})
    assert array.has_wires
    found = effective_weights(mapped([[[1.0, 0.5], [-0.5, 0.25]]]), array)[0]
    assert found == pytest.approx(np.array([[1.0, 0.5], [-0.5, 0.0]]), abs=1e-6)


def test_a_source_resistance_alone_counts():
    array = ArrayConfig(rows=8, columns=8).without_wires().model_copy(update={"r_source_ohm": 100.0})
    (effective,) = effective_weights(mapped(np.ones((1, 1, 1))), array)[0, 0]
    total = LOW + HIGH  # both devices of the pair hang on one row
    assert effective == pytest.approx(1 / (1 + 100 * total), rel=1e-12)


@pytest.mark.parametrize(("scheme", "least"), [("differential", 2), ("reference", 2), ("bit-sliced", 4)])
def test_too_few_columns_hold_no_output(scheme, least):
    layout = weight_layout(SCHEMES[scheme])
    with pytest.raises(InputError, match=rf"columns = {least - 1}: .* give columns >= {least}"):
        tiles_of((1, 3, 3), ArrayConfig(rows=4, columns=least - 1), layout)
    assert len(tiles_of((1, 3, 3), ArrayConfig(rows=4, columns=least), layout)) == 3


def test_cells_by_name_are_refused():
    array = ArrayConfig.model_validate({"rows": 4, "columns": 4, "stuck": [{"row": 0, "column": 0, "g_siemens": 1e-5}]})
    with pytest.raises(InputError, match="give stuck_low and stuck_high"):
        check_array(array, weight_layout(DIFFERENTIAL))
