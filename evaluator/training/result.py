"""TrainResult: what a training found, as an object and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluator.scores import mean_interval, paired_difference
from evaluator.training.config import TrainConfig
from evaluator.training.device_steps import DeviceSteps
from evaluator.training.run import RunResult
from models_va import DeviceCard

RESTS_S = (1.0, 10.0, 1000.0)
"""Times at rest after the training at which the accuracy is computed again, s."""


@dataclass(frozen=True, eq=False)
class TrainResult:
    """The result of ``train``.

    Attributes:
        data: the file of the samples.
        card: card of the devices.
        config: settings.
        steps: steps of the devices.
        runs: one for each seed.
        n_train, n_test: numbers of training images in an epoch and of test images.
        seed: the first seed.
        rested: mean accuracy on the devices after the rests of ``RESTS_S``; None where it cannot be known.
        rest_note: the sentence that says how these were found, or why not.
        seconds: wall time of the training, s; 0 where all was found in the folder.
        samples_per_second: samples trained on by wall time, network in floating point and on devices together; None if
            all was found in the folder.
    """

    data: str
    card: DeviceCard
    config: TrainConfig
    steps: DeviceSteps
    runs: tuple[RunResult, ...]
    n_train: int
    n_test: int
    seed: int
    rested: tuple[float, ...] | None
    rest_note: str
    seconds: float
    samples_per_second: float | None

    @property
    def accuracy_float(self) -> float:
        """Mean accuracy in floating point after the last epoch."""
        return float(np.mean([r.floating[-1] for r in self.runs]))

    @property
    def accuracy_hardware(self) -> float:
        """Mean accuracy on the devices after the last epoch."""
        return float(np.mean([r.hardware[-1] for r in self.runs]))

    @property
    def gap(self) -> tuple[float, tuple[float, float] | None]:
        """Mean of floating point less devices, seed by seed, and its 95 % interval; None for fewer than three seeds."""
        return paired_difference([r.hardware[-1] for r in self.runs], [r.floating[-1] for r in self.runs])

    @property
    def samples_per_pulse(self) -> float:
        """Mean number of samples from one pulse of a device to its next; infinite without pulses."""
        return samples_per_pulse(self.config, self.n_train, self.runs)

    @property
    def interval_sentence(self) -> str:
        """See the function ``interval_sentence``."""
        return interval_sentence(self.steps, self.config, self.n_train, self.runs)

    @property
    def summary(self) -> str:
        """The result in one line."""
        difference, interval = self.gap
        within = "" if interval is None else f" ({100 * interval[0]:.2f} to {100 * interval[1]:.2f})"
        seeds = f"{len(self.runs)} seed{'s' * (len(self.runs) > 1)}"
        hardware, floating = 100 * self.accuracy_hardware, 100 * self.accuracy_float
        return (
            f"accuracy {hardware:.2f} % on the devices, {floating:.2f} % in floating point; "
            f"gap {100 * difference:.2f} points{within}, {seeds}, {self.n_test} test images"
        )

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        difference, interval = self.gap
        return {
            "data": self.data,
            "card": self.card.name,
            "card_hash": self.card.hash,
            "config": self.config.model_dump(mode="json"),
            "law": self.config.update.law,
            "steps": self.steps.source,
            "window_siemens": self.steps.window_siemens,
            "mean_steps": self.steps.mean_step,
            "seed": self.seed,
            "seeds": [r.seed for r in self.runs],
            "n_train": self.n_train,
            "n_test": self.n_test,
            "accuracy_float": self.accuracy_float,
            "accuracy_hardware": self.accuracy_hardware,
            "accuracy_hardware_ci95": mean_interval([float(r.hardware[-1]) for r in self.runs]),
            "gap": difference,
            "gap_ci95": interval,
            "accuracy_epochs": [
                [
                    {"epoch": n, "float": float(f), "hardware": float(h)}
                    for n, (f, h) in enumerate(zip(r.floating, r.hardware, strict=True))
                ]
                for r in self.runs
            ],
            "pulse_interval_s": self.steps.interval_s,
            "samples_per_pulse": self.samples_per_pulse if np.isfinite(self.samples_per_pulse) else None,
            "interval": self.interval_sentence,
            "rest_s": list(RESTS_S),
            "accuracy_rested": None if self.rested is None else list(self.rested),
            "rest": self.rest_note,
            "samples_per_second": self.samples_per_second,
            "seconds": self.seconds,
        }


def samples_per_pulse(config: TrainConfig, n_train: int, runs: Sequence[RunResult]) -> float:
    """Mean number of samples from one pulse of a device to its next; infinite without pulses.

    Args:
        config: settings of the trainings.
        n_train: number of samples in an epoch.
        runs: the trainings.
    """
    trained = n_train * config.schedule.epochs * len(runs)
    pulses = sum(r.pulses for r in runs)
    return trained * runs[0].network.g.size / pulses if pulses else float("inf")


def interval_sentence(steps: DeviceSteps, config: TrainConfig, n_train: int, runs: Sequence[RunResult]) -> str:
    """A sentence on the pulse interval that the steps are true at, beside the one of the training.

    Args:
        steps: steps of the devices.
        config: settings of the trainings.
        n_train: number of samples in an epoch.
        runs: the trainings.
    """
    interval, between_pulses = steps.interval_s, samples_per_pulse(config, n_train, runs)
    if interval is None:
        return "The interval of pulses at which these steps are true is not known: give update.interval_s."
    total = interval * n_train * config.schedule.epochs
    if not np.isfinite(between_pulses):
        between = "how often a device gets a pulse is open, because the law has no whole pulses"
    else:
        between = f"a device would get one every {interval * between_pulses:.3g} s"
    return (
        f"The steps are true at a pulse every {interval:.4g} s. With as much time for every sample, training takes "
        f"{total:.3g} s, and {between}: what a device forgets between its pulses is not in these accuracies."
    )
