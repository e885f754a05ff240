"""The pulses that write a device: the same for the check of a card, for studies of arrays and for programming.

``card_pulses`` looks up the pulses that a card names; arrays are written with these only. ``find_pulses`` is for a card
that names none: it tries pulses on one device in the native engine, within the voltages and widths that the card was
fitted to or, if it was not fitted, from low voltages and short pulses upwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from models_va.errors import CardError, InputError
from netlists import (
    EDGE_SHARE,
    READ_SHARE,
    SETTLE_SHARE,
    ArrayProgram,
    Cell,
    Circuit,
    Job,
    Source,
    SpikeTrain,
    Transient,
)
from spicegen.printers.numpy_model import initial_conductance
from spicegen.progress import track
from spicegen.simulate import REFERENCE, SimResult, SimulationError, Simulator, simulator

Array = NDArray[np.float64]
PULSES_PER_POLARITY = 25
"""Number of pulses in a train that raise the conductance, and of those that lower it: they move a device visibly."""
_WIDTHS_S = tuple(m * 10.0**n for n in range(-7, 0) for m in (1, 2, 5))
"""Pulse widths that are tried for a card that names none, s."""
_VOLTAGES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Amplitudes that are tried for a card of which no voltage is known, V."""
_POLARITY = 0.1
"""Share of the largest voltage that a card is valid at; a smaller one of the other sign is taken as noise at 0 V."""
_BEYOND = 0.1
"""Change of ln G by which a device may leave the range of conductances that its card is valid for."""
_VISIBLE = 2 * np.log(1.2)
"""Change of ln G, up and down together, that is enough. More would not be better: where a device runs away, the steps
of simulators show in its conductance, too."""


@dataclass(frozen=True)
class WritePulses:
    """Pulses that write a device, with the edges, rests and reads that suit them.

    Edges, the rest before a read and the read itself are the shares of the pulse's width that programs of arrays have.

    Attributes:
        up_volt: amplitude of the pulses that raise the conductance, te - be, V.
        down_volt: amplitude of the pulses that lower the conductance, te - be, V.
        width_s: flat time of each pulse, s.
        reason: the reason for these pulses, a text for people.

    Raises:
        InputError: an amplitude is zero or not finite, or the width is not positive and finite.
    """

    up_volt: float
    down_volt: float
    width_s: float
    reason: str = "as given"

    def __post_init__(self) -> None:
        for volt in (self.up_volt, self.down_volt):
            if not 0 < abs(volt) < math.inf:
                raise InputError(f"write pulses: an amplitude of {volt:g} V: must be finite and not zero")
        if not 0 < self.width_s < math.inf:
            raise InputError(f"write pulses: a width of {self.width_s:g} s: must be positive and finite")

    @property
    def sentence(self) -> str:
        """A sentence that states the pulses and the reason for them."""
        return (
            f"{PULSES_PER_POLARITY} pulses of {self.up_volt:g} V, then {PULSES_PER_POLARITY} of {self.down_volt:g} V, "
            f"each of {self.width_s:.4g} s: {self.reason}."
        )

    @property
    def edge_s(self) -> float:
        """Rise and fall time of pulses and reads, s."""
        return EDGE_SHARE * self.width_s

    @property
    def settle_s(self) -> float:
        """Rest between a pulse and the read behind it, s."""
        return SETTLE_SHARE * self.width_s

    @property
    def read_width_s(self) -> float:
        """Flat time of a read, s."""
        return READ_SHARE * self.width_s

    @property
    def gap_s(self) -> float:
        """Rest between two pulses of a train, s: a read fits into it, and a device can get ready for the next pulse."""
        return 1.1 * self.width_s

    @property
    def rest_s(self) -> float:
        """Rest after which the volatile part of a write is taken to be gone, s."""
        return 200 * self.width_s

    def train(self) -> SpikeTrain:
        """The pulses of both polarities one after the other, each followed by a read at 0.1 V."""
        return SpikeTrain(
            amplitudes_volt=(self.up_volt,) * PULSES_PER_POLARITY + (self.down_volt,) * PULSES_PER_POLARITY,
            width_s=self.width_s,
            period_s=self.width_s + self.gap_s,
            read_delay_s=self.settle_s,
            read_width_s=self.read_width_s,
            edge_s=self.edge_s,
        )

    def array_program(self, rows: int, columns: int) -> ArrayProgram:
        """An empty program of an array whose edges, rests before reads and reads suit the device."""
        return ArrayProgram.for_pulses_of(self.width_s, rows, columns)


