"""Results stored by content: a file is found by what was simulated or computed, and by nothing else."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from models_va.errors import InputError
from spicegen.simulate import REFERENCE, Simulator
from spicegen.simulate.native.cell_step import source_digest

Array = NDArray[np.float64]


def digest(head: Mapping[str, object], arrays: Iterable[NDArray[np.generic]] = ()) -> str:
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
    """The method and version of a simulator, on which results depend; of the native one also its source."""
    own = [source_digest()] if engine.name == REFERENCE else []
    return [engine.method, engine.available().version, *own]


@dataclass(frozen=True)
class ResultCache:
    """Arrays of results in the files of a folder, each found by the digest of all that it depends on.

    A result is written beside its place and renamed: whoever reads meanwhile, or after an interrupt, sees all of it or
    nothing.

    Attributes:
        folder: of the files, which must exist; None: nothing is stored and nothing found.
    """

    folder: Path | None

    def load(self, key: str, names: Iterable[str]) -> dict[str, Array] | None:
        """The stored arrays of a result by name.

        Args:
            key: the result's digest.
            names: of the arrays that are wanted.

        Returns:
            None if there is no result under this key, if its file is damaged, or if an array is missing or not finite.
        """
        if self.folder is None:
            return None
        try:
            with np.load(self.folder / f"{key}.npz", allow_pickle=False) as data:
                found, stored_key = {name: data[name] for name in names}, str(data["key"])
        except Exception:  # what zipfile, zlib, tokenize and numpy raise on a damaged file has no common base
            return None
        whole = stored_key == key and all(a.dtype == np.float64 and np.isfinite(a).all() for a in found.values())
        return found if whole else None

    def store(self, key: str, **arrays: Array) -> None:
        """Store the arrays of a result under its digest.

        Raises:
            InputError: the file cannot be written.
        """
        if self.folder is None:
            return
        content: dict[str, Any] = {name: np.asarray(array, order="C") for name, array in arrays.items()}
        path = self.folder / f"{key}.npz"
        partial = path.with_name(f".part-{key}-{os.getpid()}-{get_ident()}")
        try:
            with partial.open("wb") as file:
                np.savez(file, key=np.array(key), **content)
            partial.replace(path)
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror}") from error
        finally:
            partial.unlink(missing_ok=True)
