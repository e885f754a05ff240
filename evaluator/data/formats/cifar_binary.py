"""CIFAR's binary batches: records of one label byte (CIFAR-10), or coarse and fine (CIFAR-100), and 3072 pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from evaluator.data.formats import _cifar
from evaluator.data.formats._cifar import PIXELS
from evaluator.data.formats.files import check_room, open_file, read_exactly, reading
from evaluator.data.formats.format import DataSource, Format, Stored
from models_va.errors import InputError

_TEN, _HUNDRED = PIXELS + 1, PIXELS + 2  # bytes in a record
_TEST = {"test_batch.bin": _TEN, "test.bin": _HUNDRED}
_TRAIN = {_TEN: [f"data_batch_{n}.bin" for n in range(1, 6)], _HUNDRED: ["train.bin"]}


def _recognises(path: Path, head: bytes) -> bool:
    return _file(path).is_file() if path.is_dir() else path.suffix.lower() == ".bin"


def _file(path: Path) -> Path:
    """The test batch in a folder; a file itself."""
    if not path.is_dir():
        return path
    return next((path / name for name in _TEST if (path / name).is_file()), path / "test_batch.bin")


def _test(source: DataSource, limit: int | None) -> Stored:
    path = _file(source.path)
    with reading(path):
        return _batch(path, _record(path), source, limit)


def _train(source: DataSource, most: int) -> Stored | None:
    path = _file(source.path)
    with reading(path):
        record = _record(path)

    def read(batch: Path, missing: int) -> Stored:
        with reading(batch):
            return _batch(batch, record, source, missing)

    return _cifar.joined(_cifar.beside(path.parent, path, _TRAIN[record]), most, read)


def _record(path: Path) -> int:
    """Bytes in a record, from the size of the file; where both would do, from its name."""
    size = path.stat().st_size
    fitting = [record for record in (_TEN, _HUNDRED) if size % record == 0]
    if not size or not fitting:
        raise InputError(
            f"has {size} bytes, no multiple of {_TEN} (CIFAR-10) or {_HUNDRED} (CIFAR-100): "
            "is truncated or no CIFAR batch: get it again"
        )
    usual = _HUNDRED if path.name in ("test.bin", "train.bin") else _TEN
    return usual if usual in fitting else fitting[0]


def _batch(path: Path, record: int, source: DataSource, limit: int | None) -> Stored:
    kind = _cifar.label_kind(source, record == _HUNDRED)
    there, rest = divmod(path.stat().st_size, record)
    if rest:
        raise InputError(f"is truncated, the last record has {rest} of {record} bytes: get it again")
    count = there if limit is None else min(there, limit)
    check_room(count * PIXELS)
    with open_file(path) as stream:
        records = np.frombuffer(read_exactly(stream, count * record), np.uint8).reshape(count, record)
    place = 1 if kind == "fine_labels" else 0
    return _cifar.stored(records[:, record - PIXELS :], records[:, place], kind)


FORMAT = Format("CIFAR's binary batches (test_batch.bin, test.bin, or their folder)", _recognises, _test, _train,
                frozenset({"label"}))  # fmt: skip
