"""The same images in every format: images and labels are equal, calibration images are the training part."""

import json

import numpy as np
import pytest

from evaluator.data import load_calibration, load_dataset
from evaluator.data.formats import FORMATS, recognise
from models_va.errors import InputError
from tests.evaluator.data import data_files as write

TEST, TRAIN = write.pictures(12), write.pictures(20, seed=1)
LABELS, TRAIN_LABELS = np.arange(12) % 4, np.arange(20) % 10


def npz(tmp_path):
    np.savez(tmp_path / "d.npz", x_test=TEST, y_test=LABELS, x_train=TRAIN, y_train=TRAIN_LABELS)
    return tmp_path / "d.npz"


def npy(tmp_path):
    for part, images, labels in (("test", TEST, LABELS), ("train", TRAIN, TRAIN_LABELS)):
        np.save(tmp_path / f"x_{part}.npy", images)
        np.save(tmp_path / f"y_{part}.npy", labels)
    return described(tmp_path, file="x_test.npy", labels="y_test.npy")


def idx(tmp_path, end=""):
    write.mnist(tmp_path, TRAIN, TRAIN_LABELS, "train", end)
    return write.mnist(tmp_path, TEST, LABELS, end=end)


def idx_folder(tmp_path):
    return idx(tmp_path, ".gz").parent


def cifar10_binary(tmp_path):
    for batch in range(4):
        part = slice(5 * batch, 5 * batch + 5)
        write.cifar_binary(tmp_path / f"data_batch_{batch + 1}.bin", TRAIN[part], TRAIN_LABELS[part])
    return write.cifar_binary(tmp_path / "test_batch.bin", TEST, LABELS)


def cifar100_binary(tmp_path):
    write.cifar_binary(tmp_path / "train.bin", TRAIN, np.zeros(20), TRAIN_LABELS)
    return write.cifar_binary(tmp_path / "test.bin", TEST, np.ones(12), LABELS).parent


def cifar10_pickle(tmp_path):
    write.cifar_pickle(tmp_path / "data_batch_1", TRAIN[:7], labels=TRAIN_LABELS[:7].tolist())
    write.cifar_pickle(tmp_path / "data_batch_2", TRAIN[7:], labels=TRAIN_LABELS[7:].tolist())
    return write.cifar_pickle(tmp_path / "test_batch", TEST, labels=LABELS.tolist()).parent


def cifar100_pickle(tmp_path):
    coarse = {"coarse_labels": [0] * 20}
    write.cifar_pickle(tmp_path / "train", TRAIN, fine_labels=TRAIN_LABELS.tolist(), **coarse)
    coarse = {"coarse_labels": [1] * 12}
    return write.cifar_pickle(tmp_path / "test", TEST, fine_labels=LABELS.tolist(), **coarse)


def folder(tmp_path):
    write.folder(tmp_path / "train", TRAIN, TRAIN_LABELS)
    return write.folder(tmp_path / "test", TEST, LABELS)


def described(tmp_path, **description):
    (tmp_path / "d.yaml").write_text(json.dumps(description), encoding="utf-8")
    return tmp_path / "d.yaml"


KINDS = [npz, npy, idx, idx_folder, cifar10_binary, cifar100_binary, cifar10_pickle, cifar100_pickle, folder]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def path(request, tmp_path):
    return request.param(tmp_path)


def same(data, images, labels):
    assert data.images.dtype == np.float32
    assert np.array_equal(np.rint(data.images * 255), images)
    assert data.labels.tolist() == labels.tolist()


def test_every_format_gives_the_same(path):
    data = load_dataset(path)
    same(data, TEST, LABELS)
    assert data.source == str(path)
    same(load_dataset(path, 5), TEST[:5], LABELS[:5])


@pytest.mark.parametrize("most", [1, 3, 13, 20, 99])
def test_training_images(path, most):
    same(load_calibration(path, most), TRAIN[:most], TRAIN_LABELS[:most])


def test_a_description_prepares_both_parts(path, tmp_path):
    if path.suffix == ".yaml":
        given = json.loads(path.read_text(encoding="utf-8"))
    else:
        given = {"file": str(path.relative_to(tmp_path)) if path != tmp_path else "."}
    there = described(tmp_path, **given, mean=[0.5], std=[0.25], channels="BGR", label_offset=3)
    data, calibration = load_dataset(there), load_calibration(there, 4)
    assert data.images == pytest.approx((TEST[..., ::-1] / 255 - 0.5) / 0.25, abs=1e-5)
    assert calibration.images == pytest.approx((TRAIN[:4, ..., ::-1] / 255 - 0.5) / 0.25, abs=1e-5)
    assert data.labels.tolist() == (LABELS + 3).tolist()


