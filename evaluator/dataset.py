"""Test data from .npz files and descriptions of them (YAML), checked before anything is computed from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from evaluator.graph.runtime import one_line
from models_va import read_yaml
from models_va.errors import InputError
from spicegen.files import beside


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
        place = _not_finite(cast)
        if place:
            raise InputError(
                f"{self.source}: x_test{list(place)} = {self.images[place]:g} is beyond {dtype}, "
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
                f"{self.source}: y_test[{wrong[0]}] = {label} is no class of the network, "
                f"which has 0 to {classes - 1}: give the data that the network is for"
            )


Finite = Annotated[float, Field(allow_inf_nan=False)]
Deviation = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Pixels = Annotated[int, Field(ge=1, le=4096)]


class DatasetDescription(BaseModel):
    """What is done to images before a network sees them, in this order.

    Attributes:
        file: an .npz file with x_test and y_test, beside the description.
        layout: of images with channels: last (HWC) or first (CHW).
        resize: height and width, pixels; bicubic, Pillow's own choice.
        channels: RGB as stored, or turned into BGR.
        scale: uint8 images to 0..1 (unit), or as 0..255 (raw).
        mean, std: subtracted, then divided by; one number, or one for each channel; on the scale above.
        label_offset: added to every label: 1 where class 0 of the network is a background.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    layout: Literal["HWC", "CHW"] = "HWC"
    resize: tuple[Pixels, Pixels] | None = None
    channels: Literal["RGB", "BGR"] = "RGB"
    scale: Literal["unit", "raw"] = "unit"
    mean: tuple[Finite, ...] = (0.0,)
    std: tuple[Deviation, ...] = (1.0,)
    label_offset: int = 0


def load_dataset(path: Path, limit: int | None = None) -> Dataset:
    """Read x_test and y_test from an .npz file; uint8 images are scaled to 0..1, floats pass as they are.

    Args:
        path: the file, or a description of it (YAML).
        limit: take only so many images, the first ones.

    Raises:
        InputError: missing, truncated or not .npz; a key missing, damaged, encrypted or too large for the memory;
            other types; no images; lengths that differ; NaN or infinity; a description that does not fit the
            images. The message names file, key and remedy.

    """
    if path.suffix.lower() not in (".yaml", ".yml"):
        images, labels = _stored(path, limit)
        return Dataset(str(path), _scaled(path, images), labels)
    description = read_yaml(path, DatasetDescription)
    images, labels = _stored(Path(beside(path, description.file)), limit)
    return Dataset(str(path), _prepared(path, description, images), labels + description.label_offset)


def _stored(path: Path, limit: int | None) -> tuple[NDArray[Any], NDArray[np.int64]]:
    arrays = _read(path)
    images, labels = arrays["x_test"], arrays["y_test"]
    if images.ndim < 2 or labels.size != len(images) or len(images) == 0:
        raise InputError(
            f"{path}: x_test has shape {images.shape}, y_test {labels.shape}: "
            "give at least one image, and one label for each"
        )
    if labels.dtype.kind not in "iu":
        raise InputError(f"{path}: y_test has type {labels.dtype}: give class numbers as integers")
    return images[:limit], labels.reshape(-1)[:limit].astype(np.int64)


def _prepared(path: Path, d: DatasetDescription, images: NDArray[Any]) -> NDArray[Any]:
    """The images as ``d`` says, shape (n, height, width, channels); without a channel axis as they are."""
    coloured = images.ndim == 4
    if coloured and d.layout == "CHW":
        images = images.transpose(0, 2, 3, 1)
    count = images.shape[3] if coloured else 1
    for name, values in (("mean", d.mean), ("std", d.std)):
        if len(values) not in (1, count):
            raise InputError(f"{path}: {name} has {len(values)} numbers for {count} channels: give 1 or {count}")
    if d.channels == "BGR" and count != 3:
        raise InputError(f"{path}: channels: BGR needs images with 3 channels, these have {count}: remove it")
    if d.resize:
        images = _resized(path, images, d.resize)
    if d.channels == "BGR":
        images = images[..., ::-1]
    scaled = _scaled(path, images) if d.scale == "unit" else _scaled(path, images) * _depth(images)
    mean, std = (np.asarray(values, scaled.dtype) for values in (d.mean, d.std))
    scaled = (scaled - mean) / std
    return scaled.transpose(0, 3, 1, 2) if coloured and d.layout == "CHW" else scaled


def _depth(images: NDArray[Any]) -> np.float32:
    """What 1 stands for in stored images."""
    return np.float32(255 if images.dtype == np.uint8 else 1)


def _resized(path: Path, images: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or images.shape[3:] not in ((), (1,), (3,)):
        raise InputError(f"{path}: resize needs uint8 images of 1 or 3 channels, these are {images.dtype} of shape "
                         f"{images.shape[1:]}: resize them before")  # fmt: skip
    flat = images[..., 0] if images.shape[3:] == (1,) else images
    height, width = size
    small = [np.asarray(Image.fromarray(x).resize((width, height), Image.Resampling.BICUBIC)) for x in flat]
    return np.stack(small).reshape(len(images), height, width, *images.shape[3:])


def _read(path: Path) -> dict[str, NDArray[Any]]:
    keys = ("x_test", "y_test")
    try:
        archive = np.load(path, allow_pickle=False)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}: give an .npz file") from error
    except Exception as error:  # numpy, zipfile and the decompressors have no common base
        raise InputError(f"{path}: is truncated or no .npz file: write it with numpy.savez") from error
    if isinstance(archive, np.ndarray):
        raise InputError(f"{path}: is a single array, no .npz file: write x_test and y_test with numpy.savez")
    with archive:
        found = archive.files
        if not set(keys) <= set(found):
            shown = ", ".join(map(repr, found[:8])) or "none"
            raise InputError(f"{path}: needs the arrays x_test and y_test, found {shown}")
        return {key: _member(path, archive, key) for key in keys}


def _member(path: Path, archive: Mapping[str, Any], key: str) -> NDArray[Any]:
    try:
        array = archive[key]
    except MemoryError as error:
        raise InputError(f"{path}: {key} does not fit into the memory: give fewer images") from error
    except Exception as error:  # see _read
        raise InputError(
            f"{path}: {key} is truncated, encrypted or no plain array ({one_line(error, 120)}): "
            "write it with numpy.savez"
        ) from error
    if not isinstance(array, np.ndarray):  # numpy hands out other members as bytes
        raise InputError(f"{path}: {key} is no .npy array: write it with numpy.savez")
    return array


def _scaled(path: Path, images: NDArray[Any]) -> NDArray[Any]:
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(255)
    if images.dtype.kind != "f":
        raise InputError(f"{path}: x_test has type {images.dtype}: give uint8 (scaled to 0..1) or floating point")
    place = _not_finite(images)
    if place:
        raise InputError(f"{path}: x_test{list(place)} is NaN or infinite: clean the data")
    return images


def _not_finite(images: NDArray[Any]) -> tuple[int, ...]:
    """Place of the first value that is NaN or infinite; empty if there is none."""
    finite = np.isfinite(images)
    return () if finite.all() else tuple(np.argwhere(~finite)[0].tolist())


def _fits(own: tuple[int, ...], shape: tuple[int | None, ...]) -> bool:
    return len(own) == len(shape) and all(b in (None, a) for a, b in zip(own, shape, strict=True))


def _same_order(own: list[int], wanted: list[int]) -> bool:
    flat = len(own) <= 1 or len(wanted) <= 1
    return own == wanted or (flat and math.prod(own) == math.prod(wanted))
