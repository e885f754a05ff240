"""Topologies of the ONNX model zoo, as the onnx wheel ships them for its own tests, without trained weights.

All of their weights are alike, and so are their logits: here each layer gets random ones. AlexNet (61 M weights), ZFNet
(87 M) and VGG-19 (144 M) are left out for their size.
"""

from pathlib import Path

import numpy as np
import onnx
import pytest

from evaluator.hardware.calibration import plan_layers
from evaluator.network.batch_norm import fold_batch_norm
from evaluator.network.onnx_model import load_network
from evaluator.network.ops.layers import mapped_layers
from evaluator.operators.mapped import with_arrays, with_weights
from tests.evaluator.setups import IDEAL, hardware

FOLDER = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
LAYERS = {
    "squeezenet": 26,
    "shufflenet": 50,
    "inception_v1": 58,
    "inception_v2": 70,
    "densenet121": 121,
    "resnet50": 54,
}


@pytest.mark.parametrize("name", LAYERS)
def test_ideal_arrays_compute_it(name):
    network, rng = load_network(FOLDER / f"light_{name}.onnx"), np.random.default_rng(1)
    layers = mapped_layers(network.graph)
    assert len(layers) == LAYERS[name]
    drawn = [rng.normal(size=x.weights.shape) * (2 / x.weights.shape[2]) ** 0.5 for x in layers]
    network = network.with_graph(with_weights(network.graph, layers, drawn))
    logits = network.graph.nodes[layers[-1].node].output[0]
    image = rng.uniform(size=(1, *network.image_shape)).astype(np.float32)
    (expected,) = network.opened([logits])(image)
    assert np.std(expected) > 1e-2 * np.abs(expected).max() > 0

    folded = network.with_graph(fold_batch_norm(network.graph))
    layers, made = mapped_layers(folded.graph), hardware(IDEAL)
    plans = plan_layers(layers, made)
    ideal = folded.with_graph(with_arrays(folded.graph, [made.part(p, p.target) for p in plans])[0])
    (found,) = ideal.opened([logits])(image)
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()
