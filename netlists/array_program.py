"""Programs of an array: pulses on all its lines one after another, with rests and reads, in stages."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from netlists.lines import Lines, LineVoltages
from netlists.stimulus import Waveform

Array = NDArray[np.float64]
EDGE_SHARE, SETTLE_SHARE, READ_SHARE = 1 / 1000, 1 / 20, 1 / 10
"""Edges, the rest before a read and the read itself as shares of a pulse's width: short compared with the time in which
the device moves."""


@dataclass(frozen=True)
class ArrayStage:
    """A piece of a program in which the same lines float.

    Attributes:
        lines: waveforms on the lines over the stage's own time.
        stop_s: end of the stage, s.
        sample_time_s: times at which column currents are recorded, each a point of the waveforms, s.
        max_step_s: longest step of a circuit simulator, s.
    """

    lines: Lines
    stop_s: float
    sample_time_s: tuple[float, ...]
    max_step_s: float


@dataclass
class ArrayProgram:
    """A program of an array, built by calling its methods in the order of the steps; between them, lines are at 0 V.

    Its times suit pulses of 10 ms. ``for_pulses_of`` makes a program for pulses of another width.

    Attributes:
        rows, columns: size of the array.
        edge_s: every rise and fall time, s.
        settle_s: rest before each read, s.
        read_width_s: flat time of a read; it is sampled in its middle, s.
    """

    rows: int
    columns: int
    edge_s: float = 10e-6
    settle_s: float = 0.5e-3
    read_width_s: float = 1e-3
    _stages: list[ArrayStage] = field(default_factory=list)
    _floats: NDArray[np.bool_] | None = None
    _time: list[float] = field(default_factory=lambda: [0.0])
    _levels: list[Array] = field(default_factory=list)
    _samples: list[float] = field(default_factory=list)
    _shortest: float = math.inf

    @classmethod
    def for_pulses_of(cls, width_s: float, rows: int, columns: int) -> ArrayProgram:
        """An empty program whose edges, rests before reads and reads suit pulses of ``width_s``, s."""
        return cls(rows, columns, EDGE_SHARE * width_s, SETTLE_SHARE * width_s, READ_SHARE * width_s)

    def pulse(self, voltages: LineVoltages, width_s: float) -> None:
        """Add a pulse of flat time ``width_s`` on all lines at once."""
        self._begin(voltages)
        self._move(voltages, self.edge_s)
        self._move(voltages, width_s)
        self._move(None, self.edge_s)
        self._shortest = min(self._shortest, width_s)

    def read(self, voltages: LineVoltages) -> None:
        """Add a read: a short rest, then a pulse in whose middle the columns' currents are recorded."""
        self._begin(voltages)
        self._move(None, self.settle_s)
        self._move(voltages, self.edge_s)
        self._move(voltages, self.read_width_s / 2)
        self._samples.append(self._time[-1])
        self._move(voltages, self.read_width_s / 2)
        self._move(None, self.edge_s)
        self._shortest = min(self._shortest, self.read_width_s)

    def rest(self, duration_s: float) -> None:
        """Add a rest, in which all lines stay as they are between pulses: at 0 V, or floating."""
        if self._floats is None:
            self._begin(LineVoltages(np.zeros(self.rows), np.zeros(self.columns)))
        self._move(None, duration_s)

    @property
    def stages(self) -> tuple[ArrayStage, ...]:
        """The stages of the program so far."""
        self._close()
        return tuple(self._stages)

    def _begin(self, voltages: LineVoltages) -> None:
        if voltages.rows.shape != (self.rows,) or voltages.columns.shape != (self.columns,):
            found = f"{len(voltages.rows)} x {len(voltages.columns)}"
            raise InputError(f"array program: voltages of {found} lines for an array of {self.rows} x {self.columns}")
        floats = np.isnan(np.concatenate([voltages.rows, voltages.columns]))
        if self._floats is None or np.any(floats != self._floats):
            self._close()
            self._floats = floats
            self._levels = [np.zeros(len(floats))]

    def _move(self, voltages: LineVoltages | None, duration_s: float) -> None:
        if not 0 < duration_s < math.inf:
            raise InputError(f"array program: a duration of {duration_s:g} s: must be positive")
        size = self.rows + self.columns
        level = np.zeros(size) if voltages is None else np.concatenate([voltages.rows, voltages.columns])
        self._time.append(self._time[-1] + duration_s)
        self._levels.append(np.nan_to_num(level))

    def _close(self) -> None:
        if self._floats is None or len(self._time) == 1:
            return
        times, levels = tuple(self._time), np.array(self._levels)
        known: dict[bytes, Waveform] = {}  # lines with equal voltages share one waveform

        def wave(line: int) -> Waveform | None:
            assert self._floats is not None
            if self._floats[line]:
                return None
            column = np.ascontiguousarray(levels[:, line])
            return known.setdefault(column.tobytes(), Waveform(times, tuple(column.tolist())))

        lines = Lines(
            tuple(wave(i) for i in range(self.rows)),
            tuple(wave(self.rows + j) for j in range(self.columns)),
        )
        step = min(self._shortest, times[-1]) / 20
        self._stages.append(ArrayStage(lines, times[-1], tuple(self._samples), step))
        self._time, self._levels, self._samples, self._floats = [0.0], [], [], None
        self._shortest = math.inf
