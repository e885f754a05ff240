"""Test data from .npz files, checked before anything is computed from it."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images.

    Attributes:
        source: the file, for messages.
        images: shape (n, ...), floating point and finite.
        labels: shape (n,), class numbers from 0.

    """

    source: str
    images: NDArray[Any]
    labels: NDArray[np.int64]

    def images_as(self, shape: tuple[int | None, ...]) -> NDArray[Any]:
        """The images in the shape (n, *shape) of a network's input; None fits any length.

        Axes of length 1 come and go, and images are flattened or unflattened in their own order. Two
        different arrangements of several axes (HWC and CHW) are not taken for one another.

        Raises:
            InputError: the shapes do not fit.

        """
        own = self.images.shape[1:]
        if len(own) == len(shape) and all(b in (None, a) for a, b in zip(own, shape, strict=True)):
            return self.images
        wanted = [n for n in shape if n is not None]
        if len(wanted) == len(shape) and _same_order([n for n in own if n != 1], [n for n in wanted if n != 1]):
            return self.images.reshape(len(self.images), *wanted)
        raise InputError(
            f"{self.source}: images of shape {own} do not fit the network's input "
            f"{tuple(n or 'any' for n in shape)}: give data of that shape"
        )

    def check_labels(self, classes: int) -> None:
        """Check that every label is one of the network's classes.

        Raises:
            InputError: one is not; the message names it.

        """
        wrong = np.flatnonzero((self.labels < 0) | (self.labels >= classes))
        if wrong.size:
            label = self.labels[wrong[0]]
            raise InputError(
                f"{self.source}: y_test[{wrong[0]}] = {label} is no class of the network, "
                f"which has 0 to {classes - 1}: give the data that the network is for"
            )


def load_dataset(path: Path, limit: int | None = None) -> Dataset:
    """Read x_test and y_test from an .npz file; uint8 images are scaled to 0..1, floats pass as they are.

    Args:
        path: the file.
        limit: take only so many images, the first ones.

    Raises:
        InputError: missing, truncated or not .npz; a key missing; other types; no images; lengths that
            differ; NaN or infinity. The message names file, key and remedy.

    """
    if path.suffix.lower() in (".yaml", ".yml"):
        raise InputError(f"{path}: is no .npz file: give one with x_test and y_test")
    arrays = _read(path)
    images, labels = arrays["x_test"], arrays["y_test"]
    if images.ndim < 2 or labels.size != len(images) or len(images) == 0:
        raise InputError(
            f"{path}: x_test has shape {images.shape}, y_test {labels.shape}: "
            "give at least one image, and one label for each"
        )
    if labels.dtype.kind not in "iu":
        raise InputError(f"{path}: y_test has type {labels.dtype}: give class numbers as integers")
    scaled = _scaled(path, images[:limit])
    return Dataset(str(path), scaled, labels.reshape(-1)[:limit].astype(np.int64))


def _read(path: Path) -> dict[str, NDArray[Any]]:
    keys = ("x_test", "y_test")
    try:
        with np.load(path, allow_pickle=False) as archive:
            found = [] if isinstance(archive, np.ndarray) else archive.files
            if not set(keys) <= set(found):
                shown = ", ".join(map(repr, found[:8])) or "none"
                raise InputError(f"{path}: needs the arrays x_test and y_test, found {shown}")
            return {key: archive[key] for key in keys}
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: is truncated or no .npz file of plain arrays: write it with numpy.savez") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}: give an .npz file") from error


def _scaled(path: Path, images: NDArray[Any]) -> NDArray[Any]:
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(255)
    if images.dtype.kind != "f":
        raise InputError(f"{path}: x_test has type {images.dtype}: give uint8 (scaled to 0..1) or floating point")
    if not np.all(np.isfinite(images)):
        place = ", ".join(map(str, np.argwhere(~np.isfinite(images))[0]))
        raise InputError(f"{path}: x_test[{place}] is NaN or infinite: clean the data")
    return images


def _same_order(own: list[int], wanted: list[int]) -> bool:
    flat = len(own) <= 1 or len(wanted) <= 1
    return own == wanted or (flat and np.prod(own, dtype=np.int64) == np.prod(wanted, dtype=np.int64))
