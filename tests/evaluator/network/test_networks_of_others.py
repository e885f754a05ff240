"""Networks that nobody here made: float accuracy as their README says, and the ideal limit."""

import json

import numpy as np
import pytest

from evaluator.data import load_dataset
from evaluator.hardware.calibration import plan_layers
from evaluator.hardware.programmed import Hardware
from evaluator.network.batch_norm import fold_batch_norm
from evaluator.network.onnx_model import load_network
from evaluator.network.ops.layers import mapped_layers
from evaluator.operators.mapped import with_arrays
from evaluator.settings import HardwareConfig

NETWORKS = {
    "mnist_mlp_256x2_vnncomp": (0.9808, {"file": "mnist"}),
    "mnist_mlp_sigmoid6x200_eran": (0.9766, {"file": "mnist"}),
    "mnist_cnn_avgpool_verivital": (0.9795, {"file": "mnist"}),
    "mnist_cnn_cntk8_onnxzoo": (0.9891, {"file": "mnist", "scale": "raw"}),
    "mnist_crosssim_cnn6": (0.9857, {"file": "mnist"}),
    "fashion_mlp128_shahjahan": (0.8740, {"file": "fashion_mnist", "mean": [0.5], "std": [0.5]}),
    "fashion_cnn_edwin19": (0.9015, {"file": "fashion_mnist"}),
    "cifar10_resnet20_crosssim_torch_bn": (
        0.9070, {"file": "cifar10_test2000", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
    ),
    "cifar10_resnet8_mlperftiny": (0.8680, {"file": "cifar10_test2000", "scale": "raw"}),
    "cifar10_cnn_small_marabou": (0.6225, {"file": "cifar10_test2000"}),
    "cifar10_resnet2b_vnncomp": (
        0.6915, {"file": "cifar10_test2000", "mean": [0.4914, 0.4822, 0.4465], "std": [0.2470, 0.2435, 0.2616]}
    ),
    "cifar100_micronet_v2_pruned15_bn": (
        0.8125, {"file": "cifar100_test2000", "mean": [0.5071, 0.4865, 0.4409], "std": [0.2673, 0.2564, 0.2762]}
    ),
    "imagenet_mobilenetv2_10_224_deq": (
        0.7720,
        {"file": "imagenet_val250_227", "scale": "raw", "resize": [224, 224], "mean": [128], "std": [128],
         "label_offset": 1},
    ),
    "imagenet_squeezenet10_deepcompressed": (
        0.7080, {"file": "imagenet_val250_227", "scale": "raw", "channels": "BGR", "mean": [104, 117, 123]}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_float_accuracy_and_ideal_limit(shared_data, tmp_path, name):
    accuracy, description = NETWORKS[name]
    file = shared_data / f"{description['file']}.npz"
    (tmp_path / "data.yaml").write_text(json.dumps(description | {"file": str(file)}), encoding="utf-8")
    network, dataset = load_network(shared_data / "models" / f"{name}.onnx"), load_dataset(tmp_path / "data.yaml")
    images = dataset.images_as(network.image_shape, network.dtype)
    expected = network.logits(images)
    assert np.mean(expected.argmax(axis=1) == dataset.labels) == pytest.approx(accuracy, abs=6e-5)
    folded = network.with_graph(fold_batch_norm(network.graph))
    layers = mapped_layers(folded.graph)
    hardware = Hardware.of("au-lixcoo2-pt", HardwareConfig().ideal(), 0)
    parts = [hardware.part(plan, plan.target) for plan in plan_layers(layers, hardware)]
    some = images[:20]
    ideal = folded.with_graph(with_arrays(folded.graph, parts)[0]).logits(some)
    assert np.abs(ideal - expected[:20]).max() <= 1e-5 * np.abs(expected[:20]).max()
