"""Weights outside the model's file: read where they belong to it, refused where they lead elsewhere."""

import os

import numpy as np
import onnx
import pytest

from evaluator import evaluate
from models_va.errors import InputError
from tests.evaluator import networks

CARD = "au-lixcoo2-pt"


@pytest.fixture
def stored_outside(tmp_path):
    """A network whose weights are in ``model/w.bin``, and the same bytes one folder up."""
    folder = tmp_path / "model"
    folder.mkdir()
    model = onnx.load(networks.gemm(tmp_path / "whole.onnx"))
    onnx.save(model, folder / "n.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)
    (tmp_path / "w.bin").write_bytes((folder / "w.bin").read_bytes())
    os.symlink("../w.bin", folder / "link.bin")

    def moved_to(location):
        moved = onnx.load(folder / "n.onnx", load_external_data=False)
        for tensor in moved.graph.initializer:
            for entry in tensor.external_data:
                if entry.key == "location":
                    entry.value = location
        path = folder / "moved.onnx"
        path.write_bytes(moved.SerializeToString())
        return path

    return folder / "n.onnx", moved_to, networks.data(tmp_path / "d.npz")


def test_weights_beside_the_model_are_read(stored_outside, tmp_path):
    path, _, data = stored_outside
    outside, whole = (evaluate(p, data, CARD, trials=2) for p in (path, tmp_path / "whole.onnx"))
    assert outside.accuracy_trials == whole.accuracy_trials
    assert np.array_equal(outside.sample.weight_error, whole.sample.weight_error)


@pytest.mark.parametrize("location", ["../w.bin", "/etc/passwd", "link.bin", "missing.bin", "../model/../w.bin"])
def test_paths_that_lead_out_of_the_folder_are_refused(stored_outside, location):
    _, moved_to, data = stored_outside
    path = moved_to(location)
    with pytest.raises(InputError) as caught:
        evaluate(path, data, CARD, trials=1)
    text = str(caught.value)
    assert text.startswith(f"{path}: its weights cannot be read (")
    assert text.endswith("): put their files into its folder")
    assert "\n" not in text
