"""Operators that do not go onto arrays: those without weights run as they are, weights are kept off by none."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from evaluator import evaluate
from models_va.errors import InputError
from tests.evaluator import networks
from tests.evaluator.network.test_onnx_forms import original_logits
from tests.evaluator.networks import node, random
from tests.evaluator.setups import CARD, IDEAL, setup_of, trial_logits

YES = np.array(True)


def branches(*inside, out="b"):
    graph = helper.make_graph(list(inside), "branch", [], [helper.make_tensor_value_info(out, TensorProto.FLOAT, None)])
    return {"then_branch": graph, "else_branch": graph}


def test_products_of_activations_run_as_they_are(tmp_path):
    nodes = [node("Gemm", "x w", "h"), node("Einsum", "h h", "e", equation="bi,bj->bij"), node("Flatten", "e", "y")]
    path = networks.save(tmp_path / "n.onnx", nodes, {"w": random((6, 3))}, classes=9)
    made = setup_of(path, networks.data(tmp_path / "d.npz"), IDEAL)
    assert trial_logits(made) == pytest.approx(original_logits(path, made.images), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("settings", [{}, {"errors.read_noise": 1e-7}])
def test_a_branch_sees_what_is_around_it(tmp_path, settings):
    """Its condition is constant, what it reads is not; nothing else reads ``a``; ``h`` has two uses."""
    nodes = [
        node("Gemm", "x w", "h"),
        node("BatchNormalization", "h s s s v", "n"),
        node("If", "yes", "i", **branches(node("Mul", "h a", "m"), node("Identity", "m", "b"))),
        node("Add", "n i", "y"),
    ]
    tensors = {"w": random((6, 3)), "s": random(3, 2), "v": np.ones(3, np.float32), "a": random(3, 3), "yes": YES}
    path = networks.save(tmp_path / "n.onnx", nodes, tensors)
    made = setup_of(path, networks.data(tmp_path / "d.npz"), IDEAL, settings)
    assert trial_logits(made) == pytest.approx(original_logits(path, made.images), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    ("nodes", "tensors", "words"),
    [
        ([node("Einsum", "x w", "y", "e", equation="bi,io->bo")], {"w": random((6, 3))}, "'Einsum' of node 'e'"),
        (
            [node("Cast", "x", "i", to=2), node("MatMulInteger", "i w", "p", "q"), node("Cast", "p", "y", to=1)],
            {"w": np.ones((6, 3), np.int8)},
            "'MatMulInteger' of node 'q'",
        ),
        (
            [
                node("Unsqueeze", "x first", "t"),
                node("Identity", "w", "same"),
                node("LSTM", "t same r", "all last", "l", hidden_size=3),
                node("Squeeze", "last first", "y"),
            ],
            {"w": random((1, 12, 6)), "r": random((1, 12, 3)), "first": np.array([0])},
            "'LSTM' of node 'l'",
        ),
        (
            [node("If", "yes", "y", "i", **branches(node("Gemm", "x w", "b")))],
            {"w": random((6, 3)), "yes": YES},
            "'Gemm' inside If of node 'i'",
        ),
        (
            [node("If", "yes", "y", "i", **branches(node("If", "yes", "b", **branches(node("MatMul", "x w", "b2"),
                                                                                     out="b2"))))],
            {"w": random((6, 3)), "yes": YES},
            "'MatMul' inside If of node 'i'",
        ),
    ],
)  # fmt: skip
def test_weights_are_kept_off_the_arrays_by_none(tmp_path, nodes, tensors, words):
    path = networks.save(tmp_path / "n.onnx", nodes, tensors)
    with pytest.raises(InputError) as caught:
        evaluate(path, networks.data(tmp_path / "d.npz"), CARD)
    assert str(caught.value) == (
        f"{path}: operator {words} may hold weights and cannot go onto arrays: export them as Conv, ConvTranspose, "
        "Gemm, MatMul; all other standard operators run digitally"
    )
