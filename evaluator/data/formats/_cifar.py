"""Functions that CIFAR's binary and pickled batches share.

Source: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009; its data page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.data.formats.format import DataSource, Stored
from models_va.errors import InputError

PIXELS = 3 * 32 * 32
CLASSES = {"labels": 10, "fine_labels": 100, "coarse_labels": 20}


def label_kind(source: DataSource, hundred: bool) -> str:
    """The name, in the pickles, of the labels that the user wants.

    Raises:
        InputError: coarse labels of CIFAR-10, which has none.

    """
    if hundred:
        return f"{source.label}_labels"
    if source.label == "coarse":
        raise InputError("label: coarse is for CIFAR-100, this is CIFAR-10: remove it")
    return "labels"


def stored(planes: NDArray[np.uint8], labels: NDArray[Any], kind: str) -> Stored:
    """Images, shape (n, 32, 32, 3), from planes of red, green and blue, shape (n, 3072).

    Raises:
        InputError: no images, or a label outside the classes.

    """
    if len(planes) == 0:
        raise InputError("has no images: get it again")
    wrong = np.flatnonzero((labels < 0) | (labels >= CLASSES[kind]))
    if wrong.size:
        raise InputError(
            f"{kind}[{wrong[0]}] = {labels[wrong[0]]}, outside 0 to {CLASSES[kind] - 1}: is no CIFAR file or damaged"
        )
    images = planes.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return Stored(np.ascontiguousarray(images), labels.astype(np.int64), "images", kind)


def beside(folder: Path, own: Path, names: Iterable[str]) -> list[Path]:
    """Paths of the files of these names in the folder, without ``own``, which holds the images that are judged."""
    return [folder / name for name in names if (folder / name).is_file() and (folder / name) != own]


def joined(paths: Iterable[Path], most: int, read: Callable[[Path, int], Stored]) -> Stored | None:
    """The first ``most`` images of several batches, read one by one as long as more are needed."""
    parts: list[Stored] = []
    for path in paths:
        missing = most - sum(len(part.labels) for part in parts)
        if missing > 0:
            parts.append(read(path, missing))
    if not parts:
        return None
    images, labels = ([getattr(part, name) for part in parts] for name in ("images", "labels"))
    return Stored(np.concatenate(images), np.concatenate(labels), "images", parts[0].label_name)
