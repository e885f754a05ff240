"""Trials: programmings of the arrays, one after another or some at a time, kept in a file as they finish."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, replace
from pathlib import Path

from threadpoolctl import threadpool_limits

from evaluator.graph.arrays import ArrayPart
from evaluator.scores import Score, score
from evaluator.study import Study
from models_va.errors import InputError
from spicegen.progress import Progress

FILE = "trials.jsonl"


class Trials:
    """Runs a study's trials.

    Args:
        study: what they share.
        folder: where each one's score is written when it is known, and read again by whoever asks for the same; None:
            nowhere.
        first: the arrays of the first trial, if they are known.

    """

    def __init__(self, study: Study, folder: Path | None, first: list[ArrayPart] | None = None) -> None:
        self._study, self._first = study, first
        self._file = None if folder is None else folder / FILE

    def scores(self, count: int, workers: int, progress: Progress) -> list[Score]:
        """The score of every trial, in order; so many ``workers`` compute one each at the same time."""
        known = self._known()
        missing = [k for k in range(count) if k not in known]
        # matrices are small: threads inside their products only wait for each other, and for those of other trials
        with threadpool_limits(1):
            for trial, result in progress(self._computed(missing, workers), "Trials", len(missing)):
                known[trial] = result
                self._keep(trial, result)
        return [known[k] for k in range(count)]

    def _computed(self, trials: list[int], workers: int) -> Iterator[tuple[int, Score]]:
        """Each trial's number and score, as they finish.

        Workers are threads, which share the study: numpy, LAPACK and onnxruntime hold no lock while they compute.
        """
        workers = min(workers, len(trials))
        if workers < 2:
            yield from ((k, self._score(self._study, k)) for k in trials)
            return
        network = replace(self._study.network, threads=max(1, (os.cpu_count() or 1) // workers))
        study = replace(self._study, network=network)
        with ThreadPoolExecutor(workers) as pool:
            numbers = {pool.submit(self._score, study, k): k for k in trials}
            try:
                yield from ((numbers[done], done.result()) for done in as_completed(numbers))
            finally:
                pool.shutdown(wait=False, cancel_futures=True)  # of an interruption: none is begun any more

    def _score(self, study: Study, trial: int) -> Score:
        return _scored(study, self._first if trial == 0 and self._first else study.parts(trial))

    def _known(self) -> dict[int, Score]:
        if self._file is None or not self._file.is_file():
            return {}
        found = {}
        text = self._file.read_text(encoding="utf-8", errors="replace")
        if text and not text.endswith("\n"):
            self._append("\n")  # after the line that an interruption cut
        for line in text.splitlines():
            try:
                entry = json.loads(line)
                if entry["study"] == self._study.key:
                    found[int(entry["trial"])] = Score(entry["top1"], entry["top5"])
            except (ValueError, KeyError, TypeError):
                continue
        return found

    def _keep(self, trial: int, result: Score) -> None:
        self._append(json.dumps({"study": self._study.key, "trial": trial, **asdict(result)}) + "\n")

    def _append(self, text: str) -> None:
        if self._file is None:
            return
        try:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise InputError(f"{self._file}: cannot be written: {error.strerror}") from error


def _scored(study: Study, parts: list[ArrayPart]) -> Score:
    return score(study.logits(parts), study.labels)
