"""Results kept by content: a file is found by what was simulated, and by nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from models_va.errors import InputError
from spicegen.simulate import Simulator

Array = NDArray[np.float64]


def digest(head: Mapping[str, object], arrays: Iterable[NDArray[np.generic]]) -> str:
    """SHA-256 over all that a result depends on: 64 hex digits.

    Args:
        head: what JSON can say, the arrays' shapes included.
        arrays: the numbers.

    """
    found = hashlib.sha256(json.dumps(head, sort_keys=True).encode())
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def card_identity(card: DeviceCard) -> list[str]:
    """What of a device a result depends on: the card's content, and the equations."""
    return [card.hash, card.device_model.name, card.device_model.version]


def engine_identity(engine: Simulator) -> list[str]:
    """What of a simulator a result depends on."""
    return [engine.name, engine.available().version]


def recall(folder: Path, key: str, shape: tuple[int, ...]) -> Array | None:
    """The numbers kept under ``key``; None if there are none of this shape, or the file is not whole."""
    try:
        with np.load(folder / f"{key}.npz", allow_pickle=False) as data:
            found, kept = data["values"], str(data["key"])
    except Exception:  # what zipfile, zlib, tokenize and numpy raise on a damaged file has no common base
        return None
    whole = kept == key and found.shape == shape and found.dtype == np.float64 and np.isfinite(found).all()
    return found if whole else None


def keep(folder: Path, key: str, values: Array) -> None:
    """Keep numbers; whoever reads meanwhile sees the whole file or none.

    Raises:
        InputError: the file cannot be written.

    """
    path, temporary = folder / f"{key}.npz", ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".part-", dir=folder)
        with os.fdopen(handle, "wb") as file:
            np.savez(file, values=np.ascontiguousarray(values), key=np.array(key))
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            os.unlink(temporary)
