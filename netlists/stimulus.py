"""Stimuli: piecewise-linear waveforms, spike trains with reads between, and sets of read vectors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError


@dataclass(frozen=True, slots=True)
class Waveform:
    """A voltage that is linear between given points and constant after the last.

    Attributes:
        time_s: strictly rising times from 0, s. Every simulator stops exactly at these times.
        value_volt: voltages at those times, V.
    """

    time_s: tuple[float, ...]
    value_volt: tuple[float, ...]

    def __post_init__(self) -> None:
        numbers = (*self.time_s, *self.value_volt)
        if len(self.time_s) != len(self.value_volt) or not self.time_s:
            raise InputError("waveform: needs as many times as values, at least one")
        if not all(map(math.isfinite, numbers)):
            raise InputError("waveform: times and values must be finite")
        if self.time_s[0] != 0 or any(b <= a for a, b in zip(self.time_s, self.time_s[1:], strict=False)):
            raise InputError("waveform: times must start at 0 s and rise strictly")

    @classmethod
    def constant(cls, value_volt: float) -> Waveform:
        """A voltage that never changes."""
        return cls((0.0,), (value_volt,))

    @property
    def is_constant(self) -> bool:
        """Whether the voltage never changes."""
        return len(set(self.value_volt)) == 1

    @overload
    def at(self, time_s: float) -> float: ...
    @overload
    def at(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]: ...
    def at(self, time_s: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
        """The voltage at ``time_s`` (a number or an array, s), V."""
        found = np.interp(time_s, self.time_s, self.value_volt)
        return found if isinstance(time_s, np.ndarray) else float(found)


@dataclass(frozen=True, slots=True)
class SpikeTrain:
    """A train of spikes of equal width, each followed by a small read pulse.

    Attributes:
        amplitudes_volt: amplitude of each spike, V.
        width_s: flat time of a spike, s.
        period_s: time from the start of one spike to the start of the next, s.
        v_read_volt: amplitude of the read pulse, V.
        read_delay_s: time from the end of a spike to its read, s.
        read_width_s: flat time of the read pulse; it is sampled in its middle, s.
        edge_s: every rise and fall time, s.
    """

    amplitudes_volt: tuple[float, ...]
    width_s: float
    period_s: float
    v_read_volt: float = 0.1
    read_delay_s: float = 0.5e-3
    read_width_s: float = 1e-3
    edge_s: float = 10e-6

    def __post_init__(self) -> None:
        numbers = (*self.amplitudes_volt, self.period_s, self.v_read_volt)
        if not all(map(math.isfinite, numbers)):
            raise InputError("spike train: amplitudes, period and read voltage must be finite")
        active = self.width_s + self.read_delay_s + self.read_width_s + 4 * self.edge_s
        if not self.amplitudes_volt:
            raise InputError("spike train: needs at least one spike")
        durations = (self.width_s, self.read_delay_s, self.read_width_s, self.edge_s)
        if not (min(durations) > 0 and active < self.period_s):  # written so that a NaN is refused
            raise InputError(
                f"spike train: spike, delay, read and edges take {active:g} s: "
                f"all must be positive and fit into the period of {self.period_s:g} s"
            )

    @property
    def stop_s(self) -> float:
        """The end of the last period, s."""
        return self.period_s * len(self.amplitudes_volt)

    @property
    def read_time_s(self) -> NDArray[np.float64]:
        """Times at which the reads are sampled, shape (spikes,), s."""
        offset = 3 * self.edge_s + self.width_s + self.read_delay_s + self.read_width_s / 2
        return np.arange(len(self.amplitudes_volt), dtype=np.float64) * self.period_s + offset

    def waveform(self) -> Waveform:
        """The waveform of the whole train; each sampling time is one of its points."""
        durations = (
            self.edge_s,
            self.width_s,
            self.edge_s,
            self.read_delay_s,
            self.edge_s,
            self.read_width_s / 2,
            self.read_width_s / 2,
            self.edge_s,
        )
        offsets = np.concatenate([[0.0], np.cumsum(durations)])
        read = self.v_read_volt
        points = [(0.0, 0.0)]
        for n, spike in enumerate(self.amplitudes_volt):
            levels = (0.0, spike, spike, 0.0, 0.0, read, read, read, 0.0)
            start = n * self.period_s
            points += [(start + o, v) for o, v in zip(offsets, levels, strict=True) if start + o > points[-1][0]]
        return Waveform(tuple(float(t) for t, _ in points), tuple(v for _, v in points))


@dataclass(frozen=True, eq=False)
class ReadVectors:
    """A set of operating points: every device's state is held, and the sources step through the vectors.

    Attributes:
        v_volt: voltages of the sources, in the order of the circuit's sources, shape (vectors, sources), V.
    """

    v_volt: NDArray[np.float64]

    def __post_init__(self) -> None:
        v = np.array(self.v_volt, dtype=np.float64, ndmin=2)
        if v.ndim != 2 or not np.all(np.isfinite(v)):
            raise InputError(f"read vectors: need finite voltages of shape (vectors, sources), found {v.shape}")
        v.setflags(write=False)
        object.__setattr__(self, "v_volt", v)


@dataclass(frozen=True, slots=True)
class Transient:
    """A run over time with the circuit's own waveforms.

    Attributes:
        stop_s: end of the run, s.
        max_step_s: longest step that a circuit simulator may take, s; the native engine controls its error itself, and
            divides ramps so.
        rel_tol: relative tolerance of the simulators.
    """

    stop_s: float
    max_step_s: float
    rel_tol: float = 1e-4


Stimulus = ReadVectors | Transient
