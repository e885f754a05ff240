"""Devices whose parameters are known, measured in the native engine with edges, gaps, reads and noise as on a bench."""

from dataclasses import replace

import numpy as np

from models_va import DeviceCard, Quantity, load_card
from netlists import PulseProgram
from spicegen.devices.source_meter import PulseRecord, run_program
from spicegen.fit.free_parameter import free_parameter
from spicegen.fit.start.start import is_held
from spicegen.measurements import Pulses, Retention, Sweep
from spicegen.simulate import simulator
from tests.spicegen.metrics.measured import ORIGIN

CARDS = {
    "vteam": "magic-vteam",
    "yakopcic": "ag-chalcogenide-yakopcic",
    "stanford_pku": "rram-stanford-pku",
    "pulse_update": "wo3-liclo4",
    "li_intercalation": "au-lixcoo2-pt",
}
MODELS = (*CARDS, "linear")
TIMES_S = np.geomspace(0.5, 2e4, 30).tolist()
"""Of reads at rest."""
SPREAD = {"stanford_pku": 0.1}
"""Of the parameters of devices about a card, natural log; where they stand in exponents, less."""
TRAINS = ((1, 1, 1), (0.9, 0.9, 1), (1.1, 1.1, 1), (1, 1, 0.3), (1, 1, 3))
"""Amplitudes up and down and width of each train over those of the card's write pulse."""
LI_PULSE = -1.5, 1.1, 10e-3
UNLIKE = {
    "vteam": (("v_on", "k_on", "alpha_on"), ("v_off", "k_off", "alpha_off")),
    "yakopcic": (("v_p", "a_p", "alpha_p"), ("v_n", "a_n", "alpha_n")),
}
"""Threshold, rate and exponent of either polarity, potentiation first."""
FLOOR = 1e-5
"""Of a sweep's largest current: noise that is always there."""


def shipped(model) -> DeviceCard:
    """The card of a model from which devices are made; of a resistor none ships."""
    if model == "linear":
        g0 = Quantity(value=2e-5, provenance="assumed")
        return DeviceCard(name="made", title="", model=model, source="", parameters={"g0": g0})
    return load_card(CARDS[model])


def write_pulse(card):
    """Amplitudes up and down, V, and width, s."""
    pulse = card.write_pulse
    if pulse is None:
        return LI_PULSE
    return pulse.amplitude_p_volt.value, pulse.amplitude_d_volt.value, pulse.width_s.value


def varied(model, rng, size=None):
    """A card about the shipped one: each parameter that a fit is to find is off by ``size``, natural log, at random."""
    card = shipped(model)
    known, values, size = card.device_model, {}, size or SPREAD.get(model, 0.3)
    for p in known.params:
        if not is_held(p, known, 1) and card.values[p.name]:
            f = free_parameter(p, card.values[p.name])
            low, high = f.bounds
            z = f.coordinate(card.values[p.name]) + size * rng.standard_normal()
            values[p.name] = f.value(min(max(z, low + 0.05), high - 0.05))
    return card.with_values(values)


def unlike(model, noise, rng, points=120):
    """A device of vteam or yakopcic that differs from the shipped one in other ways at either polarity, and its sweeps.

    Rates differ by up to ten, thresholds and levels by up to three, and yakopcic's current bends within a volt.
    """
    shipped_card = shipped(model)
    up, down, width = write_pulse(shipped_card)
    while True:
        values, volts = {}, []
        for threshold, rate, own in UNLIKE[model]:
            values[threshold] = np.sign(shipped_card.values[threshold]) * rng.uniform(0.35, 1.1)
            values[rate] = shipped_card.values[rate] * 10.0 ** rng.uniform(-1, 1)
            values[own] = rng.uniform(1.2, 4.0)
            volts.append(abs(values[threshold]) * rng.uniform(1.5, 2.1))
        if model == "vteam":
            values["r_on"] = 10 ** rng.uniform(2.7, 4.3)
            values["r_off"] = values["r_on"] * 10 ** rng.uniform(0.8, 2.2)
        else:
            values["a1"] = values["a2"] = 10 ** rng.uniform(-5, -3)
            values["b"] = rng.uniform(0.6, 3.0)
        card = shipped_card.with_values(values)
        slow = width * 10.0 ** rng.uniform(-1, 5)
        sizes = volts[0] / abs(up), volts[1] / abs(down)
        sweeps = [
            sweep(card, noise, rng, *sizes, wide=wide, points=points) for wide in (slow / width, 0.3 * slow / width)
        ]
        seen = np.abs(sweeps[1].voltage_volt) > 0.1
        g = np.abs(sweeps[1].current_amp[seen] / sweeps[1].voltage_volt[seen])
        if g.max() > 3 * g.min():
            return card, sweeps


