"""Fits to measurements whose truth is known: what is found, how sure it is, and what is said not to be fixed."""

from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from models_va import load_card
from spicegen.fit.model_fit import aicc, fit_model
from spicegen.fit.replay.from_measurements import replays
from spicegen.fit.replay.run import ModelDevice
from spicegen.fit.start.start import is_held
from spicegen.measurements import Origin, Pulses
from tests.spicegen.fit.known_devices import shipped, train

ORIGIN = Origin(Path("made.csv"), "0" * 64)


def pulses(amplitudes, g_siemens, width_s=1e-3):
    amplitude = np.array([0.0, *amplitudes])
    g = np.asarray(g_siemens).reshape(len(amplitude), -1)
    width = np.full(len(amplitude), width_s)
    return Pulses(ORIGIN, amplitude, width, width, np.sign(amplitude).astype(np.int8), g, 0.1, 300.15)


def exponential(count=50, cycles=12, noise=0.1e-6):
    """G = B (1 - exp(-n/A)) + G_min, A = 20 up and 12 down, 2 to 20 uS: written down, not simulated."""
    n = np.arange(1, count + 1)
    up, down = ((1 - np.exp(-n / a)) / (1 - np.exp(-count / a)) for a in (20, 12))
    curve = np.concatenate([[2e-6], 2e-6 + 18e-6 * up, 20e-6 - 18e-6 * down])
    scatter = noise * np.random.default_rng(0).standard_normal((len(curve), cycles))
    return pulses([1.0] * count + [-1.0] * count, curve[:, None] + scatter)


LAW = {"alpha_p": 0.0, "ratio_p": -50 / 20, "alpha_d": 0.0, "ratio_d": 50 / 12, "g_min": 2e-6, "g_max": 20e-6}
"""The beta law is alpha = 0 with r = -N/A and +N/A; no card that ships has these signs."""


@pytest.fixture(scope="module")
def common():
    """The most common law, fitted."""
    return fitted_law(exponential())


def fitted_law(train):
    held = {"v_p": 1.0, "v_d": 1.0, "t_write": 1e-3, "updates_p": 50.0, "updates_d": 50.0}
    return fit_model("pulse_update", [train], held)


def of_law(found, what):
    """Values or uncertainties of the law's parameters."""
    by_name = dict(zip((f.name for f in found.solution.free), what, strict=True))
    return np.array([by_name[name] for name in LAW])


def test_the_most_common_law_is_found_and_its_uncertainties_are_right(common):
    assert common.errors[0] < 0.01
    assert not common.turned
    off = of_law(common, common.solution.values) - list(LAW.values())
    assert np.abs(off / of_law(common, common.solution.value_std)).max() < 3.5
    assert of_law(common, common.solution.is_fixed).all()


def test_a_few_bad_points_do_no_harm(common):
    bad = exponential()
    bad.g_siemens[[7, 20, 70]] *= [[1.5], [0.6], [2.0]]
    found = fitted_law(bad)
    off = of_law(found, found.solution.values) - list(LAW.values())
    assert found.weights.scale[0] < 1.5
    assert np.abs(off / of_law(found, found.solution.value_std)).max() < 3.5
    assert (of_law(found, found.solution.std) < 1.5 * of_law(common, common.solution.std)).all()
    assert found.over_noise[0] > 3  # it is said, nevertheless


VTEAM = {"alpha_on": 2.1, "alpha_off": 1.7, "v_on": -0.7, "v_off": 0.5}


def reset_trains():
    """Four cycles each of ten pulses on, then ten off, on a device that was reset before; written down, not simulated.

    Thresholds and exponents are fixed by three amplitudes either way, and rates are far from those of the card.
    """
    rng, found = np.random.default_rng(9), []
    for on, off, width in ((-1.1, 0.8, 6e-3), (-1.25, 0.9, 3e-3), (-1.0, 0.7, 12e-3), (-1.1, 0.8, 1.5e-3)):
        fall = -48 * (on / VTEAM["v_on"] - 1) ** VTEAM["alpha_on"] * width
        rise = 27 * (off / VTEAM["v_off"] - 1) ** VTEAM["alpha_off"] * width
        x = np.array([*accumulate([fall] * 10 + [rise] * 10, lambda x, s: min(max(x + s, 0.0), 1.0), initial=1.0)])
        g = 1 / (4.2e3 + (61e3 - 4.2e3) * x[:, None])
        found.append(pulses([on] * 10 + [off] * 10, g * (1 + 0.01 * rng.standard_normal((21, 4))), width))
    return found


def test_thresholds_and_exponents_are_found_along_the_valley_in_which_rates_go_with_them():
    found = fit_model("vteam", reset_trains())
    assert max(found.over_noise) < 1.5
    values = dict(zip(found.model.param, found.values.tolist(), strict=True))
    assert {name: values[name] for name in VTEAM} == pytest.approx(VTEAM, rel=0.1)


def test_what_was_never_pulsed_is_said_not_to_be_fixed():
    both = exponential()
    rows = ("amplitude_volt", "width_s", "gap_s", "direction", "g_siemens")
    up = replace(both, **{name: getattr(both, name)[:51] for name in rows})
    found = fit_model("pulse_update", [up])
    fixed = {f.name for f, is_fixed in zip(found.solution.free, found.solution.is_fixed, strict=True) if is_fixed}
    assert not fixed & {"alpha_d", "ratio_d", "updates_d", "v_d"}
    assert "g_max" in fixed


