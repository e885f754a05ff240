"""Images to calibrate with are no judged ones, whatever file they come from, and what layers see of them is finite."""

import numpy as np
import pytest
import yaml

from evaluator.data import load_dataset
from models_va.errors import InputError
from tests.evaluator import networks
from tests.evaluator.setups import setup_of

CONVERTED = {"converters.adc_bits": 8}


def saved(path, images, **more):
    np.savez(path, x_test=images, y_test=np.zeros(len(images), int), **more)
    return path


@pytest.fixture
def network(tmp_path):
    return networks.gemm(tmp_path / "n.onnx")


@pytest.fixture
def data(tmp_path):
    return networks.data(tmp_path / "d.npz")


def described(data):
    (data.parent / "other.yaml").write_text(yaml.safe_dump({"file": data.name}), encoding="utf-8")
    return data.parent / "other.yaml"


def copied(data):
    return saved(data.parent / "copy.npz", np.load(data)["x_test"][::-1])


@pytest.mark.parametrize("disguise", [lambda data: data, described, copied])
def test_judged_images_under_another_name_are_refused(network, data, disguise):
    other = disguise(data)
    with pytest.raises(InputError) as caught:
        setup_of(network, data, CONVERTED, calibration=other)
    assert str(caught.value).endswith("all its images are among those to judge on: give others to calibrate with")
    assert str(other) in str(caught.value)


def test_training_images_that_are_the_test_images_are_refused(network, tmp_path):
    images = np.random.default_rng(0).uniform(size=(9, 6))
    with pytest.raises(InputError, match=r"d\.npz: all its images are among those to judge on"):
        setup_of(network, saved(tmp_path / "d.npz", images, x_train=images[2:7]), CONVERTED)


def test_images_that_public_data_have_twice_are_left_out(network, tmp_path):
    """Two of twelve training images are test images, and one of these is blank: no reason to refuse the others."""
    rng = np.random.default_rng(0)
    images, training = rng.uniform(size=(9, 6)), rng.uniform(size=(12, 6))
    images[4] = 0
    training[[3, 8]] = images[[1, 4]]
    made = setup_of(network, saved(tmp_path / "d.npz", images, x_train=training), CONVERTED)
    assert np.array_equal(made.calibration, np.delete(training, [3, 8], axis=0).astype(np.float32))
    assert np.array_equal(made.images, images.astype(np.float32))


def test_those_that_a_limit_leaves_unjudged_are_others(network, data):
    made = setup_of(network, data, CONVERTED, calibration=data, limit=15)
    assert np.array_equal(made.calibration, load_dataset(data).images[15:])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("key", ["converters.dac_bits", "converters.adc_bits"])
def test_what_drives_rows_is_finite(tmp_path, key):
    """1e30 x 1e30 is infinite in single precision; behind a Sigmoid nobody sees it."""
    nodes = [
        networks.node("Gemm", "x w", "h"),
        networks.node("Mul", "h h", "s"),
        networks.node("MatMul", "s v", "i", "deep"),
        networks.node("Sigmoid", "i", "y"),
    ]
    tensors = {"w": np.full((6, 3), 1e30, np.float32), "v": networks.random((3, 3))}
    path = networks.save(tmp_path / "n.onnx", nodes, tensors)
    images = np.zeros((9, 6), np.float32)
    images[2:] = 1  # the first ones are harmless
    data = saved(tmp_path / "d.npz", images, x_train=np.full((4, 6), 0.5, np.float32))
    with pytest.raises(InputError) as caught:
        setup_of(path, data, {key: 8})
    found = f"{path}: MatMul node 'deep': its inputs are NaN or infinite for some images: check weights and data scale"
    assert str(caught.value) == found
