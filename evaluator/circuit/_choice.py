"""CircuitRequest, the choice of tiles for a circuit simulator with its estimated cost, and CircuitReport."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evaluator.circuit._estimate import estimate_seconds, rough_seconds
from evaluator.circuit._select import TileChoice, circuit_tile, select_tiles
from evaluator.evaluation_setup import Circuits, EvaluationSetup
from evaluator.mapping.tiles import labelled_tiles
from evaluator.operators.arrays import ArrayPart
from evaluator.scores import Score
from models_va.errors import InputError
from spicegen.progress import Progress
from spicegen.simulate import REFERENCE, SIMULATORS, SimulationError, simulator

_PREFERRED = ("vacask", "ngspice")
_LONGEST_S = 86_400.0
_TIMED_S = 5.0
"""Estimated time by the table, s, beyond which one tile is timed before the estimate is shown."""


@dataclass(frozen=True)
class CircuitRequest:
    """The tiles that ``evaluate`` is asked to put into circuit simulators.

    Attributes:
        tiles: none; auto; all; or patterns of labels (LAYER:ROW,COLUMN with * and ?), separated by ``;``.
        tolerance: relative error of a tile's outputs by its operator (``operator_error``) beyond which ``auto`` gives
            the tile to the circuit simulator.
        engine: ngspice, vacask or native; empty: VACASK where it is here, else ngspice.
    """

    tiles: str = "none"
    tolerance: float = 0.01
    engine: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.tolerance < 1:
            raise InputError(f"circuit tiles: tolerance = {self.tolerance:g}: give a relative error between 0 and 1")
        if self.engine and self.engine not in SIMULATORS:
            raise InputError(f"circuit engine {self.engine!r}: valid are {', '.join(SIMULATORS)}")

    @property
    def wanted(self) -> bool:
        """Whether anything goes to a circuit simulator."""
        return self.tiles != "none"

    def simulator_name(self) -> str:
        """The simulator to be used.

        Raises:
            SimulationError: it is not here.
        """
        names = (self.engine,) if self.engine else _PREFERRED
        found = {name: simulator(name).available() for name in names}
        for name, availability in found.items():
            if availability.here:
                return name
        raise SimulationError(names[0], f"not here: {found[names[0]].version}: native is always (--circuit-engine)")


@dataclass(frozen=True)
class CircuitReport:
    """Tiles that went to a circuit simulator, and the operator's accuracy for comparison.

    Attributes:
        request: the request that the choices answer.
        engine: name of the simulator that ran the tiles.
        choices: every tile that was looked at.
        estimate_s: time that all trials were expected to take, s.
        devices_are_resistors: the card's model is linear or has no memory: its circuit is as linear as the operator.
        operator_trials: score of each trial with the operator alone, for comparison.
    """

    request: CircuitRequest
    engine: str
    choices: tuple[TileChoice, ...]
    estimate_s: float
    devices_are_resistors: bool
    operator_trials: tuple[Score, ...] = field(default=())

    @property
    def in_circuit(self) -> tuple[TileChoice, ...]:
        """The tiles that were simulated."""
        return tuple(c for c in self.choices if c.in_circuit)

    @property
    def reason(self) -> str:
        """Why these tiles are in the circuit, in words."""
        if self.request.tiles == "auto":
            return f"the operator is off by more than {self.request.tolerance:g} of the tile's outputs"
        return "all of them" if self.request.tiles == "all" else f"named by {self.request.tiles!r}"

    def to_json(self) -> dict[str, Any]:
        """The section ``circuits`` of report.json."""
        errors = [c.operator_error for c in self.choices if c.operator_error is not None]
        return {
            "tiles": self.request.tiles,
            "tolerance": self.request.tolerance,
            "engine": self.engine,
            "reason": self.reason,
            "looked_at": len(self.choices),
            "in_circuit": [
                {"tile": c.label, "rows": c.rows, "columns": c.columns, "operator_error": c.operator_error}
                for c in self.in_circuit
            ],
            "largest_operator_error": max(errors, default=None),
            "estimate_s": self.estimate_s,
            "devices_are_resistors": self.devices_are_resistors,
            "accuracy_operator_trials": [s.top1 for s in self.operator_trials],
        }


def with_circuits(
    setup: EvaluationSetup,
    parts: Sequence[ArrayPart],
    request: CircuitRequest,
    trials: int,
    cache: Path | None,
    progress: Progress,
    say: Callable[[str], None],
) -> tuple[EvaluationSetup, CircuitReport]:
    """The setup with the chosen tiles in a circuit simulator, after saying what that will cost.

    Raises:
        InputError: no tile is meant, or it would take more than a day.
        SimulationError: the simulator is not here.

    """
    engine = request.simulator_name()
    choices = select_tiles(setup, parts, request.tiles, request.tolerance, progress)
    chosen = [c for c in choices if c.in_circuit]
    a_trial_s, resistors = _cost(setup, parts, chosen, engine)
    seconds, vectors = trials * a_trial_s, trials * len(setup.images) * sum(c.reads for c in chosen)
    say(
        f"circuit tiles: {len(chosen)} of {len(choices)} in {engine}, {vectors} vectors in {trials} trials: "
        f"about {_duration(seconds)} (equal vectors run once; results are kept)"
    )
    if seconds > _LONGEST_S:
        raise InputError(
            f"circuit tiles: {_duration(seconds)}: give fewer images (--limit), trials or tiles, or another engine"
        )
    labels = frozenset(c.label for c in chosen)
    circuits = Circuits(engine, labels, cache) if labels else None
    made = replace(setup, inputs=replace(setup.inputs, circuits=circuits))
    return made, CircuitReport(request, engine, tuple(choices), seconds, resistors)


def _cost(
    setup: EvaluationSetup, parts: Sequence[ArrayPart], chosen: Sequence[TileChoice], engine: str
) -> tuple[float, bool]:
    """Seconds of a trial, and whether the cells are resistors: by the table, corrected by one tile that is timed."""
    if not chosen:
        return 0.0, False
    largest = max(chosen, key=lambda c: c.rows * c.columns)
    array = setup.hardware.config.array
    part, tile = next((p, t) for p in parts for label, t in labelled_tiles(p.plan, array) if label == largest.label)
    circuit = circuit_tile(part, tile, largest.label, setup)
    devices, images = circuit.devices is not None, len(setup.images)

    def rough(choice: TileChoice) -> float:
        return rough_seconds(choice.rows, choice.columns, choice.reads * images, engine, devices=devices)

    total = sum(map(rough, chosen))
    if _TIMED_S < total <= 10 * _LONGEST_S and engine != REFERENCE:
        vectors = largest.reads * images
        total *= estimate_seconds(circuit, vectors, simulator(engine), array.v_read_volt) / rough(largest)
    return total, not devices


def _duration(seconds: float) -> str:
    """A time for people, in the largest unit of which it is at least two."""
    for unit, size in (("days", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
