"""Every model in every engine, at the default tolerance, against its equations written by hand and scipy's Radau."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from models_va import load_card
from netlists import Cell, Circuit, Job, Resistor, Source, Transient, Waveform
from spicegen.simulate import Native

T_K = 300.15
K_OVER_Q = 1.380649e-23 / 1.602176634e-19
GMIN = 1e-12
ENGINES = ["native", "vacask", "ngspice", "ngspice (OSDI)"]


def rim(distance, p):
    return math.tanh(max(distance, 0.0) / p["rim"]) + min(distance, 0.0) / p["rim"]


def clipped(x):
    return min(max(x, 0.0), 1.0)


def vteam(v, x, p):
    """Current (A) and rates (1/s) of a device under ``v`` (V) in the states ``x``; so are the functions below."""
    (x,) = x
    rise = p["k_off"] / p["w_range"] * max(v / p["v_off"] - 1, 0) ** p["alpha_off"]
    fall = -p["k_on"] / p["w_range"] * max(v / p["v_on"] - 1, 0) ** p["alpha_on"]
    return v / (p["r_on"] + (p["r_off"] - p["r_on"]) * clipped(x)), [rise * rim(1 - x, p) - fall * rim(x, p)]


def stanford_pku(v, x, p):
    (x,) = x
    gap = p["gap_max"] - (p["gap_max"] - p["gap_min"]) * clipped(x)
    current = p["i0"] * math.exp(-gap / p["g0"]) * math.sinh(v / p["v0"])
    kt = K_OVER_Q * (T_K + p["r_th"] * abs(v * current))
    field = max(p["gamma0"] - p["beta"] * (gap / p["g1"]) ** 3, 0.0) * v / p["t_ox"]
    gate = 1 / (1 + math.exp(-p["order_f"] * (abs(field) / p["f_min"] - 1)))
    speed = p["vel0"] * gate * math.exp(-p["ea"] / kt) * math.sinh(field * p["a0"] / kt) / (p["gap_max"] - p["gap_min"])
    return current, [max(speed, 0) * rim(1 - x, p) - max(-speed, 0) * rim(x, p)]


def yakopcic(v, x, p):
    (x,) = x
    g_up = p["a_p"] * max(math.exp(v / p["v_s"]) - math.exp(p["v_p"] / p["v_s"]), 0)
    g_down = p["a_n"] * max(math.exp(-v / p["v_s"]) - math.exp(p["v_n"] / p["v_s"]), 0)
    up, down = max(x - p["x_p"], 0), max(1 - p["x_n"] - x, 0)
    f_up = math.exp(-p["alpha_p"] * up) * (1 - up / (1 - p["x_p"]))
    f_down = math.exp(-p["alpha_n"] * down) * (1 - down / (1 - p["x_n"]))
    share = (1 + math.tanh(v / p["v_c"])) / 2
    amplitude = p["a1"] * share + p["a2"] * (1 - share)
    return amplitude * clipped(x) * math.sinh(p["b"] * v), [g_up * f_up - g_down * f_down]


def pulse_update(v, x, p):
    (x,) = x

    def speed(v, name):
        alpha, ratio, steep = p[f"alpha_{name}"], p[f"ratio_{name}"], p["steep"]
        drive = math.expm1(steep * max(v / p[f"v_{name}"], 0.0)) / math.expm1(steep)
        a = alpha * ratio
        slope = (math.expm1(a) / a if a else 1.0) * ratio / math.expm1(ratio)
        base = 1 + math.expm1(ratio) * clipped(x)
        return 2 * drive / (1 + drive) * slope * base ** (1 - alpha) / (p[f"updates_{name}"] * p["t_write"])

    return (p["g_min"] + (p["g_max"] - p["g_min"]) * clipped(x)) * v, [
        speed(v, "p") * rim(1 - x, p) - speed(-v, "d") * rim(x, p)
    ]


def li_intercalation(v, x, p):
    act, s, h, c, x, r = x
    warm = T_K / p["t_ref"]
    arrhenius = (1 / p["t_ref"] - 1 / T_K) / K_OVER_Q
    at_s, at_c, at_x, at_r = (math.exp(p[f"ea_{n}"] * arrhenius) for n in "scxr")
    up, down = max(-v, 0.0), max(v, 0.0)

    def gated(v):
        return (v / p["v_t"]) ** 6 / (1 + (v / p["v_t"]) ** 6)

    def hop(v, scale):
        return math.sinh(v / (p[scale] * warm))

    pull = gated(v) * (1 + p["gain_d"] * max(act, 0) ** p["order_d"])
    leaving = p["k_ds"] * pull * hop(down, "v_ds") * s / (abs(s) + p["half_s"])
    arriving = p["k_s"] * gated(v) * hop(up, "v_s") * (1 + p["gain_p"] * max(act, 0) ** p["order_p"]) * (1 - s)
    ripe = max(c, 0) ** p["order_c"] / (max(c, 0) ** p["order_c"] + p["half_c"] ** p["order_c"])
    transfer = at_x * p["k_t"] * ripe * s * math.exp(-p["lambda_x"] * x - p["phi_s"] * s) * (1 - x)
    extraction = at_x * p["k_d"] * pull * hop(down, "v_d") * x / (abs(x) + p["half_x"])
    g = p["g0"] * max(1 + p["a_li"] * (s + x + r) / p["order_g"], 0) ** p["order_g"]
    return g * p["v_io"] * math.sinh(v / p["v_io"]), [
        at_s * (p["k_m"] * gated(v) * (math.cosh(v / p["v_m"]) - 1) * (1 - act) - act / p["tau_m"]),
        at_s * (arriving - leaving - s / p["tau_s"]) - transfer,
        at_s * (gated(up) - h) / p["tau_h"],
        at_c * (p["k_c"] * gated(up) * (1 - h) * (1 - c) - c / p["tau_c"]),
        transfer - extraction - at_r * x / p["tau_x"],
        p["eta"] * extraction * (1 - r),
    ]


CASES = {
    "magic-vteam": vteam,
    "rram-stanford-pku": stanford_pku,
    "ag-chalcogenide-yakopcic": yakopcic,
    "wo3-liclo4": pulse_update,
    "au-lixcoo2-pt": li_intercalation,
}
SERIES = {"magic-vteam": 5e3, "rram-stanford-pku": 5e3, "ag-chalcogenide-yakopcic": 200.0}
"""Resistance through which the devices that switch abruptly are driven, too, ohm: there, IV curves fold back."""


def expected(device, p, x, wave, series_ohm):
    """Current at every corner of the waveform but the first, A."""

    def across(v, x):
        if not v or not series_ohm:
            return v
        return brentq(lambda u: u + series_ohm * (device(u, x, p)[0] + GMIN * u) - v, *sorted((0.0, v)), xtol=1e-15)

    currents = []
    for (start, v_start), (end, v_end) in pairwise(zip(wave.time_s, wave.value_volt, strict=True)):

        def rates(t, x, v_start=v_start, slope=(v_end - v_start) / (end - start), start=start):
            return device(across(v_start + slope * (t - start), x), x, p)[1]

        solved = solve_ivp(rates, (start, end), x, method="Radau", rtol=1e-8, atol=1e-11)
        assert solved.success
        x = solved.y[:, -1]
        v = across(v_end, x)
        currents.append(device(v, x, p)[0] + GMIN * v)
    return np.array(currents)


def sweep(card):
    """A double sweep to 1.2 times the card's write pulses within 80 of their widths, a corner each 20th of a ramp."""
    pulse = card.write_pulse
    ramp_s = 20 * pulse.width_s.value
    time_s = np.linspace(0, 4 * ramp_s, 81)
    ends = (0.0, 1.2 * pulse.amplitude_p_volt.value, 1.2 * pulse.amplitude_d_volt.value, 0.0)
    volts = np.interp(time_s, (0.0, ramp_s, 3 * ramp_s, 4 * ramp_s), ends)
    volts[[0, 40, 80]] = 0.0
    return Waveform(tuple(time_s.tolist()), tuple(volts.tolist())), ramp_s


