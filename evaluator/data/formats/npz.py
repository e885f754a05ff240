"""numpy's .npz: x_test and y_test; x_train, and y_train if there is one, to calibrate with."""

from __future__ import annotations

import zipfile
from pathlib import Path

from evaluator.data.formats.files import cause, reading
from evaluator.data.formats.format import DataSource, Format, Rows, Stored, pair
from evaluator.data.formats.npy import read_rows
from models_va.errors import InputError


def _recognises(path: Path, head: bytes) -> bool:
    named = path.suffix.lower() == ".npz" and not head.startswith((b"\x93NUMPY", b"\x80"))
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06")) or (named and not path.is_dir())


def _test(source: DataSource, limit: int | None) -> Stored:
    with reading(source.path), _archive(source.path) as archive:
        found = _keys(archive)
        if not {"x_test", "y_test"} <= set(found):
            names = ", ".join(repr(key[:40]) for key in found[:8]) or "none"
            raise InputError(f"needs the arrays x_test and y_test, found {names}")
        return pair(_member(archive, "x_test", limit), _member(archive, "y_test", None), "x_test", "y_test")


def _train(source: DataSource, most: int) -> Stored | None:
    with reading(source.path), _archive(source.path) as archive:
        found = _keys(archive)
        if "x_train" not in found:
            return None
        labels = _member(archive, "y_train", None) if "y_train" in found else None
        return pair(_member(archive, "x_train", most), labels, "x_train", "y_train")


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except OSError:
        raise
    except Exception as error:  # a damaged directory provokes whatever its numbers lead to
        raise InputError("is truncated or no .npz file: write it with numpy.savez") from error


def _keys(archive: zipfile.ZipFile) -> list[str]:
    return [name.removesuffix(".npy") for name in archive.namelist()]


def _member(archive: zipfile.ZipFile, key: str, limit: int | None) -> Rows:
    name = f"{key}.npy" if f"{key}.npy" in archive.namelist() else key
    try:
        with archive.open(name) as stream:
            return read_rows(stream, archive.getinfo(name).file_size, limit)
    except InputError as error:
        raise InputError(f"{key} {error}") from error
    except MemoryError as error:
        raise InputError(f"{key} does not fit into the memory: give fewer images (--limit)") from error
    except Exception as error:  # numpy, zipfile and the decompressors have no common base
        raise InputError(
            f"{key} is truncated, encrypted or no plain array ({cause(error)}): write it with numpy.savez"
        ) from error


FORMAT = Format(".npz (x_test, y_test)", _recognises, _test, _train, frozenset({"layout"}))
