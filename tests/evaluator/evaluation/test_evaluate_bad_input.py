"""Bad input: one line that names file, place and remedy."""

import io
import os
import struct
import zipfile
from dataclasses import replace

import numpy as np
import onnx
import pytest

from evaluator import evaluate
from evaluator.network.onnx_model import load_network
from models_va import load_card
from models_va.errors import InputError
from netlists import ArrayConfig
from tests.evaluator import networks
from tests.evaluator.networks import node
from tests.evaluator.setups import config

CARD = "au-lixcoo2-pt"


def complaint(*arguments, **options):
    with pytest.raises(InputError) as caught:
        evaluate(*arguments, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 900
    return text


@pytest.fixture
def model(tmp_path):
    return networks.gemm(tmp_path / "n.onnx")


@pytest.fixture
def data(tmp_path):
    return networks.data(tmp_path / "d.npz")


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_truncated_network(digits, tmp_path, part):
    whole = digits[0].read_bytes()
    path = tmp_path / "cut.onnx"
    path.write_bytes(whole[: int(len(whole) * part)])
    text = complaint(path, digits[1], CARD)
    assert str(path) in text
    assert "truncated" in text


def test_every_truncation_of_a_small_network(model, data, tmp_path):
    whole = model.read_bytes()
    for length in range(0, len(whole) - 1, 7):
        (tmp_path / "cut.onnx").write_bytes(whole[:length])
        assert "cut.onnx" in complaint(tmp_path / "cut.onnx", data, CARD)


def test_no_network(tmp_path, data):
    (tmp_path / "t.onnx").write_text("not ONNX at all\n")
    assert "t.onnx" in complaint(tmp_path / "t.onnx", data, CARD)
    assert "missing.onnx: cannot be read: No such file" in complaint(tmp_path / "missing.onnx", data, CARD)
    os.mkfifo(tmp_path / "pipe.onnx")
    for path in (tmp_path, tmp_path / "pipe.onnx", "/dev/zero"):
        assert complaint(path, data, CARD) == f"{path}: is no plain file: give one"


def test_operators_with_weights_that_are_not_mapped(tmp_path, data):
    path = graph(tmp_path, [node("Einsum", "x w", "y", equation="bi,io->bo")], {"w": networks.random((6, 3))})
    text = complaint(path, data, CARD)
    assert path.name in text
    assert "'Einsum'" in text
    assert "Conv, ConvTranspose, Gemm, MatMul" in text


def graph(tmp_path, nodes, tensors, **options):
    return networks.save(tmp_path / "bad.onnx", nodes, tensors, **options)


def test_weights_that_cannot_be_mapped(tmp_path, data):
    w = networks.random((6, 3))
    cases = {
        "NaN": ([node("Gemm", "x w", "y", "evil\nname")], {"w": w * np.float32(np.nan)}),
        "constant weights": ([node("Transpose", "x", "t", perm=[1, 0]), node("MatMul", "x t", "y")], {}),
        "matrix is needed": ([node("Gemm", "x w", "y")], {"w": w[:, 0]}),
        "no weights": ([node("Relu", "x", "y")], {}),
        "onnxruntime": ([node("Gemm", "x w", "y")], {"w": w[:5]}),
    }
    for word, (nodes, tensors) in cases.items():
        text = complaint(graph(tmp_path, nodes, tensors), data, CARD)
        assert "bad.onnx" in text
        assert word in text


@pytest.mark.parametrize("op", ["MatMul", "Gemm"])
@pytest.mark.parametrize("kind", ["int32", "int64", "uint32"])
def test_integer_weights(tmp_path, data, op, kind):
    """Effective weights are no integers: they would be floored."""
    to = {"int32": 6, "int64": 7, "uint32": 12}[kind]
    nodes = [node("Cast", "x", "i", to=to), node(op, "i w", "h", "whole"), node("Cast", "h", "y", to=1)]
    text = complaint(graph(tmp_path, nodes, {"w": np.ones((6, 3), kind)}), data, CARD)
    assert text.startswith(f"{tmp_path / 'bad.onnx'}: {op} node 'whole': weights 'w' have type {kind}: export them as")


@pytest.mark.parametrize(("kind", "to"), [("float16", 10), ("float64", 11)])
def test_floating_weights_of_other_widths(tmp_path, data, kind, to):
    nodes = [node("Cast", "x", "i", to=to), node("MatMul", "i w", "h"), node("Cast", "h", "y", to=1)]
    path = graph(tmp_path, nodes, {"w": networks.random((6, 3)).astype(kind)})
    assert evaluate(path, data, CARD, ideal=True).layers[0].relative_output_error.both < 1e-3


@pytest.mark.parametrize("size", [-1, 0, 65537, 10**12, 2**63 - 1])
def test_absurd_batch(tmp_path, data, size):
    text = complaint(networks.gemm(tmp_path / "n.onnx", image=(size, 6)), data, CARD)
    assert text.startswith(f"{tmp_path / 'n.onnx'}: batch is fixed at {size}, not at 1 to 65536: export it with")


@pytest.mark.parametrize(("axis", "words"), [(0, "length 0"), (-1, "length -1")])
def test_absurd_image(tmp_path, data, axis, words):
    text = complaint(networks.gemm(tmp_path / "n.onnx", image=(1, axis)), data, CARD)
    assert text.startswith(f"{tmp_path / 'n.onnx'}: ")
    assert words in text


def test_images_too_large_to_free_a_batch(tmp_path):
    path = networks.gemm(tmp_path / "n.onnx", image=(1, 10**12))
    with pytest.raises(InputError, match=r"n\.onnx: .* images of shape \(1000000000000,\) are too large to free it"):
        load_network(path)


def test_operator_of_another_domain(tmp_path, data):
    foreign = node("Relu", "h", "y", domain="com.example")
    path = graph(tmp_path, [node("Gemm", "x w", "h"), foreign], {"w": networks.random((6, 3))})
    assert "bad.onnx" in complaint(path, data, CARD)


W = networks.random((6, 3))


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ([node("Gemm", "x w", "h"), node("Relu", "h", "y", domain="com.example")],
         "No opset import for domain 'com.example' ==> Context: Bad node spec for node. Name: OpType: Relu): "
         "export it with standard operators, of the opset that it names"),
        ([node("Gelu", "x", "h"), node("Gemm", "h w", "y")],
         "OpType: Gelu): export it with standard operators, of the opset that it names"),
        ([node("Gemm", "lost w", "y")], "'lost' of node: name: OpType: Gemm is not output of any previous nodes): "
         "export it again"),
        ([node("Gemm", "x w", "h")], "Graph output 'y' is not an output of any node in graph): export it again"),
        ([], "is truncated or no ONNX file (it has no operators): get it again"),
    ],
)  # fmt: skip
def test_each_fault_of_a_network_has_its_remedy(tmp_path, data, nodes, words):
    text = complaint(graph(tmp_path, nodes, {"w": W}), data, CARD)
    assert text.startswith(f"{tmp_path / 'bad.onnx'}: is ")
    assert text.endswith(words)


