"""The pulses that ``spicegen check`` drives a card's device with: such as the card is for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard, FitRecord
from netlists import SpikeTrain
from spicegen.devices.write_pulses import SPIKES_PER_BRANCH, figure_2d, spike_job
from spicegen.printers.numpy_model import initial_conductance
from spicegen.simulate import REFERENCE, Attempt, attempt, simulator

Array = NDArray[np.float64]
_WIDTHS_S = tuple(m * 10.0**n for n in range(-7, 0) for m in (1, 2, 5))
"""Tried for a card that was fitted to sweeps, which have none."""
_POLARITY = 0.1
"""Of the largest voltage that a card is valid at: less, of the other sign, is the noise of a voltage at rest."""
_BEYOND = 0.1
"""Of ln G: so far a device may leave the conductances that its card is valid for."""
_VISIBLE = 2 * np.log(1.2)
"""Of ln G, up and down together: that is enough. Of a device that runs away, simulators would show their steps, too."""


@dataclass(frozen=True)
class CheckTrain:
    """The pulses of a check.

    Attributes:
        train: 25 pulses that should raise the conductance and 25 that should lower it, each followed by a read.
        reason: why these, for people.
    """

    train: SpikeTrain
    reason: str

    @property
    def sentence(self) -> str:
        """Which pulses, and why."""
        up, down = self.train.amplitudes_volt[0], self.train.amplitudes_volt[-1]
        return (
            f"{SPIKES_PER_BRANCH} pulses of {up:g} V, then {SPIKES_PER_BRANCH} of {down:g} V, each of "
            f"{self.train.width_s:.4g} s: {self.reason}."
        )


def check_train(card: DeviceCard) -> CheckTrain:
    """The card's own pulses; else some within what it was fitted to; else figure 2d's."""
    if pulse := card.write_pulse:
        own = _train(pulse.amplitude_p_volt.value, pulse.amplitude_d_volt.value, pulse.width_s.value)
        return CheckTrain(own, "the card's write pulses")
    if card.fit and (tried := _tried(card, card.fit)):
        return _fitting(card, card.fit, tried)
    return CheckTrain(figure_2d(), "those of the reference device, because the card names none")


def conductance(done: Attempt, train: SpikeTrain) -> Array:
    """At each read of a train that was run, shape (spikes,), S; empty without a result."""
    if done.result is None:
        return np.empty(0)
    return -done.result.current_at("vte", train.read_time_s) / train.v_read_volt


def _train(up_volt: float, down_volt: float, width_s: float) -> SpikeTrain:
    """The proportions of pulse, edges, read and period are figure 2d's."""
    reference = figure_2d()
    scale = width_s / reference.width_s
    return SpikeTrain(
        amplitudes_volt=(up_volt,) * SPIKES_PER_BRANCH + (down_volt,) * SPIKES_PER_BRANCH,
        width_s=width_s,
        period_s=reference.period_s * scale,
        v_read_volt=reference.v_read_volt,
        read_delay_s=reference.read_delay_s * scale,
        read_width_s=reference.read_width_s * scale,
        edge_s=reference.edge_s * scale,
    )


def _tried(card: DeviceCard, fit: FitRecord) -> list[tuple[SpikeTrain, Array]]:
    """Trains of the voltages and widths that the card is valid to, each with its reads; the shortest pulses first."""
    ends = [fit.valid_from.get("voltage_volt", 0.0), fit.valid_to.get("voltage_volt", 0.0)]
    ends = [v for v in ends if abs(v) > _POLARITY * max(map(abs, ends))]
    widths = {w for valid in (fit.valid_from, fit.valid_to) if (w := valid.get("width_s", 0.0)) > 0}
    orders = {(ends[0], ends[-1]), (ends[-1], ends[0])} if ends else set()
    trains = [_train(*order, width) for width in sorted(widths or _WIDTHS_S) for order in sorted(orders)]
    done = [conductance(attempt(simulator(REFERENCE), spike_job(card, train)), train) for train in trains]
    return [(train, g) for train, g in zip(trains, done, strict=True) if len(g) and g.min() > 0]


def _fitting(card: DeviceCard, fit: FitRecord, tried: list[tuple[SpikeTrain, Array]]) -> CheckTrain:
    """The shortest pulses that move the device visibly, or else most, among those that leave its conductances least."""
    start = initial_conductance(card)
    low, high = fit.valid_from.get("g_siemens", start), fit.valid_to.get("g_siemens", start)
    beyond = np.array([max(np.log(low / g.min()), np.log(g.max() / high), _BEYOND) for _, g in tried])
    moved = np.array([np.log(g[SPIKES_PER_BRANCH - 1] / [start, g[-1]]).sum() for _, g in tried])
    moved = np.where(beyond == beyond.min(), moved, -np.inf)
    best = int(np.argmax(moved >= min(moved.max(), _VISIBLE)))
    where = "least leave" if beyond[best] > _BEYOND else "are within"
    return CheckTrain(
        tried[best][0],
        "the card names no pulses; voltages are at the ends of those that it was fitted to, and the width is one at "
        f"which conductances {where} those that it was fitted to",
    )
