"""Many trainings in one call, several at the same time: of several set-ups, devices, seeds and parts of the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from evaluator.training.config import TrainConfig
from evaluator.training.device_steps import DeviceSteps
from evaluator.training.run import RunResult, Training
from evaluator.training.samples import SampleSource
from spicegen.result_cache import ResultCache


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
    """The result of a training, the number of samples in an epoch, and the number of epochs that were trained now."""

    run: RunResult
    n_train: int
    epochs_now: int


def say_nothing(text: str) -> None:
    """The default of ``say``; another process can import it."""


def train_jobs(
    jobs: Sequence[TrainingJob],
    *,
    workers: int = 1,
    folder: Path | None = None,
    say: Callable[[str], None] = say_nothing,
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
    now = 0

    def report(epoch: int, floating: float, hardware: float) -> None:
        nonlocal now
        now += 1
        say(
            f"{job.label}, epoch {epoch} of {job.config.schedule.epochs}: {100 * hardware:.2f} % on the devices, "
            f"{100 * floating:.2f} % in floating point"
        )

    samples = job.source.load()
    run = Training(job.config, job.steps, samples, job.seed).finished(cache, report)
    return JobResult(run, min(job.config.data.subset or len(samples.x), len(samples.x)), now)