@pytest.mark.parametrize("kind", [99, onnx.TensorProto.BFLOAT16, onnx.TensorProto.INT4])
def test_types_that_are_unknown_or_do_not_fit(model, data, tmp_path, kind):
    """One byte of a damaged file."""
    for place in ("constant", "input"):
        changed = onnx.load(model)
        if place == "constant":
            changed.graph.initializer[0].data_type = kind
        else:
            changed.graph.input[0].type.tensor_type.elem_type = kind
        (tmp_path / "bad.onnx").write_bytes(changed.SerializeToString())
        assert complaint(tmp_path / "bad.onnx", data, CARD).startswith(f"{tmp_path / 'bad.onnx'}: ")


def test_a_constant_of_another_size(model, data, tmp_path):
    changed = onnx.load(model)
    changed.graph.initializer[0].dims[1] = 2
    (tmp_path / "bad.onnx").write_bytes(changed.SerializeToString())
    text = complaint(tmp_path / "bad.onnx", data, CARD)
    assert text.startswith(f"{tmp_path / 'bad.onnx'}: constant 'w' cannot be read (")
    assert text.endswith("): export it again")


def test_a_network_from_the_future(model, data):
    future = onnx.load(model)
    future.ir_version = 99
    onnx.save(future, model)
    assert complaint(model, data, CARD).endswith(f"export it for ONNX {onnx.__version__} or older")


@pytest.mark.parametrize("domain", ["", "ai.onnx"])
def test_an_opset_from_the_future(model, data, domain):
    future, newest = onnx.load(model), onnx.defs.onnx_opset_version()
    future.opset_import[0].CopyFrom(onnx.helper.make_opsetid(domain, 99))
    onnx.save(future, model)
    assert complaint(model, data, CARD) == f"{model}: is of opset 99: export it with opset {newest} or older"


