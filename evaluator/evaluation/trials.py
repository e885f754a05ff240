"""Trials: programmings of the arrays, one after another or some at a time; scores are stored as trials finish."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evaluator.circuit import logits
from evaluator.evaluation_setup import EvaluationSetup
from evaluator.operators.arrays import ArrayPart
from evaluator.scores import Score, score
from models_va.errors import InputError
from spicegen.progress import Progress

FILE = "trials.jsonl"
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _TrialRecord(BaseModel):
    """A line of the file: ``study``, the key of a setup, with the number of one of its trials and the trial's score."""

    model_config = ConfigDict(strict=True)

    study: str
    trial: int
    top1: Share
    top5: Share | None


class Trials:
    """Runs the trials of a setup.

    Args:
        setup: everything that the trials share.
        folder: folder where the score of each trial is stored once it is known, and found again; None: none is stored.
        first: the arrays of the first trial, if they are known.
        uncorrected: the setup without corrections of columns, if it is to be judged too, on the same arrays.

    """

    def __init__(
        self,
        setup: EvaluationSetup,
        folder: Path | None,
        first: list[ArrayPart] | None = None,
        uncorrected: EvaluationSetup | None = None,
    ) -> None:
        self._setups, self._first = (setup,) if uncorrected is None else (setup, uncorrected), first
        self._file = None if folder is None else folder / FILE

    def scores(self, count: int, workers: int, progress: Progress) -> list[tuple[Score, ...]]:
        """The scores of every trial, in order: of the setup, then of the uncorrected one if there is one.

        Args:
            count: number of trials.
            workers: number of trials that are computed at the same time.
            progress: shows how far the work is.

        """
        known = [self._stored(setup) for setup in self._setups]
        missing = [k for k in range(count) if any(k not in of_setup for of_setup in known)]
        for trial, results in progress(self._computed(missing, workers), "Trials", len(missing)):
            for setup, of_setup, result in zip(self._setups, known, results, strict=True):
                of_setup[trial] = result
                self._store(setup, trial, result)
        return [tuple(of_setup[k] for of_setup in known) for k in range(count)]

    def _computed(self, trials: list[int], workers: int) -> Iterator[tuple[int, list[Score]]]:
        """Each trial's number and scores, as they finish.

        Workers are threads, which share the setup: numpy, LAPACK and onnxruntime hold no lock while they compute.
        """
        workers = min(workers, len(trials))
        if workers < 2:
            yield from ((k, self._scores(self._setups, k)) for k in trials)
            return
        threads = max(1, (os.cpu_count() or 1) // workers)
        setups = [replace(s, network=replace(s.network, threads=threads)) for s in self._setups]
        with ThreadPoolExecutor(workers) as pool:
            numbers = {pool.submit(self._scores, setups, k): k for k in trials}
            try:
                yield from ((numbers[done], done.result()) for done in as_completed(numbers))
            finally:
                pool.shutdown(wait=False, cancel_futures=True)  # of an interruption: none is begun any more

    def _scores(self, setups: Sequence[EvaluationSetup], trial: int) -> list[Score]:
        parts = self._first if trial == 0 and self._first else setups[0].parts(trial)
        uncorrected = [replace(p, gain=None, offset=None) for p in parts]
        return [_scored(s, some) for s, some in zip(setups, (parts, uncorrected), strict=False)]

    def _stored(self, setup: EvaluationSetup) -> dict[int, Score]:
        """The scores of a setup's trials that the file has, by number of the trial."""
        if self._file is None or not self._file.is_file():
            return {}
        stored = {}
        try:
            text = self._file.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise InputError(f"{self._file}: cannot be read: {error.strerror}: give another folder") from error
        if text and not text.endswith("\n"):
            self._append("\n")  # after the line that an interruption cut
        for line in text.splitlines():
            with suppress(ValidationError):
                record = _TrialRecord.model_validate_json(line)
                if record.study == setup.key:
                    stored[record.trial] = Score(record.top1, record.top5)
        return stored

    def _store(self, setup: EvaluationSetup, trial: int, result: Score) -> None:
        if self._file is not None:
            self._append(_TrialRecord(study=setup.key, trial=trial, **asdict(result)).model_dump_json() + "\n")

    def _append(self, text: str) -> None:
        if self._file is None:
            return
        try:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise InputError(f"{self._file}: cannot be written: {error.strerror}") from error


def _scored(setup: EvaluationSetup, parts: list[ArrayPart]) -> Score:
    """The score of a setup's network on these arrays."""
    return score(logits(setup, parts), setup.labels)
