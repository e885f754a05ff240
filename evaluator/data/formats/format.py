"""Format: how a format of data sets is recognised, and how its images are read."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evaluator.data.formats.files import reading, shown
from models_va.errors import InputError


@dataclass(frozen=True)
class DataSource:
    """Files of a data set, as the user named them.

    Attributes:
        path: file or folder of the images.
        labels: file of the labels, where the user named one.
        label: which of CIFAR-100's two labels is taken.
        resize: height and width, pixels, for formats whose images differ in size.

    """

    path: Path
    labels: Path | None = None
    label: Literal["fine", "coarse"] = "fine"
    resize: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Stored:
    """Images and labels as they are stored.

    Attributes:
        images: shape (n, ...), uint8 or whatever the file holds; colours last unless it is an array of the user's.
        labels: shape (n,).
        image_name, label_name: names of both in their file, for messages.

    """

    images: NDArray[Any]
    labels: NDArray[np.int64]
    image_name: str = "images"
    label_name: str = "labels"


@dataclass(frozen=True)
class Format:
    """A format of data sets.

    Attributes:
        name: name of the format for users.
        recognises: whether a path with these first bytes (none for a folder) is of the format.
        test: reads the first ``limit`` test images, or all for None.
        train: reads the first training images, at most this many; None where the data have none.
        keys: entries that a description may have for this format, beyond those for all formats.

    """

    name: str
    recognises: Callable[[Path, bytes], bool]
    test: Callable[[DataSource, int | None], Stored]
    train: Callable[[DataSource, int], Stored | None]
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Rows:
    """The first rows of a stored array.

    Attributes:
        shape: shape of the whole array.
        array: the first rows of the array.

    """

    shape: tuple[int, ...]
    array: NDArray[Any]


def paired_files(
    path: Path, labels: Path | None, read: Callable[[Path, int | None], Rows], limit: int | None
) -> Stored:
    """``pair`` of the arrays in two files, whose first rows ``read`` gives.

    Raises:
        InputError: see ``pair``; the message names the images' file.

    """
    first = read(path, limit)
    numbers = None if labels is None else read(labels, None)
    with reading(path):
        return pair(first, numbers)


def pair(images: Rows, labels: Rows | None, image_name: str = "images", label_name: str = "labels") -> Stored:
    """Images with their labels, or with labels 0.

    Raises:
        InputError: no images, not one label for each, or labels that are no integers.

    """
    if labels is None:
        labels = Rows(images.shape[:1], np.zeros(len(images.array) if images.shape else 0, np.int64))
    if len(images.shape) < 2 or math.prod(images.shape) == 0 or math.prod(labels.shape) != images.shape[0]:
        raise InputError(
            f"{image_name} has shape {images.shape}, {label_name} {labels.shape}: "
            "give at least one image, and one label for each"
        )
    if labels.array.dtype.kind not in "iu":
        raise InputError(f"{label_name} has type {shown(labels.array.dtype)}: give class numbers as integers")
    numbers = labels.array.reshape(-1)[: len(images.array)].astype(np.int64)
    return Stored(images.array, numbers, image_name, label_name)