@pytest.mark.parametrize("batch", ["batch", 1, 4])
@pytest.mark.parametrize(("op", "inputs"), [("Conv", "x w"), ("ConvTranspose", "x w"), ("MaxPool", "x")])
def test_a_padding_that_is_none(tmp_path, batch, op, inputs):
    kernel = {"kernel_shape": [2, 2]} if op == "MaxPool" else {}
    nodes = [
        node(op, inputs, "h", "wild", auto_pad="WEI\nRD", **kernel),
        node("Flatten", "h", "f"),
        node("Gemm", "f v", "y"),
    ]
    tensors = {"w": networks.random((2, 2, 2, 2)), "v": networks.random((8, 3))}
    path = graph(tmp_path, nodes, tensors, image=(batch, 2, 3, 3))
    text = complaint(path, networks.data(tmp_path / "d.npz", (8, 2, 3, 3)), CARD)
    assert text == (
        f"{path}: {op} node 'wild': auto_pad is 'WEI\\nRD': export it with one of NOTSET, VALID, SAME_UPPER, SAME_LOWER"
    )


@pytest.mark.parametrize("batch", ["batch", 1, 4])
def test_outputs_that_are_images(tmp_path, batch):
    """Not 144 classes."""
    path = graph(tmp_path, [node("Conv", "x w", "y")], {"w": networks.random((4, 2, 1, 1))}, image=(batch, 2, 6, 6))
    text = complaint(path, networks.data(tmp_path / "d.npz", (8, 2, 6, 6)), CARD)
    count = 1 if batch != 4 else 4
    assert text == f"{path}: gives shape ({count}, 4, 6, 6) for {count} images: (n, classes) needed"


@pytest.mark.parametrize("axes", [(4, 1, 1), (1, 4, 1), (1, 1, 4)])
def test_axes_of_length_1_are_none(tmp_path, axes):
    nodes = [node("Gemm", "x w", "h"), node("Reshape", "h shape", "y")]
    tensors = {"w": networks.random((6, 4)), "shape": np.array([0, *axes])}
    assert load_network(graph(tmp_path, nodes, tensors)).logits(np.ones((3, 6))).shape == (3, 4)


@pytest.mark.parametrize("images", [20, 4, 1])
@pytest.mark.parametrize("batch", ["batch", 4])
def test_outputs_that_are_no_logits(tmp_path, images, batch):
    data = networks.data(tmp_path / "d.npz", (images, 6))
    gemm = node("Gemm", "x w", "h")
    cases = {
        "gives shape () for": node("ReduceMean", "h", "y", keepdims=0),
        "gives shape (0, 3) for": node("Slice", "h zero zero", "y"),
    }
    for words, last in cases.items():
        path = graph(tmp_path, [gemm, last], {"w": W, "zero": np.array([0])}, image=(batch, 6))
        text = complaint(path, data, CARD)
        assert text.startswith(f"{path}: {words}")
        assert text.endswith("images: (n, classes) needed")


def test_an_output_that_is_a_sequence(tmp_path, data):
    path = graph(tmp_path, [node("Gemm", "x w", "h"), node("SequenceConstruct", "h h", "y")], {"w": W})
    model = onnx.load(path)
    tensor = onnx.helper.make_tensor_type_proto(onnx.TensorProto.FLOAT, None)
    model.graph.output[0].type.CopyFrom(onnx.helper.make_sequence_type_proto(tensor))
    onnx.save(model, path)
    assert complaint(path, data, CARD) == f"{path}: its first output holds no numbers: export it with the logits there"


@pytest.mark.parametrize("settings", [{}, {"converters.dac_bits": 4, "mapping.scheme": "reference"}])
def test_weights_times_a_vector(tmp_path, data, settings):
    """A product without an axis for images, which shows only when the network runs."""
    nodes = [
        node("Slice", "x zero one", "s"),
        node("Squeeze", "s", "m"),
        node("MatMul", "v m", "h", "whole"),
        node("Gemm", "x w h", "y"),
    ]
    path = graph(tmp_path, nodes, {"w": W, "v": W.T, "zero": np.array([0]), "one": np.array([1])})
    text = complaint(path, data, CARD, hardware=config(settings))
    assert text.startswith(f"{path}: MatMul node 'whole': multiplies its weights with a vector: export")


@pytest.mark.filterwarnings("error")
def test_a_variance_below_zero(tmp_path, data):
    nodes = [node("Gemm", "x w", "h"), node("BatchNormalization", "h s s s v", "y")]
    path = graph(tmp_path, nodes, {"w": W, "s": np.ones(3, np.float32), "v": np.float32([1, -2, 1])})
    assert complaint(path, data, CARD) == f"{path}: gives NaN or infinity for image 0: check weights and data scale"


