"""The task of a fit to measurements: its files are read and checked, so that no error is found once it has begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from models_va import Model, load_model
from models_va.errors import InputError, located
from spicegen.fit.model_fit import replays_of, why_held
from spicegen.fit.replay.run import Replay
from spicegen.measurements import Measurement, Pulses, Sweep, read_measurements


@dataclass(frozen=True, eq=False)
class FitTask:
    """A fit that was asked for and checked: the models, and the measurements to fit them to.

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
        models: names of the models; several are compared.
        held: known parameters as ``NAME=VALUE``, in the models' units; each is for the models that have it.
        seed: seed of the random starts.

    Raises:
        InputError: a file says nothing or the same as another, a model or parameter does not exist, a value is out of
            range, two values contradict each other, all parameters of a model are held, or a model has more parameters
            than there are points.
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
    initial = {m: {s.initial for s in load_model(m).states} for m in models}  # each file begins in another state
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
