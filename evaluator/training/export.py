"""The trained network leaves: trained.onnx with its weights, conductances.npz with those of its devices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from evaluator.training.run import Perceptron
from models_va.errors import InputError


def write_onnx(network: Perceptron, path: Path) -> Path:
    """Write the network as it is on its devices: Gemm, activation, ..., Gemm, Softmax of inputs (n, inputs).

    Raises:
        InputError: the file cannot be written.
    """
    nodes, tensors, at = [], [], "x"
    last = len(network.sizes) - 2
    for n, (w, b) in enumerate(network.layers()):
        tensors += [
            numpy_helper.from_array(np.ascontiguousarray(a), f"layer{n + 1}.{k}") for k, a in (("w", w), ("b", b))
        ]
        nodes.append(
            helper.make_node("Gemm", [at, f"layer{n + 1}.w", f"layer{n + 1}.b"], [f"z{n + 1}"], f"layer{n + 1}")
        )
        kind = "Softmax" if n == last else "Relu" if network.relu else "Sigmoid"
        at = "probabilities" if n == last else f"h{n + 1}"
        nodes.append(helper.make_node(kind, [f"z{n + 1}"], [at]))
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", network.sizes[0]])]
    outputs = [helper.make_tensor_value_info(at, TensorProto.FLOAT, ["n", network.sizes[-1]])]
    graph = helper.make_graph(nodes, "trained", inputs, outputs, tensors)
    model = helper.make_model(
        graph, producer_name="spicegen", opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    onnx.checker.check_model(model)
    try:
        path.write_bytes(model.SerializeToString())
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    return path


def write_conductances(network: Perceptron, window_siemens: tuple[float, float], path: Path) -> Path:
    """Write the conductances of all devices: LAYER.plus_siemens and LAYER.minus_siemens, shape (inputs + 1, outputs).

    The last row are the devices of the biases. LAYER.range is the weight that the difference of the window's ends
    stands for; layers are named as in trained.onnx.

    Raises:
        InputError: the file cannot be written.
    """
    low, high = window_siemens
    found: dict[str, np.ndarray] = {"window_siemens": np.array(window_siemens)}
    for n, (g, range_) in enumerate(zip(network.by_layer(), network.ranges, strict=True), 1):
        plus, minus = low + (high - low) * g.astype(np.float64)
        found |= {f"layer{n}.plus_siemens": plus, f"layer{n}.minus_siemens": minus, f"layer{n}.range": np.array(range_)}
    try:
        np.savez(path, allow_pickle=False, **found)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    return path
