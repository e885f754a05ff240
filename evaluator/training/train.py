"""``train``: networks that learn on the device's own updates, one for each seed, beside the same in floating point."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluator.data import Dataset, load_calibration, load_dataset
from evaluator.training.config import DataConfig, TrainConfig
from evaluator.training.device_steps import DeviceSteps, device_steps
from evaluator.training.export import write_conductances, write_onnx
from evaluator.training.result import RESTS_S, TrainResult
from evaluator.training.run import RunResult, Training, TrainingSamples
from models_va import DeviceCard, load_card
from models_va.errors import InputError, SpicegenError
from spicegen.devices.drift import relaxed
from spicegen.files import output_folder
from spicegen.result_cache import ResultCache

MOST_SEEDS = 1000
_ALL = 10**9
_STATES = "states"
"""Folder, in that of the results, of the states after each epoch, by which a training is resumed."""


def _silent(text: str) -> None:
    """Say nothing: a function that another process can import."""


def train(
    data: Path,
    device: str | DeviceCard,
    *,
    config: TrainConfig | None = None,
    seed: int = 0,
    seeds: int = 1,
    workers: int = 1,
    folder: Path | None = None,
    say: Callable[[str], None] = _silent,
) -> TrainResult:
    """Train a perceptron by a device's own updates, and beside it the same network in floating point.

    Args:
        data: labelled images with a training and a test part, in any format of ``evaluator.data``.
        device: a card, its file, or the name of one that ships.
        config: settings; None: the default ones.
        seed: of the first training; the others have the numbers behind it.
        seeds: number of trainings, at most 1000.
        workers: number of trainings at the same time; the result is the same. ``say`` must then be a function that
            another process can import.
        folder: for the states after each epoch, from which a later call goes on, and for trained.onnx and
            conductances.npz of the first seed; None: nothing is kept.
        say: is told what was found, sentence by sentence.

    Raises:
        InputError: data, settings or tables are not what they must be.
        CardError: the card lacks what the settings ask for.
        SimulationError: the card's own steps cannot be simulated.
    """
    if not 1 <= seeds <= MOST_SEEDS:
        raise InputError(f"{seeds} seeds: give 1 to {MOST_SEEDS}")
    if workers < 1:
        raise InputError(f"{workers} workers: give at least 1")
    config = config or TrainConfig()
    card = load_card(device) if isinstance(device, str) else device
    samples = _samples(data, config.data)
    steps = device_steps(card, config.update)
    cache = ResultCache(None if folder is None else output_folder(folder / _STATES))
    start = time.perf_counter()
    tasks = [_TrainingTask(config, steps, samples, seed + n, cache, say) for n in range(seeds)]
    if workers == 1 or seeds == 1:
        done = [task() for task in tasks]
    else:
        with ProcessPoolExecutor(min(workers, seeds), get_context("spawn")) as pool:
            done = list(pool.map(_TrainingTask.__call__, tasks))
    seconds = time.perf_counter() - start
    runs, trained = tuple(r for r, _ in done), sum(n for _, n in done)
    size = min(config.data.subset or len(samples.x), len(samples.x))
    rested, note = _rested(card, steps, runs, samples)
    result = TrainResult(
        data=data.name, card=card, config=config, steps=steps, runs=runs, n_train=size, n_test=len(samples.x_test),
        seed=seed, rested=rested, rest_note=note, seconds=seconds,
        samples_per_second=trained * size / seconds if trained else None,
    )  # fmt: skip
    if folder is not None:
        write_onnx(runs[0].network, folder / "trained.onnx")
        write_conductances(runs[0].network, steps.window_siemens, folder / "conductances.npz")
    return result


class _TrainingTask:
    """The training of one seed, in this process or another; returns its result and the number of epochs trained now."""

    def __init__(
        self, config: TrainConfig, steps: DeviceSteps, samples: TrainingSamples, seed: int, cache: ResultCache,
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._run = (config, steps, samples, seed)
        self._seed, self._epochs, self._cache, self._say = seed, config.schedule.epochs, cache, say
        self._trained = 0

    def __call__(self) -> tuple[RunResult, int]:
        return Training(*self._run).finished(self._cache, self._report), self._trained

    def _report(self, epoch: int, floating: float, hardware: float) -> None:
        self._trained += 1
        self._say(
            f"seed {self._seed}, epoch {epoch} of {self._epochs}: {100 * hardware:.2f} % on the devices, "
            f"{100 * floating:.2f} % in floating point"
        )


def _samples(data: Path, config: DataConfig) -> TrainingSamples:
    """Training and test samples, flattened and scaled.

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
    if config.scaling == "unit":
        largest = float(np.abs(x).max()) or 1.0
        x, x_test = x / np.float32(largest), x_test / np.float32(largest)
    elif config.scaling == "standard":
        mean, deviation = x.mean(axis=0), x.std(axis=0)
        deviation[deviation == 0] = 1
        x, x_test = (x - mean) / deviation, (x_test - mean) / deviation
    single: tuple[NDArray[np.float32], ...] = tuple(np.ascontiguousarray(a, dtype=np.float32) for a in (x, x_test))
    return TrainingSamples(single[0], training.labels, single[1], test.labels)


def _flat(data: Dataset) -> NDArray[np.float32]:
    return np.asarray(data.images.reshape(len(data.images), -1), dtype=np.float32)


def _rested(
    card: DeviceCard, steps: DeviceSteps, runs: tuple[RunResult, ...], samples: TrainingSamples
) -> tuple[tuple[float, ...] | None, str]:
    """Accuracies after the rests of ``RESTS_S``, means over the runs, and how they were found or why not."""
    low, high = steps.window_siemens
    found = []
    try:
        for rest_s in RESTS_S:
            accuracies = []
            for run in runs:
                g = relaxed(card, low + (high - low) * run.network.g.astype(np.float64), rest_s, after="pulses")
                rested = np.asarray((g - low) / (high - low), dtype=np.float32)
                accuracies.append(replace(run.network, g=rested).accuracy(samples.x_test, samples.y_test))
            found.append(float(np.mean(accuracies)))
    except SpicegenError as error:
        return None, f"The accuracy after a rest is not known: {' '.join(str(error).split())}."
    return tuple(found), (
        "By the card's equations, at rest after the last sample, every device in the states that the card's "
        "potentiating write pulses give it on their way to its conductance."
    )
