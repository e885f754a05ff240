"""The kinds of measurements, as everything else in this program uses them: SI units, checked, of one device.

A conductance is the current over the voltage of a read that does not move the device.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spicegen.files import printable

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the numbers of a measurement come from.

    Attributes:
        path: the file with the numbers.
        sha256: of its bytes, hex digits; of a described file of the description's bytes and then the file's, as by
            ``cat set.yaml set.csv | sha256sum``.
        notes: what was understood, left out or assumed on the way, for people; one sentence each.
        name: of the file that was given, which may be a description: one line, unlike that of any other that was read
            with it; if empty, the path's.
    """

    path: Path
    sha256: str
    notes: tuple[str, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name or printable(self.path.name))


@dataclass(frozen=True, eq=False)
class Sweep:
    """An I-V sweep: a voltage that changes steadily from point to point, and the current at each point.

    Attributes:
        origin: the file.
        time_s: rising, shape (n,), s.
        voltage_volt: te - be, shape (n,), V.
        current_amp: from te to be through the device, shape (n,), A.
        temperature_k: of the device, K.
    """

    origin: Origin
    time_s: Array
    voltage_volt: Array
    current_amp: Array
    temperature_k: float


@dataclass(frozen=True, eq=False)
class Pulses:
    """A train of pulses and a read after each, once or in several cycles of the same train.

    A row of amplitude 0 is a read without a pulse: the first row of a train is one if the device was read before.

    Attributes:
        origin: the file.
        amplitude_volt: of each pulse, te - be, shape (n,), V; NaN where the file does not say.
        width_s: of each pulse, shape (n,), s; NaN where the file does not say.
        gap_s: from the end of each pulse to the next, the read in its end, shape (n,), s; NaN where nothing is said.
        direction: what each pulse does to the conductance: 1 raises it, -1 lowers it, 0 is a read; shape (n,).
        g_siemens: read after each pulse, shape (n, cycles), S; NaN where a cycle ended earlier.
        v_read_volt: of the reads, V.
        temperature_k: of the device, K.
    """

    origin: Origin
    amplitude_volt: Array
    width_s: Array
    gap_s: Array
    direction: NDArray[np.int8]
    g_siemens: Array
    v_read_volt: float
    temperature_k: float

    @property
    def cycles(self) -> int:
        """Number of times that the train was applied."""
        return int(self.g_siemens.shape[1])


@dataclass(frozen=True, eq=False)
class Retention:
    """A programmed conductance over the time that the device rests, at one temperature or several.

    Attributes:
        origin: the file.
        time_s: since programming, rising within each temperature, shape (n,), s.
        g_siemens: shape (n,), S.
        temperature_k: shape (n,), K: rows of one temperature are one device's, programmed anew.
        v_read_volt: of the reads, V.
    """

    origin: Origin
    time_s: Array
    g_siemens: Array
    temperature_k: Array
    v_read_volt: float


@dataclass(frozen=True, eq=False)
class WriteVerify:
    """Conductances that were wanted, and those that were left when write-verify had finished.

    Attributes:
        origin: the file.
        target_siemens, achieved_siemens: shape (n,), S.
    """

    origin: Origin
    target_siemens: Array
    achieved_siemens: Array


Measurement = Sweep | Pulses | Retention | WriteVerify
