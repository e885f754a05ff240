"""CIFAR's batches for Python: pickled dictionaries with data and labels, read without running anything in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.data.formats import _cifar
from evaluator.data.formats._cifar import PIXELS
from evaluator.data.formats._unpickle import PickledArray, unpickle
from evaluator.data.formats.files import check_room, open_file, reading
from evaluator.data.formats.format import DataSource, Format, Stored
from models_va.errors import InputError

_PROTOCOLS = b"\x80\2", b"\x80\3", b"\x80\4", b"\x80\5"
_TEST = "test_batch", "test"
_TRAIN = [*(f"data_batch_{n}" for n in range(1, 6)), "train"]


def _recognises(path: Path, head: bytes) -> bool:
    if path.is_dir():
        return _file(path).is_file()
    return head[:2] in _PROTOCOLS or path.name in (*_TEST, *_TRAIN)


def _file(path: Path) -> Path:
    """The test batch in a folder; a file itself."""
    if not path.is_dir():
        return path
    return next((path / name for name in _TEST if (path / name).is_file()), path / _TEST[0])


def _test(source: DataSource, limit: int | None) -> Stored:
    return _batch(_file(source.path), source, limit)


def _train(source: DataSource, most: int) -> Stored | None:
    path = _file(source.path)
    return _cifar.joined(
        _cifar.beside(path.parent, path, _TRAIN), most, lambda batch, missing: _batch(batch, source, missing)
    )


def _batch(path: Path, source: DataSource, limit: int | None) -> Stored:
    with reading(path):
        with open_file(path) as stream:
            check_room(path.stat().st_size // 4)
            content = unpickle(stream.read())
        if not isinstance(content, dict):
            raise InputError("holds no dictionary: is no CIFAR batch: get it again")
        entries = {key.decode("latin1") if isinstance(key, bytes) else key: value for key, value in content.items()}
        kind = _cifar.label_kind(source, hundred="fine_labels" in entries)
        planes, labels = _planes(_entry(entries, "data")), _labels(_entry(entries, kind), kind)
        if len(planes) != len(labels):
            raise InputError(f"data has {len(planes)} images, {kind} {len(labels)}: get it again")
        return _cifar.stored(planes[:limit], labels[:limit], kind)


def _entry(entries: dict[Any, Any], key: str) -> Any:
    if key not in entries:
        raise InputError(f"holds no {key!r}: is no CIFAR batch: get it again")
    return entries[key]


def _planes(data: Any) -> NDArray[np.uint8]:
    array = data.array() if isinstance(data, PickledArray) else None
    if array is None or array.dtype != np.uint8 or array.ndim != 2 or array.shape[1] != PIXELS:
        found = type(data).__name__ if array is None else f"{array.dtype} of shape {array.shape}"
        raise InputError(f"data is {found}, no uint8 array of shape (n, {PIXELS}): get it again")
    return array


def _labels(labels: Any, kind: str) -> NDArray[Any]:
    if isinstance(labels, PickledArray):
        labels = labels.array().tolist()
    if not isinstance(labels, list):
        raise InputError(f"{kind} is {type(labels).__name__}, no list: give class numbers as integers")
    for place, label in enumerate(labels):
        if type(label) is not int or not -1 <= label <= 255:
            raise InputError(f"{kind}[{place}] is {_found(label)}: give class numbers as integers")
    return np.array(labels, np.int64)


def _found(label: Any) -> str:
    return "far outside the classes" if type(label) is int else f"of type {type(label).__name__}"


FORMAT = Format("CIFAR's pickled batches (test_batch, test, or their folder)", _recognises, _test, _train,
                frozenset({"label"}))  # fmt: skip
