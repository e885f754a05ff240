"""``spicegen fit`` of measurement files: what is asked for, checked; models compared; what the card rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from models_va import DeviceCard, Model, load_model
from models_va.errors import InputError, located
from spicegen.fit.model_fit import MeasuredFit, aicc, fit_model, replays_of, why_held
from spicegen.fit.replay.from_measurements import of_drift
from spicegen.fit.replay.run import Replay
from spicegen.fit.result.card import fitted_card, fixed_by_data
from spicegen.fit.result.card_sigma import CardSigma, card_sigma
from spicegen.fit.result.parameter_tables import parameter_rows, parameters_json
from spicegen.fit.result.trust import doubts, percent
from spicegen.measurements import Measurement, Pulses, Sweep, WriteVerify, read_measurements

FILE_HEAD = ("file", "points", "error (%)", "of", "error / noise")
"""Columns of ``MeasuredReport.file_rows``."""
MODEL_HEAD = ("model", "fitted parameters", "largest error (%)", "AICc", "above the best")
"""Columns of ``MeasuredReport.model_rows``."""


@dataclass(frozen=True, eq=False)
class FitTask:
    """A fit that was asked for and checked: which models, to which measurements.

    Attributes:
        models: names of the models to be compared.
        measurements: the measurements, all of one device.
        held: known parameters of each model, in their units, by the model's name.
        seed: seed of the random starts.
    """

    models: tuple[str, ...]
    measurements: tuple[Measurement, ...]
    held: Mapping[str, Mapping[str, float]]
    seed: int


def fit_task(paths: Sequence[str | Path], models: Sequence[str], held: Sequence[str], seed: int) -> FitTask:
    """Read what a fit needs, so that nothing can be found wrong once it has begun.

    Args:
        paths: measurement files, or descriptions of them.
        models: names; several are compared.
        held: known parameters as ``NAME=VALUE``, in the models' units; each is for the models that have it.
        seed: of the random starts.

    Raises:
        InputError: a file that says nothing or the same as another, a model or parameter that does not exist, a value
            out of range, two that contradict each other; of a model, nothing that is not held, or fewer points than
            parameters.
    """
    names = tuple(dict.fromkeys(models))
    known = _held(held, names)
    measurements = read_measurements(paths)
    _check_different(measurements)
    runs = replays_of(measurements)
    _check_written(names, measurements)
    for name in names:
        _check_enough(load_model(name), measurements, runs, known[name])
    return FitTask(names, tuple(measurements), known, seed)


def _held(texts: Sequence[str], models: Sequence[str]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {m: {} for m in models}
    initial = {m: {s.initial for s in load_model(m).states} for m in models}  # each file finds the device elsewhere
    known = {m: [name for name in load_model(m).param if name not in initial[m]] for m in models}
    for text in texts:
        with located(f"--hold {' '.join(text.split())}"):
            name, _, number = text.partition("=")
            try:
                value = float(number)
            except ValueError as error:
                raise InputError("give NAME=VALUE, a number in the model's unit") from error
            owners = [m for m in models if name in known[m]]
            if not owners:
                lists = "; ".join(f"{m} has {', '.join(known[m])}" for m in models)
                raise InputError(f"no such parameter: {lists}")
            for m in owners:
                if found[m].setdefault(name, load_model(m).param[name].check(value)) != value:
                    raise InputError(f"it is {found[m][name]:g} before: give it once")
    for m in models:
        with located("--hold"):
            load_model(m).check_order(found[m])
    return found


def _check_written(models: Sequence[str], measurements: Sequence[Measurement]) -> None:
    """Refuse measurements of retention alone: they do not say how a device is written, so its card would be made up."""
    stateful = [m for m in models if load_model(m).states]
    if stateful and not any(isinstance(m, Pulses | Sweep) for m in measurements):
        files = ", ".join(str(m.origin.path) for m in measurements)
        raise InputError(
            f"fit: {files}: retention alone does not say how {stateful[0]} is written: give pulses or a sweep too"
        )


def _check_enough(
    model: Model, measurements: Sequence[Measurement], runs: Sequence[Replay], known: Mapping[str, float]
) -> None:
    """Refuse a fit of nothing, or of more parameters, states at the start and noises than there are points."""
    own = sum(not why for why in why_held(model, runs, known).values())
    free = own + sum(len(run.free_states(model)) for run in runs)
    files, points = ", ".join(m.origin.name for m in measurements), sum(len(run.observed) for run in runs)
    if not own:
        raise InputError(f"fit: {files}: no parameter of {model.name} is left to be fitted: hold fewer")
    if points <= free + len(runs) + 1:
        raise InputError(
            f"fit: {files}: {points} points are too few for {free} parameter{'s' * (free > 1)} of {model.name}: "
            "measure more, hold what is known, or take a smaller model"
        )


def _check_different(measurements: Sequence[Measurement]) -> None:
    """Refuse two files of the same content: the same data would count twice."""
    seen: dict[tuple[bytes, ...], Measurement] = {}
    for m in measurements:
        content = tuple(np.asarray(getattr(m, f.name)).tobytes() for f in fields(m) if f.name != "origin")
        if (before := seen.setdefault(content, m)) is not m:
            raise InputError(f"{m.origin.path}: holds the same as {before.origin.path}: give it once")


@dataclass(frozen=True, eq=False)
class MeasuredReport:
    """Measurements and the models that were fitted to them.

    Attributes:
        task: the fit that was asked for.
        fits: one fit a model, in the task's order.
        card: the card of the best fit.
        sigma: the card's programming error, with the measurement that it is of.
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
        """What was understood of the files, left out of them or assumed, one line a file."""
        notes = [(m.origin.name, self.notes_on(m)) for m in self.task.measurements]
        return tuple(f"{name}: {' '.join(said)}" for name, said in notes if said)

    def notes_on(self, m: Measurement) -> list[str]:
        """The sentences on one file: what was understood of it, left out of it or assumed."""
        return [*m.origin.notes, *(said for _, replay in self.replays_of(m) if (said := of_drift(m, replay)))]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know before trusting the card, one sentence each."""
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


def fit_measurements(task: FitTask, name: str) -> MeasuredReport:
    """Fit every model to the measurements; the card is of the model with the lowest AICc.

    Args:
        task: what to fit.
        name: of the card.

    Raises:
        InputError: see ``fit_model``.
    """
    fits = [fit_model(model, task.measurements, task.held[model], task.seed) for model in task.models]
    return MeasuredReport.of(task, fits, name)


def ranked(fits: Sequence[MeasuredFit]) -> list[tuple[MeasuredFit, float]]:
    """Fits to the same measurements with their AICc, the best first."""
    return sorted(zip(fits, aicc(fits), strict=True), key=lambda found: found[1])
