"""Bad data sets of every format: one line that names file, place and remedy."""

import gzip
import json
import os
import pickle
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluator.data import load_calibration, load_dataset
from evaluator.evaluation.compare import load_suite
from models_va.errors import InputError
from tests.evaluator.data import data_files as write

IMAGES, LABELS = write.pictures(6), [0, 1, 2, 3, 4, 5]
GREY = write.pictures(6, (5, 4))
NOISE = write.pictures(1, (40, 40))[0]


def complaint(path, load=load_dataset):
    with pytest.raises(InputError) as caught:
        load(path)
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 900
    return text


def described(tmp_path, **description):
    (tmp_path / "d.yaml").write_text(json.dumps(description), encoding="utf-8")
    return tmp_path / "d.yaml"


def npz(folder):
    np.savez(folder / "d.npz", x_test=GREY, y_test=LABELS)
    return folder / "d.npz"


def compressed(folder):
    np.savez_compressed(folder / "d.npz", x_test=GREY, y_test=LABELS)
    return folder / "d.npz"


WRITERS = {
    "npz": npz,
    "compressed": compressed,
    "idx": lambda folder: write.mnist(folder, GREY, LABELS),
    "gz": lambda folder: write.mnist(folder, GREY, LABELS, end=".gz"),
    "ten": lambda folder: write.cifar_binary(folder / "test_batch.bin", IMAGES, LABELS),
    "hundred": lambda folder: write.cifar_binary(folder / "test.bin", IMAGES, np.zeros(6), LABELS),
    "python2": lambda folder: write.cifar_pickle(folder / "test_batch", IMAGES, labels=LABELS),
    "python3": lambda folder: write.cifar_pickle(folder / "test", IMAGES, pickle.dumps, fine_labels=LABELS),
    "png": lambda folder: write.folder(folder / "pictures", [NOISE], [0]) / "0" / "00000.png",
}
everywhere = pytest.mark.parametrize("kind", WRITERS)


def named(path):
    """What a user gives to have ``path`` read."""
    return path.parents[1] if path.suffix == ".png" else path


