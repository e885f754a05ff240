"""Networks as exporters write them: what onnxruntime says of the untouched file is the truth."""

import ml_dtypes
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from evaluator import evaluate
from evaluator.network.batch_norm import fold_batch_norm
from evaluator.network.graph import Graph
from evaluator.network.onnx_model import load_network
from evaluator.network.ops.layers import mapped_layers
from evaluator.operators.mapped import with_weights
from models_va.errors import InputError
from tests.evaluator import networks


def original_logits(path, images):
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.disable_quant_qdq", "1")  # no integer kernels with roundings of their own
    session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    (x,) = [i for i in session.get_inputs() if i.name == "x"]
    step = x.shape[0] if isinstance(x.shape[0], int) else len(images)
    return np.concatenate([session.run(None, {"x": images[i : i + step]})[0] for i in range(0, len(images), step)])


def test_a_fixed_batch_larger_than_a_run(tmp_path):
    network = load_network(networks.gemm(tmp_path / "n.onnx", image=(1500, 6)))
    assert network.logits(images_for(network, 3)).shape == (3, 3)


def images_for(network, n=8):
    return np.random.default_rng(1).uniform(size=(n, *network.image_shape)).astype(np.float32)


@pytest.mark.parametrize("form", networks.FORMS)
def test_free_batch_changes_nothing(form, tmp_path):
    path = networks.FORMS[form](tmp_path / "n.onnx")
    before = path.read_bytes()
    network = load_network(path)
    images = images_for(network)
    assert network.logits(images) == pytest.approx(original_logits(path, images), rel=1e-5, abs=1e-6)
    assert path.read_bytes() == before


@pytest.mark.parametrize("form", networks.FORMS)
def test_weights_go_back_where_they_came_from(form, tmp_path):
    network = load_network(networks.FORMS[form](tmp_path / "n.onnx"))
    before = network.graph.model.SerializeToString(deterministic=True)
    layers = mapped_layers(network.graph)
    images = images_for(network)
    own = with_weights(network.graph, layers, [layer.weights for layer in layers])
    changed = with_weights(network.graph, layers, [2 * layer.weights + 0.1 for layer in layers])
    logits = lambda graph: network.with_graph(graph).logits(images)
    assert logits(own) == pytest.approx(network.logits(images), rel=1e-6, abs=1e-7)
    assert not np.allclose(logits(changed), network.logits(images))
    assert network.graph.model.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize("form", networks.FORMS)
def test_ideal_arrays_compute_the_network(form, tmp_path):
    path = networks.FORMS[form](tmp_path / "n.onnx")
    image = load_network(path).image_shape
    data = networks.data(tmp_path / "d.npz", (20, *image))
    report = evaluate(path, data, "au-lixcoo2-pt", ideal=True)
    assert report.accuracy_hardware == report.accuracy_float
    assert all(layer.relative_output_error.both < 1e-6 for layer in report.layers)


@pytest.mark.parametrize("form", networks.FORMS)
def test_real_arrays_run_every_form(form, tmp_path):
    path = networks.FORMS[form](tmp_path / "n.onnx")
    data = networks.data(tmp_path / "d.npz", (20, *load_network(path).image_shape))
    report = evaluate(path, data, "au-lixcoo2-pt", trials=2)
    assert len(report.layers) == len(mapped_layers(load_network(path).graph))
    for layer in report.layers:
        error = layer.relative_output_error
        assert layer.devices == 2 * layer.groups * np.prod(layer.shape)
        assert error.both < 0.5
    zero = form == "negated"
    assert report.layers[0].relative_output_error.programming > 0
    assert not zero or report.layers[1].relative_output_error.both == 0


def test_layers_as_vectors_see_the_activations(tmp_path):
    """W x of the extracted layer is what the node itself gives, without its bias."""
    for form in ("gemm_trans_b", "matmul_weights_first", "matmul_add", *networks.CONVOLUTIONS):
        network = load_network(networks.FORMS[form](tmp_path / "n.onnx"))
        (layer,) = mapped_layers(network.graph)
        node = network.graph.nodes[layer.node]
        images = images_for(network)
        activation, output = network.opened([node.input[layer.activation_input], node.output[0]])(images)
        bias = networks.random(3, 1) if layer.op == "Gemm" else 0
        product = layer.to_vectors(activation, 10_000) @ layer.weights.swapaxes(1, 2) + bias
        expected = np.moveaxis(output, 1, -1) if layer.op == "Conv" else output  # places, channels
        expected = expected.reshape(-1, layer.groups, layer.shape[0]).swapaxes(0, 1)
        assert product == pytest.approx(expected, rel=1e-5, abs=1e-6)
        few = layer.to_vectors(activation, 3)
        assert few.shape == (layer.groups, 3, layer.shape[1])


def test_vectors_of_a_transposed_convolution_are_its_places(tmp_path):
    network = load_network(networks.FORMS["conv_transpose"](tmp_path / "n.onnx"))
    (layer,) = mapped_layers(network.graph)
    images = images_for(network)
    vectors = layer.to_vectors(images, 10_000)
    assert vectors.shape == (2, 8 * 9, 2)
    assert vectors[1, 4] == pytest.approx(images[0, 2:, 1, 1])


