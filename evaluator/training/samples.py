"""Samples of a training: from labelled data, or from one part of a cross-validation, flattened and scaled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluator.data import Dataset, load_calibration, load_dataset
from evaluator.training.config import DataConfig
from models_va.errors import InputError
from spicegen.result_cache import digest

Single = NDArray[np.float32]
_ALL = 10**9


@dataclass(frozen=True, eq=False)
class TrainingSamples:
    """Training and test samples as the network takes them.

    Attributes:
        x, y: training inputs, shape (n, inputs), and classes, shape (n,).
        x_test, y_test: of the test, likewise.
    """

    x: Single
    y: NDArray[np.int64]
    x_test: Single
    y_test: NDArray[np.int64]

    @property
    def digest(self) -> str:
        """SHA-256 of all samples."""
        return digest({"shapes": [self.x.shape, self.x_test.shape]}, (self.x, self.y, self.x_test, self.y_test))


@dataclass(frozen=True)
class Fold:
    """One part of a stratified cross-validation: this part is the test, all others are for training.

    Attributes:
        number: number of the part, from 0.
        count: number of parts.
        seed: seed of the random split.
    """

    number: int
    count: int
    seed: int


@dataclass(frozen=True)
class SampleSource:
    """Where a training has its samples from; they are loaded in the process that trains.

    Attributes:
        path: data in a format of ``evaluator.data`` with a training and a test part; with ``fold``, an .npz file with
            all samples in the arrays ``x`` and ``y``.
        data: how the samples are scaled.
        fold: part of a cross-validation; None for data that come with a test part.
    """

    path: Path
    data: DataConfig
    fold: Fold | None = None

    def load(self) -> TrainingSamples:
        """The samples; the last ones that were loaded are kept.

        Raises:
            InputError: the file cannot be read, or an array is missing or of another shape.
        """
        try:
            found = self.path.stat()
        except OSError:
            return _read(self)  # which says what is wrong
        return _loaded(self, found.st_mtime_ns, found.st_size)


def training_samples(data: Path, config: DataConfig) -> TrainingSamples:
    """Training and test samples of labelled data, flattened and scaled.

    Args:
        data: labelled images with a training and a test part, in any format of ``evaluator.data``.
        config: how the samples are scaled.

    Raises:
        InputError: there is no training part, or it does not fit the test part.
    """
    test, training = load_dataset(data), load_calibration(data, _ALL)
    if training is None:
        raise InputError(f"{data}: holds no training images: give x_train and y_train beside x_test and y_test")
    x, x_test = _flat(training), _flat(test)
    if x.shape[1] != x_test.shape[1]:
        raise InputError(f"{data}: training images have {x.shape[1]} values, those of the test {x_test.shape[1]}")
    classes = int(training.labels.max()) + 1
    if classes < 2:
        raise InputError(f"{data}: {training.label_name} has one class only: training needs two or more")
    training.check_labels(classes)
    test.check_labels(classes)
    return scaled_samples(TrainingSamples(x, training.labels, x_test, test.labels), config)


def scaled_samples(samples: TrainingSamples, config: DataConfig) -> TrainingSamples:
    """Samples scaled as a configuration says, by what the training samples are; the test samples alike."""
    x, x_test = samples.x, samples.x_test
    if config.scaling == "unit":
        largest = float(np.abs(x).max()) or 1.0
        x, x_test = x / np.float32(largest), x_test / np.float32(largest)
    elif config.scaling == "standard":
        mean, deviation = x.mean(axis=0), x.std(axis=0)
        deviation[deviation == 0] = 1
        x, x_test = (x - mean) / deviation, (x_test - mean) / deviation
    single: tuple[NDArray[np.float32], ...] = tuple(np.ascontiguousarray(a, dtype=np.float32) for a in (x, x_test))
    return TrainingSamples(single[0], samples.y, single[1], samples.y_test)


def _flat(data: Dataset) -> NDArray[np.float32]:
    return np.asarray(data.images.reshape(len(data.images), -1), dtype=np.float32)


@lru_cache(maxsize=1)
def _loaded(source: SampleSource, changed_ns: int, size: int) -> TrainingSamples:
    """The samples of a file that was changed at this time and has this size, of which another version may be kept."""
    return _read(source)


def _read(source: SampleSource) -> TrainingSamples:
    if source.fold is None:
        return training_samples(source.path, source.data)
    x, y = _all_samples(source.path)
    test = fold_numbers(y, source.fold.count, source.fold.seed) == source.fold.number
    return scaled_samples(TrainingSamples(x[~test], y[~test], x[test], y[test]), source.data)


def _all_samples(path: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """All samples of a file that has no test part, shape (n, inputs), and their classes, shape (n,)."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            x, y = arrays["x"], arrays["y"]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: cannot be read as samples: give an .npz file with the arrays x and y") from error
    numbers = np.issubdtype(x.dtype, np.number) and np.issubdtype(y.dtype, np.integer)
    if not numbers or x.ndim != 2 or y.shape != x.shape[:1] or not np.isfinite(x).all() or y.min(initial=0) < 0:
        raise InputError(
            f"{path}: x has the shape {x.shape} and y the shape {y.shape}: give finite samples (n, inputs) and n "
            "whole class numbers from 0"
        )
    return x.astype(np.float32), y.astype(np.int64)


def fold_numbers(y: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """The part of a stratified cross-validation that each sample is in, from 0, shape (n,).

    Samples of a class are spread at random over the parts, as many in each as there can be.
    """
    rng, parts = np.random.default_rng(seed), np.empty(len(y), dtype=np.int64)
    for label in np.unique(y):
        members = rng.permutation(np.flatnonzero(y == label))
        parts[members] = np.arange(len(members)) % count
    return parts
