"""Descriptions of data: what they do to images, and what they refuse."""

import json
import re

import numpy as np
import pytest

from evaluator.data import load_dataset
from models_va.errors import InputError


@pytest.fixture
def described(tmp_path):
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (4, 6, 5, 3), dtype=np.uint8)
    np.savez(tmp_path / "d.npz", x_test=images, y_test=np.arange(4))

    def load(**description):
        (tmp_path / "d.yaml").write_text(json.dumps({"file": "d.npz", **description}), encoding="utf-8")
        return load_dataset(tmp_path / "d.yaml")

    return images, load


def test_scale_mean_and_deviation(described):
    images, load = described
    mean, std = [0.1, 0.2, 0.3], [0.5, 1.0, 2.0]
    assert load().images == pytest.approx(images / 255, rel=1e-6)
    assert load(mean=mean, std=std).images == pytest.approx((images / 255 - mean) / std, rel=1e-5, abs=1e-6)
    assert load(scale="raw", mean=[128], std=[128]).images == pytest.approx((images / 1.0 - 128) / 128, abs=1e-6)
    assert load(label_offset=1).labels.tolist() == [1, 2, 3, 4]


def test_order_of_channels_and_size(described, tmp_path):
    images, load = described
    assert load(scale="raw", channels="BGR").images == pytest.approx(images[..., ::-1] / 1.0, rel=1e-6)
    assert load(resize=[3, 2]).images.shape == (4, 3, 2, 3)
    assert load(resize=[6, 5]).images == pytest.approx(load().images)
    flat = np.full((2, 8, 8, 3), 77, np.uint8)
    np.savez(tmp_path / "d.npz", x_test=flat, y_test=[0, 1])
    assert load(scale="raw", resize=[5, 3]).images == pytest.approx(np.full((2, 5, 3, 3), 77.0))
    np.savez(tmp_path / "d.npz", x_test=images.transpose(0, 3, 1, 2), y_test=np.arange(4))
    first = load(layout="CHW", mean=[0.1, 0.2, 0.3]).images
    assert first.transpose(0, 2, 3, 1) == pytest.approx(images / 255 - [0.1, 0.2, 0.3], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"mean": [1, 2]}, "2 numbers for 3 channels"), ({"std": [0]}, "std"), ({"file": "none.npz"}, "none.npz"),
     ({"colour": 1}, "colour"), ({"resize": [0, 3]}, "resize")],
)  # fmt: skip
def test_descriptions_that_do_not_fit(described, wrong, words):
    _, load = described
    with pytest.raises(InputError, match=words):
        load(**wrong)


@pytest.mark.parametrize(
    ("given", "layout"),
    [({"channels": "BGR"}, "CHW"), ({"mean": [1, 2, 3]}, "CHW"), ({"std": [1, 2, 3]}, "CHW"),
     ({"resize": [4, 4]}, "CHW"), ({"mean": [1, 2, 3], "layout": "CHW"}, "HWC"),
     ({"resize": [4, 4], "layout": "CHW"}, "HWC")],
)  # fmt: skip
def test_a_layout_that_is_not_that_of_the_data_is_named(described, tmp_path, given, layout):
    """And what the message says helps."""
    images, load = described
    place, shape = "last", (6, 5, 3)
    if layout == "CHW":
        np.savez(tmp_path / "d.npz", x_test=images.transpose(0, 3, 1, 2), y_test=np.arange(4))
        place, shape = "first", (3, 6, 5)
    words = f": say layout: {layout}, if images of shape {shape} have their channels {place}"
    with pytest.raises(InputError, match=re.escape(words) + "$"):
        load(**given)
    assert len(load(**(given | {"layout": layout})).images) == 4


def test_grey_images_have_no_blue(described, tmp_path):
    _, load = described
    np.savez(tmp_path / "d.npz", x_test=np.zeros((2, 5, 5), np.uint8), y_test=[0, 1])
    with pytest.raises(InputError, match="BGR needs images with 3 channels"):
        load(channels="BGR")
    with pytest.raises(InputError, match=r"2 numbers for 1 channel: give 1$"):
        load(mean=[0.1, 0.2])
