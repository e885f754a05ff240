"""``train``: networks that learn on the device's own updates, one for each seed, beside the same in floating point."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from evaluator.training.config import TrainConfig
from evaluator.training.device_steps import DeviceSteps, device_steps
from evaluator.training.export import write_conductances, write_onnx
from evaluator.training.jobs import TrainingJob, say_nothing, train_jobs
from evaluator.training.result import RESTS_S, TrainResult
from evaluator.training.run import RunResult
from evaluator.training.samples import SampleSource, TrainingSamples
from models_va import DeviceCard, load_card
from models_va.errors import InputError, SpicegenError
from spicegen.devices.drift import relaxed
from spicegen.files import output_folder

MOST_SEEDS = 1000
_STATES = "states"
"""Folder, in that of the results, of the states after each epoch, by which a training is resumed."""


def train(
    data: Path,
    device: str | DeviceCard,
    *,
    config: TrainConfig | None = None,
    seed: int = 0,
    seeds: int = 1,
    workers: int = 1,
    folder: Path | None = None,
    say: Callable[[str], None] = say_nothing,
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
    source = SampleSource(data, config.data)
    samples = source.load()
    steps = device_steps(card, config.update)
    jobs = [TrainingJob(f"seed {n}", config, steps, source, n) for n in range(seed, seed + seeds)]
    start = time.perf_counter()
    states = None if folder is None else output_folder(folder / _STATES)
    done = train_jobs(jobs, workers=workers, folder=states, say=say)
    seconds = time.perf_counter() - start
    runs, trained = tuple(d.run for d in done), sum(d.epochs_now * d.n_train for d in done)
    rested, note = _rested(card, steps, runs, samples)
    result = TrainResult(
        data=data.name, card=card, config=config, steps=steps, runs=runs, n_train=done[0].n_train,
        n_test=len(samples.x_test), seed=seed, rested=rested, rest_note=note, seconds=seconds,
        samples_per_second=trained / seconds if trained else None,
    )  # fmt: skip
    if folder is not None:
        write_onnx(runs[0].network, folder / "trained.onnx")
        write_conductances(runs[0].network, steps.window_siemens, folder / "conductances.npz")
    return result


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