@pytest.fixture(scope="module")
def truth():
    """Card, waveform and currents of a case; each is integrated once."""
    found = {}

    def of(name, series_ohm):
        if (name, series_ohm) not in found:
            card = load_card(name)
            x = [card.values[s.initial] for s in card.device_model.states]
            wave, _ = sweep(card)
            found[name, series_ohm] = expected(CASES[name], card.values, x, wave, series_ohm)
        return found[name, series_ohm]

    return of


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("name", "series_ohm"), [*((name, 0.0) for name in CASES), *SERIES.items()], ids=str)
def test_a_sweep_is_that_of_the_equations(name, series_ohm, engine, truth, need_engine):
    card = load_card(name)
    wave, ramp_s = sweep(card)
    resistors = (Resistor("r1", "in", "te", series_ohm),) if series_ohm else ()
    source = Source("v1", "in" if series_ohm else "te", wave)
    circuit = Circuit(resistors=resistors, sources=(source,), cells=(Cell("d0", "te", "0", card),))
    result = need_engine(engine).run(Job(circuit, Transient(wave.time_s[-1], ramp_s / 200)))
    current, wanted = -result.current_at("v1", np.array(wave.time_s[1:])), truth(name, series_ohm)
    assert np.abs(wanted).max() > 1e-9
    limit = 1e-5 if engine == "native" else 1e-3
    assert np.abs(current - wanted).max() < limit * np.abs(wanted).max()


@pytest.mark.parametrize("engine", ENGINES)
def test_ramps_have_as_many_points_as_were_asked_for(engine, need_engine):
    """Where states rest, the native engine would step over all of a ramp, but currents are not linear in it."""
    wave = Waveform((0.0, 1.0, 2.0), (0.0, 0.1, 0.0))
    circuit = Circuit(
        resistors=(Resistor("r1", "in", "te", 1e3),),
        sources=(Source("v1", "in", wave),),
        cells=(Cell("d0", "te", "0", load_card("au-lixcoo2-pt")),),
    )
    result = need_engine(engine).run(Job(circuit, Transient(2.0, 1e-2)))
    assert np.diff(result.time_s).max() <= 1e-2 * (1 + 1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pair_back_to_back_switches_in_a_nanosecond_of_a_second(engine, need_engine):
    """Complementary switching: which device has the voltage changes within 1e-9 of the run."""
    card = load_card("magic-vteam")
    time_s = np.linspace(0, 4, 81)
    volts = np.interp(time_s, (0.0, 1.0, 3.0, 4.0), (0.0, 3.0, -3.0, 0.0))
    wave = Waveform(tuple(time_s.tolist()), tuple(volts.tolist()))
    cells = (Cell("d0", "a", "b", card, {"x_init": 1.0}), Cell("d1", "0", "b", card, {"x_init": 0.0}))
    job = Job(Circuit(sources=(Source("v1", "a", wave),), cells=cells), Transient(4.0, 5e-3))
    current = need_engine(engine).run(job).current_at("v1", time_s)
    fine = Native().run(replace(job, stimulus=Transient(4.0, 5e-3, 1e-6))).current_at("v1", time_s)
    assert np.abs(current - fine).max() < 1e-3 * np.abs(fine).max()
