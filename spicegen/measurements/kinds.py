"""The kinds of measurements in the form that the program uses: in SI units, checked, and each of one device.

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
    """The origin of a measurement's numbers.

    Attributes:
        path: path of the file with the numbers.
        sha256: SHA-256 of the file's bytes, in hex digits; for a described file, of the description's bytes followed by
            the file's, as by ``cat set.yaml set.csv | sha256sum``.
        notes: sentences on what was understood, left out or assumed, for people.
        name: name of the file that was given, which may be a description: one line, different for all files that were
            read together; if empty, the path's name.
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
        time_s: times of the points, rising, shape (n,), s.
        voltage_volt: voltage te - be, shape (n,), V.
        current_amp: current from te to be through the device, shape (n,), A.
        temperature_k: temperature of the device, K.
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
        amplitude_volt: amplitude te - be of each pulse, shape (n,), V; NaN where the file does not state it.
        width_s: width of each pulse, shape (n,), s; NaN where the file does not state it.
        gap_s: time from the end of each pulse to the next, at whose end the read is, shape (n,), s; NaN where the file
            does not state it.
        direction: direction of each pulse, shape (n,): 1 raises the conductance, -1 lowers it, 0 is a read.
        g_siemens: conductances read after each pulse, shape (n, cycles), S; NaN where a cycle ended earlier.
        v_read_volt: voltage of the reads, V.
        temperature_k: temperature of the device, K.
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
        time_s: time since programming, rising within each temperature, shape (n,), s.
        g_siemens: conductances, shape (n,), S.
        temperature_k: temperature of each row, shape (n,), K; for each temperature the device was programmed anew.
        v_read_volt: voltage of the reads, V.
    """

    origin: Origin
    time_s: Array
    g_siemens: Array
    temperature_k: Array
    v_read_volt: float


@dataclass(frozen=True, eq=False)
class WriteVerify:
    """Target conductances, and the conductances after write-verify had finished.

    Attributes:
        origin: the file.
        target_siemens, achieved_siemens: target and achieved conductances, shape (n,), S.
    """

    origin: Origin
    target_siemens: Array
    achieved_siemens: Array


Measurement = Sweep | Pulses | Retention | WriteVerify
