"""IDX, MNIST's format: a file of images, one of labels beside it; packed with gzip or not.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits, "file formats".
"""

from __future__ import annotations

import gzip
import math
import re
import struct
from pathlib import Path
from typing import IO, cast

import numpy as np

from evaluator.data.formats.files import check_room, open_file, read_exactly, reading, training_twin
from evaluator.data.formats.format import DataSource, Format, Rows, Stored, paired_files
from models_va.errors import InputError

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"
_PACKED = 1032
"""Largest compression factor of Deflate: from zlib's technical details, "maximum compression factor"."""
_NAME = re.compile(r"images([-._]idx)\d")
_MNIST = "t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"


def _recognises(path: Path, head: bytes) -> bool:
    if path.is_dir():
        return _in_folder(path) is not None
    known = len(head) > 3 and head[:2] == b"\0\0" and head[2] in _TYPES and path.suffix.lower() != ".bin"
    return known or head.startswith(_GZIP) or _NAME.search(path.name) is not None


def _in_folder(folder: Path) -> Path | None:
    return next((p for name in _MNIST for p in (folder / name, folder / f"{name}.gz") if p.is_file()), None)


def _images(source: DataSource) -> Path:
    return _in_folder(source.path) or source.path if source.path.is_dir() else source.path


def _test(source: DataSource, limit: int | None) -> Stored:
    path = _images(source)
    labels = source.labels or _labels_beside(path)
    stored = paired_files(path, labels, _array, limit)
    if labels is None:
        with reading(path):
            raise InputError(
                "has no labels beside it: name them as usual (images-idx3 -> labels-idx1), "
                "or give a description (.yaml) with file and labels"
            )
    return stored


def _train(source: DataSource, most: int) -> Stored | None:
    own = _images(source)
    other = own.with_name(own.name.removesuffix(".gz") if own.suffix == ".gz" else f"{own.name}.gz")
    path = training_twin(own) or training_twin(other)
    return None if path is None else paired_files(path, _labels_beside(path), _array, most)


def _labels_beside(path: Path) -> Path | None:
    name = _NAME.sub(r"labels\g<1>1", path.name).removesuffix(".gz")
    near = path.with_name(name), path.with_name(f"{name}.gz")
    return next((p for p in near if p.is_file() and name != path.name.removesuffix(".gz")), None)


def _array(path: Path, limit: int | None) -> Rows:
    with reading(path), open_file(path) as stream:
        size, packed = path.stat().st_size, stream.read(2) == _GZIP
        stream.seek(0)
        if packed:
            with gzip.GzipFile(fileobj=stream) as unpacked:
                return _rows(cast(IO[bytes], unpacked), size * _PACKED, limit)
        return _rows(stream, size, limit)


def _rows(stream: IO[bytes], most: int, limit: int | None) -> Rows:
    """Read the first rows of an array in the IDX format from a stream that can have at most ``most`` bytes."""
    zeros, code, axes = struct.unpack(">HBB", read_exactly(stream, 4))
    if zeros or code not in _TYPES or axes == 0:
        raise InputError("is no IDX file, nor one packed with gzip: unpack archives, or get it again")
    shape = struct.unpack(f">{axes}I", read_exactly(stream, 4 * axes))
    wanted = (shape[0] if limit is None else min(shape[0], limit), *shape[1:])
    dtype = np.dtype(_TYPES[code])
    needed, there = math.prod(wanted) * dtype.itemsize, most - stream.tell()
    if there < needed:
        raise InputError(f"is truncated, at most {there} of {needed} bytes are there: get it again")
    check_room(math.prod(wanted))
    array = np.frombuffer(read_exactly(stream, needed), dtype).reshape(wanted)
    if wanted == shape and stream.read(1):
        raise InputError(f"is longer than its head says, which is {shape}: get it again")
    return Rows(shape, array)


FORMAT = Format("IDX (images-idx3-ubyte, also .gz)", _recognises, _test, _train, frozenset({"labels", "layout"}))
