"""Pulse programs: the voltages that a source meter applies to one device, step by step, with reads between.

A program is a sequence of stages. Each stage starts and ends at 0 V and has its own longest step, so that a circuit
simulator does not walk through a rest of a thousand seconds in steps fit for a millisecond pulse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from models_va import ROOM_TEMPERATURE_K
from models_va.errors import InputError
from netlists.stimulus import Waveform

_MOST_POINTS = 2000
"""Largest number of points of a stage's waveform: some circuit simulators walk through all points at every step."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One piece of a program.

    Attributes:
        te, be: waveforms of the top and the bottom electrode over the stage's own time, V.
        sample_time_s: times at which voltage and current are recorded, each a point of the waveforms, s.
        max_step_s: longest step of a circuit simulator, s.
        temperature_k: temperature of the device, K.
    """

    te: Waveform
    be: Waveform
    sample_time_s: tuple[float, ...]
    max_step_s: float
    temperature_k: float

    @property
    def stop_s(self) -> float:
        """End of the stage, s."""
        return self.te.time_s[-1]


@dataclass
class PulseProgram:
    """A program of pulses for one device, built by calling its methods in the order of the experiment.

    Attributes:
        edge_s: every rise and fall time, s.
        v_read_volt: amplitude of a read pulse on the top electrode, V.
        read_delay_s: rest before each read pulse, s.
        read_width_s: flat time of a read pulse; it is sampled in its middle, s.
    """

    edge_s: float = 10e-6
    v_read_volt: float = 0.1
    read_delay_s: float = 0.5e-3
    read_width_s: float = 1e-3
    _stages: list[Stage] = field(default_factory=list)
    _time: list[float] = field(default_factory=lambda: [0.0])
    _te: list[float] = field(default_factory=lambda: [0.0])
    _be: list[float] = field(default_factory=lambda: [0.0])
    _samples: list[float] = field(default_factory=list)

    @property
    def now_s(self) -> float:
        """Time since the stage began, s."""
        return self._time[-1]

    @property
    def read_s(self) -> float:
        """Time that one ``read`` takes, s."""
        return self.read_delay_s + self.read_width_s + 2 * self.edge_s

    def ramp(self, te_volt: float, duration_s: float, be_volt: float = 0.0) -> None:
        """Ramp both electrodes linearly to the given voltages."""
        if not (0 < duration_s < math.inf):
            raise InputError(f"pulse program: a duration of {duration_s:g} s: must be positive")
        if not (math.isfinite(te_volt) and math.isfinite(be_volt)):
            raise InputError("pulse program: voltages must be finite")
        self._time.append(self._time[-1] + duration_s)
        self._te.append(te_volt)
        self._be.append(be_volt)

    def hold(self, duration_s: float) -> None:
        """Hold the present voltages."""
        self.ramp(self._te[-1], duration_s, self._be[-1])

    def sample(self) -> None:
        """Record voltage and current now."""
        self._samples.append(self.now_s)

    def spike(self, te_volt: float, width_s: float, be_volt: float = 0.0) -> None:
        """Add a spike of flat time ``width_s`` on one or both electrodes, from and back to 0 V."""
        self.ramp(te_volt, self.edge_s, be_volt)
        self.hold(width_s)
        self.ramp(0.0, self.edge_s)

    def read(self) -> None:
        """Add a small read pulse after a short rest."""
        self.hold(self.read_delay_s)
        self.ramp(self.v_read_volt, self.edge_s)
        self.hold(self.read_width_s / 2)
        self.sample()
        self.hold(self.read_width_s / 2)
        self.ramp(0.0, self.edge_s)

    def train(self, amplitudes_volt: Sequence[float], widths_s: Sequence[float] | float, period_s: float) -> None:
        """Add spikes on the top electrode, each followed by a read; ``period_s`` is the time from start to start."""
        count = len(amplitudes_volt)
        widths = widths_s if isinstance(widths_s, Sequence) else [widths_s] * count
        for amplitude, width in zip(amplitudes_volt, widths, strict=True):
            start = self.now_s
            self.spike(amplitude, width)
            self.read()
            rest = start + period_s - self.now_s
            if rest <= 0:
                raise InputError(f"pulse program: spike and read do not fit into a period of {period_s:g} s")
            self.hold(rest)

    def end_stage(self, max_step_s: float, temperature_k: float = ROOM_TEMPERATURE_K) -> None:
        """Close the stage; the next call starts a new one. A stage of too many points is divided at rests."""
        if not self._at_rest(-1):
            raise InputError("pulse program: a stage must end at 0 V")
        for first, last in pairwise([0, *self._ends()]):
            start, points = self._time[first], slice(first, last + 1)
            time = tuple(t - start for t in self._time[points])
            te, be = Waveform(time, tuple(self._te[points])), Waveform(time, tuple(self._be[points]))
            samples = tuple(t - start for t in self._samples if start < t <= self._time[last])
            self._stages.append(Stage(te, be, samples, max_step_s, temperature_k))
        self._time, self._te, self._be, self._samples = [0.0], [0.0], [0.0], []

    def _at_rest(self, point: int) -> bool:
        return (self._te[point], self._be[point]) == (0.0, 0.0)

    def _ends(self) -> list[int]:
        """Points at which the pieces of a stage end: the last rest within ``_MOST_POINTS`` each, or the next rest."""
        last = len(self._time) - 1
        rests = [n for n in range(1, last) if self._at_rest(n - 1) and self._at_rest(n)]
        ends = [0]
        for rest, following in pairwise([*rests, last]):
            if following - ends[-1] > _MOST_POINTS:
                ends.append(rest)
        return [*ends[1:], last]

    def relax(self, times_s: Sequence[float], temperature_k: float = ROOM_TEMPERATURE_K) -> None:
        """Add a stage of rest with reads, one of which ends at each of the given times after the stage's start."""
        for time in times_s:
            self.hold(time - self.read_s - self.now_s)
            self.read()
        # The longest step is a hundredth of the rest: circuit simulators choose shorter ones where something happens.
        self.end_stage(times_s[-1] / 100, temperature_k)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The closed stages.

        Raises:
            InputError: a step was added after the last ``end_stage``.
        """
        if len(self._time) > 1:
            raise InputError("pulse program: the last stage is not closed")
        return tuple(self._stages)
