"""Train the digits network that ships with the evaluator: plain numpy, seeded, written as ONNX.

    python examples/train_digits_mlp.py evaluator/example/digits.npz evaluator/example/digits_mlp.onnx

64-48-10, Gemm and Relu, cross-entropy, Adam with a linearly falling step and a small weight decay.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import typer
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[np.float64]
HIDDEN, EPOCHS, BATCH, RATE, DECAY = 48, 60, 32, 2e-3, 1e-4


def start(rng: np.random.Generator) -> list[Array]:
    """Weights (inputs, outputs) and biases of both layers; He initialisation."""
    sizes = [(64, HIDDEN), (HIDDEN, 10)]
    return [p for i, o in sizes for p in (rng.normal(0, np.sqrt(2 / i), (i, o)), np.zeros(o))]


def gradients(p: list[Array], x: Array, y: NDArray[np.int64]) -> list[Array]:
    """Gradients of the mean cross-entropy over a batch, x of shape (n, 64), y of shape (n,)."""
    hidden = np.maximum(x @ p[0] + p[1], 0)
    logits = hidden @ p[2] + p[3]
    share = np.exp(logits - logits.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    out = (share - np.eye(10)[y]) / len(x)
    back = (out @ p[2].T) * (hidden > 0)
    return [x.T @ back, back.sum(axis=0), hidden.T @ out, out.sum(axis=0)]


def train(x: Array, y: NDArray[np.int64], seed: int = 0) -> list[Array]:
    """Adam on x of shape (n, 64) in 0..1, y of shape (n,)."""
    rng = np.random.default_rng(seed)
    p = start(rng)
    mean, square = [np.zeros_like(w) for w in p], [np.zeros_like(w) for w in p]
    step = 0
    for epoch in range(EPOCHS):
        order = rng.permutation(len(x))
        for chosen in np.split(order, range(BATCH, len(order), BATCH)):
            step += 1
            for k, g in enumerate(gradients(p, x[chosen], y[chosen])):
                mean[k] = 0.9 * mean[k] + 0.1 * g
                square[k] = 0.999 * square[k] + 0.001 * g * g
                scale = np.sqrt(square[k] / (1 - 0.999**step)) + 1e-8
                p[k] -= RATE * (1 - epoch / EPOCHS) * (mean[k] / (1 - 0.9**step) / scale + DECAY * p[k])
    return p


def network(p: list[Array]) -> onnx.ModelProto:
    """The ONNX graph: image (batch, 64) to logits (batch, 10), weights stored as (outputs, inputs)."""
    names = ("hidden.weight", "hidden.bias", "output.weight", "output.bias")
    stored = [np.ascontiguousarray(w.T, dtype=np.float32) for w in p]
    tensors = [numpy_helper.from_array(w, n) for n, w in zip(names, stored, strict=True)]
    nodes = [
        helper.make_node("Gemm", ["image", *names[:2]], ["sum"], name="hidden", transB=1),
        helper.make_node("Relu", ["sum"], ["active"], name="relu"),
        helper.make_node("Gemm", ["active", *names[2:]], ["logits"], name="output", transB=1),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 64])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])
    graph = helper.make_graph(nodes, "digits_mlp", [image], [logits], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def main(data: Path, output: Path) -> None:
    """Train on x_train, report the accuracy on x_test, write the network."""
    with np.load(data) as arrays:
        p = train(arrays["x_train"].reshape(-1, 64).astype(np.float64), arrays["y_train"])
        x, y = arrays["x_test"].reshape(-1, 64).astype(np.float64), arrays["y_test"]
    found = np.argmax(np.maximum(x @ p[0] + p[1], 0) @ p[2] + p[3], axis=1)
    onnx.save(network(p), output)
    typer.echo(f"{output}: {np.mean(found == y):.4f} of {len(y)} test images right")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
