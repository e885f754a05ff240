"""Gemm and MatMul with a constant side, in every form that ONNX knows, against onnxruntime on the file itself."""

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator import evaluate
from evaluator.network.graph import Graph
from evaluator.network.onnx_model import load_network
from evaluator.network.ops.layers import mapped_layers
from evaluator.network.products import plain_products
from models_va.errors import InputError
from tests.evaluator import networks
from tests.evaluator.networks import node, random
from tests.evaluator.setups import CARD, IDEAL, hardware, setup_of, trial_logits

W, B = random((6, 3)), random(3, 1)
FLAT = [node("Reshape", "h flat", "y")]
TURN = node("Transpose", "x", "t", perm=[1, 0])
BACK = node("Transpose", "h", "y", perm=[1, 0])
VECTOR = node("Reshape", "x vector", "v")
SHAPES = {"flat": np.array([0, -1]), "vector": np.array([-1]), "row": np.array([1, -1]), "rows": np.array([-1, 3])}
FORMS = {
    "gemm, transA": ([TURN, node("Gemm", "t w b", "y", transA=1, alpha=0.5, beta=-2.0)], (6, 3), (6,)),
    "gemm, transA and transB": ([TURN, node("Gemm", "t w b", "y", transA=1, transB=1)], (3, 6), (6,)),
    "gemm, A": ([TURN, node("Gemm", "w t c", "h", alpha=0.5, beta=-2.0), BACK], (3, 6), (6,)),
    "gemm, A of transA": ([TURN, node("Gemm", "w t c", "h", transA=1), BACK], (6, 3), (6,)),
    "gemm, A and transB": ([node("Gemm", "w x c", "h", transB=1), BACK], (3, 6), (6,)),
    "x stack": ([node("MatMul", "x w", "h"), *FLAT], (4, 6, 3), (4, 5, 6)),
    "stack x": ([node("MatMul", "w x", "h"), *FLAT], (4, 3, 6), (4, 6, 5)),
    "one x for a stack": ([node("MatMul", "x w", "h"), *FLAT], (2, 1, 4, 6, 3), (2, 3, 1, 5, 6)),
    "stack of one": ([node("MatMul", "x w", "h"), node("Reshape", "h rows", "y")], (1, 1, 6, 3), (6,)),
    "x vector": ([node("MatMul", "x w", "y")], (6,), (3, 6)),
    "vector x": ([node("MatMul", "w x", "y")], (6,), (6, 3)),
}
"""Nodes, shape of the weights, and of an image."""
ONE = {
    "matrix vector": ([VECTOR, node("MatMul", "w v", "h")], (3, 6), (6,)),
    "vector matrix": ([VECTOR, node("MatMul", "v w", "h")], (6, 3), (6,)),
    "vector vector": ([VECTOR, node("MatMul", "w v", "h")], (6,), (6,)),
    "stack vector": ([VECTOR, node("MatMul", "w v", "h")], (2, 3, 6), (6,)),
    "vector stack": ([VECTOR, node("MatMul", "v w", "h")], (2, 6, 3), (6,)),
}
"""The same of an image that lost its batch."""


def network(folder, nodes, weights, image, batch="batch", opset=17, images=9):
    tensors = {"w": random(weights), "b": B, "c": B[:, None], **SHAPES}
    end = [] if batch == "batch" else [node("Reshape", "h row", "y")]
    path = networks.save(folder / "n.onnx", [*nodes, *end], tensors, (batch, *image), "classes", opset=opset)
    return networks.data(folder / "d.npz", (images, *image), 3), path


def by_onnxruntime(path, images, at_once):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    parts = (images[i : i + at_once] for i in range(0, len(images), at_once))
    return np.concatenate([session.run(None, {"x": x})[0].reshape(len(x), -1) for x in parts])


@pytest.mark.parametrize("opset", [8, 10, 17])
@pytest.mark.parametrize("form", [*FORMS, *ONE])
def test_ideal_arrays_give_what_onnxruntime_gives(tmp_path, form, opset):
    one = form in ONE
    data, path = network(tmp_path, *(ONE if one else FORMS)[form], 1 if one else "batch", opset)
    expected = by_onnxruntime(path, np.load(data)["x_test"], 1 if one else 9)
    setup = setup_of(path, labelled(data, expected), IDEAL)
    assert len(setup.plans) == 1
    assert setup.network.logits(setup.images) == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert trial_logits(setup) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def labelled(path, logits):
    """The data with labels that the network has."""
    x = np.load(path)["x_test"]
    np.savez(path, x_test=x, y_test=np.arange(len(x)) % logits.shape[1])
    return path


