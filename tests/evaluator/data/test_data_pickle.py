"""CIFAR's pickles: what they may hold, and that nothing in them is ever run."""

import os
import pickle
import re
import struct

import numpy as np
import pytest

from evaluator.data import load_dataset
from tests.evaluator.data import data_files as write
from tests.evaluator.data.test_data_bad_input import complaint

IMAGES, LABELS = write.pictures(4), [3, 1, 4, 1]
DATA = write.planes(IMAGES)
PROTOCOLS = {"python2": write.python2, **{str(p): lambda x, p=p: pickle.dumps(x, p) for p in (2, 3, 4, 5)}}


def save(tmp_path, content):
    path = tmp_path / "test_batch"
    path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content))
    return path


@pytest.mark.parametrize("dump", PROTOCOLS.values(), ids=PROTOCOLS)
@pytest.mark.parametrize("labels", [LABELS, np.array(LABELS)], ids=["list", "array"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_protocol(tmp_path, dump, labels, order):
    whole = dump({"data": np.asarray(DATA, order=order), "labels": labels})
    found = load_dataset(save(tmp_path, whole))
    assert np.array_equal(np.rint(found.images * 255), IMAGES)
    assert found.labels.tolist() == LABELS


class Evil:
    def __init__(self, call, *arguments):
        self.what = call, arguments

    def __reduce__(self):
        return self.what


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    "call", [(os.system, "touch {}"), (eval, "open('{}', 'w')"), (open, "{}", "w"), (getattr, "{}", "split"),
             (np.array, 5), (np.load, "{}")], ids=["system", "eval", "open", "getattr", "array", "load"],
)  # fmt: skip
def test_malicious(tmp_path, call, protocol):
    target = tmp_path / "was-run"
    function, *arguments = call
    evil = Evil(function, *(a.format(target) if isinstance(a, str) else a for a in arguments))
    for content in (evil, {"data": evil, "labels": LABELS}, {"data": DATA, "labels": LABELS, "more": [evil]}):
        text = complaint(save(tmp_path, pickle.dumps(content, protocol)))
        assert text.startswith(f"{tmp_path / 'test_batch'}: asks for ")
        assert re.search(r": asks for [\w.]+, which no data need: nothing was run", text)
        assert not target.exists()


def test_crafted_operations(tmp_path):
    """States set on what is allowed, types with pointers in them, references outside, endless nesting."""
    array = b"cnumpy.core.multiarray\n_reconstruct\n"
    cases = [
        array + b"}b.",
        array + b"}}U\x01aK\1s\x86b.",
        array + b")R}b.",
        b"cnumpy\ndtype\n(U\1OK\0K\1tR.",
        b"c_codecs\nencode\n(U\1aU\3hextR.",
        b"c_codecs\nencode\n(X\1\0\0\0aX\3\0\0\0rottR.",
        b"cnumpy.core\nmultiarray.os.system\n.",
        b"U\1aQ.",
        b"S'\\\x85'\n.",
        b"Pa\n.",
        b"\x82\1.",
        b"N\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x96\xff\xff\xff\xff\xff\xff\xff\x7fa.",
        b"Nr\xff\xff\xff\xff0N.",
        b"}N" + b"\x85" * 10**6 + b"Ns.",
    ]
    for case in cases:
        assert complaint(save(tmp_path, b"\x80\2" + case)).startswith(f"{tmp_path / 'test_batch'}: ")


def crafted(code, state_order, shape, raw):
    """A batch whose array has this type, shape and bytes."""
    dimensions = b"(" + b"".join(b"J" + struct.pack("<i", n) for n in shape) + b"t"
    kind = (
        b"cnumpy\ndtype\n(U"
        + bytes([len(code)])
        + code
        + b"K\0K\1tR(K\3U\1"
        + state_order
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
    )
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\1btR(K\1" + dimensions + kind
    array += b"\x89T" + struct.pack("<i", len(raw)) + raw + b"tb"
    return b"\x80\2}(U\4data" + array + b"U\6labels]K\1au."


def test_crafted_arrays(tmp_path):
    raw = bytes(3072)
    assert load_dataset(save(tmp_path, crafted(b"u1", b"|", (1, 3072), raw))).labels.tolist() == [1]
    for code, order, shape, words in (
        (b"O", b"|", (1, 384), "not of plain integers"),
        (b"O8", b"|", (1, 384), "not of plain integers"),
        (b"u1", b"x", (1, 3072), "not of plain integers"),
        (b"f4", b"<", (1, 768), "not of plain integers"),
        (b"u1", b"|", (1, 3073), "whose size is not"),
        (b"u1", b"|", (-1, -3072), "damaged array"),
        (b"u1", b"|", (1,) * 10**5, "whose size is not"),
        (b"u1", b"|", (3, 1024), "data is uint8 of shape (3, 1024), no uint8 array"),
        (b"i2", b"<", (1, 1536), "data is int16 of shape (1, 1536)"),
    ):
        assert words in complaint(save(tmp_path, crafted(code, order, shape, raw)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([1, 2], "holds no dictionary"),
        ({"labels": LABELS}, "holds no 'data'"),
        ({"data": DATA}, "holds no 'labels'"),
        ({"data": DATA, "fine_labels": LABELS[:3]}, "data has 4 images, fine_labels 3"),
        ({"data": DATA[:0], "labels": []}, "has no images"),
        ({"data": DATA.tolist(), "labels": LABELS}, "data is list, no uint8 array of shape (n, 3072)"),
        ({"data": DATA, "labels": [0, 1, 10, 2]}, "labels[2] = 10, outside 0 to 9"),
        ({"data": DATA, "labels": [0, -1, 1, 2]}, "labels[1] = -1, outside 0 to 9"),
        ({"data": DATA, "labels": [0, 10**30, 1, 2]}, "labels[1] is far outside the classes"),
        ({"data": DATA, "labels": [0, "cat\n", 1, 2]}, "labels[1] is of type bytes: give class numbers"),
        ({"data": DATA, "labels": [0, 1.0, 1, 2]}, "labels[1] is of type float"),
        ({"data": DATA, "labels": 5}, "labels is int, no list"),
        ({"data": DATA, "fine_labels": [0, 1, 100, 2]}, "fine_labels[2] = 100, outside 0 to 99"),
    ],
)
def test_what_is_no_batch(tmp_path, content, words):
    assert words in complaint(save(tmp_path, write.python2(content)))


def test_binary_labels_outside(tmp_path):
    path = write.cifar_binary(tmp_path / "test_batch.bin", IMAGES, [0, 1, 10, 2])
    assert complaint(path) == f"{path}: labels[2] = 10, outside 0 to 9: is no CIFAR file or damaged"
    write.cifar_binary(path, IMAGES, [0, 1, 10, 2])
    path.write_bytes(path.read_bytes() + b"\0")
    assert "has 12293 bytes, no multiple of 3073 (CIFAR-10) or 3074 (CIFAR-100)" in complaint(path)
