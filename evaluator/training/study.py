"""``study_training``: the accuracy of training on devices against what their steps are like, one property at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from evaluator.scores import mean_interval
from evaluator.training.config import Law, TrainConfig, UpdateConfig
from evaluator.training.device_steps import device_steps
from evaluator.training.jobs import TrainingJob, train_jobs
from evaluator.training.samples import SampleSource
from models_va import DeviceCard, load_card, read_yaml
from models_va.errors import InputError, located
from spicegen.files import beside

Array = NDArray[np.float64]
Beta = Annotated[float, Field(ge=-20, le=20)]
_BASE = TrainConfig(update=UpdateConfig(source="law"))


class TrainingStudyConfig(BaseModel):
    """What a study of training varies: every list is an axis of its own, with all else as in ``train``.

    Attributes:
        data: labelled images with a training and a test part.
        card: the card whose window the devices have; their steps are those of the beta law.
        train: settings of the trainings between which the study lies.
        laws: laws of updates, a curve each.
        seeds: number of trainings of each point.
        nonlinearity: values b of steps that depend on the conductance, up and down alike: beta b up and -b down.
        asymmetry: values b of steps whose sizes up and down differ at a conductance: beta b up and b down.
        states: numbers of pulses through the window.
        noise: standard deviations of a step over the mean step.
        weight_range: ranges of the weights as multiples of the largest initial weight, such as ``3x``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    data: str
    card: str = "au-lixcoo2-pt"
    train: TrainConfig = _BASE
    laws: Annotated[tuple[Law, ...], Field(min_length=1)] = ("continuous", "pulses", "accumulate")
    seeds: Annotated[int, Field(ge=1, le=1000)] = 3
    nonlinearity: tuple[Beta, ...] = (0.0, 1.0, 2.0, 4.0, 6.0)
    asymmetry: tuple[Beta, ...] = (0.0, 0.5, 1.0, 2.0, 4.0)
    states: tuple[Annotated[float, Field(ge=1, le=1e9)], ...] = (10.0, 30.0, 100.0, 300.0, 1000.0)
    noise: tuple[Annotated[float, Field(ge=0, le=10)], ...] = (0.0, 0.3, 1.0, 3.0)
    weight_range: tuple[Annotated[str, Field(pattern=r"^[0-9.]+x$")], ...] = ("0.5x", "1x", "2x", "5x", "10x")

    def points(self) -> Iterator[tuple[str, str, Law, TrainConfig]]:
        """Axis, value, law and settings of every point.

        Raises:
            InputError: a weight range is none.
        """
        for axis, keys in _AXES.items():
            for value in getattr(self, axis):
                for law in self.laws:
                    settings = {key: f"{sign}{value}".replace("--", "") for key, sign in keys.items()}
                    with located(axis):
                        yield axis, str(value), law, self.train.with_values({**settings, "update.law": law})


_AXES = {
    "nonlinearity": {"update.beta_p": "", "update.beta_d": "-"},
    "asymmetry": {"update.beta_p": "", "update.beta_d": ""},
    "states": {"update.states": ""},
    "noise": {"update.step_sigma": ""},
    "weight_range": {"cell.weight_range": ""},
}
"""Axis -> the settings that have its value, each with its sign."""


class StudyPoint(NamedTuple):
    """One point of the study.

    Attributes:
        axis: the property that is varied.
        value: its value, as text.
        law: the law of updates.
        floating: accuracies in floating point after the last epoch, shape (seeds,).
        hardware: accuracies on the devices, shape (seeds,).
    """

    axis: str
    value: str
    law: Law
    floating: Array
    hardware: Array


@dataclass(frozen=True, eq=False)
class TrainingStudy:
    """Result of ``study training``.

    Attributes:
        config: what was varied.
        card: the card of the window.
        points: the points, axis after axis.
    """

    config: TrainingStudyConfig
    card: DeviceCard
    points: tuple[StudyPoint, ...]

    head: ClassVar[tuple[str, ...]] = ("property", "value", "law", "accuracy / %", "gap / points")

    @property
    def summary(self) -> str:
        """The result of the study in one sentence."""
        found = []
        for axis in dict.fromkeys(p.axis for p in self.points):
            worst = min((p for p in self.points if p.axis == axis), key=lambda p: p.hardware.mean())
            found.append(f"{axis.replace('_', ' ')} {worst.value} {100 * worst.hardware.mean():.2f} % ({worst.law})")
        floating = 100 * float(np.mean([p.floating.mean() for p in self.points]))
        return f"Lowest accuracy by property, against {floating:.2f} % in floating point: {', '.join(found)}"

    def rows(self) -> list[tuple[object, ...]]:
        """The rows of the result table, one for each point."""
        return [
            (
                p.axis.replace("_", " "),
                p.value,
                p.law,
                f"{100 * p.hardware.mean():.2f}",
                f"{100 * (p.floating - p.hardware).mean():.2f}",
            )
            for p in self.points
        ]

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            "config": self.config.model_dump(mode="json"),
            "card": self.card.name,
            "card_hash": self.card.hash,
            "points": [
                {
                    "property": p.axis,
                    "value": p.value,
                    "law": p.law,
                    "accuracy_float": list(p.floating),
                    "accuracy_hardware": list(p.hardware),
                    "accuracy_hardware_ci95": mean_interval([float(a) for a in p.hardware]),
                }
                for p in self.points
            ],
        }


def study_training(
    path: Path, folder: Path | None, *, workers: int = 1, say: Callable[[str], None] | None = None
) -> TrainingStudy:
    """Train a network at every point of a study, with several seeds.

    Args:
        path: description of the study (YAML), see ``TrainingStudyConfig``; data and card may be beside it.
        folder: an existing folder for the states after each epoch, from which a later call goes on; None: nothing is
            kept.
        workers: number of trainings at the same time; the result is the same.
        say: is told the accuracies after every epoch, a line each; another process must be able to import it.

    Raises:
        InputError: the description, the data or a setting is not what it must be.
        CardError: the card has no window.
    """
    config = read_yaml(path, TrainingStudyConfig)
    if (source := config.train.update.source) != "law":
        raise InputError(f"{path}: train.update.source is {source}: a study varies the beta law: give law")
    with located(path):
        card, points = load_card(beside(path, config.card)), list(config.points())
        jobs = [job for point in points for job in _jobs(path, config, card, point)]
    told = {} if say is None else {"say": say}
    results = train_jobs(jobs, workers=workers, folder=folder, **told)
    ends = np.array([[r.run.floating[-1], r.run.hardware[-1]] for r in results]).reshape(len(points), config.seeds, 2)
    found = (StudyPoint(*point[:3], end[:, 0], end[:, 1]) for point, end in zip(points, ends, strict=True))
    return TrainingStudy(config, card, tuple(found))


def _jobs(
    path: Path, config: TrainingStudyConfig, card: DeviceCard, point: tuple[str, str, Law, TrainConfig]
) -> Iterator[TrainingJob]:
    axis, value, law, settings = point
    source = SampleSource(Path(beside(path, config.data)), settings.data)
    steps = device_steps(card, settings.update)
    for seed in range(config.seeds):
        yield TrainingJob(f"{axis.replace('_', ' ')} {value}, {law}, seed {seed}", settings, steps, source, seed)
