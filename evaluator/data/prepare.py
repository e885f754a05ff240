"""Stored images into what a network sees: size, order of channels, scale, mean and standard deviation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evaluator.data.dataset import not_finite
from evaluator.data.description import DatasetDescription
from evaluator.data.formats import Stored
from evaluator.data.formats.files import check_room, shown
from models_va.errors import InputError

_PLACES = {"HWC": "last", "CHW": "first"}


def prepared(stored: Stored, d: DatasetDescription) -> NDArray[Any]:
    """The images as ``d`` says, shape (n, height, width, channels); without a channel axis as they are.

    Raises:
        InputError: other types than uint8 and floating point, NaN or infinity, or a description that does not fit.

    """
    images = stored.images
    coloured = images.ndim == 4
    _check_channels(d, images.shape[1:] if coloured else (1,))
    if coloured and d.layout == "CHW":
        images = images.transpose(0, 2, 3, 1)
    if d.resize and images.shape[1:3] != d.resize:  # folders are resized as they are read
        images = _resized(images, d.resize)
    if d.channels == "BGR":
        images = images[..., ::-1]
    images = _normalised(_scaled(images, d.scale == "unit", stored.image_name), d)
    return images.transpose(0, 3, 1, 2) if coloured and d.layout == "CHW" else images


def _check_channels(d: DatasetDescription, shape: tuple[int, ...]) -> None:
    """Refuse a description that does not fit the channels of images of this shape (height, width, channels or CHW).

    Where the other end of the shape would fit, the message says that the layout is what is wrong.
    """
    first, last = shape[0], shape[-1]
    count, other, layout = (first, last, "HWC") if d.layout == "CHW" else (last, first, "CHW")
    turn = f"say layout: {layout}, if images of shape {shape} have their channels {_PLACES[layout]}"
    for name, values in (("mean", d.mean), ("std", d.std)):
        if len(values) not in (1, count):
            remedy = turn if len(values) == other else f"give {'1' if count == 1 else f'1 or {count}'}"
            raise InputError(f"{name} has {len(values)} numbers for {count} channel{'s' * (count > 1)}: {remedy}")
    if d.channels == "BGR" and count != 3:
        remedy = turn if other == 3 else "remove it"
        raise InputError(f"channels: BGR needs images with 3 channels, these have {count}: {remedy}")
    if d.resize and len(shape) == 3 and count not in (1, 3) and other in (1, 3):
        raise InputError(f"resize needs images with 1 or 3 channels, these have {count}: {turn}")


def _resized(images: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or images.shape[3:] not in ((), (1,), (3,)):
        raise InputError(f"resize needs uint8 images of 1 or 3 channels, these are {images.dtype} of shape "
                         f"{images.shape[1:]}: resize them before")  # fmt: skip
    height, width = size
    check_room(len(images) * height * width * math.prod(images.shape[3:]))
    flat = images[..., 0] if images.shape[3:] == (1,) else images
    small = [np.asarray(Image.fromarray(x).resize((width, height), Image.Resampling.BICUBIC)) for x in flat]
    return np.stack(small).reshape(len(images), height, width, *images.shape[3:])


def _scaled(images: NDArray[Any], unit: bool, name: str) -> NDArray[Any]:
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(255 if unit else 1)
    if images.dtype.kind != "f":
        raise InputError(f"{name} has type {shown(images.dtype)}: give uint8 (scaled to 0..1) or floating point")
    place = not_finite(images)
    if place:
        raise InputError(f"{name}{list(place)} is NaN or infinite: clean the data")
    return images


def _normalised(images: NDArray[Any], d: DatasetDescription) -> NDArray[Any]:
    if d.mean == (0.0,) and d.std == (1.0,):
        return images
    mean, std = (np.asarray(values, images.dtype) for values in (d.mean, d.std))
    normalised: NDArray[Any] = (images - mean) / std
    return normalised
