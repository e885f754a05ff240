"""Networks drawn by chance from all that is to be covered: ideal arrays give what onnxruntime gives of the file."""

import numpy as np
import onnx
import pytest

from evaluator.network.onnx_model import save_network
from tests.evaluator import drawn
from tests.evaluator.network.test_onnx_forms import original_logits
from tests.evaluator.setups import IDEAL, setup_of, trial_logits

NEWEST = onnx.defs.onnx_opset_version()
OPSETS = [7, 8, 9, 10, 11, 13, 17, 21, NEWEST]
EACH = 4
"""Networks of a kind and opset."""
TOLERANCE = {"float16": 4e-3, "float32": 1e-5, "float64": 1e-5}


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("kind", drawn.KINDS)
def test_ideal_arrays_compute_it(tmp_path, kind, opset):
    for number in range(EACH):
        seed = (list(drawn.KINDS).index(kind), opset, number)
        net = drawn.draw(kind, seed, opset)
        path = drawn.save(net, tmp_path / "n.onnx")
        images = np.random.default_rng(seed).uniform(-1, 1, (8, *net.image)).astype(net.dtype)
        np.savez(tmp_path / "d.npz", x_test=images, y_test=np.zeros(8, int))
        setup = setup_of(path, tmp_path / "d.npz", IDEAL)
        assert len(setup.plans) == net.layers, seed
        save_network(setup.on_arrays(setup.parts(0)), tmp_path / "hardware.onnx")
        onnx.checker.check_model(tmp_path / "hardware.onnx", full_check=True)
        expected = original_logits(path, images).reshape(8, -1).astype(float)
        saved = original_logits(tmp_path / "hardware.onnx", images).reshape(8, -1)
        most = TOLERANCE[net.dtype.name] * np.abs(expected).max()
        for found in (setup.network.logits(images), trial_logits(setup), saved):
            assert np.abs(found - expected).max() <= most, seed


@pytest.mark.parametrize("opset", [21, *range(22, NEWEST + 1, 2), NEWEST])
@pytest.mark.parametrize("kind", drawn.KINDS)
def test_noisy_arrays_compute_it_nearly(tmp_path, kind, opset):
    seed = (list(drawn.KINDS).index(kind), opset, EACH)
    net = drawn.draw(kind, seed, opset)
    path = drawn.save(net, tmp_path / "n.onnx")
    images = np.random.default_rng(seed).uniform(-1, 1, (8, *net.image)).astype(net.dtype)
    np.savez(tmp_path / "d.npz", x_test=images, y_test=np.zeros(8, int))
    setup = setup_of(path, tmp_path / "d.npz", IDEAL, {"errors.read_noise": 0.01})
    save_network(setup.on_arrays(setup.parts(0)), tmp_path / "hardware.onnx")
    onnx.checker.check_model(tmp_path / "hardware.onnx", full_check=True)
    expected = original_logits(path, images).reshape(8, -1).astype(float)
    first, again, other = trial_logits(setup), trial_logits(setup), trial_logits(setup, 1)
    saved = original_logits(tmp_path / "hardware.onnx", images).reshape(8, -1)
    assert np.array_equal(first, again)
    for noise in (first - expected, other - expected, first - other, saved - expected):
        assert 1e-4 < noise.std() / np.abs(expected).max() < 0.1
