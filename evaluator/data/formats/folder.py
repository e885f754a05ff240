"""Folders of images: one subfolder for each class, with PNG and JPEG files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise, zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evaluator.data.formats.files import cause, check_room, reading, shown, training_twin
from evaluator.data.formats.format import DataSource, Format, Stored
from models_va.errors import InputError

# not all of these can be read, but none is passed over
_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"})
_GREY = frozenset({"1", "L", "LA"})
_COLOURED = frozenset({"P", "RGB", "RGBA", "CMYK", "YCbCr"})
_SPLITS = frozenset({"test", "val", "valid", "validation"})


def _recognises(path: Path, head: bytes) -> bool:
    return path.is_dir() and bool(_subfolders(path))


def _test(source: DataSource, limit: int | None) -> Stored:
    return _folder(source.path, source.resize, limit)


def _train(source: DataSource, most: int) -> Stored | None:
    twin = training_twin(source.path) if source.path.name in _SPLITS else None
    return _folder(twin, source.resize, most) if twin is not None and twin.is_dir() else None


def _folder(folder: Path, resize: tuple[int, int] | None, limit: int | None) -> Stored:
    with reading(folder):
        chosen = _chosen(folder)[:limit]
        if not chosen:
            raise InputError("has no images in its subfolders: give PNG or JPEG files, one subfolder for each class")
    heads = [_head(path) for path, _ in chosen]
    size = heads[0][0] if resize is None else (resize[1], resize[0])
    for (path, _), (own, _) in zip(chosen, heads, strict=True):
        if resize is None and own != size:
            raise InputError(
                f"{shown(path)}: is {own[0]} x {own[1]} pixels, {shown(chosen[0][0].name)} is {size[0]} x {size[1]}: "
                "give a description (.yaml) with resize: [height, width]"
            )
    mode = "RGB" if any(coloured for _, coloured in heads) else "L"
    images = _decoded(folder, [path for path, _ in chosen], size, mode)
    return Stored(images, np.array([label for _, label in chosen], np.int64))


def _chosen(folder: Path) -> list[tuple[Path, int]]:
    """Every file with its label; one of each class in turn, so that the first ones are of all classes."""
    classes = [[(path, label) for path in _files(sub)] for label, sub in _classes(folder)]
    return [entry for turn in zip_longest(*classes) for entry in turn if entry is not None]


def _classes(folder: Path) -> list[tuple[int, Path]]:
    """Class numbers and their subfolders: the names, if all are whole numbers, else the sorted order."""
    subfolders = _subfolders(folder)
    if not all(sub.name.isascii() and sub.name.isdigit() and len(sub.name) < 10 for sub in subfolders):
        return list(enumerate(subfolders))
    numbered = sorted((int(sub.name), sub) for sub in subfolders)
    for (number, one), (following, other) in pairwise(numbered):
        if number == following:
            raise InputError(f"has subfolders {one.name} and {other.name} for the same class: join them")
    return numbered


def _subfolders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith((".", "__")))


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir()
                  if p.suffix.lower() in _SUFFIXES and p.is_file() and not p.name.startswith("."))  # fmt: skip


def _head(path: Path) -> tuple[tuple[int, int], bool]:
    """Width and height, pixels, and whether there are colours; the pixels are not read."""
    with _opened(path) as image:
        if image.mode not in _GREY | _COLOURED:
            raise InputError(f"has pixels of another kind ({image.mode}): save it with 8 bits a channel")
        return image.size, image.mode in _COLOURED


def _decoded(folder: Path, paths: list[Path], size: tuple[int, int], mode: str) -> NDArray[np.uint8]:
    shape = (len(paths), size[1], size[0], 3) if mode == "RGB" else (len(paths), size[1], size[0])
    with reading(folder):
        check_room(int(np.prod(shape, dtype=object)))
        images = np.empty(shape, np.uint8)
    for place, path in enumerate(paths):
        with _opened(path) as image:
            pixels = image.convert(mode)
            images[place] = np.asarray(pixels if pixels.size == size else pixels.resize(size, Image.Resampling.BICUBIC))
    return images


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    with warnings.catch_warnings(), reading(path):
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)  # from 90 million pixels on
        try:
            with Image.open(path, formats=("PNG", "JPEG")) as image:
                yield image
        except (InputError, MemoryError):
            raise
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise InputError("has too many pixels, more than 89 million: give a smaller one") from error
        except Exception as error:  # Pillow's decoders have no common base
            raise InputError(
                f"is truncated or no PNG or JPEG image ({cause(error)}): get it again or remove it"
            ) from error


FORMAT = Format("a folder with one subfolder of PNG or JPEG images for each class", _recognises, _test, _train)
