"""The formats of data sets: one file each, recognised from content and name.

A new format is a file with a ``FORMAT``, named in ``FORMATS``.
"""

from __future__ import annotations

from pathlib import Path

from evaluator.data.formats import cifar_binary, cifar_pickle, folder, idx, npy, npz
from evaluator.data.formats.files import open_file, reading
from evaluator.data.formats.format import DataSource, Format, Stored
from models_va.errors import InputError

FORMATS: tuple[Format, ...] = (
    npz.FORMAT, npy.FORMAT, cifar_binary.FORMAT, cifar_pickle.FORMAT, idx.FORMAT, folder.FORMAT,
)  # fmt: skip
"""The formats, in the order in which they are tried: a folder of CIFAR batches is no folder of images."""

_HEAD_BYTES = 8

__all__ = ["FORMATS", "DataSource", "Format", "Stored", "recognise"]


def recognise(path: Path) -> Format:
    """The format of a file or folder.

    Raises:
        InputError: it cannot be read, or is of no known format; the known ones are listed.

    """
    with reading(path):
        head = b"" if path.is_dir() else _head(path)
        for form in FORMATS:
            if form.recognises(path, head):
                return form
        raise InputError(f"is no data set of a known kind: give {', '.join(f.name for f in FORMATS)}, "
                         "or a description of it (.yaml)")  # fmt: skip


def _head(path: Path) -> bytes:
    with open_file(path) as stream:
        return stream.read(_HEAD_BYTES)