def test_batch_norm_becomes_part_of_the_layer_before_it(tmp_path):
    for form in ("conv_norm", "conv_transpose_norm", "gemm_norm"):
        network = load_network(networks.FORMS[form](tmp_path / "n.onnx"))
        folded = network.with_graph(fold_batch_norm(network.graph))
        onnx.checker.check_model(folded.graph.model)
        count = lambda n: sum(node.op_type == "BatchNormalization" for node in n.graph.nodes)
        assert (count(network), count(folded)) == (1, 0)
        images = images_for(network)
        assert folded.logits(images) == pytest.approx(network.logits(images), rel=1e-5, abs=1e-5)
    kept = load_network(networks.FORMS["norm_of_a_shared_output"](tmp_path / "n.onnx")).graph
    assert [n.op_type for n in fold_batch_norm(kept).nodes] == [n.op_type for n in kept.nodes]


def test_batch_norm_with_numbers_for_every_place_stays(tmp_path):
    """``spatial=0`` of opsets 7 and 8: scale, shift, mean and variance have the shape of an image."""
    numbers = {name: abs(networks.random((3, 4), k)) for k, name in enumerate("stmv")}
    nodes = [
        networks.node("Conv", "x w", "h"),
        networks.node("BatchNormalization", "h s t m v", "n", spatial=0),
        networks.node("Flatten", "n", "y"),
    ]
    tensors = {"w": networks.random((3, 2, 2)), **numbers}
    path = networks.save(tmp_path / "n.onnx", nodes, tensors, ("batch", 2, 5), "classes", opset=7)
    graph = Graph(onnx.load(path))
    assert [n.op_type for n in fold_batch_norm(graph).nodes] == ["Conv", "BatchNormalization", "Flatten"]


def test_a_constant_product_is_no_layer(tmp_path):
    nodes = [networks.node("MatMul", "a b", "w"), networks.node("Gemm", "x w", "y", "only")]
    path = networks.save(tmp_path / "n.onnx", nodes, {"a": networks.random((6, 2)), "b": networks.random((2, 3))})
    assert [layer.name for layer in mapped_layers(load_network(path).graph)] == ["only"]


@pytest.mark.parametrize("kind", ["bfloat16", "float8_e4m3fn", "float8_e5m2", "int4", "uint4"])
def test_types_that_numpy_lacks(tmp_path, kind):
    """In a Constant, and transposed."""
    stored = np.arange(18).reshape(3, 6).astype(np.uint8).astype(getattr(ml_dtypes, kind))
    nodes = [
        onnx.helper.make_node("Constant", [], ["q"], value=numpy_helper.from_array(stored)),
        networks.node("Transpose", "q", "t", perm=[1, 0]),
        networks.node("Cast", "t", "w", to=networks.FLOAT),
        networks.node("MatMul", "x w", "y"),
    ]
    path = networks.save(tmp_path / "n.onnx", nodes, {}, opset=21, ir=10)
    (layer,) = mapped_layers(load_network(path).graph)
    assert np.array_equal(layer.weights[0], stored.astype(float))


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("constant", [False, True])
def test_sparse_weights(tmp_path, constant, axes):
    """Their indices count through the tensor, or along each axis; as an initializer, or in a Constant."""
    w = np.maximum(networks.random((6, 3)), 0)
    places = np.flatnonzero(w) if axes == 1 else np.argwhere(w)
    values, indices = (numpy_helper.from_array(a, "w") for a in (w[w > 0], places))
    sparse = onnx.helper.make_sparse_tensor(values, indices, w.shape)
    nodes = [onnx.helper.make_node("Constant", [], ["w"], sparse_value=sparse)] if constant else []
    path = networks.save(tmp_path / "n.onnx", [*nodes, networks.node("MatMul", "x w", "y")], {})
    if not constant:
        model = onnx.load(path)
        model.graph.sparse_initializer.append(sparse)
        onnx.save(model, path)
    network = load_network(path)
    (layer,) = mapped_layers(network.graph)
    assert np.array_equal(layer.weights[0], w.T)
    doubled = network.with_graph(with_weights(network.graph, [layer], [2 * layer.weights]))
    assert doubled.logits(images_for(network)) == pytest.approx(2 * images_for(network) @ w, rel=1e-5)


def test_sparse_weights_beyond_their_shape(tmp_path):
    values, indices = (numpy_helper.from_array(np.array(a), "w") for a in ([1.0], [0]))
    path = networks.save(tmp_path / "n.onnx", [networks.node("MatMul", "x w", "y")], {})
    model = onnx.load(path)
    model.graph.sparse_initializer.append(onnx.helper.make_sparse_tensor(values, indices, (2**31, 2**31)))
    with pytest.raises(InputError, match="constant 'w' cannot be read"):
        mapped_layers(Graph(model))


def test_names_that_clash_with_the_passes(tmp_path):
    nodes = [
        networks.node("Gemm", "x effective_weights_0", "effective_weights_0_"),
        networks.node("Relu", "effective_weights_0_", "y"),
    ]
    path = networks.save(tmp_path / "n.onnx", nodes, {"effective_weights_0": networks.random((6, 3))})
    network = load_network(path)
    layers = mapped_layers(network.graph)
    onnx.checker.check_model(with_weights(network.graph, layers, [layers[0].weights]).model)
    assert evaluate(path, networks.data(tmp_path / "d.npz"), "au-lixcoo2-pt", ideal=True).n_images == 20
