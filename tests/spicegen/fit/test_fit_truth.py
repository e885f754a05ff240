"""Round trips: a known device, measured with noise, is found again; what the data cannot tell is said to be so."""

from dataclasses import replace

import numpy as np
import pytest

from models_va import load_model
from spicegen.fit import threads
from spicegen.fit.model_fit import aicc, fit_model
from spicegen.fit.start.start import is_held
from tests.spicegen.fit.known_devices import MODELS, TRAINS, campaign, off, rest, shipped, sweep, train, unlike, varied

ROUND_TRIPS = [(model, noise) for model in MODELS for noise in (0.01, 0.05)]

FIXED = {
    "vteam": {"r_on", "v_on"},
    "yakopcic": {"v_p"},
    "stanford_pku": {"v0"},
    "pulse_update": {"g_min"},
    "li_intercalation": {"v_io"},
    "linear": {"g0"},
}
"""By so few measurements, even at 5 % of noise."""


def fixed(found):
    return {f.name for f, is_fixed in zip(found.solution.free, found.solution.is_fixed, strict=True) if is_fixed}


def files(model, noise, rng, card):
    if model == "linear":
        return [sweep(card, noise, rng)]
    if model == "li_intercalation":
        return [train(card, noise, rng), sweep(card, noise, rng, points=100), rest(card, noise, rng)]
    return [train(card, noise, rng), train(card, noise, rng, 1.1, 1.1, 3), sweep(card, noise, rng, points=100)]


@pytest.mark.parametrize(("model", "noise"), ROUND_TRIPS)
def test_a_known_device_is_found_within_the_stated_uncertainties(model, noise):
    """Each of its parameters is off the shipped card's at random; benchmarks/fit_coverage.py does it to many."""
    rng = np.random.default_rng(2)
    card = varied(model, rng)
    found = fit_model(model, files(model, noise, rng, card))
    away = off(found, card)
    assert max(found.errors) < 1.5 * noise
    assert fixed(found) >= FIXED[model]
    assert max(map(abs, away.values())) < 3.5


@pytest.mark.parametrize(("model", "seed"), [("vteam", 1), ("yakopcic", 5)])
def test_a_device_unlike_the_card_is_found(model, seed):
    """Either polarity has its own thresholds and rates, and the current its own curvature."""
    rng = np.random.default_rng(seed)
    card, sweeps = unlike(model, 0.01, rng)
    found = fit_model(model, sweeps)
    assert max(found.over_noise) < 1.2
    assert max(map(abs, off(found, card).values())) < 4
    if model == "yakopcic":
        assert dict(zip(found.model.param, found.values, strict=True))["b"] == pytest.approx(card.values["b"], rel=0.05)


NOISE = 0.005
"""Of what the cases below measure."""


@pytest.fixture(scope="module")
def vteam_fixed():
    """What trains of five amplitudes and widths and a sweep fix of a threshold device."""
    rng, card = np.random.default_rng(0), shipped("vteam")
    found = fixed(fit_model("vteam", campaign(card, NOISE, rng)))
    assert found >= {"k_on", "alpha_on", "v_on", "r_off"}
    return found


def test_only_potentiation_leaves_depression_open():
    rng, card = np.random.default_rng(0), shipped("vteam")
    found = fixed(fit_model("vteam", [train(card, NOISE, rng, up, 0, wide) for up, _, wide in TRAINS]))
    assert "v_on" in found
    assert not found & {"k_off", "alpha_off", "v_off"}


def test_one_amplitude_leaves_threshold_rate_and_power_open(vteam_fixed):
    """k (V/V_t - 1)^alpha at one V is one number."""
    found = fixed(fit_model("vteam", [train(shipped("vteam"), NOISE, np.random.default_rng(0), down=0)]))
    assert vteam_fixed >= {"k_on", "alpha_on", "v_on"}
    assert not found & {"k_on", "alpha_on", "v_on"}


def test_sweeps_below_the_threshold_leave_the_switching_open():
    small = sweep(shipped("vteam"), NOISE, np.random.default_rng(0), up=0.1, down=0.1, points=60)
    found = fit_model("vteam", [small])
    assert not fixed(found) & set(found.model.param)


def test_a_conductance_that_never_changes_leaves_the_switching_open():
    rng = np.random.default_rng(0)
    still = train(shipped("vteam"), 0, rng)
    still = replace(still, g_siemens=2e-5 * (1 + NOISE * rng.standard_normal(still.g_siemens.shape)))
    found = fit_model("pulse_update", [still])
    assert not fixed(found) & set(found.model.param)


def test_reads_leave_the_curve_open_and_trains_the_relaxation():
    """What is read at one voltage has no curve, and what never rests has no retention: sweep and rest have one each."""
    rng, card = np.random.default_rng(0), shipped("li_intercalation")
    pulses = train(card, NOISE, rng, pulses=6)
    swept = fixed(fit_model("li_intercalation", [pulses, sweep(card, NOISE, rng, points=60)]))
    rested = fixed(fit_model("li_intercalation", [pulses, rest(card, NOISE, rng)]))
    assert "v_io" in swept - rested
    assert "tau_x" in rested - swept


@pytest.mark.parametrize(
    ("model", "energies"), [("stanford_pku", {"ea"}), ("li_intercalation", {"ea_s", "ea_c", "ea_x", "ea_r"})]
)
def test_activation_energies_want_two_temperatures(model, energies):
    known = load_model(model)
    held = [{p.name for p in known.params if is_held(p, known, temperatures)} for temperatures in (1, 2)]
    assert held[0] - held[1] == energies


def test_a_device_that_stands_the_other_way_around_is_turned():
    pulses = train(shipped("vteam"), NOISE, np.random.default_rng(0))
    found = fit_model("vteam", [pulses])
    turned = fit_model("vteam", [replace(pulses, amplitude_volt=-pulses.amplitude_volt)])
    assert (found.turned, turned.turned) == (False, True)
    assert turned.values == pytest.approx(found.values)


def test_a_device_of_other_volts_seconds_and_siemens_is_the_same_device():
    pulses = train(shipped("vteam"), NOISE, np.random.default_rng(0))
    scaled = replace(
        pulses,
        amplitude_volt=2 * pulses.amplitude_volt,
        width_s=10 * pulses.width_s,
        gap_s=10 * pulses.gap_s,
        g_siemens=pulses.g_siemens / 7,
    )
    assert fit_model("vteam", [scaled]).errors == pytest.approx(fit_model("vteam", [pulses]).errors, rel=1e-3)


def test_the_same_seed_finds_the_same_with_any_number_of_workers(monkeypatch):
    rng, card = np.random.default_rng(0), shipped("vteam")
    files = [train(card, NOISE, rng, pulses=6), train(card, NOISE, rng, wide=3, pulses=6)]
    found = fit_model("vteam", files, seed=3)
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 1)
    again = fit_model("vteam", files, seed=3)
    assert (again.values == found.values).all()
    assert (again.solution.covariance == found.solution.covariance).all()


def test_the_true_model_has_the_lowest_aicc():
    rng, card = np.random.default_rng(0), shipped("vteam")
    files = [train(card, NOISE, rng), train(card, NOISE, rng, wide=3), sweep(card, NOISE, rng, points=60)]
    true, other = aicc([fit_model(model, files) for model in ("vteam", "pulse_update")])
    assert true < other - 10
