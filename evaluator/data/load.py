"""From a path to labelled images: test data, and training images to calibrate with."""

from __future__ import annotations

from pathlib import Path

from evaluator.data.dataset import Dataset
from evaluator.data.description import DatasetDescription
from evaluator.data.formats import DataSource, Format, Stored, recognise
from evaluator.data.formats.files import reading, shown
from evaluator.data.prepare import prepared
from models_va import read_yaml
from models_va.errors import InputError
from spicegen.files import beside

_OPTIONAL = {"labels": None, "label": "fine", "layout": "HWC"}


def load_dataset(path: Path, limit: int | None = None) -> Dataset:
    """Read labelled test images; uint8 images are scaled to 0..1, floats pass as they are.

    Args:
        path: the data in any format of ``evaluator.data.formats``, or a description of them (YAML).
        limit: take only so many images, the first ones; at least 1. Of a folder one of each class in turn.

    Raises:
        InputError: missing, truncated, damaged, or of no known format; a key missing, encrypted or too large for
            the memory; other types; no images; lengths that differ; labels that are no class numbers; NaN or
            infinity; a description that does not fit the images. The message names file, place and remedy.

    """
    description, source, form = _opened(path)
    return _dataset(path, description, form.test(source, limit))


def load_calibration(path: Path, most: int) -> Dataset | None:
    """Read training images of the same data, prepared alike; None if the data have no training part.

    Args:
        path: path of the data, as for ``load_dataset``.
        most: take so many images, the first ones, or all if there are fewer; at least 1.

    Returns:
        The images; labels are 0 where the training part has none.

    Raises:
        InputError: see ``load_dataset``.

    """
    description, source, form = _opened(path)
    stored = form.train(source, most)
    return None if stored is None else _dataset(path, description, stored)


def _opened(path: Path) -> tuple[DatasetDescription, DataSource, Format]:
    if path.suffix.lower() not in (".yaml", ".yml") or path.is_dir():
        return DatasetDescription(file=path.name), DataSource(path), recognise(path)
    d = read_yaml(path, DatasetDescription)
    labels = None if d.labels is None else Path(beside(path, d.labels))
    source = DataSource(Path(beside(path, d.file)), labels, d.label, d.resize)
    form = recognise(source.path)
    for key, usual in _OPTIONAL.items():
        if getattr(d, key) != usual and key not in form.keys:
            raise InputError(f"{shown(path)}: {key} has no meaning for {form.name}: remove it")
    return d, source, form


def _dataset(path: Path, description: DatasetDescription, stored: Stored) -> Dataset:
    with reading(path):
        images = prepared(stored, description)
    labels = stored.labels + description.label_offset
    return Dataset(shown(path), images, labels, stored.image_name, stored.label_name)
