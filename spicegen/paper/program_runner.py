"""The runner of pulse programs: fresh devices of one card in one simulator, side by side; records are stored."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np

from models_va import DeviceCard
from netlists import PulseProgram
from spicegen import __version__
from spicegen.devices.source_meter import REL_TOL, PulseRecord, run_program
from spicegen.result_cache import ResultCache, card_identity, digest, engine_identity
from spicegen.simulate import REFERENCE, Simulator


def _say_nothing(text: str) -> None:
    """The default of ``say``."""


class ProgramRunner:
    """Runs pulse programs, each on a fresh device of a card, and stores their records.

    Args:
        card: the card of the devices.
        simulator: the simulator that runs them.
        cache_folder: folder where the record of each finished program is stored, so that an interrupted study
            resumes from there; None stores nothing.
        data_folder: folder of data sets that are no part of the project, for experiments that train; None if the user
            named none.
        say: is told how far long work is, a line at a time; another process must be able to import it.

    Attributes:
        saved_s: wall time that stored records have saved so far, s.
    """

    def __init__(
        self,
        card: DeviceCard,
        simulator: Simulator,
        cache_folder: Path | None = None,
        data_folder: Path | None = None,
        say: Callable[[str], None] = _say_nothing,
    ) -> None:
        self.card, self.simulator, self.cache_folder = card, simulator, cache_folder
        self.data_folder, self.say = data_folder, say
        self.saved_s = 0.0
        self._cache = ResultCache(cache_folder)
        # the native engine is limited by Python itself, the others are processes of their own
        self._workers = 1 if simulator.name == REFERENCE else os.cpu_count() or 1

    def run(self, programs: Mapping[str, PulseProgram]) -> Mapping[str, PulseRecord]:
        """Run each program on a fresh device; the records have the programs' labels.

        Raises:
            SimulationError: a stage failed; the records of finished programs are in the cache folder.
        """
        at_once = min(self._workers, len(programs))
        records = {label: record for label, program in programs.items() if (record := self._stored(program, at_once))}
        missing = {label: program for label, program in programs.items() if label not in records}
        if self._workers == 1:
            records |= {label: self._run_and_store(program) for label, program in missing.items()}
        else:
            records |= self._side_by_side(missing)
        return {label: records[label] for label in programs}

    def _side_by_side(self, programs: Mapping[str, PulseProgram]) -> dict[str, PulseRecord]:
        with ThreadPoolExecutor(self._workers) as pool:
            waiting = {label: pool.submit(self._run_and_store, program) for label, program in programs.items()}
            try:
                return {label: future.result() for label, future in waiting.items()}
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _run_and_store(self, program: PulseProgram) -> PulseRecord:
        start = time.perf_counter()
        record = run_program(self.card, program, self.simulator)
        self._cache.store(self._key(program), **asdict(record), seconds=np.array(time.perf_counter() - start))
        return record

    def _stored(self, program: PulseProgram, at_once: int) -> PulseRecord | None:
        """The stored record of a program, whose time counts as saved; None if there is none.

        Args:
            program: the program.
            at_once: how many programs would have run at once: each of them saves this fraction of its time.
        """
        names = [f.name for f in fields(PulseRecord)]
        found = self._cache.load(self._key(program), [*names, "seconds"])
        if found is None:
            return None
        self.saved_s += float(found["seconds"]) / at_once
        return PulseRecord(*(found[name] for name in names))

    def _key(self, program: PulseProgram) -> str:
        """The digest of everything that the record of a program depends on."""
        return digest(
            {
                "program": repr(program.stages),
                "card": card_identity(self.card),
                "engine": engine_identity(self.simulator),
                "spicegen": [__version__, REL_TOL],
            }
        )