def card_pulses(card: DeviceCard) -> WritePulses:
    """The write pulses that a card names.

    Raises:
        CardError: the card names no write pulses.
    """
    pulse = card.write_pulse
    if pulse is None:
        raise CardError(
            f"card {card.name}: has no write_pulse: add amplitude_p_volt, amplitude_d_volt and width_s "
            f"(spicegen check says which pulses move the device)"
        )
    return WritePulses(
        pulse.amplitude_p_volt.value, pulse.amplitude_d_volt.value, pulse.width_s.value, "the card's write pulses"
    )


def given_or_card_pulses(card: DeviceCard, volt: float | None, width_s: float | None) -> WritePulses:
    """The pulses that a card names, or, where it names none, those that are given, of either sign.

    Args:
        card: of the device.
        volt: amplitude that is given, V; None: none is.
        width_s: flat time that is given, s; None: none is.

    Raises:
        CardError: the card names no pulses, and amplitude and width are not both given.
        InputError: what is given is no pulse.
    """
    if card.write_pulse is None and volt is not None and width_s is not None:
        return WritePulses(volt, -volt, width_s)
    return card_pulses(card)


def find_pulses(card: DeviceCard) -> WritePulses:
    """The write pulses that a card names, or else pulses that move its device, found by trying.

    Raises:
        SimulationError: the card names no pulses, and the native engine can simulate none of those that are tried.
    """
    if card.write_pulse:
        return card_pulses(card)
    if card.fit and (valid := _valid_voltages(card)):
        candidates = list(_candidates(valid, _valid_widths(card)))
        return _within_the_fit(card, [t for pulses in track(candidates, "pulses") if (t := _tried(card, pulses))])
    return _lowest_and_shortest(card)


def train_conductances(engine: Simulator, card: DeviceCard, train: SpikeTrain) -> Array:
    """Conductance of a device of ``card`` at each read of a train, in a simulator, shape (spikes,), S.

    The native engine runs it without the capacitance of the electrodes, which its transients leave out: a source drives
    the device, and the reads are sampled where the voltage does not change.

    Raises:
        SimulationError: see ``Simulator.run``.
    """
    if engine.name == REFERENCE:
        card = card.model_copy(update={"electrode_capacitance_farad": None})
    return read_conductances(engine.run(spike_job(card, train)), train)


def spike_job(card: DeviceCard, train: SpikeTrain) -> Job:
    """The job of one device under a spike train: source ``vte`` drives its top electrode, its bottom is grounded."""
    circuit = Circuit(
        sources=(Source("vte", "te", train.waveform()),),
        cells=(Cell("d0", "te", "0", card),),
    )
    # Circuit simulators need steps of a thirtieth of the spike and a relative tolerance of 1e-5 to agree to 1e-3 where
    # a device runs away.
    return Job(circuit, Transient(train.stop_s, max_step_s=train.width_s / 30, rel_tol=1e-5), "spike train")


def read_conductances(result: SimResult, train: SpikeTrain) -> Array:
    """Conductance at each read of the train of a ``spike_job``, shape (spikes,), S."""
    return -result.current_at("vte", train.read_time_s) / train.v_read_volt


@dataclass(frozen=True, eq=False)
class _Trial:
    """A trial of pulses on one device: the pulses, and the conductance at each read of their train (spikes,), S."""

    pulses: WritePulses
    g_siemens: Array


