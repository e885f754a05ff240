"""Folders of images: classes, modes of pixels, sizes, and what cannot be used."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from evaluator.data import load_calibration, load_dataset
from models_va.errors import InputError
from tests.evaluator.data import data_files as write
from tests.evaluator.data.test_data_bad_input import complaint, described

IMAGES = write.pictures(6, (5, 4, 3))


def test_classes_by_name_and_by_number(tmp_path):
    labels = [0, 0, 0, 1, 1, 2]
    by_name = write.folder(tmp_path / "names", IMAGES, labels, ["ant", "bee", "cow"])
    by_number = write.folder(tmp_path / "numbers", IMAGES, labels, ["7", "010", "2"])
    order = [0, 3, 5, 1, 4, 2]  # one of each class in turn
    for path, classes, limit in ((by_name, [0, 1, 2, 0, 1, 0], None), (by_name, [0, 1, 2, 0], 4)):
        found = load_dataset(path, limit)
        assert found.labels.tolist() == classes
        assert np.array_equal(np.rint(found.images * 255), IMAGES[order[:limit]])
    assert load_dataset(by_number).labels.tolist() == [2, 7, 10, 7, 10, 7]
    (by_name / ".hidden").mkdir()
    (by_name / "ant" / "notes.txt").write_text("passed over\n")
    (by_name / "zebra").mkdir()
    assert load_dataset(by_name).labels.tolist() == [0, 1, 2, 0, 1, 0]


def test_training_images_beside(tmp_path):
    write.folder(tmp_path / "train", IMAGES, [0, 1, 2, 0, 1, 2])
    write.folder(tmp_path / "val", IMAGES[:2], [0, 1])
    assert len(load_calibration(tmp_path / "val", 4).images) == 4
    assert load_calibration(tmp_path / "train", 4) is None


def test_modes_of_pixels(tmp_path):
    grey = write.pictures(1, (5, 4))[0]
    folder = write.folder(tmp_path / "d", [grey], [0])
    assert load_dataset(folder).images.shape == (1, 5, 4)
    Image.fromarray(grey).convert("1").save(folder / "0" / "two.png")
    assert set(np.unique(load_dataset(folder).images[1])) <= {0.0, 1.0}
    Image.fromarray(IMAGES[0]).quantize(4).save(folder / "0" / "palette.png")
    Image.fromarray(np.dstack([IMAGES[0], grey])).save(folder / "0" / "transparent.png")
    Image.fromarray(IMAGES[0]).convert("CMYK").save(folder / "0" / "print.jpg")
    found = load_dataset(folder)
    assert found.images.shape == (5, 5, 4, 3)
    assert np.array_equal(np.rint(found.images[0] * 255), np.dstack([grey] * 3))
    assert np.array_equal(np.rint(found.images[3] * 255), IMAGES[0])
    Image.fromarray(grey.astype(np.uint16) * 200).save(folder / "0" / "deep.png")
    assert "deep.png: has pixels of another kind (I;16): save it with 8 bits" in complaint(folder)


def test_sizes(tmp_path):
    folder = write.folder(tmp_path / "d", IMAGES[:2], [0, 1])
    Image.fromarray(IMAGES[0].repeat(2, axis=0)).save(folder / "1" / "tall.png")
    text = complaint(folder)
    assert text.startswith(f"{folder / '1' / 'tall.png'}: is 4 x 10 pixels, 00000.png is 4 x 5: give a description")
    assert load_dataset(described(tmp_path, file="d", resize=[6, 7])).images.shape == (3, 6, 7, 3)
    assert load_dataset(folder, 2).images.shape == (2, 5, 4, 3)


def test_photographs(tmp_path):
    smooth = np.add.outer(np.arange(32), np.arange(40)).astype(np.uint8)
    folder = write.folder(tmp_path / "d", [np.dstack([smooth, smooth, smooth // 2])], [0], end="jpg")
    assert load_dataset(folder).images[0, :, :, 0] == pytest.approx(smooth / 255, abs=0.05)


def test_nothing_in_it(tmp_path):
    (tmp_path / "d" / "cat").mkdir(parents=True)
    assert "d: has no images in its subfolders: give PNG or JPEG" in complaint(tmp_path / "d")
    (tmp_path / "d" / "7").mkdir()
    (tmp_path / "d" / "07").mkdir()
    (tmp_path / "d" / "cat").rmdir()
    assert "has subfolders 07 and 7 for the same class: join them" in complaint(tmp_path / "d")


@pytest.mark.parametrize("content", [b"", b"plain text", b"\x89PNG\r\n\x1a\n", b"GIF89a\4\0\5\0\0\0\0;"])
def test_unreadable(tmp_path, content):
    folder = write.folder(tmp_path / "d", IMAGES[:1], [0])
    (folder / "0" / "bad\nname.png").write_bytes(content)
    text = complaint(folder)
    assert "bad\\nname.png" in text
    assert "is truncated or no PNG or JPEG image" in text


@pytest.mark.parametrize("side", [12_000, 2**31 - 1])
def test_bombs(tmp_path, side):
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    (tmp_path / "d" / "0").mkdir(parents=True)
    (tmp_path / "d" / "0" / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    assert "bomb.png: has too many pixels" in complaint(tmp_path / "d")


def test_pipes_are_passed_over(tmp_path):
    folder = write.folder(tmp_path / "d", IMAGES[:1], [0])
    (folder / "0" / "endless.png").symlink_to("/dev/zero")
    assert len(load_dataset(folder).images) == 1


def test_more_than_the_memory(tmp_path, monkeypatch):
    folder = write.folder(tmp_path / "d", IMAGES, [0] * 6)
    monkeypatch.setattr("evaluator.data.formats.files._memory_bytes", lambda: 1000)
    for path in (folder, write.idx(tmp_path / "x-images-idx3-ubyte", IMAGES)):
        (tmp_path / "x-labels-idx1-ubyte").touch()
        assert "too many for the memory: give fewer images (--limit)" in complaint(path)
    with pytest.raises(InputError, match="too many for the memory"):
        load_dataset(described(tmp_path, file="d", resize=[4000, 4000]), 1)