def test_resize_is_the_same(path, tmp_path):
    given = {"file": str(path)} if path.suffix != ".yaml" else json.loads(path.read_text(encoding="utf-8"))
    data = load_dataset(described(tmp_path, **given, resize=[20, 24]))
    np.savez(tmp_path / "other.npz", x_test=TEST, y_test=LABELS)
    assert np.array_equal(data.images, load_dataset(described(tmp_path, file="other.npz", resize=[20, 24])).images)


def test_no_training_part(tmp_path):
    np.savez(tmp_path / "d.npz", x_test=TEST, y_test=LABELS)
    np.save(tmp_path / "x.npy", TEST)
    np.save(tmp_path / "y.npy", LABELS)
    (tmp_path / "ten").mkdir()
    paths = [
        tmp_path / "d.npz",
        described(tmp_path, file="x.npy", labels="y.npy"),
        write.mnist(tmp_path, TEST, LABELS),
        write.cifar_binary(tmp_path / "ten" / "data_batch_1.bin", TEST, LABELS),
        write.cifar_pickle(tmp_path / "ten" / "data_batch_1", TEST, labels=LABELS.tolist()),
        write.folder(tmp_path / "images", TEST, LABELS),
    ]
    assert [load_calibration(path, 5) for path in paths] == [None] * len(paths)


def test_training_images_without_labels(tmp_path):
    np.savez(tmp_path / "d.npz", x_test=TEST, y_test=LABELS, x_train=TRAIN)
    write.idx(tmp_path / "train-images-idx3-ubyte", TRAIN)
    for path in (tmp_path / "d.npz", write.mnist(tmp_path, TEST, LABELS)):
        same(load_calibration(path, 6), TRAIN[:6], np.zeros(6, int))


def test_fine_and_coarse(tmp_path):
    for kind in (cifar100_binary, cifar100_pickle):
        kind(tmp_path)
        name = "test.bin" if kind is cifar100_binary else "test"
        assert load_dataset(described(tmp_path, file=name, label="fine")).labels.tolist() == LABELS.tolist()
        there = described(tmp_path, file=name, label="coarse")
        assert load_dataset(there).labels.tolist() == [1] * 12
        assert load_calibration(there, 9).labels.tolist() == [0] * 9


def test_mnist_as_idx(shared_data, tmp_path):
    with np.load(shared_data / "mnist.npz") as arrays:
        images, labels = arrays["x_test"][:500], arrays["y_test"][:500]
        train, train_labels = arrays["x_train"][:700], arrays["y_train"][:700]
    write.mnist(tmp_path, train, train_labels, "train", ".gz")
    path = write.mnist(tmp_path, images, labels)
    for ours, theirs in (
        (load_dataset(path), load_dataset(shared_data / "mnist.npz", 500)),
        (load_calibration(path, 600), load_calibration(shared_data / "mnist.npz", 600)),
    ):
        assert np.array_equal(ours.images, theirs.images)
        assert np.array_equal(ours.labels, theirs.labels)


def test_what_is_no_data_set(tmp_path):
    (tmp_path / "notes.txt").write_text("plain text\n")
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "notes.txt", tmp_path / "empty"):
        with pytest.raises(InputError) as caught:
            recognise(path)
        assert str(caught.value).startswith(f"{path}: is no data set of a known kind: give ")
        assert all(form.name in str(caught.value) for form in FORMATS)


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [(npz, "labels", "y.npy"), (npz, "label", "coarse"), (folder, "layout", "CHW"), (folder, "labels", "y.npy"),
     (cifar10_binary, "labels", "y.npy"), (cifar10_pickle, "layout", "CHW"), (cifar10_pickle, "label", "coarse"),
     (cifar10_binary, "label", "coarse")],
)  # fmt: skip
def test_keys_without_a_meaning(tmp_path, kind, key, value):
    file = kind(tmp_path)
    with pytest.raises(InputError, match=f"{key}.*remove it"):
        load_dataset(described(tmp_path, **{"file": str(file), key: value}))