def test_outputs_as_wide_as_the_batch(tmp_path, data):
    """Each image against all others of its batch: the last batch is narrower."""
    nodes = [node("Gemm", "x w", "h"), node("Transpose", "h", "t", perm=[1, 0]), node("MatMul", "h t", "y")]
    network = load_network(graph(tmp_path, nodes, {"w": W}))
    with pytest.raises(InputError, match=r"bad\.onnx: gives shape \(6, 6\) for 6 images: \(n, classes\) needed"):
        replace(network, batch=7).logits(np.ones((20, 6)))


def test_a_fixed_batch_of_many_values(tmp_path):
    """More than go through a network at once otherwise."""
    nodes = [node("Flatten", "x", "f"), node("Gemm", "f w", "y")]
    path = graph(tmp_path, nodes, {"w": networks.random((3072, 3))}, image=(64, 3, 32, 32))
    assert load_network(path).logits(np.ones((3, 3, 32, 32))).shape == (3, 3)


def test_batch_that_cannot_be_freed(tmp_path, data):
    """Images of one batch see one another: freeing the batch would change the result."""
    nodes = [node("Gemm", "x w", "h"), node("Softmax", "h", "y", axis=0)]
    path = graph(tmp_path, nodes, {"w": networks.random((6, 3))}, image=(2, 6))
    assert "affect one another" in complaint(path, data, CARD)
    nodes = [node("Gemm", "x w", "h"), node("Add", "h c", "y")]
    tensors = {"w": networks.random((6, 3)), "c": networks.random((4, 3))}
    path = graph(tmp_path, nodes, tensors, image=(4, 6))
    assert "cannot be freed" in complaint(path, data, CARD)


def save(tmp_path, **arrays):
    np.savez(tmp_path / "bad.npz", **arrays)
    return tmp_path / "bad.npz"


X, Y = np.zeros((4, 6), np.float32), np.array([0, 1, 2, 0])


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": X, "y": Y}, "needs the arrays x_test and y_test, found 'x', 'y'"),
        ({"x_test": X}, "found 'x_test'"),
        ({"x_test": X, "y_test": Y[:3]}, "y_test (3,)"),
        ({"x_test": X[:0], "y_test": Y[:0]}, "at least one image"),
        ({"x_test": np.where(np.arange(6) == 2, np.nan, X), "y_test": Y}, "x_test[0, 2] is NaN"),
        ({"x_test": X.astype(np.int64), "y_test": Y}, "int64"),
        ({"x_test": X, "y_test": Y.astype(float)}, "y_test has type float64"),
        ({"x_test": X, "y_test": Y + 1}, "y_test[2] = 3 is no class"),
        ({"x_test": X, "y_test": Y - 1}, "y_test[0] = -1 is no class"),
        ({"x_test": X[:, :5], "y_test": Y}, "(5,) do not fit the network's input (6,)"),
        ({"x_test": X.astype(object), "y_test": Y}, "no plain array"),
        ({"x_test": np.array(5), "y_test": Y}, "one label for each"),
    ],
)
def test_bad_arrays(model, tmp_path, arrays, words):
    text = complaint(model, save(tmp_path, **arrays), CARD)
    assert "bad.npz" in text
    assert words in text


def test_axes_in_another_order_are_refused(tmp_path):
    nodes = [node("Flatten", "x", "f"), node("Gemm", "f w", "y")]
    path = graph(tmp_path, nodes, {"w": networks.random((12, 3))}, image=("batch", 3, 2, 2))
    text = complaint(path, networks.data(tmp_path / "d.npz", (5, 2, 3, 2)), CARD)
    assert "(2, 3, 2)" in text
    assert "(3, 2, 2)" in text
    assert evaluate(path, networks.data(tmp_path / "d.npz", (5, 12)), CARD, trials=1).n_images == 5


def test_channels_last_become_channels_first(tmp_path):
    """Images of a camera into a network that takes channels first: the same as turned by hand."""
    path = networks.FORMS["conv"](tmp_path / "n.onnx")
    images = np.random.default_rng(1).uniform(size=(20, 5, 6, 2)).astype(np.float32)
    reports = []
    for name, x in (("last", images), ("first", images.transpose(0, 3, 1, 2))):
        np.savez(tmp_path / f"{name}.npz", x_test=x, y_test=np.arange(20))
        reports.append(evaluate(path, tmp_path / f"{name}.npz", CARD, trials=2))
    assert reports[0].accuracy_trials == reports[1].accuracy_trials
    assert reports[0].layers == reports[1].layers


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_truncated_data(digits, tmp_path, part):
    whole = digits[1].read_bytes()
    path = tmp_path / "cut.npz"
    path.write_bytes(whole[: int(len(whole) * part)])
    assert "cut.npz: is truncated" in complaint(digits[0], path, CARD)


