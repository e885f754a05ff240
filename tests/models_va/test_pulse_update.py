"""Pulse by pulse against the closed-form laws of Jang et al. (alpha) and Agarwal et al. (beta)."""

import math

import numpy as np
import pytest

from models_va import load_card
from tests.models_va.library import Device

TABLE_1 = {
    "wse2-liclo4": (1.7, 0.4),
    "moo3-liclo4": (2.6, -0.4),
    "licoo2-lipon": (0.7, 0.8),
    "licoo2-li3poxsex": (1.33, -0.34),
    "wo3-liclo4": (0.96, -0.11),
}
ASYMMETRY = {"moo3-liclo4": 0.31, "wo3-liclo4": 0.26}


def alpha_law(w, alpha, g_min, g_max):
    if alpha == 0:
        return g_min * (g_max / g_min) ** w
    return ((g_max**alpha - g_min**alpha) * w + g_min**alpha) ** (1 / alpha)


def beta_law(w, beta):
    return np.expm1(-beta * w) / math.expm1(-beta)


def trains(device):
    """The weight after 0 .. N full potentiating, then 0 .. N full depressing pulses."""
    p = device.values

    def branch(x, volt, n):
        states = [x]
        for _ in range(int(n)):
            states.append(device.after(volt, p["t_write"], states[-1]))
        return np.array(states)

    up = branch(0.0, p["v_p"], p["updates_p"])
    return up, branch(1.0, -p["v_d"], p["updates_d"])


def assert_follows(found, expected):
    """The law to 1e-6; within a few rims of the bound that it runs to, held back as the window says."""
    bound = round(expected[-1])
    distance, rim = np.abs(bound - expected), 1e-3
    held_back = rim * np.log((1 + np.sqrt(1 + 4 * np.exp(-2 * distance / rim))) / 2)  # asinh(e^y/2) - y
    direction = np.sign(0.5 - bound)
    assert held_back.max() < 0.5e-3
    assert found == pytest.approx(expected + direction * held_back, abs=2e-5)
    far = distance > 10 * rim
    assert found[far] == pytest.approx(expected[far], abs=1e-6)


@pytest.mark.parametrize("name", TABLE_1)
def test_cards_follow_the_alpha_law(name):
    device, (alpha_p, alpha_d) = Device(name), TABLE_1[name]
    g_min, g_max = load_card(name).window()
    up, down = trains(device)
    w = np.linspace(0, 1, len(up))
    for found, alpha, weight in ((up, alpha_p, w), (down, alpha_d, 1 - w)):
        expected = (alpha_law(weight, alpha, g_min, g_max) - g_min) / (g_max - g_min)
        assert_follows(found, expected)
    assert device.conductance(up[7])[0] == pytest.approx(alpha_law(w[7], alpha_p, g_min, g_max), rel=1e-7)


@pytest.mark.parametrize(("alpha_p", "alpha_d"), [(0.0, 0.0), (1e-6, -1e-6), (1.0, 1.0), (-2.0, 4.0)])
def test_other_exponents_and_the_limit_of_zero(alpha_p, alpha_d):
    changes = {"alpha_p": alpha_p, "alpha_d": alpha_d, "updates_p": 20, "updates_d": 20}
    up, down = trains(Device("licoo2-lipon", changes))
    w = np.linspace(0, 1, 21)
    assert_follows(up, (alpha_law(w, round(alpha_p, 5), 1, 4) - 1) / 3)
    assert_follows(down, (alpha_law(1 - w, round(alpha_d, 5), 1, 4) - 1) / 3)


@pytest.mark.parametrize(("beta_p", "beta_d"), [(0.3, 1.3), (5.0, -2.0), (1e-9, 1e-9)])
def test_the_beta_law(beta_p, beta_d):
    """The paper's reference device, 0.3/1.3, and others: exponent 0 on the ratio exp(-beta), or exp(beta) down."""
    changes = {"alpha_p": 0, "ratio_p": -beta_p, "alpha_d": 0, "ratio_d": beta_d, "updates_p": 25, "updates_d": 25}
    up, down = trains(Device("licoo2-lipon", changes))
    w = np.linspace(0, 1, 26)
    assert_follows(up, beta_law(w, beta_p))
    assert_follows(down, 1 - beta_law(w, beta_d))


@pytest.mark.parametrize("name", ASYMMETRY)
def test_fitted_ratios_give_table_1s_asymmetric_ratio(name):
    g_min, g_max = load_card(name).window()
    w = np.linspace(0, 1, 1001)
    up, down = (alpha_law(w, alpha, g_min, g_max) for alpha in TABLE_1[name])
    assert np.max(np.abs(up - down)) / (g_max - g_min) == pytest.approx(ASYMMETRY[name], abs=0.005)


@pytest.mark.parametrize("name", TABLE_1)
def test_cards_agree_with_themselves(name):
    """The ratio is the window's, and the card's write pulse is the model's."""
    card, p = load_card(name), load_card(name).values
    g_min, g_max = card.window()
    assert (p["g_min"], p["g_max"]) == (g_min, g_max)
    assert p["ratio_p"] == p["ratio_d"] == pytest.approx(math.log(g_max / g_min), rel=1e-12)
    pulse = card.write_pulse
    assert pulse.amplitude_p_volt.value == p["v_p"]
    assert pulse.amplitude_d_volt.value == -p["v_d"]
    assert pulse.width_s.value == p["t_write"]
    assert (p["alpha_p"], p["alpha_d"]) == TABLE_1[name]


def test_half_a_pulse_is_half_an_update_and_half_a_voltage_next_to_none():
    device = Device("wse2-liclo4", {"alpha_p": 1.0})
    whole = device.after(1.2, 0.1, 0.3) - 0.3
    assert device.after(1.2, 0.05, 0.3) - 0.3 == pytest.approx(whole / 2, rel=1e-9)
    assert device.after(0.6, 0.1, 0.3) - 0.3 < whole / 1000
    assert device.after(5.0, 0.1, 0.3) - 0.3 == pytest.approx(2 * whole, rel=1e-5)
