"""Many trainings in one call, several at the same time: of several set-ups, devices, seeds and parts of the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluator.training.config import DataConfig, TrainConfig
from evaluator.training.device_steps import DeviceSteps
from evaluator.training.run import RunResult, Training, TrainingSamples
from evaluator.training.train import scaled_samples, training_samples
from models_va.errors import InputError
from spicegen.result_cache import ResultCache


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
        return _loaded(self)


@dataclass(frozen=True, eq=False)
class TrainingJob:
    """One training: its settings, the steps of its devices, its samples and its seed.

    Attributes:
        label: what the lines of progress begin with.
        config: settings.
        steps: steps of the devices.
        source: the samples.
        seed: seed of everything random.
    """

    label: str
    config: TrainConfig
    steps: DeviceSteps
    source: SampleSource
    seed: int


class JobResult(NamedTuple):
    """The result of a training, and the number of samples in each of its epochs."""

    run: RunResult
    n_train: int


def _say_nothing(text: str) -> None:
    """The default of ``say``; another process can import it."""


def train_jobs(
    jobs: Sequence[TrainingJob],
    *,
    workers: int = 1,
    folder: Path | None = None,
    say: Callable[[str], None] = _say_nothing,
) -> list[JobResult]:
    """Train all jobs, and return their results in the jobs' order.

    Args:
        jobs: the trainings.
        workers: number of trainings at the same time; the result is the same. ``say`` must then be a function that
            another process can import.
        folder: an existing folder for the states after each epoch, from which a later call goes on; None: nothing is
            kept.
        say: is told the accuracies after every epoch, a line each.

    Raises:
        InputError: the samples of a job cannot be read, or a state cannot be stored.
    """
    train_one = partial(_trained, cache=ResultCache(folder), say=say)
    if min(workers, len(jobs)) <= 1:
        return [train_one(job) for job in jobs]
    with ProcessPoolExecutor(min(workers, len(jobs)), get_context("spawn")) as pool:
        return list(pool.map(train_one, jobs))


def _trained(job: TrainingJob, cache: ResultCache, say: Callable[[str], None]) -> JobResult:
    def report(epoch: int, floating: float, hardware: float) -> None:
        say(
            f"{job.label}, epoch {epoch} of {job.config.schedule.epochs}: {100 * hardware:.2f} % on the devices, "
            f"{100 * floating:.2f} % in floating point"
        )

    samples = job.source.load()
    run = Training(job.config, job.steps, samples, job.seed).finished(cache, report)
    return JobResult(run, min(job.config.data.subset or len(samples.x), len(samples.x)))


@lru_cache(maxsize=1)
def _loaded(source: SampleSource) -> TrainingSamples:
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
