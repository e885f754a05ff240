"""numpy's .npy: a file of images and one of labels, named in a description."""

from __future__ import annotations

import math
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as numpy_format
from numpy.typing import NDArray

from evaluator.data.formats.files import cause, check_room, open_file, read_exactly, reading, training_twin
from evaluator.data.formats.format import DataSource, Format, Rows, Stored, paired_files
from models_va.errors import InputError

_HEADERS = {(1, 0): numpy_format.read_array_header_1_0, (2, 0): numpy_format.read_array_header_2_0}


def read_rows(stream: IO[bytes], size: int, limit: int | None) -> Rows:
    """The first ``limit`` rows of an array in the .npy format, all for None.

    Args:
        stream: stream at the start of the array; bytes behind the last row wanted are not read.
        size: bytes that the whole stream has; more than the array needs is no error.
        limit: rows.

    Raises:
        InputError: truncated, or too large for the memory.
        Exception: no plain array; numpy's parser raises what the text provokes.

    """
    shape, fortran, dtype = _HEADERS[numpy_format.read_magic(stream)](stream)
    if dtype.hasobject or dtype.itemsize == 0 or min(shape, default=0) < 0:
        raise ValueError(f"type {dtype}, shape {shape}")
    needed = math.prod(shape) * dtype.itemsize
    if size - stream.tell() < needed:
        raise ValueError(f"needs {needed} bytes, {size} are there")
    first = shape[:1] if limit is None or fortran else tuple(min(n, limit) for n in shape[:1])
    wanted = (*first, *shape[1:])
    check_room(math.prod(wanted))
    raw = read_exactly(stream, math.prod(wanted) * dtype.itemsize)
    array: NDArray[Any] = np.frombuffer(raw, dtype).reshape(wanted, order="F" if fortran else "C")
    return Rows(shape, array[:limit] if shape else array)


def _recognises(path: Path, head: bytes) -> bool:
    return head.startswith(b"\x93NUMPY") or (path.suffix.lower() == ".npy" and not path.is_dir())


def _test(source: DataSource, limit: int | None) -> Stored:
    if source.labels is None:
        with reading(source.path):
            raise InputError("holds no labels: give a description (.yaml) with file and labels, or an .npz file")
    return paired_files(source.path, source.labels, _array, limit)


def _train(source: DataSource, most: int) -> Stored | None:
    path = training_twin(source.path)
    return None if path is None else paired_files(path, source.labels and training_twin(source.labels), _array, most)


def _array(path: Path, limit: int | None) -> Rows:
    with reading(path), open_file(path) as stream:
        try:
            return read_rows(stream, path.stat().st_size, limit)
        except (InputError, OSError, MemoryError):
            raise
        except Exception as error:  # see read_rows
            raise InputError(f"is truncated or no plain array ({cause(error)}): write it with numpy.save") from error


FORMAT = Format(".npy (with labels in a description)", _recognises, _test, _train, frozenset({"labels", "layout"}))