def test_damaged_data(digits, tmp_path):
    whole = bytearray(digits[1].read_bytes())
    for place in range(100, len(whole), 5000):
        whole[place] ^= 0xFF
    (tmp_path / "damaged.npz").write_bytes(whole)
    assert "damaged.npz" in complaint(digits[0], tmp_path / "damaged.npz", CARD)


def header(shape):
    array = io.BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return array.getvalue()


def packed(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def zipped(path, name, content):
    """An .npz file in which the member ``name`` has this content and the other one is good."""
    with zipfile.ZipFile(path, "w") as archive:
        for key, array in (("x_test", X), ("y_test", Y)):
            if name.startswith(key):
                archive.writestr(name, content)
            else:
                archive.writestr(f"{key}.npy", packed(array))
    return path


def patched(path, offset, value):
    """A sound .npz file with another 16-bit number in the heads of all members."""
    zipped(path, "x_test.npy", packed(X))
    whole = bytearray(path.read_bytes())
    for signature, shift in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):
        start = whole.find(signature)
        while start >= 0:
            struct.pack_into("<H", whole, start + offset + shift, value)
            start = whole.find(signature, start + 4)
    path.write_bytes(whole)
    return path


@pytest.mark.parametrize("key", ["x_test", "y_test"])
@pytest.mark.parametrize(
    "content",
    [
        header((10**12, 8)),
        header((4, 6)),
        b"\x93NUMPY\x01\x00\x08\x00{'descr'",
        b"\x93NUMPY\x01\x00\x08\x00" + b"(" * 8,
        b"\x93NUMPY\x09\x00\x08\x00",
        b"\x93NUMPY",
    ],
)
def test_damaged_member(model, tmp_path, key, content):
    text = complaint(model, zipped(tmp_path / "bad.npz", f"{key}.npy", content), CARD)
    assert text.startswith(f"{tmp_path / 'bad.npz'}: {key} ")


@pytest.mark.parametrize("name", ["x_test", "y_test", "x_test.npy", "y_test.npy"])
def test_member_that_is_no_array(model, tmp_path, name):
    text = complaint(model, zipped(tmp_path / "bad.npz", name, b"plain text"), CARD)
    assert text.startswith(f"{tmp_path / 'bad.npz'}: {name[:6]} ")


@pytest.mark.parametrize(("offset", "value"), [(6, 1), (8, 99), (8, 6)])
def test_encrypted_or_packed_in_an_unknown_way(model, tmp_path, offset, value):
    text = complaint(model, patched(tmp_path / "bad.npz", offset, value), CARD)
    assert text.startswith(f"{tmp_path / 'bad.npz'}: x_test is truncated, encrypted")


@pytest.mark.filterwarnings("error")
def test_data_beyond_the_type_of_the_network(model, tmp_path):
    images = X.astype(float)
    images[2, 3] = -1e200
    text = complaint(model, save(tmp_path, x_test=images, y_test=Y), CARD)
    assert f"{tmp_path / 'bad.npz'}: x_test[2, 3] = -1e+200 is beyond float32" in text
    assert "scale the data" in text


def test_data_of_another_kind(model, tmp_path):
    np.save(tmp_path / "plain.npy", X)
    (tmp_path / "d.yaml").write_text("images: x\n")
    assert "plain.npy" in complaint(model, tmp_path / "plain.npy", CARD)
    assert "d.yaml: file: Field required" in complaint(model, tmp_path / "d.yaml", CARD)
    assert "nothing.npz" in complaint(model, tmp_path / "nothing.npz", CARD)


def test_card_without_a_window(model, data):
    card = load_card(CARD).model_copy(update={"conductance_window": None})
    assert "conductance_window" in complaint(model, data, card)
    assert "no-such-card" in complaint(model, data, "no-such-card")


def test_counts_and_array(model, data):
    assert "trials = 30000000: give 10000 or fewer" in complaint(model, data, CARD, trials=30_000_000)
    assert "trials = 0" in complaint(model, data, CARD, trials=0)
    assert "seed = -1" in complaint(model, data, CARD, seed=-1)
    assert "limit = 0" in complaint(model, data, CARD, limit=0)
    assert "columns = 1" in complaint(model, data, CARD, array=ArrayConfig(rows=8, columns=1))