def _valid_voltages(card: DeviceCard) -> list[float]:
    """The lowest and the highest voltage that a card was fitted to, V; only one of them if the other is noise."""
    assert card.fit is not None
    ends = [card.fit.valid_from.get("voltage_volt", 0.0), card.fit.valid_to.get("voltage_volt", 0.0)]
    return [v for v in ends if abs(v) > _POLARITY * max(map(abs, ends))]


def _valid_widths(card: DeviceCard) -> Sequence[float]:
    """The shortest and the longest pulse that a card was fitted to, s; ``_WIDTHS_S`` if it was fitted to sweeps."""
    assert card.fit is not None
    return sorted({w for ends in (card.fit.valid_from, card.fit.valid_to) if (w := ends.get("width_s", 0.0)) > 0}) or (
        _WIDTHS_S
    )


def _candidates(volts: Sequence[float], widths_s: Sequence[float]) -> Iterator[WritePulses]:
    """Candidate pulses with the first and the last voltage in either order, the shortest first."""
    orders = sorted({(volts[0], volts[-1]), (volts[-1], volts[0])})
    return (WritePulses(*order, width, "tried") for width in widths_s for order in orders)


def _tried(card: DeviceCard, pulses: WritePulses) -> _Trial | None:
    """Try pulses on the device; None if the trial cannot be simulated, or leaves no conductance that can be read."""
    train = pulses.train()
    try:
        g = train_conductances(simulator(REFERENCE), card, train)
    except SimulationError:
        return None
    return _Trial(pulses, g) if g.min() > 0 else None


def _moved(card: DeviceCard, trial: _Trial) -> float:
    """Change of ln G in a trial, up and down together, dimensionless."""
    g = trial.g_siemens
    return float(np.log(g[PULSES_PER_POLARITY - 1] / [initial_conductance(card), g[-1]]).sum())


def _lowest_and_shortest(card: DeviceCard) -> WritePulses:
    """The first pulses, from low voltages and short widths upwards, that move the device visibly.

    If none do, the pulses that move it most are returned.
    """
    candidates = [pulses for volt in _VOLTAGES for pulses in _candidates([-volt, volt], _WIDTHS_S)]
    best, most = None, -math.inf
    for pulses in track(candidates, "pulses"):
        trial = _tried(card, pulses)
        if trial and (moved := _moved(card, trial)) > most:
            best, most = pulses, moved
        if most >= _VISIBLE:
            break
    if best is None:
        raise _none_found(card)
    found = "move it visibly" if most >= _VISIBLE else f"were tried up to {_VOLTAGES[-1]:g} V, though nothing moves it"
    return replace(best, reason=f"the card names no pulses; these are the lowest and shortest that {found}")


def _within_the_fit(card: DeviceCard, trials: Sequence[_Trial]) -> WritePulses:
    """The shortest pulses that move the device visibly among those that leave the card's valid conductances least."""
    if not trials:
        raise _none_found(card)
    assert card.fit is not None
    start = initial_conductance(card)
    low, high = card.fit.valid_from.get("g_siemens", start), card.fit.valid_to.get("g_siemens", start)
    beyond = np.array([max(np.log(low / t.g_siemens.min()), np.log(t.g_siemens.max() / high)) for t in trials])
    beyond = np.maximum(beyond, _BEYOND)
    moved = np.where(beyond == beyond.min(), [_moved(card, t) for t in trials], -np.inf)
    best = int(np.argmax(moved >= min(moved.max(), _VISIBLE)))
    where = "least leave" if beyond.min() > _BEYOND else "are within"
    reason = (
        "the card names no pulses; voltages are at the ends of those that it was fitted to, and the width is one at "
        f"which conductances {where} those that it was fitted to"
    )
    return replace(trials[best].pulses, reason=reason)


def _none_found(card: DeviceCard) -> SimulationError:
    return SimulationError(REFERENCE, f"card {card.name}: has no write_pulse, and no pulse that was tried can be read")
