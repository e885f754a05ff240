"""Dataset: labelled images, in the shape and type of a network's input."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images.

    Attributes:
        source: the file or folder, for messages.
        images: the images, shape (n, ...), floating point and finite.
        labels: class numbers of the images from 0, shape (n,).
        image_name, label_name: names of the two arrays in the file, for messages.

    """

    source: str
    images: NDArray[Any]
    labels: NDArray[np.int64]
    image_name: str = "x_test"
    label_name: str = "y_test"

    def images_as(self, shape: tuple[int | None, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """The images in the shape (n, *shape) and the type of a network's input; None fits any length.

        Axes of length 1 come and go, and images are flattened or unflattened in their own order. Images stored
        with the channels last (HWC) go to a network that takes them first (CHW), where their lengths leave no doubt.

        Raises:
            InputError: the shapes do not fit, or a value is beyond the type.

        """
        own = self.images.shape[1:]
        if _fits(own, shape):
            return self._cast(dtype)
        wanted = [n for n in shape if n is not None]
        if len(wanted) == len(shape) and _same_order([n for n in own if n != 1], [n for n in wanted if n != 1]):
            return self._cast(dtype).reshape(len(self.images), *wanted)
        if len(own) == len(shape) == 3 and _fits((own[2], own[0], own[1]), shape):
            return self._cast(dtype).transpose(0, 3, 1, 2)
        raise InputError(
            f"{self.source}: images of shape {own} do not fit the network's input "
            f"{tuple(n or 'any' for n in shape)}: give data of that shape"
        )

    def _cast(self, dtype: np.dtype[Any]) -> NDArray[Any]:
        with np.errstate(over="ignore"):
            cast = self.images.astype(dtype, copy=False)
        place = not_finite(cast)
        if place:
            raise InputError(
                f"{self.source}: {self.image_name}{list(place)} = {self.images[place]:g} is beyond {dtype}, "
                "the type of the network's input: scale the data"
            )
        return cast

    def check_labels(self, classes: int) -> None:
        """Check that every label is one of the network's classes.

        Raises:
            InputError: one is not; the message names it.

        """
        wrong = np.flatnonzero((self.labels < 0) | (self.labels >= classes))
        if wrong.size:
            label = self.labels[wrong[0]]
            raise InputError(
                f"{self.source}: {self.label_name}[{wrong[0]}] = {label} is no class of the network, "
                f"which has 0 to {classes - 1}: give the data that the network is for"
            )


def not_finite(images: NDArray[Any]) -> tuple[int, ...]:
    """Place of the first value that is NaN or infinite; empty if there is none."""
    finite = np.isfinite(images)
    return () if finite.all() else tuple(np.argwhere(~finite)[0].tolist())


def _fits(own: tuple[int, ...], shape: tuple[int | None, ...]) -> bool:
    return len(own) == len(shape) and all(b in (None, a) for a, b in zip(own, shape, strict=True))


def _same_order(own: list[int], wanted: list[int]) -> bool:
    flat = len(own) <= 1 or len(wanted) <= 1
    return own == wanted or (flat and math.prod(own) == math.prod(wanted))
