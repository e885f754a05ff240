"""The result of a fit to measurements: the comparison of models, the data behind the card, and tables of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from models_va import DeviceCard
from spicegen.fit.model_fit import MeasuredFit, aicc
from spicegen.fit.replay.from_measurements import of_drift
from spicegen.fit.replay.run import Replay
from spicegen.fit.result.card import fitted_card, fixed_by_data
from spicegen.fit.result.card_sigma import CardSigma, card_sigma
from spicegen.fit.result.parameters import parameter_rows, parameters_json
from spicegen.fit.result.trust import doubts, percent
from spicegen.fit.task import FitTask
from spicegen.measurements import Measurement, WriteVerify

FILE_HEAD = ("file", "points", "error (%)", "of", "error / noise")
"""Columns of ``MeasuredReport.file_rows``."""
MODEL_HEAD = ("model", "fitted parameters", "largest error (%)", "AICc", "above the best")
"""Columns of ``MeasuredReport.model_rows``."""


@dataclass(frozen=True, eq=False)
class MeasuredReport:
    """Measurements and the models that were fitted to them.

    Attributes:
        task: the fit that was asked for.
        fits: the fits, one for each model, in the task's order.
        card: the card of the best fit.
        sigma: the card's programming error, with the measurement that it comes from.
    """

    task: FitTask
    fits: tuple[MeasuredFit, ...]
    card: DeviceCard
    sigma: CardSigma

    @classmethod
    def of(cls, task: FitTask, fits: Sequence[MeasuredFit], name: str) -> MeasuredReport:
        """Report of these fits, with the card of the best one, under that name."""
        sigma = card_sigma(task.measurements, task.seed)
        card = fitted_card(ranked(fits)[0][0], task.measurements, sigma.error, name)
        return cls(task, tuple(fits), card, sigma)

    @cached_property
    def ranked(self) -> list[tuple[MeasuredFit, float]]:
        """The fits with their AICc, the best first."""
        return ranked(self.fits)

    @property
    def best(self) -> MeasuredFit:
        """The fit with the lowest AICc, which the card is of."""
        return self.ranked[0][0]

    def summary(self) -> str:
        """One sentence on the best fit: its files, its largest error, and how many parameters the data fix."""
        best, count = self.best, len(self.task.measurements)
        worst = int(np.argmax(best.errors))
        fixed, fitted = fixed_by_data(best)
        return (
            f"{best.model.name} fitted to {count} file{'s' * (count > 1)}, {best.points} points: the largest error is "
            f"{percent(best.errors[worst])} %, of {best.replays[worst].name}; the data fix {fixed} of {fitted} "
            "parameters."
        )

    def comparison(self) -> str:
        """One sentence on which model is the best, and by how much; empty where only one was fitted."""
        if len(self.fits) < 2:
            return ""
        (best, lowest), (other, next_one) = self.ranked[:2]
        apart = f"{next_one - lowest:.3g} below {other.model.name}"
        return f"{best.model.name} has the lowest AICc, {apart}: the card is of it."

    def model_rows(self) -> list[tuple[object, ...]]:
        """Table of the models under ``MODEL_HEAD``, the best first."""
        return [
            (
                f.model.name,
                len(f.solution.free),
                percent(max(f.errors)),
                criterion,
                criterion - self.ranked[0][1],
            )
            for f, criterion in self.ranked
        ]

    def file_rows(self) -> list[tuple[object, ...]]:
        """Table under ``FILE_HEAD``, one row a replay of each file; of write-verify, what is on the card."""
        best = self.best
        rows: list[tuple[object, ...]] = [
            (
                replay.name,
                len(replay.observed),
                percent(e),
                "rms current" if replay.is_current else "conductance",
                float(scale),
            )
            for replay, e, scale in zip(best.replays, best.errors, best.over_noise, strict=True)
        ]
        pairs = [m for m in self.task.measurements if isinstance(m, WriteVerify)]
        return rows + [(m.origin.name, len(m.target_siemens), "-", "sigma(G)", "-") for m in pairs]

    def parameter_rows(self) -> list[tuple[object, ...]]:
        """Table of the model's own fitted parameters, under ``spicegen.fit.HEAD``.

        States at the start of replays are in the report only.
        """
        return parameter_rows(self.best.solution, self.best.model)[: fixed_by_data(self.best)[1]]

    @property
    def notes(self) -> tuple[str, ...]:
        """One line for each file on what was understood of it, left out of it or assumed."""
        notes = [(m.origin.name, self.notes_on(m)) for m in self.task.measurements]
        return tuple(f"{name}: {' '.join(said)}" for name, said in notes if said)

    def notes_on(self, m: Measurement) -> list[str]:
        """The sentences on one file: what was understood of it, left out of it or assumed."""
        return [*m.origin.notes, *(said for _, replay in self.replays_of(m) if (said := of_drift(m, replay)))]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what a user should know before trusting the card."""
        best = self.best
        return (*doubts(best, self.task.held[best.model.name]), *best.warnings, *self.sigma.unused)

    def replays_of(self, measurement: Measurement) -> list[tuple[int, Replay]]:
        """The replays of one measurement, each with its place among all replays of the fit."""
        return [
            (n, replay) for n, replay in enumerate(self.best.replays) if replay.measurement.origin is measurement.origin
        ]

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        record = self.card.fit
        return {
            "card": self.card.name,
            "card_hash": self.card.hash,
            "model": self.best.model.name,
            "seed": self.task.seed,
            "turned": self.best.turned,
            "models": [
                {
                    "name": f.model.name,
                    "version": f.model.version,
                    "fitted_parameters": len(f.solution.free),
                    "points": f.points,
                    "aicc": criterion,
                    "errors": dict(zip((replay.name for replay in f.replays), f.errors, strict=True)),
                }
                for f, criterion in self.ranked
            ],
            "files": [self._file_json(m) for m in self.task.measurements],
            "warnings": list(self.warnings),
            **parameters_json(self.best.solution),
            "held": dict(self.best.held),
            "valid_from": record.valid_from if record else {},
            "valid_to": record.valid_to if record else {},
        }

    def _file_json(self, m: Measurement) -> dict[str, Any]:
        best = self.best
        return {
            "path": str(m.origin.path),
            "sha256": m.origin.sha256,
            "notes": self.notes_on(m),
            "runs": [
                {
                    "name": replay.name,
                    "temperature_k": replay.temperature_k,
                    "error": best.errors[n],
                    "error_over_noise": best.over_noise[n],
                    "share_independent": best.weights.independent[n],
                    "unit": "A" if replay.is_current else "S",
                    "time_s": replay.applied.time_s[replay.seen],
                    "voltage_volt": replay.read_volt,
                    "measured": replay.observed,
                    "fitted": best.predicted[n],
                    "residual": best.residuals[n],
                }
                for n, replay in self.replays_of(m)
            ],
        }


def ranked(fits: Sequence[MeasuredFit]) -> list[tuple[MeasuredFit, float]]:
    """Fits to the same measurements with their AICc, the best first."""
    return sorted(zip(fits, aicc(fits), strict=True), key=lambda found: found[1])
