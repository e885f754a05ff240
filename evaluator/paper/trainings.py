"""Trainings of the paper's set-ups with several seeds, and what they come to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluator.scores import paired_difference
from evaluator.training import TrainConfig
from evaluator.training.device_steps import DeviceSteps, device_steps
from evaluator.training.effects import EFFECTS
from evaluator.training.jobs import JobResult, TrainingJob, train_jobs
from evaluator.training.result import interval_sentence
from evaluator.training.samples import Fold, SampleSource
from evaluator.training.setups import read_setup
from models_va import DeviceCard
from models_va.errors import MissingDataError
from spicegen.files import output_folder
from spicegen.paper import ProgramRunner

Array = NDArray[np.float64]
FOLDS = 5
"""Number of parts of a cross-validation."""
DEFAULT_DATA_FOLDER = Path("../shared/data")
"""Folder of the data sets where the user names none."""
_STATES = "training"
"""Folder, in that of measured records, of the states after each epoch: all experiments share it."""


@dataclass(frozen=True)
class PaperData:
    """A data set of the paper.

    Attributes:
        title: its name in the paper.
        file: name of its file, in the folder that the user names.
        figure: panel of the paper that shows it.
        folds: number of parts of the cross-validation, for data without a test part; 1: they have one.
    """

    title: str
    file: str
    figure: str
    folds: int = 1


DATA_SETS: Mapping[str, PaperData] = {
    "file-types": PaperData("File types", "file_types_900.npz", "6e", FOLDS),
    "mnist": PaperData("MNIST", "mnist.npz", "6f"),
    "fashion": PaperData("Fashion-MNIST", "fashion_mnist.npz", "6g"),
}
"""The paper's data sets by their names in the set-ups."""


class Case(NamedTuple):
    """Trainings that differ in nothing but their seeds.

    Attributes:
        setup: name of a set-up that ships.
        data: name of a data set, in ``DATA_SETS``.
        card: card of the devices.
        effect: imperfection of the devices that is off, in ``EFFECTS``; "" leaves all as it is.
    """

    setup: str
    data: str
    card: DeviceCard
    effect: str = ""

    @property
    def label(self) -> str:
        """The words with which this case's lines of progress begin."""
        return f"{self.setup}, {self.card.name}" + (f", {self.effect} off" if self.effect else "")


@dataclass(frozen=True, eq=False)
class Trained:
    """What the trainings of a case came to.

    Attributes:
        case: the case.
        config: settings of the trainings.
        floating: accuracies in floating point before the first epoch and after each, shape (seeds, epochs + 1).
        hardware: accuracies on the devices, likewise; with a cross-validation, means over its parts.
        interval: a sentence on the pulse interval at which the devices' steps are true.
    """

    case: Case
    config: TrainConfig
    floating: Array
    hardware: Array
    interval: str

    @property
    def gap_points(self) -> float:
        """Mean of floating point less devices after the last epoch, in points."""
        return 100 * self._gap[0]

    @property
    def gap_text(self) -> str:
        """The gap in points, with its 95 % interval over the seeds where there are at least three different gaps."""
        mean, interval = self._gap
        if interval is None:
            return f"{100 * mean:.2f}"
        return f"{100 * mean:.2f} ({100 * interval[0]:.2f} to {100 * interval[1]:.2f})"

    @property
    def _gap(self) -> tuple[float, tuple[float, float] | None]:
        return paired_difference(list(self.hardware[:, -1]), list(self.floating[:, -1]))


@dataclass(frozen=True)
class Effort:
    """How much is trained.

    Attributes:
        seeds: number of trainings of a case, with the seeds from 0 on.
        epochs: number of epochs; None: the set-up's 40.
        workers: number of trainings at the same time; None: one for each processor.
    """

    seeds: int = 3
    epochs: int | None = None
    workers: int | None = None


WHOLE_EFFORT = Effort()
"""Three seeds, all epochs, all processors."""


def train_cases(cases: Sequence[Case], runner: ProgramRunner, effort: Effort) -> list[Trained]:
    """Train all cases with all seeds, in floating point and on the devices; go on from states that are stored.

    Raises:
        MissingDataError: a data set is not in the runner's folder.
        InputError: a data set cannot be read.
        CardError: a card lacks what the steps of its devices follow from.
        SimulationError: the steps of a card's devices cannot be simulated.
    """
    paths = _data_files([case.data for case in cases], runner.data_folder)
    trainings = [_Trainings.of(case, effort) for case in cases]
    jobs = [job for t in trainings for job in t.jobs(paths[t.case.data])]
    folder = None if runner.cache_folder is None else output_folder(runner.cache_folder / _STATES)
    results = iter(train_jobs(jobs, workers=effort.workers or os.cpu_count() or 1, folder=folder, say=runner.say))
    return [t.trained([next(results) for _ in range(effort.seeds * t.folds)]) for t in trainings]


def _data_files(names: Sequence[str], folder: Path | None) -> dict[str, Path]:
    """The files of data sets by their names.

    Raises:
        MissingDataError: at least one is not in the folder; the message names all that are missing.
    """
    place = DEFAULT_DATA_FOLDER if folder is None else folder
    paths = {name: place / DATA_SETS[name].file for name in names}
    missing = [path.name for path in paths.values() if not path.is_file()]
    if missing:
        raise MissingDataError(
            f"{place}: {', '.join(missing)} not here: data sets are no part of spicegen: put them there, or name their "
            "folder with --data or in SPICEGEN_SHARED_DATA"
        )
    return paths


@dataclass(frozen=True, eq=False)
class _Trainings:
    """The trainings of a case, one for each seed and part of the cross-validation."""

    case: Case
    config: TrainConfig
    steps: DeviceSteps
    seeds: int

    @classmethod
    def of(cls, case: Case, effort: Effort) -> _Trainings:
        config = read_setup(case.setup)
        if effort.epochs is not None:
            config = config.with_values({"schedule.epochs": str(effort.epochs)})
        steps = device_steps(case.card, config.update)
        return cls(case, config, EFFECTS[case.effect](steps) if case.effect else steps, effort.seeds)

    @property
    def folds(self) -> int:
        return DATA_SETS[self.case.data].folds

    def jobs(self, path: Path) -> Iterator[TrainingJob]:
        """The trainings: of each seed, all parts of the cross-validation one after the other."""
        for seed in range(self.seeds):
            for n in range(self.folds):
                fold = None if self.folds == 1 else Fold(n, self.folds, seed)
                part = "" if fold is None else f", part {n + 1} of {self.folds}"
                source = SampleSource(path, self.config.data, fold)
                yield TrainingJob(f"{self.case.label}, seed {seed}{part}", self.config, self.steps, source, seed)

    def trained(self, results: list[JobResult]) -> Trained:
        runs = tuple(result.run for result in results)
        floating, hardware = (
            np.array([getattr(run, name) for run in runs]).reshape(self.seeds, self.folds, -1).mean(axis=1)
            for name in ("floating", "hardware")
        )
        interval = interval_sentence(self.steps, self.config, results[0].n_train, runs)
        return Trained(self.case, self.config, floating, hardware, interval)