@pytest.mark.parametrize(("left", "independent"), [(np.tile([1.0, -1.0], 20), 40), (np.repeat([1.0, -1.0], 20), 2)])
def test_what_wanders_divides_the_likelihood_of_aicc_and_nothing_else(left, independent):
    """QAICc of Burnham and Anderson: of two independent points among forty, ten parameters still have a criterion."""
    fits = [SimpleNamespace(residuals=(scale * left,), parameters=k, points=40) for scale, k in ((1, 10), (2, 4))]
    best, other = aicc(fits)
    evidence = (other - best) - (8 + 40 / 35) + (20 + 220 / 29)
    assert evidence == pytest.approx(2 * independent * np.log(2), abs=0.1)


WITHOUT_EFFECT = {
    "magic-vteam": set(),
    "ag-chalcogenide-yakopcic": {"a2", "v_c"},
    "rram-stanford-pku": set(),
    "au-lixcoo2-pt": set(),
}
"""On these pulses."""


@pytest.mark.parametrize("name", WITHOUT_EFFECT)
def test_derivatives_are_those_of_the_device(name):
    """Against central differences of runs with fine steps, each parameter on its own scale."""
    card = load_card(name)
    model, pulse = card.device_model, card.write_pulse
    up, down, width = (-1.5, 1.1, 1e-2) if pulse is None else (
        pulse.amplitude_p_volt.value, pulse.amplitude_d_volt.value, pulse.width_s.value
    )  # fmt: skip
    replay = replace(replays(pulses([up] * 4 + [down] * 4, np.ones(9), width))[0], temperature_k=330.0)
    values = np.array([card.values[p.name] for p in model.params])
    initial = np.full(len(model.states), 0.1 if name == "au-lixcoo2-pt" else 0.4)  # barriers stop it where it is full
    device = ModelDevice(model, values, initial, False)
    run = replay.run(device, 1e-8)
    places = np.array([k for k, p in enumerate(model.params) if not is_held(p, model, 2) and values[k]])
    slopes = replay.slopes(run, device, places)
    without = set()
    for column, k in enumerate(places):
        step = 1e-4 * abs(values[k])
        ends = [values.copy(), values.copy()]
        ends[0][k], ends[1][k] = values[k] + step, values[k] - step
        above, below = (replay.run(replace(device, values=v), 1e-8).predicted for v in ends)
        wanted = (above - below) / (2 * step)
        if np.abs(wanted).max() * abs(values[k]) < 1e-8 * run.predicted.max():
            without.add(model.params[k].name)
        else:
            wanted = pytest.approx(wanted, abs=1e-3 * np.abs(wanted).max(), rel=0)
            assert slopes[:, column] == wanted, model.params[k].name
    assert without <= WITHOUT_EFFECT[name]


@pytest.mark.parametrize("name", ["vteam", "stanford_pku"])
def test_a_bench_in_parts_begins_each_with_what_was_seen(name):
    """A device's own readings leave it as it is; another's correct it, and derivatives follow."""
    card = shipped(name)
    model = card.device_model
    values = np.array([card.values[p.name] for p in model.params])
    device = ModelDevice(model, values, np.array([card.values[s.initial] for s in model.states]), False)
    (whole,) = replays(train(card, 0, np.random.default_rng(0), pulses=6))
    parts = whole.in_parts(4)
    assert len(parts.corrected) == 3
    assert parts.run(device).predicted == pytest.approx(whole.run(device).predicted, rel=2e-3)
    k = next(k for k, p in enumerate(model.params) if p.name in {"k_on", "vel0"})
    values = values.copy()
    values[k] *= 1.2
    other = replace(device, values=values)
    after, last = parts.corrected + 1, len(whole.seen) - 1
    off = [np.abs(b.residuals(b.run(other).predicted))[after].max() for b in (whole, parts)]
    assert off[1] < 0.7 * off[0]
    run, step = parts.run(other), 1e-4 * values[k]
    ends = [values + step * (np.arange(len(values)) == k) * sign for sign in (1, -1)]
    up, down = (parts.run(replace(device, values=v)).predicted for v in ends)
    slopes = parts.slopes(run, other, np.array([k]))
    wanted = (up - down) / (2 * step)
    assert slopes[:, 0] == pytest.approx(wanted, rel=0.05, abs=2e-2 * np.abs(wanted).max())
    assert not slopes[last, 1:].any()


def m_estimates(apart):
    """Locations of samples, shape (samples, n), by the soft L1 loss in units of their median absolute deviations."""
    scale = 1.4826 * np.median(np.abs(apart), axis=1, keepdims=True)
    location = np.zeros_like(scale)
    for _ in range(30):
        t = 1 + ((apart - location) / scale / 2) ** 2
        location += ((apart - location) * t**-0.5).mean(axis=1, keepdims=True) / (t**-1.5).mean(axis=1, keepdims=True)
    return location[:, 0]


@pytest.mark.parametrize("tails", [1, 3, 300])
def test_the_uncertainty_is_the_spread_of_robust_estimates_whatever_the_tails(tails):
    """Cycles miss the model alike, by Student's t of so many degrees of freedom: its scale is the misfit's."""
    rng, n = np.random.default_rng(0), 1500
    apart = 0.02 * rng.standard_t(tails, n)
    train = pulses(np.ones(n - 1), np.repeat(2e-5 * np.exp(apart)[:, None], 3, axis=1))
    found = fit_model("linear", [train])
    spread = np.std(m_estimates(0.02 * rng.standard_t(tails, (1000, n))))
    stated = found.solution.std[0] * np.sqrt(found.weights.independent[0])
    assert stated == pytest.approx(spread, rel=0.1)