@everywhere
@pytest.mark.parametrize("part", [0.0, 0.001, 0.01, 0.1, 0.55, 0.9, 0.98])
def test_truncated(tmp_path, kind, part):
    path = WRITERS[kind](tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    text = complaint(named(path))
    assert text.startswith(f"{path}: ")
    assert "truncated" in text or "no data set of a known kind" in text


@everywhere
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_anywhere(tmp_path, kind, data):
    """Whatever a byte turns into: images as good as they were, or one line."""
    path = WRITERS[kind](tmp_path)
    whole = bytearray(path.read_bytes())
    head = st.integers(0, min(len(whole), 400) - 1) | st.integers(0, len(whole) - 1)
    for place in data.draw(st.lists(head, min_size=1, max_size=4)):
        whole[place] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    try:
        found = load_dataset(named(path), data.draw(st.sampled_from([None, 2])))
    except InputError as error:
        text = str(error)
    else:
        text = found.source
        assert len(found.images) == len(found.labels) > 0
        assert np.isfinite(found.images).all()
    assert text.startswith(str(tmp_path))
    assert text.isprintable()


@given(shape=st.lists(st.integers(1, 5), min_size=2, max_size=4), kind=st.sampled_from(["u1", "f4", "f8"]),
       limit=st.none() | st.integers(1, 7), packed=st.booleans())  # fmt: skip
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_idx_of_any_shape_and_type(tmp_path, shape, kind, limit, packed):
    array = np.random.default_rng(0).integers(0, 256, shape).astype(kind)
    path = write.idx(tmp_path / f"t10k-images-idx{len(shape)}-ubyte{'.gz' if packed else ''}", array)
    write.idx(tmp_path / "t10k-labels-idx1-ubyte", np.arange(shape[0], dtype="i4"))
    found = load_dataset(path, limit)
    assert found.images * (255 if kind == "u1" else 1) == pytest.approx(array[:limit], rel=1e-6)
    assert found.labels.tolist() == list(range(shape[0]))[:limit]
    path.unlink()


def test_idx_heads(tmp_path):
    path = write.mnist(tmp_path, GREY, LABELS)
    whole = path.read_bytes()
    cases = {
        "no IDX file": [b"\0\1" + whole[2:], b"\0\0\x07" + whole[3:], b"\0\0\x08\0"],
        "longer than its head says": [whole + b"\0"],
        "120 of 140 bytes are there": [whole[:4] + struct.pack(">I", 7) + whole[8:]],
        "is truncated, at most ": [whole[:4] + b"\xff" * 12 + whole[16:]],
        "at least one image": [whole[:4] + bytes(12), whole[:8] + bytes(4) + whole[12:16]],
    }
    for words, heads in cases.items():
        for head in heads:
            for end, content in (("", head), (".gz", gzip.compress(head))):
                (tmp_path / f"x-images-idx3-ubyte{end}").write_bytes(content)
                write.idx(tmp_path / "x-labels-idx1-ubyte", np.zeros(6, "u1"))
                assert words in complaint(tmp_path / f"x-images-idx3-ubyte{end}")


def test_idx_too_large_for_the_memory(tmp_path):
    path = write.mnist(tmp_path, GREY, LABELS)
    with path.open("r+b") as stream:
        stream.write(path.read_bytes()[:4] + struct.pack(">III", 2**20, 2**10, 2**10))
        stream.truncate(2**40 + 16)  # of which a file system keeps what was written
    assert "too many for the memory: give fewer images (--limit)" in complaint(path)


def test_archive_that_is_not_unpacked(tmp_path):
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(gzip.compress(b"cifar-10-batches-bin/test_batch.bin"))
    assert "is no IDX file, nor one packed with gzip: unpack" in complaint(tmp_path / "cifar-10-binary.tar.gz")


def test_labels_of_idx(tmp_path):
    path = write.mnist(tmp_path, GREY, LABELS[:5])
    assert complaint(path).startswith(f"{path}: images has shape (6, 5, 4), labels (5,): give at least")
    write.idx(tmp_path / "t10k-labels-idx1-ubyte", np.zeros(6, "f4"))
    assert "labels has type >f4: give class numbers" in complaint(path)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(b"\0\0\x08\1\0\0\0\6\1")
    assert complaint(path).startswith(f"{tmp_path / 't10k-labels-idx1-ubyte'}: is truncated, at most 1 of 6 bytes")
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    assert "no labels beside it" in complaint(path)
    write.idx(tmp_path / "other", np.arange(6, dtype="u1"))
    there = described(tmp_path, file=path.name, labels="other")
    assert load_dataset(there).labels.tolist() == LABELS
    write.idx(path, GREY.astype("i2"))
    assert "d.yaml: images has type >i2: give uint8" in complaint(there)


def test_npy(tmp_path):
    np.save(tmp_path / "x.npy", GREY)
    there = described(tmp_path, file="x.npy", labels="y.npy")
    assert "x.npy: holds no labels: give a description" in complaint(tmp_path / "x.npy")
    assert "y.npy: cannot be read: No such file" in complaint(there)
    for labels, words in (
        (np.zeros(5, int), "images has shape (6, 5, 4), labels (5,)"),
        (np.zeros(6), "labels has type float64"),
        (np.array(list("abcdef")), "labels has type <U1: give class numbers"),
        (np.array([None] * 6), "y.npy: is truncated or no plain array (type object"),
    ):
        np.save(tmp_path / "y.npy", labels)
        assert words in complaint(there)
    np.save(tmp_path / "y.npy", LABELS)
    np.save(tmp_path / "x.npy", np.where(np.arange(4) == 2, np.nan, GREY))
    assert "d.yaml: images[0, 0, 2] is NaN or infinite" in complaint(there)
    whole = (tmp_path / "y.npy").read_bytes()
    (tmp_path / "y.npy").write_bytes(whole[:-1])
    assert complaint(there).startswith(f"{tmp_path / 'y.npy'}: is truncated")


def test_columns_first_in_memory(tmp_path):
    np.save(tmp_path / "x.npy", np.asfortranarray(GREY))
    np.save(tmp_path / "y.npy", np.array(LABELS)[:, None])
    found = load_dataset(described(tmp_path, file="x.npy", labels="y.npy", scale="raw"), 4)
    assert np.array_equal(found.images, GREY[:4])
    assert found.labels.tolist() == LABELS[:4]


def test_damaged_training_part(tmp_path):
    np.savez(tmp_path / "d.npz", x_test=GREY, y_test=LABELS, x_train=GREY, y_train=LABELS[:3])
    text = complaint(tmp_path / "d.npz", lambda path: load_calibration(path, 2))
    assert "x_train has shape (6, 5, 4), y_train (3,)" in text
    np.savez(tmp_path / "d.npz", x_test=GREY, y_test=LABELS, x_train=GREY * np.float32(np.nan))
    text = complaint(tmp_path / "d.npz", lambda path: load_calibration(path, 2))
    assert "x_train[0, 0, 0] is NaN" in text


def test_paths_of_other_kinds(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "pipe: is no plain file" in complaint(tmp_path / "pipe")
    assert "missing: cannot be read: No such file" in complaint(tmp_path / "missing")
    for name, words in (("missing.yaml", "No such file or directory"), ("suite.yaml", "is no file")):
        (tmp_path / "suite.yaml").mkdir(exist_ok=True)
        with pytest.raises(InputError, match=rf"{name}: cannot be read: {words}: give a YAML file$"):
            load_suite(tmp_path / name)
    for file in ("a\nb\x1b[31m", "nul\0", "x" * 5000, "/dev/zero"):
        assert complaint(described(tmp_path, file=file))
    (tmp_path / "d.yaml").write_text("file: [d.npz]\n")
    assert "d.yaml: file: " in complaint(tmp_path / "d.yaml")


@pytest.mark.parametrize("wrong", [{"label_offset": 10**30}, {"std": [1e-300]}, {"mean": [1e300]}, {"label": "middle"}])
def test_descriptions_out_of_range(tmp_path, wrong):
    npz(tmp_path)
    assert f"d.yaml: {next(iter(wrong))}" in complaint(described(tmp_path, file="d.npz", **wrong))
