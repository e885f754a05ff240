"""evaluate: the accuracy of an ONNX network on arrays of a device, beside its accuracy in floating point."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from threadpoolctl import threadpool_limits

from evaluator.circuit import CircuitReport, CircuitRequest, with_circuits
from evaluator.circuit.tile_export import TileExport
from evaluator.evaluation.diagnosis import inspect_layers, sample_tile
from evaluator.evaluation.report import Report
from evaluator.evaluation.trials import Trials
from evaluator.evaluation_setup import EvaluationInputs, EvaluationSetup, prepare
from evaluator.hardware.programmed import Hardware
from evaluator.hardware.random_keys import MOST_TRIALS
from evaluator.network.onnx_model import save_network
from evaluator.operators.arrays import ArrayPart
from evaluator.scores import Score, score
from evaluator.settings import HardwareConfig
from models_va import DeviceCard
from models_va.errors import InputError
from netlists import ArrayConfig
from spicegen.progress import Progress, track

MOST_WORKERS = 256
NO_CIRCUITS = CircuitRequest()


def evaluate(
    model: str | Path,
    data: str | Path,
    card: DeviceCard | str | Path,
    *,
    array: ArrayConfig | None = None,
    hardware: HardwareConfig | None = None,
    trials: int = 5,
    seed: int = 0,
    limit: int | None = None,
    ideal: bool = False,
    calibration: str | Path | None = None,
    calibrated: bool = False,
    workers: int = 1,
    folder: str | Path | None = None,
    circuits: CircuitRequest = NO_CIRCUITS,
    export: TileExport | None = None,
    say: Callable[[str], None] = lambda _: None,
    progress: Progress = track,
) -> Report:
    """Judge a network on simulated passive arrays.

    Weights go onto conductances in the card's window, are programmed with its errors, and are read through the wires
    of their tile. Where the read is linear and nothing converts it, a trial is the network itself with the weights
    that the arrays have in effect; converters, noise and nonlinearity are standard operators around them. Biases and
    everything else stay digital.

    Args:
        model: an ONNX file.
        data: test images and labels, in any format of ``evaluator.data``.
        card: a device card with a conductance window, its name or its file.
        array: size and wires of a tile, instead of the config's; by default 128 x 128 with 1 ohm a segment.
        hardware: arrays, mapping, converters, errors; by default the card's programming error, and ideal converters.
        trials: independent programmings, 1 to 10 000; a single one is computed where nothing is random.
        seed: seed of all random numbers; the same seed gives the same result.
        limit: use only so many images, the first ones.
        ideal: nothing that is not ideal: the limit in which the arrays compute the network exactly.
        calibration: images for ranges and corrections, if any are needed; by default the training images of ``data``,
            and where there are none some of its test images, which are then not judged.
        calibrated: take such images even if nothing needs any: where evaluations that need some are compared with
            others that do not, all are to judge the same.
        workers: trials that are computed at the same time; they change nothing in the result.
        folder: an existing folder, where finished trials are stored and found again, and hardware.onnx is written: the
            network on the arrays of the first trial, in standard operators.
        circuits: which tiles go to a circuit simulator.
        export: a tile that is to be written as decks.
        say: takes a line about what comes next and may take long.
        progress: shows how far the work is.

    Raises:
        InputError: any of these is not usable; the message names file, place and remedy.

    """
    started = time.perf_counter()
    _check_counts(trials=(trials, MOST_TRIALS), workers=(workers, MOST_WORKERS), seed=(seed, None), limit=(limit, None))
    config = hardware or HardwareConfig()
    config = config if array is None else config.model_copy(update={"array": array})
    made = Hardware.of(card, config.ideal() if ideal else config, seed)
    others, results = (None if p is None else Path(p) for p in (calibration, folder))
    wanted = calibrated or circuits.wanted or export is not None
    inputs = EvaluationInputs(Path(model), Path(data), made, limit, others, wanted)
    runner = _TrialRunner(trials if made.is_random else 1, workers, results, say, progress)
    # matrices are small: threads inside their products only wait for each other, and for those of other trials
    with threadpool_limits(1):
        setup = prepare(inputs, folder=results, say=say, progress=progress)
        if setup.network.batch == 1:
            say(f"{model}: its batch is fixed at 1 and cannot be freed: images run one by one, which takes longer")
        if others is not None and setup.calibration is None:
            say(f"calibration: {others} is not used: nothing here needs images to calibrate with")
        parts = setup.parts(0)
        if export is not None:
            export.write(setup, parts)
        baseline = score(setup.network.logits(setup.images), setup.labels)
        scores, uncompensated = runner.compared(setup, parts)
        in_circuits = None
        if circuits.wanted:
            setup, scores, in_circuits = runner.in_circuits(setup, parts, circuits, scores)
        if results is not None:
            save_network(setup.on_arrays(parts), results / "hardware.onnx")
        return Report(
            model=str(model),
            data=str(data),
            hardware=made,
            n_images=len(setup.images),
            calibration=setup.calibration_source,
            baseline=baseline,
            trials=scores,
            uncompensated=uncompensated,
            circuits=in_circuits,
            layers=tuple(inspect_layers(setup, parts, progress)),
            sample=sample_tile(setup, parts),
            seconds=time.perf_counter() - started,
        )


@dataclass(frozen=True)
class _TrialRunner:
    """Scores of setups by trials.

    Attributes:
        trials: number of trials.
        workers: number of trials that are computed at the same time.
        folder: folder of stored scores; None: none are stored.
        say: takes a line about work that may take long.
        progress: shows how far it is.

    """

    trials: int
    workers: int
    folder: Path | None
    say: Callable[[str], None]
    progress: Progress

    def compared(
        self, setup: EvaluationSetup, first: list[ArrayPart]
    ) -> tuple[tuple[Score, ...], tuple[Score, ...] | None]:
        """The scores of every trial, and those without compensation on the same images; None: nothing is compensated.

        Args:
            setup: the evaluation, with its compensation.
            first: the arrays of the first trial.

        """
        kind = setup.hardware.config.compensate
        if kind == "columns":  # on the same arrays, which are programmed and read once
            both = self._trials(setup, first, setup.uncorrected())
            return tuple(corrected for corrected, _ in both), tuple(bare for _, bare in both)
        scores = self.scores(setup, first)
        if kind == "none":
            return scores, None
        inputs = replace(
            setup.inputs,
            hardware=setup.hardware.uncompensated(),
            calibrated=setup.calibration is not None,
            misfits=None,  # corrected targets are others
        )
        return scores, self.scores(prepare(inputs, folder=self.folder, say=self.say, progress=self.progress))

    def scores(self, setup: EvaluationSetup, first: list[ArrayPart] | None = None) -> tuple[Score, ...]:
        """The score of every trial; ``first``: the arrays of the first one, if they are known."""
        return tuple(of_trial for (of_trial,) in self._trials(setup, first))

    def _trials(
        self, setup: EvaluationSetup, first: list[ArrayPart] | None, uncorrected: EvaluationSetup | None = None
    ) -> list[tuple[Score, ...]]:
        return Trials(setup, self.folder, first, uncorrected).scores(self.trials, self.workers, self.progress)

    def in_circuits(
        self, setup: EvaluationSetup, parts: list[ArrayPart], request: CircuitRequest, operator: tuple[Score, ...]
    ) -> tuple[EvaluationSetup, tuple[Score, ...], CircuitReport]:
        """The setup with some tiles in a circuit simulator, and its scores; ``operator``: those without."""
        cache = None if self.folder is None else self.folder / "circuits"
        setup, report = with_circuits(setup, parts, request, self.trials, cache, self.progress, self.say)
        scores = self.scores(setup, parts) if report.in_circuit else operator
        return setup, scores, replace(report, operator_trials=operator)


def _check_counts(**counts: tuple[int | None, int | None]) -> None:
    for name, (value, most) in counts.items():
        least = 0 if name == "seed" else 1
        if value is not None and value < least:
            raise InputError(f"evaluate: {name} = {value}: give {least} or more")
        if value is not None and most is not None and value > most:
            why = "; the interval narrows with their square root" if name == "trials" else ""
            raise InputError(f"evaluate: {name} = {value}: give {most} or fewer{why}")
