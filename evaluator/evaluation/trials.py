"""Trials: programmings of the arrays, one after another or some at a time, kept in a file as they finish."""

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
from evaluator.operators.arrays import ArrayPart
from evaluator.scores import Score, score
from evaluator.study import Study
from models_va.errors import InputError
from spicegen.progress import Progress

FILE = "trials.jsonl"
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Kept(BaseModel):
    """A line of the file: the score of a trial of a study."""

    model_config = ConfigDict(strict=True)

    study: str
    trial: int
    top1: Share
    top5: Share | None


class Trials:
    """Runs a study's trials.

    Args:
        study: what they share.
        folder: where each one's score is written when it is known, and read again by whoever asks for the same; None:
            nowhere.
        first: the arrays of the first trial, if they are known.
        bare: the study without corrections of columns, if it is to be judged too, on the same arrays.

    """

    def __init__(
        self, study: Study, folder: Path | None, first: list[ArrayPart] | None = None, bare: Study | None = None
    ) -> None:
        self._studies, self._first = (study,) if bare is None else (study, bare), first
        self._file = None if folder is None else folder / FILE

    def scores(self, count: int, workers: int, progress: Progress) -> list[tuple[Score, ...]]:
        """The score of every trial, in order, with that of ``bare`` behind it if there is one.

        Args:
            count: of trials.
            workers: how many of them are computed at the same time.
            progress: shows how far that is.

        """
        known = [self._known(study) for study in self._studies]
        missing = [k for k in range(count) if any(k not in of_study for of_study in known)]
        for trial, results in progress(self._computed(missing, workers), "Trials", len(missing)):
            for study, of_study, result in zip(self._studies, known, results, strict=True):
                of_study[trial] = result
                self._keep(study, trial, result)
        return [tuple(of_study[k] for of_study in known) for k in range(count)]

    def _computed(self, trials: list[int], workers: int) -> Iterator[tuple[int, list[Score]]]:
        """Each trial's number and scores, as they finish.

        Workers are threads, which share the study: numpy, LAPACK and onnxruntime hold no lock while they compute.
        """
        workers = min(workers, len(trials))
        if workers < 2:
            yield from ((k, self._scores(self._studies, k)) for k in trials)
            return
        threads = max(1, (os.cpu_count() or 1) // workers)
        studies = [replace(s, network=replace(s.network, threads=threads)) for s in self._studies]
        with ThreadPoolExecutor(workers) as pool:
            numbers = {pool.submit(self._scores, studies, k): k for k in trials}
            try:
                yield from ((numbers[done], done.result()) for done in as_completed(numbers))
            finally:
                pool.shutdown(wait=False, cancel_futures=True)  # of an interruption: none is begun any more

    def _scores(self, studies: Sequence[Study], trial: int) -> list[Score]:
        parts = self._first if trial == 0 and self._first else studies[0].parts(trial)
        uncorrected = [replace(p, gain=None, offset=None) for p in parts]
        return [_scored(s, some) for s, some in zip(studies, (parts, uncorrected), strict=False)]

    def _known(self, study: Study) -> dict[int, Score]:
        if self._file is None or not self._file.is_file():
            return {}
        found = {}
        try:
            text = self._file.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise InputError(f"{self._file}: cannot be read: {error.strerror}: give another folder") from error
        if text and not text.endswith("\n"):
            self._append("\n")  # after the line that an interruption cut
        for line in text.splitlines():
            with suppress(ValidationError):
                kept = _Kept.model_validate_json(line)
                if kept.study == study.key:
                    found[kept.trial] = Score(kept.top1, kept.top5)
        return found

    def _keep(self, study: Study, trial: int, result: Score) -> None:
        if self._file is not None:
            self._append(_Kept(study=study.key, trial=trial, **asdict(result)).model_dump_json() + "\n")

    def _append(self, text: str) -> None:
        if self._file is None:
            return
        try:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise InputError(f"{self._file}: cannot be written: {error.strerror}") from error


def _scored(study: Study, parts: list[ArrayPart]) -> Score:
    return score(logits(study, parts), study.labels)
