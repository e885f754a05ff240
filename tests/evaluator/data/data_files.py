"""Writers of data sets in the formats of others, as their own programs write them."""

import gzip
import io
import pickle
import struct

import numpy as np
from PIL import Image

IDX_TYPES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx(path, array):
    array = np.asarray(array)
    head = struct.pack(f">HBB{array.ndim}I", 0, IDX_TYPES[array.dtype.str[1:]], array.ndim, *array.shape)
    whole = head + array.astype(array.dtype.newbyteorder(">")).tobytes()
    path.write_bytes(gzip.compress(whole, 1) if path.suffix == ".gz" else whole)
    return path


def mnist(folder, images, labels, part="t10k", end=""):
    """The two files of a part; returns that of the images."""
    idx(folder / f"{part}-labels-idx1-ubyte{end}", np.asarray(labels, np.uint8))
    return idx(folder / f"{part}-images-idx3-ubyte{end}", images)


def planes(images):
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(len(images), -1)


def cifar_binary(path, images, *labels):
    """``labels``: one array for CIFAR-10, coarse and fine for CIFAR-100."""
    columns = [np.asarray(each, np.uint8)[:, None] for each in labels]
    path.write_bytes(np.concatenate([*columns, planes(images)], axis=1).tobytes())
    return path


class _Python2(pickle._Pickler):
    """Text and bytes as Python 2 writes them: both are plain strings."""

    def save_string(self, text):
        raw = text.encode("latin1") if isinstance(text, str) else text
        head = pickle.SHORT_BINSTRING + bytes([len(raw)]) if len(raw) < 256 else b"T" + struct.pack("<i", len(raw))
        self.write(head + raw)
        self.memoize(text)

    dispatch = pickle._Pickler.dispatch | {str: save_string, bytes: save_string}


def python2(entries):
    buffer = io.BytesIO()
    _Python2(buffer, 2, fix_imports=True).dump(entries)
    return buffer.getvalue().replace(b"cnumpy._core", b"cnumpy.core")


def cifar_pickle(path, images, dump=python2, **labels):
    names = [f"{n}.png" for n in range(len(images))]
    entries = {"batch_label": "testing batch 1 of 1", "data": planes(images), "filenames": names, **labels}
    path.write_bytes(dump(entries))
    return path


def folder(path, images, labels, names=None, end="png"):
    """One file each, in subfolders by label; ``names`` instead of the numbers."""
    for place, (image, label) in enumerate(zip(images, labels, strict=True)):
        sub = path / (names[label] if names else str(label))
        sub.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(sub / f"{place:05d}.{end}")
    return path


def pictures(count=12, shape=(32, 32, 3), seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)
