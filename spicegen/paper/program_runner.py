"""The runner of pulse programs: fresh devices of one card in one simulator, side by side, records kept in a folder."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np

from models_va import DeviceCard
from netlists import PulseProgram
from spicegen import __version__
from spicegen.devices.source_meter import REL_TOL, PulseRecord, run_program
from spicegen.simulate import REFERENCE, Simulator


class ProgramRunner:
    """Runs pulse programs, each on a fresh device of a card, and keeps their records.

    Args:
        card: the card of the devices.
        simulator: the simulator that runs them.
        cache_folder: folder where the record of each finished program is kept, so that an interrupted study resumes
            from there; None keeps nothing.

    Attributes:
        saved_s: wall time that kept records have saved so far, s.
    """

    def __init__(self, card: DeviceCard, simulator: Simulator, cache_folder: Path | None = None) -> None:
        self.card, self.simulator, self.cache_folder = card, simulator, cache_folder
        self.saved_s = 0.0
        # the native engine is limited by Python itself, the others are processes of their own
        self._workers = 1 if simulator.name == REFERENCE else os.cpu_count() or 1

    def run(self, programs: Mapping[str, PulseProgram]) -> Mapping[str, PulseRecord]:
        """Run each program on a fresh device; the records have the programs' labels.

        Raises:
            SimulationError: a stage failed; the records of finished programs are in the cache folder.
        """
        at_once = min(self._workers, len(programs))
        records = {label: record for label, program in programs.items() if (record := self._recalled(program, at_once))}
        missing = {label: program for label, program in programs.items() if label not in records}
        if self._workers == 1:
            records |= {label: self._run_and_keep(program) for label, program in missing.items()}
        else:
            records |= self._side_by_side(missing)
        return {label: records[label] for label in programs}

    def _side_by_side(self, programs: Mapping[str, PulseProgram]) -> dict[str, PulseRecord]:
        with ThreadPoolExecutor(self._workers) as pool:
            waiting = {label: pool.submit(self._run_and_keep, program) for label, program in programs.items()}
            try:
                return {label: future.result() for label, future in waiting.items()}
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _run_and_keep(self, program: PulseProgram) -> PulseRecord:
        start = time.perf_counter()
        record = run_program(self.card, program, self.simulator)
        if self.cache_folder:
            _keep(self.cache_folder, self._key(program), record, time.perf_counter() - start)
        return record

    def _recalled(self, program: PulseProgram, at_once: int) -> PulseRecord | None:
        """The kept record of a program, whose time counts as saved; None if there is none.

        Args:
            program: the program.
            at_once: how many programs would have run at once: each of them saves this fraction of its time.
        """
        kept = _recall(self.cache_folder, self._key(program)) if self.cache_folder else None
        if kept is None:
            return None
        record, seconds = kept
        self.saved_s += seconds / at_once
        return record

    def _key(self, program: PulseProgram) -> str:
        """Everything that the record of a program depends on."""
        model = self.card.device_model.version
        return f"{__version__}|{self.card.hash}|{model}|{self.simulator.name}|{REL_TOL}|{program.stages!r}"


def _path(folder: Path, key: str) -> Path:
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.npz"


def _recall(folder: Path, key: str) -> tuple[PulseRecord, float] | None:
    """The record kept under a key, and the wall time that it took, s; None if there is none."""
    path = _path(folder, key)
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        record = PulseRecord(arrays["time_s"], arrays["voltage_volt"], arrays["current_amp"])
        return record, float(arrays["seconds"])


def _keep(folder: Path, key: str, record: PulseRecord, seconds: float) -> None:
    """Keep a record and the wall time that it took, s; the file is whole or not there, also when interrupted."""
    path = _path(folder, key)
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **asdict(record), seconds=seconds)
    partial.replace(path)
