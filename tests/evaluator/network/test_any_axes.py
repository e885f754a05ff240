"""Layers whose images run along another axis than the first: the same as the network written batch-first."""

from dataclasses import asdict, replace
from functools import cache

import numpy as np
import pytest

from evaluator.circuit import select_tiles
from evaluator.evaluation.diagnosis import inspect_layers
from evaluator.evaluation_setup import Circuits
from evaluator.hardware.activations import activations_of
from spicegen.progress import track
from tests.evaluator import networks
from tests.evaluator.networks import node
from tests.evaluator.setups import setup_of, trial_logits

TOKENS, IMAGES = 3, 17
W, V = np.random.default_rng(1).normal(size=(6, 5)), np.random.default_rng(2).normal(size=(5, 3))
LAST = np.random.default_rng(3).normal(size=(TOKENS * 3, 3))
BY_IMAGE = {"flat": np.array([0, TOKENS * 3]), "last": LAST}
END = [node("Reshape", "h flat", "f"), node("MatMul", "f last", "y", "third")]
FORMS = {
    "batch-first": (
        [node("MatMul", "x w", "a", "first"), node("Relu", "a", "r"), node("MatMul", "r v", "h", "second"), *END],
        {"w": W, "v": V, **BY_IMAGE},
    ),
    "transposed": (
        [
            node("Transpose", "x", "t", perm=[1, 2, 0]),  # (tokens, inputs, images)
            node("MatMul", "w t", "a", "first"),
            node("Relu", "a", "r"),
            node("MatMul", "v r", "b", "second"),
            node("Transpose", "b", "h", perm=[2, 0, 1]),
            *END,
        ],
        {"w": W.T, "v": V.T, **BY_IMAGE},
    ),
    "folded": (
        [
            node("Reshape", "x fold", "t"),
            node("Gemm", "t w", "a", "first"),
            node("Relu", "a", "r"),
            node("MatMul", "r v", "b", "second"),
            node("Reshape", "b unfold", "h"),
            *END,
        ],
        {"w": W, "v": V, "fold": np.array([-1, 6]), "unfold": np.array([-1, TOKENS, 3]), **BY_IMAGE},
    ),
    "tokens first": (
        [
            node("Transpose", "x", "s", perm=[1, 0, 2]),
            node("Reshape", "s fold", "t"),
            node("Gemm", "t w", "a", "first", transB=1),
            node("Relu", "a", "r"),
            node("Gemm", "r v", "b", "second", transB=1),
            node("Reshape", "b unfold", "c"),
            node("Transpose", "c", "h", perm=[1, 0, 2]),
            *END,
        ],
        {"w": W.T, "v": V.T, "fold": np.array([-1, 6]), "unfold": np.array([TOKENS, -1, 3]), **BY_IMAGE},
    ),
}
SMALL = {"array.rows": 4, "array.columns": 6, "array.r_row_ohm": 20, "array.r_col_ohm": 20, "array.v_read_volt": 0.5}
CONVERTED = {"converters.dac_bits": 6, "converters.adc_bits": 10}
CASES = {
    "plain": {},
    "converters": CONVERTED,
    "columns": {**CONVERTED, "compensate": "columns", "errors.nonlinearity": True},
    "bits": {"converters.dac_bits": 4, "converters.bit_serial": True, "converters.negative_inputs": "two-phase"},
}


def setup(tmp_path, form, *settings):
    nodes, tensors = FORMS[form]
    path = networks.save(tmp_path / f"{form}.onnx", nodes, tensors, ("batch", TOKENS, 6), kind=networks.DOUBLE)
    x = np.random.default_rng(4).uniform(-0.5, 1, (IMAGES, TOKENS, 6))
    np.savez(tmp_path / "d.npz", x_test=x, y_test=np.arange(IMAGES) % 3)
    np.savez(tmp_path / "c.npz", x_test=1.01 * x, y_test=np.zeros(IMAGES, int))
    made = setup_of(path, tmp_path / "d.npz", SMALL, *settings, calibration=tmp_path / "c.npz", calibrated=True)
    return replace(made, network=replace(made.network, batch=7))  # three batches


def in_circuits(made):
    labels = frozenset(c.label for c in select_tiles(made, made.parts(0), "all", 0.01, track))
    return replace(made, inputs=replace(made.inputs, circuits=Circuits("native", labels)))


@pytest.fixture(scope="module")
def batch_first(tmp_path_factory):
    """The network written batch-first, its logits and those with all tiles in circuits, of each case once."""

    @cache
    def of(case):
        made = setup(tmp_path_factory.mktemp("first"), "batch-first", CASES[case])
        return made, trial_logits(made), trial_logits(in_circuits(made))

    return of


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("form", list(FORMS)[1:])
def test_it_is_the_network_written_batch_first(tmp_path, batch_first, form, case):
    other, (first, expected, simulated) = setup(tmp_path, form, CASES[case]), batch_first(case)
    assert [p.largest_input for p in other.plans] == pytest.approx([p.largest_input for p in first.plans])
    assert trial_logits(other) == pytest.approx(expected, rel=1e-9)
    assert np.abs(simulated - expected).max() > 1e-4 * np.abs(expected).max()
    assert trial_logits(in_circuits(other)) == pytest.approx(simulated, rel=1e-7)


@pytest.mark.parametrize("form", list(FORMS)[1:])
def test_what_layers_take_and_how_far_they_are_off(tmp_path, form):
    first, other = (setup(tmp_path, f, CONVERTED) for f in ("batch-first", form))
    assert [s.images for s in activations_of(other.network, other.plans, other.images)] == [IMAGES] * 3
    a, b = (list(inspect_layers(s, s.parts(0), track)) for s in (first, other))
    assert [x.costs.reads for x in b] == [TOKENS, TOKENS, 1]
    for one, same in zip(a, b, strict=True):
        assert asdict(same.costs) == pytest.approx(asdict(one.costs))
        assert asdict(same.relative_output_error) == pytest.approx(asdict(one.relative_output_error))
    choices = [select_tiles(s, s.parts(0), "auto", 0.01, track) for s in (first, other)]
    assert [c.reads for c in choices[0]] == [c.reads for c in choices[1]]


@pytest.mark.parametrize(("form", "circuits"), [("batch-first", True), ("transposed", True), ("transposed", False)])
def test_read_noise_is_other_noise_in_every_batch(tmp_path, form, circuits):
    noisy, quiet = setup(tmp_path, form, CONVERTED, {"errors.read_noise": 0.1}), setup(tmp_path, form, CONVERTED)
    if circuits:
        noisy, quiet = in_circuits(noisy), in_circuits(quiet)
    noisy, quiet = (replace(s, images=np.tile(s.images[:7], (3, 1, 1))) for s in (noisy, quiet))  # a batch thrice
    batches = trial_logits(noisy).reshape(3, -1)
    still = trial_logits(quiet).reshape(3, -1)
    assert np.ptp(still, axis=0).max() == 0
    assert np.all(np.std(batches, axis=0) > 0)
    scatter = np.std(batches - still) / np.std(still)
    assert 0.05 < scatter < 0.5
