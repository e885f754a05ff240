"""sigma(G) measured again on simulated devices, by the procedure behind figure 6c.

Source: Baek et al., Nano-Micro Lett. 15:69 (2023), section 3.4: "60 weight programmings for each target
conductance of a total of 25 states", sigma fitted linearly against G (here by maximum likelihood).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from models_va.errors import InputError
from netlists import Crossbar, Job, ReadVectors, crossbar_circuit, source_voltages
from spicegen.arrays.read import column_currents
from spicegen.devices.programming import program_devices
from spicegen.metrics.sigma_line import sigma_line, standard_errors
from spicegen.simulate import REFERENCE, simulator

Array = NDArray[np.float64]
STATES = 25
PROGRAMMINGS = 60
V_READ_VOLT = 0.1


@dataclass(frozen=True, slots=True)
class SigmaLine:
    """sigma = slope G + offset, the likeliest of normal errors (see ``sigma_line``).

    Attributes:
        slope, slope_error: and its standard error, dimensionless.
        offset, offset_error: and its standard error, in the card's unit of its programming error.
    """

    slope: float
    slope_error: float
    offset: float
    offset_error: float


@dataclass(frozen=True, eq=False)
class SigmaMeasurement:
    """What figure 6c shows, measured on simulated devices.

    Attributes:
        card: whose devices.
        engine: that read them.
        seed: of the programmings.
        target_siemens: the target conductances, shape (states,), S.
        sigma_siemens, sigma_error_siemens: standard deviation of the conductances read, and its standard
            error, shape (states,), S.
        line: the fit to these.
        repetitions: fits to independent repetitions of the whole measurement, read by the native engine.
        limited: how many devices stood at the end of their reach.
    """

    card: DeviceCard
    engine: str
    seed: int
    target_siemens: Array
    sigma_siemens: Array
    sigma_error_siemens: Array
    line: SigmaLine
    repetitions: tuple[SigmaLine, ...]
    limited: int

    @property
    def unit_siemens(self) -> float:
        """Unit of conductance in the card's programming error, S."""
        return _unit_siemens(self.card)

    @property
    def slopes(self) -> Array:
        """Slopes of the repetitions, shape (repetitions,), dimensionless."""
        return np.array([r.slope for r in self.repetitions])

    @property
    def offsets(self) -> Array:
        """Offsets of the repetitions, shape (repetitions,), in the card's unit of its programming error."""
        return np.array([r.offset for r in self.repetitions])


def measure_sigma(card: DeviceCard, engine: str = REFERENCE, seed: int = 0, repetitions: int = 20) -> SigmaMeasurement:
    """Program 25 conductances over the card's window 60 times each, read all devices, and fit sigma against G.

    Args:
        card: with a conductance window and a programming error.
        engine: the simulator that reads the 1500 devices, all in one job, at 0.1 V.
        seed: of the programmings; the repetitions have independent seeds descended from it.
        repetitions: how often the whole measurement is repeated natively, to see how it scatters.

    Raises:
        InputError: no such engine, or sigma is zero somewhere in the window.
        CardError: the card lacks window, programming error or memory.
        SimulationError: the engine failed.
    """
    target = np.linspace(*card.window(), STATES)
    first, limited = _measured(card, engine, target, np.random.SeedSequence(seed))
    children = np.random.SeedSequence(seed).spawn(repetitions)
    repeated = [_measured(card, REFERENCE, target, child)[0] for child in children]
    return SigmaMeasurement(
        card=card,
        engine=engine,
        seed=seed,
        target_siemens=target,
        sigma_siemens=first,
        sigma_error_siemens=first / np.sqrt(2 * (PROGRAMMINGS - 1)),  # of normal values
        line=_line(card, target, first),
        repetitions=tuple(_line(card, target, sigma) for sigma in repeated),
        limited=limited,
    )


def _measured(card: DeviceCard, engine: str, target: Array, seed: np.random.SeedSequence) -> tuple[Array, int]:
    """Standard deviation of the conductances read for each target, S; and how many devices were limited."""
    programmed = program_devices(card, np.repeat(target, PROGRAMMINGS)[None], seed)
    row = Crossbar(programmed.g_siemens, r_row_ohm=0, r_col_ohm=0)  # one row, every column its own ammeter
    volts = source_voltages(row, np.array([V_READ_VOLT]))
    job = Job(crossbar_circuit(row, programmed.devices), ReadVectors(volts), "sigma of G")
    currents = column_currents(simulator(engine).run(job), row.columns)[0]
    read = (currents / V_READ_VOLT).reshape(len(target), PROGRAMMINGS)
    return read.std(axis=1, ddof=1), programmed.limited


def _line(card: DeviceCard, target: Array, sigma: Array) -> SigmaLine:
    if not (sigma > 0).all():
        raise InputError("sigma(G): is zero at some conductance: nothing to fit")
    freedom = np.full_like(sigma, PROGRAMMINGS - 1)
    (slope,), (offset,) = sigma_line(target[None], sigma[None] ** 2, freedom[None])
    slope_error, offset_error = standard_errors(target, slope * target + offset, freedom)
    unit = _unit_siemens(card)
    return SigmaLine(float(slope), slope_error, float(offset / unit), offset_error / unit)


def _unit_siemens(card: DeviceCard) -> float:
    return card.programming_error.unit_siemens.value if card.programming_error else 1.0
