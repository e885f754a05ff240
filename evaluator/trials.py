"""Trials: programmings of the arrays, one after another or in several processes, kept in a file as they finish."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

from evaluator.graph.arrays import ArrayPart
from evaluator.scores import Score, score
from evaluator.study import Study, StudySource, prepare
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
        """The score of every trial, in order."""
        known = self._known()
        missing = [k for k in range(count) if k not in known]
        apart = workers > 1 and len(missing) > 1
        found = self._in_processes(missing, workers) if apart else ((k, self._score(k)) for k in missing)
        for trial, result in progress(found, "Trials", len(missing)):
            known[trial] = result
            self._keep(trial, result)
        return [known[k] for k in range(count)]

    def _score(self, trial: int) -> Score:
        return _scored(self._study, self._first if trial == 0 and self._first else self._study.parts(trial))

    def _in_processes(self, trials: list[int], workers: int) -> Iterator[tuple[int, Score]]:
        """Each trial's number and score, as they finish."""
        workers = min(workers, len(trials))
        threads = max(1, (os.cpu_count() or 1) // workers)
        start = (self._study.source, threads)
        with ProcessPoolExecutor(workers, get_context("spawn"), _open, start) as pool:
            numbers = {pool.submit(_score_again, k): k for k in trials}
            yield from ((numbers[done], done.result()) for done in as_completed(numbers))

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


_opened: Study | None = None
"""Of a worker process, which opens its study once."""


def _open(source: StudySource, threads: int) -> None:
    global _opened
    _opened = prepare(source, threads)


def _score_again(trial: int) -> Score:
    assert _opened is not None
    return _scored(_opened, _opened.parts(trial))