def measured(card, p, noise, rng) -> PulseRecord:
    """What a source meter shows of a program on a fresh device."""
    record = run_program(card, p, simulator("native"))
    floor = FLOOR * np.abs(record.current_amp).max()
    n = rng.standard_normal((2, len(record.time_s)))
    return replace(record, current_amp=record.current_amp * (1 + noise * n[0]) + floor * n[1])


def train(card, noise, rng, up=1, down=1, wide=1, pulses=25) -> Pulses:
    """``pulses`` up (0: none) and as many down on a fresh device, which is read first; the gap is a pulse's width.

    Edges take a thousandth of it.
    """
    a, b, w = write_pulse(card)
    volts = [v for v in (up * a, down * b) if v for _ in range(pulses)]
    width = wide * w
    p = PulseProgram(edge_s=width / 1000, read_delay_s=width / 4, read_width_s=width / 4)
    p.read()
    p.train(volts, width, 2 * width + 2 * p.edge_s)
    p.end_stage(width)
    g = measured(card, p, noise, rng).conductance_siemens
    rows, amplitude = np.ones(len(g)), np.array([0.0, *volts])
    direction = (np.sign(amplitude) * np.sign(a)).astype(np.int8)
    return Pulses(ORIGIN, amplitude, width * rows, width * rows, direction, g[:, None], 0.1, 300.15)


def sweep(card, noise, rng, up=1.2, down=1.2, wide=100, points=200) -> Sweep:
    """Once to either side and back, in ``wide`` widths of a write pulse."""
    a, b, w = write_pulse(card)
    corners = np.cumsum([0, abs(up * a), abs(up * a), abs(down * b), abs(down * b)])
    path = np.linspace(0, corners[-1], points + 1)[1:]
    p = PulseProgram(edge_s=w)
    for v in np.interp(path, corners, [0, up * a, 0, down * b, 0]).tolist():
        p.ramp(v, wide * w / points)
        p.sample()
    p.end_stage(wide * w / points)
    r = measured(card, p, noise, rng)
    return Sweep(ORIGIN, r.time_s, r.voltage_volt, r.current_amp, 300.15)


def rest(card, noise, rng, temperatures=(300.15,)) -> Retention:
    """Twenty pulses up, higher and longer ones, and then rest, on a fresh device for each temperature."""
    a, _, w = write_pulse(card)
    found = []
    for t in temperatures:
        p = PulseProgram()
        p.train([1.3 * a] * 20, 5 * w, 33 * w)
        p.end_stage(w)
        p.relax(TIMES_S, t)
        found.append(measured(card, p, noise, rng).conductance_siemens[-len(TIMES_S) :])
    time, kelvin = np.tile(TIMES_S, len(found)).astype(float), np.repeat(temperatures, len(TIMES_S))
    return Retention(ORIGIN, time, np.concatenate(found), kelvin, 0.1)


def campaign(card, noise, rng):
    """Trains at several amplitudes and widths and a sweep, each on a fresh device."""
    return [*(train(card, noise, rng, *t) for t in TRAINS), sweep(card, noise, rng)]


def off(found, card):
    """How far each parameter that the fit calls fixed is from the truth, in stated standard deviations, by name."""
    s, values = found.solution, card.values
    at = s.ends[s.chosen]
    return {
        f.name: (at[n] - f.coordinate(values[f.name])) / s.std[n]
        for n, f in enumerate(s.free)
        if s.is_fixed[n] and f.name in values
    }
