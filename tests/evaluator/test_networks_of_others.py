"""Networks that nobody here made: float accuracy as their README says, and the ideal limit."""

import numpy as np
import pytest

from evaluator.batch_norm import fold_batch_norm
from evaluator.dataset import load_dataset
from evaluator.hardware import Hardware
from evaluator.hardware_graph import mapped_layers, with_weights
from evaluator.onnx_model import load_network

IMAGENET, CIFAR, RESNET = (
    ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
    ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
)
PLAIN = ((0.0,), (1.0,))
BYTES = ((0.0,), (1 / 255,))
NETWORKS = {
    "mnist_mlp_256x2_vnncomp": ("mnist", PLAIN, 0.9808),
    "mnist_mlp_sigmoid6x200_eran": ("mnist", PLAIN, 0.9766),
    "mnist_cnn_avgpool_verivital": ("mnist", PLAIN, 0.9795),
    "mnist_cnn_cntk8_onnxzoo": ("mnist", BYTES, 0.9891),
    "mnist_crosssim_cnn6": ("mnist", PLAIN, 0.9857),
    "fashion_mlp128_shahjahan": ("fashion_mnist", ((0.5,), (0.5,)), 0.8740),
    "fashion_cnn_edwin19": ("fashion_mnist", PLAIN, 0.9015),
    "cifar10_resnet20_crosssim_torch_bn": ("cifar10_test2000", IMAGENET, 0.9070),
    "cifar10_resnet8_mlperftiny": ("cifar10_test2000", BYTES, 0.8680),
    "cifar10_cnn_small_marabou": ("cifar10_test2000", PLAIN, 0.6225),
    "cifar10_resnet2b_vnncomp": ("cifar10_test2000", RESNET, 0.6915),
    "cifar100_micronet_v2_pruned15_bn": ("cifar100_test2000", CIFAR, 0.8125),
}


def prepared(shared_data, name):
    file, (mean, std), accuracy = NETWORKS[name]
    network = load_network(shared_data / "models" / f"{name}.onnx")
    dataset = load_dataset(shared_data / f"{file}.npz")
    scaled = ((dataset.images - np.float32(mean)) / np.float32(std)).astype(np.float32)
    return network, type(dataset)(dataset.source, scaled, dataset.labels), accuracy


@pytest.mark.parametrize("name", NETWORKS)
def test_float_accuracy_and_ideal_limit(shared_data, name):
    network, dataset, accuracy = prepared(shared_data, name)
    images = dataset.images_as(network.image_shape, network.dtype)
    expected = network.logits(images)
    assert np.mean(expected.argmax(axis=1) == dataset.labels) == pytest.approx(accuracy, abs=6e-5)
    folded = network.with_model(fold_batch_norm(network.model))
    layers = mapped_layers(folded.model)
    hardware = Hardware.of("au-lixcoo2-pt", None, 0, ideal=True)
    weights = [hardware.read(hardware.target(x.weights), x) for x in layers]
    ideal = folded.with_model(with_weights(folded.model, layers, weights)).logits(images[:100])
    assert np.abs(ideal - expected[:100]).max() <= 1e-5 * np.abs(expected[:100]).max()
