"""Half-select disturb: the effect of k writes elsewhere on a cell, by write scheme, in the native engine."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from models_va.errors import InputError
from netlists import ArrayConfig, Scheme, write_voltages
from spicegen.arrays.identity import array_identity
from spicegen.arrays.program import run_array_program
from spicegen.devices.programming import conductances, program_devices
from spicegen.devices.write_pulses import given_or_card_pulses
from spicegen.progress import track
from spicegen.simulate import REFERENCE, simulator

Array = NDArray[np.float64]
KINDS = ("selected", "same row", "same column", "elsewhere")
_A_DECADE = 8
"""Number of points per decade of writes at which conductances are recorded."""


@dataclass(frozen=True, eq=False)
class Disturb:
    """The effect of writes of one scheme and polarity.

    Attributes:
        scheme: scheme of the writes.
        v_write_volt: voltage across the selected cell, V.
        writes: numbers of writes after which conductances were taken, from 0 on, shape (points,).
        g_siemens: conductances after these writes, shape (points, rows, columns), S.
    """

    scheme: Scheme
    v_write_volt: float
    writes: NDArray[np.int64]
    g_siemens: Array


@dataclass(frozen=True, eq=False)
class DisturbStudy:
    """Result of ``study disturb``.

    Attributes:
        config: description of the array.
        card: card of its devices.
        selected: row and column of the cell that is written.
        alive: mask of the cells that work, shape (rows, columns); the others are left out.
        width_s, rest_s: flat time of each write and rest after it, s.
        runs: effect of the writes, one for each scheme and polarity.
    """

    config: ArrayConfig
    card: DeviceCard
    selected: tuple[int, int]
    alive: NDArray[np.bool_]
    width_s: float
    rest_s: float
    runs: tuple[Disturb, ...]

    head: ClassVar[tuple[str, ...]] = (
        "scheme",
        "V",
        "cells",
        "writes",
        "mean change",
        "largest",
        "1 % after",
        "10 % after",
    )

    def kind(self, name: str) -> NDArray[np.bool_]:
        """Mask of the working cells of the kind ``name``, one of ``KINDS``, shape (rows, columns)."""
        (i, j), (rows, columns) = self.selected, self.runs[0].g_siemens.shape[1:]
        row, column = np.arange(rows)[:, None] == i, np.arange(columns)[None, :] == j
        found = {"selected": row & column, "same row": row & ~column, "same column": ~row & column}
        return np.asarray(found.get(name, ~row & ~column)) & self.alive

    def change(self, run: Disturb, kind: str) -> Array:
        """Relative change of the conductance of each cell of ``kind`` in a run, shape (points, cells)."""
        g = run.g_siemens[:, self.kind(kind)]
        return np.asarray(g / g[0] - 1)

    def rows(self) -> list[tuple[object, ...]]:
        """The rows of the result table, one for each run and kind of cell."""
        return [
            (r.scheme, r.v_write_volt, kind, int(r.writes[-1]), *self._numbers(r, kind))
            for r in self.runs
            for kind in KINDS
            if self.kind(kind).any()
        ]

    def _numbers(self, run: Disturb, kind: str) -> tuple[object, ...]:
        change = self.change(run, kind)
        worst = np.abs(change).max(axis=1)
        end = change[-1]
        return (
            float(end.mean()),
            float(end[np.abs(end).argmax()]),
            *(_until(run.writes, worst, k) for k in (0.01, 0.1)),
        )

    @property
    def summary(self) -> str:
        """The result of the study in one sentence."""
        worst = {
            r.scheme: max(float(np.abs(self.change(s, k)).max()) for s in self.runs if s.scheme == r.scheme
                          for k in KINDS[1:] if self.kind(k).any())
            for r in self.runs
        }  # fmt: skip
        found = ", ".join(f"{value:.1%} with {scheme}" for scheme, value in worst.items())
        return f"{int(self.runs[0].writes[-1])} writes of one cell change another one's conductance by up to {found}"

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            **array_identity(self.config, self.card),
            "selected": self.selected,
            "width_s": self.width_s,
            "rest_s": self.rest_s,
            "runs": [
                {"scheme": r.scheme, "v_write_volt": r.v_write_volt, "writes": r.writes, "g_siemens": r.g_siemens}
                for r in self.runs
            ],
        }


def study_disturb(
    config: ArrayConfig,
    card: DeviceCard,
    writes: int = 10_000,
    schemes: tuple[Scheme, ...] = ("v/2", "v/3"),
    amplitudes_volt: tuple[float, ...] | None = None,
    width_s: float | None = None,
    rest_s: float | None = None,
) -> DisturbStudy:
    """Write the cell in the middle of an array again and again, and record the conductances of all cells.

    Args:
        config: description of the array.
        card: card of its devices.
        writes: number of writes of each scheme and amplitude.
        schemes: schemes of the writes.
        amplitudes_volt: voltages across the selected cell, V; None for those of the card's write pulses.
        width_s: flat time of a write, s; None for that of the card's write pulses.
        rest_s: rest after each write, s; None for three tenths of the width.

    Raises:
        InputError: no writes, a duration or an amplitude that cannot be, an array of one cell, or a stuck cell in its
            middle.
        CardError: the card names no write pulse, and amplitudes and width are not both given.
        SimulationError: a transient failed.
    """
    pulses = given_or_card_pulses(card, amplitudes_volt[0] if amplitudes_volt else None, width_s)
    width_s = pulses.width_s if width_s is None else width_s
    rest_s = 0.3 * width_s if rest_s is None else rest_s
    amplitudes_volt = amplitudes_volt or (pulses.up_volt, pulses.down_volt)
    if writes < 1 or not (0 < width_s < math.inf and 0 < rest_s < math.inf):
        raise InputError("disturb: the number of writes, their width and the rest must be positive and finite")
    if not all(0 < abs(v) < math.inf for v in amplitudes_volt) or len(set(amplitudes_volt)) < len(amplitudes_volt):
        raise InputError("disturb: amplitudes must be finite, not zero and different from each other")
    rows, columns = config.rows, config.columns
    selected = (rows // 2, columns // 2)
    fresh = program_devices(
        card, config.draw_cells(*card.window()), config.seed, programming_error=config.programming_error,
        device_to_device=config.device_to_device,
    ).devices  # fmt: skip
    fresh = replace(fresh, stuck_siemens=config.draw_stuck(*card.window()))
    points = np.unique(np.geomspace(1, writes, int(_A_DECADE * np.log10(writes)) + 2).astype(np.int64))
    if fresh.shape == (1, 1) or not fresh.alive[selected]:
        raise InputError(f"disturb: cell {selected} is written: it must work, and others must be there to be disturbed")
    crossbar, engine = config.crossbar(np.zeros((rows, columns))), simulator(REFERENCE)
    tasks = [(scheme, v, n) for scheme in schemes for v in amplitudes_volt for n in range(len(points))]
    recorded: dict[tuple[Scheme, float], list[Array]] = {}
    devices = fresh
    for scheme, v, n in track(tasks, "writes"):
        found = recorded.setdefault((scheme, v), [])
        if not found:
            devices = fresh
            found.append(conductances(devices))
        voltages = write_voltages(scheme, rows, columns, *selected, v)
        program = pulses.array_program(rows, columns)
        for _ in range(int(points[n] - (points[n - 1] if n else 0))):
            program.pulse(voltages, width_s)
            program.rest(rest_s)
        devices = run_array_program(crossbar, devices, program, engine, 1e-4).devices
        found.append(conductances(devices))
    counts = np.concatenate([[0], points])
    runs = tuple(Disturb(scheme, v, counts, np.array(g)) for (scheme, v), g in recorded.items())
    return DisturbStudy(config, card, selected, fresh.alive, width_s, rest_s, runs)


def _until(writes: NDArray[np.int64], worst: Array, level: float) -> str:
    beyond = np.nonzero(worst > level)[0]
    return f"{writes[beyond[0]]}" if len(beyond) else f"> {writes[-1]}"
