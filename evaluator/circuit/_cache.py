"""Currents kept by content: a file is found by what was simulated, and by nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from evaluator.circuit._tile import Array, CircuitTile
from models_va.errors import InputError
from spicegen.simulate import Simulator

_EDITION = 1
"""To be raised when the same tile and vectors are to give other currents: old files are no longer found."""


def content_key(tile: CircuitTile, v_in_volt: Array, engine: Simulator) -> str:
    """SHA-256 over all that the currents depend on: 64 hex digits.

    Args:
        tile: its card, model, conductances, wires, faults and stuck cells count; its name does not.
        v_in_volt: shape (vectors, rows), V.
        engine: its name and version count.

    """
    crossbar, model = tile.crossbar, tile.card.device_model
    numbers = {k: v for k, v in vars(crossbar).items() if k not in ("g_siemens", "faults")}
    head = {
        "edition": _EDITION,
        "engine": [engine.name, engine.available().version],
        "card": [tile.card.hash, model.name, model.version],
        "crossbar": numbers,
        "faults": crossbar.faults.model_dump(mode="json"),
        "shapes": [crossbar.g_siemens.shape, v_in_volt.shape, tile.stuck is not None],
    }
    digest = hashlib.sha256(json.dumps(head, sort_keys=True).encode())
    for array in (crossbar.g_siemens, v_in_volt, tile.stuck):
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def recall(folder: Path, key: str, shape: tuple[int, int]) -> Array | None:
    """The currents kept under ``key``, A; None if there are none of this shape, or the file is not whole."""
    try:
        with np.load(folder / f"{key}.npz", allow_pickle=False) as data:
            found, kept = data["i_column_amp"], str(data["key"])
    except (OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, BadZipFile):
        return None
    whole = kept == key and found.shape == shape and found.dtype == np.float64 and np.isfinite(found).all()
    return found if whole else None


def keep(folder: Path, key: str, i_column_amp: Array) -> None:
    """Keep currents; whoever reads meanwhile sees the whole file or none.

    Raises:
        InputError: the file cannot be written.

    """
    path, temporary = folder / f"{key}.npz", ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".part-", dir=folder)
        with os.fdopen(handle, "wb") as file:
            np.savez(file, i_column_amp=np.ascontiguousarray(i_column_amp), key=np.array(key))
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            os.unlink(temporary)