@settings(max_examples=40)
@given(data=st.data(), first=st.booleans(), opset=st.sampled_from([7, 13, 18]))
def test_any_stack_of_matrices(tmp_path_factory, data, first, opset):
    """Axes of weights and images broadcast against each other in any way; the first is the images'."""
    lengths = data.draw(st.lists(st.integers(1, 3), max_size=3))
    one = st.sampled_from([0, 1])
    mine, theirs = ([n if data.draw(one) else 1 for n in lengths] for _ in range(2))
    stack, (inputs, outputs, vectors) = theirs[data.draw(st.integers(0, len(theirs))) :], (4, 3, 2)
    weights = (*stack, outputs, inputs) if first else (*stack, inputs, outputs)
    image = (*mine, inputs, vectors) if first else (*mine, vectors, inputs)
    nodes = [node("MatMul", "w x" if first else "x w", "h"), *FLAT]
    folder = tmp_path_factory.mktemp("stack")
    _, path = network(folder, nodes, weights, image, opset=opset)
    x = np.random.default_rng(1).normal(size=(5, *image)).astype(np.float32)
    w = random(weights)
    expected = (np.matmul(w, x) if first else np.matmul(x, w)).reshape(5, -1)
    loaded = load_network(path)
    (layer,) = mapped_layers(loaded.graph)
    assert loaded.logits(x) == pytest.approx(expected, rel=1e-5, abs=1e-5)
    assert layer.weights.size == w.size


def test_a_stack_of_doubles(tmp_path):
    """It becomes a convolution, and onnxruntime has none of doubles."""
    nodes, shape, image = FORMS["x stack"]
    x, w = np.random.default_rng(1).normal(size=(9, *image)), random(shape).astype(float)
    path = networks.save(
        tmp_path / "n.onnx", nodes, {"w": w, **SHAPES}, ("batch", *image), "classes", kind=networks.DOUBLE
    )
    np.savez(tmp_path / "d.npz", x_test=x, y_test=np.zeros(9, int))
    expected = np.matmul(x, w).reshape(9, -1)
    setup = setup_of(path, tmp_path / "d.npz", IDEAL)
    assert setup.network.logits(x) == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert trial_logits(setup) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_each_matrix_of_a_stack_has_arrays_as_if_it_were_alone(tmp_path):
    """Wires and converters: with its own rows and columns, and inputs of its own."""
    wires = {"array.rows": 4, "array.columns": 4, "array.r_row_ohm": 50, "array.r_col_ohm": 50}
    exact = {"errors.programming": "exact"}
    data, path = network(tmp_path, *FORMS["x stack"])
    x, w = np.load(data)["x_test"], random((4, 6, 3))
    setup = setup_of(path, labelled(data, np.zeros((1, 60))), wires, exact)
    together = trial_logits(setup).reshape(9, 4, 5, 3)
    assert np.abs(together - np.matmul(x, w)).max() > 1e-3  # the wires take their share
    for k in range(4):
        folder = tmp_path / str(k)
        folder.mkdir()
        alone = networks.save(
            folder / "n.onnx", [node("MatMul", "x w", "h"), *FLAT], {"w": w[k], **SHAPES}, ("batch", 5, 6), "classes"
        )
        np.savez(folder / "d.npz", x_test=x[:, k], y_test=np.arange(9))
        alone_logits = trial_logits(setup_of(alone, folder / "d.npz", wires, exact)).reshape(9, 5, 3)
        assert together[:, k] == pytest.approx(alone_logits, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("form", ["gemm, transA", "gemm, A and transB", "x stack", "one x for a stack", "vector x"])
def test_everything_on(tmp_path, form):
    """Converters, noise, shared columns, corrections: the arrays still compute the product."""
    data, path = network(tmp_path, *FORMS[form], images=200)
    on = {
        "errors.programming": "exact",
        "mapping.scheme": "reference",
        "array.rows": 4,
        "array.columns": 5,
        "converters.dac_bits": 8,
        "converters.adc_bits": 9,
        "errors.read_noise": 0.002,
        "errors.nonlinearity": True,
        "compensate": "columns",
    }
    logits = by_onnxruntime(path, np.load(data)["x_test"], 200)
    report = evaluate(path, labelled(data, logits), CARD, hardware=hardware(on).config, trials=1)
    assert 1e-3 < report.layers[0].relative_output_error.total < 0.05


def test_a_batch_of_one_image_that_cannot_be_freed_stays(tmp_path):
    _, path = network(tmp_path, *ONE["matrix vector"], batch=1)
    assert load_network(path).batch == 1
    _, path = network(tmp_path, [node("MatMul", "x w", "h")], (6, 3), (6,), batch=1)
    assert load_network(path).batch > 1  # this one can


def test_products_as_they_are_stay(tmp_path):
    _, path = network(tmp_path, [node("MatMul", "x w", "y")], (6, 3), (6,))
    graph = Graph(onnx.load(path))
    assert plain_products(graph) is graph


def test_a_stack_times_nobody_knows_what(tmp_path):
    nodes = [node("Squeeze", "x", "s"), node("MatMul", "s w", "h", "stack"), *FLAT]
    _, path = network(tmp_path, nodes, (4, 6, 3), (4, 5, 6))
    with pytest.raises(InputError, match=r"n\.onnx: MatMul node 'stack': axes of 's' are not known: export it with"):
        load_network(path)
