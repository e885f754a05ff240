"""Networks and images that this project did not make."""

import pytest

from evaluator import evaluate

CARD = "au-lixcoo2-pt"


def test_mnist_mlp_on_all_images(shared_data):
    report = evaluate(
        shared_data / "models" / "mnist_mlp_256x2_vnncomp.onnx", shared_data / "mnist.npz", CARD, trials=3
    )
    assert report.n_images == 10_000
    assert report.accuracy_float == 0.9808
    assert [layer.shape for layer in report.layers] == [(256, 784), (256, 256), (10, 256)]
    assert [layer.tiles for layer in report.layers] == [7 * 4, 2 * 4, 2 * 1]
    assert report.accuracy_hardware == pytest.approx(0.9808, abs=0.01)
    assert len(report.accuracy_trials) == 3


def test_mnist_mlp_ideal(shared_data):
    report = evaluate(
        shared_data / "models" / "mnist_mlp_256x2_vnncomp.onnx", shared_data / "mnist.npz", CARD, ideal=True
    )
    assert report.accuracy_hardware == report.accuracy_float == 0.9808


@pytest.mark.parametrize(("model", "data", "accuracy"), [("mnist_mlp_sigmoid6x200_eran", "mnist", 0.9766)])
def test_other_perceptrons(shared_data, model, data, accuracy):
    report = evaluate(shared_data / "models" / f"{model}.onnx", shared_data / f"{data}.npz", CARD, trials=1)
    assert report.accuracy_float == accuracy
    assert report.accuracy_hardware == pytest.approx(accuracy, abs=0.01)


def test_fashion_mlp_with_its_own_scaling(shared_data, tmp_path):
    """A batch of 1 baked into a Reshape."""
    import numpy as np

    with np.load(shared_data / "fashion_mnist.npz") as data:
        images = ((data["x_test"] / 255 - 0.5) / 0.5).astype(np.float32)
        np.savez(tmp_path / "scaled.npz", x_test=images, y_test=data["y_test"])
    model = shared_data / "models" / "fashion_mlp128_shahjahan.onnx"
    assert evaluate(model, tmp_path / "scaled.npz", CARD, ideal=True).accuracy_float == 0.8740
