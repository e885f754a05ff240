"""A batch fixed at export beside image axes that are free: how long these are, only the data say."""

import pytest

from evaluator import evaluate
from models_va.errors import InputError
from tests.evaluator import networks
from tests.evaluator.network.test_onnx_forms import original_logits
from tests.evaluator.setups import CARD, IDEAL, config, setup_of


def pooled(path, batch):
    """A 3 x 3 convolution, which no image of one pixel goes through, and the means of its channels."""
    nodes = [
        networks.node("Conv", "x w", "c"),
        networks.node("GlobalAveragePool", "c", "p"),
        networks.node("Flatten", "p", "y"),
    ]
    return networks.save(path, nodes, {"w": networks.random((4, 3, 3, 3))}, (batch, 3, "H", "W"), classes=4)


@pytest.mark.parametrize("batch", [1, 4])
def test_free_images_of_a_fixed_batch(tmp_path, batch):
    path = pooled(tmp_path / "n.onnx", batch)
    said, data = [], networks.data(tmp_path / "d.npz", (20, 3, 5, 6), classes=4)
    made = setup_of(path, data)
    assert made.network.batch > 4  # not one image after another
    assert made.network.logits(made.images) == pytest.approx(original_logits(path, made.images), rel=1e-5)
    report = evaluate(path, data, CARD, ideal=True, say=said.append)
    assert report.accuracy_hardware == report.accuracy_float
    assert not said


@pytest.mark.parametrize("compensate", ["none", "conductances"])
def test_a_batch_of_one_that_stays_is_said_once(tmp_path, compensate):
    nodes = [networks.node("Gemm", "x w", "h"), networks.node("Softmax", "h", "y", axis=0)]
    path = networks.save(tmp_path / "n.onnx", nodes, {"w": networks.random((6, 3))}, (1, 6))
    said, data, made = [], networks.data(tmp_path / "d.npz"), config(IDEAL, compensate=compensate)
    evaluate(path, data, CARD, hardware=made, say=said.append)
    assert said == [f"{path}: its batch is fixed at 1 and cannot be freed: images run one by one, which takes longer"]


def test_of_a_network_that_is_refused_nothing_is_said(tmp_path):
    nodes = [networks.node("Gemm", "x w", "h"), networks.node("Reshape", "h shape", "y")]
    tensors = {"w": networks.random((6, 4)), "shape": [1, 2, 2]}
    path, said = networks.save(tmp_path / "n.onnx", nodes, tensors, (1, 6)), []
    with pytest.raises(InputError, match="gives shape"):
        evaluate(path, networks.data(tmp_path / "d.npz"), CARD, say=said.append)
    assert not said


def test_data_that_do_not_fit_a_fixed_batch_are_named(tmp_path):
    data = networks.data(tmp_path / "d.npz", (20, 5, 5, 5))
    with pytest.raises(InputError, match=r"d\.npz: images of shape \(5, 5, 5\) do not fit the network's input"):
        setup_of(pooled(tmp_path / "n.onnx", 4), data)
