"""The Stanford model against a second transcription with the source's own jumps: clipped gap, minimum field."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from tests.models_va.library import ROOM, Device

NAME = "rram-stanford-pku"
DEVICE = Device(NAME)
KT_PER_K = 1.380649e-23 / 1.602176634e-19
GAP_MIN, GAP_MAX = 0.2e-9, 1.7e-9


def published(v, gap, ambient=ROOM):
    """Current and d gap/dt of the Verilog-A program 1.0.0 without fluctuations."""
    i = 1e-3 * math.exp(-gap / 0.25e-9) * math.sinh(v / 0.25)
    kt = KT_PER_K * (ambient + abs(v * i) * 2.1e3)
    gamma = 16 - 0.8 * (gap / 1e-9) ** 3
    if gamma * abs(v) / 12e-9 < 1.4e9:
        gamma = 0.0
    return i, -10 * math.exp(-0.6 / kt) * math.sinh(gamma * 0.25e-9 / 12e-9 * v / kt)


def gap_of(x):
    return GAP_MAX - (GAP_MAX - GAP_MIN) * x


@given(v=st.floats(-3, 3), x=st.floats(0, 1))
def test_current_is_the_published_one(v, x):
    assert DEVICE.current(v, x)[0] == pytest.approx(published(v, gap_of(x))[0], rel=1e-9, abs=4e-12)


@given(v=st.floats(1.6, 3), x=st.floats(0.02, 0.98), sign=st.sampled_from([-1, 1]))
def test_rates_well_above_the_minimum_field_are_the_published_ones(v, x, sign):
    expected = -published(sign * v, gap_of(x))[1] / (GAP_MAX - GAP_MIN)
    assert DEVICE.rate(sign * v, x)[0] == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(("v", "seconds"), [(-1.6, 2e-8), (-2.0, 3e-9)])
def test_reset_at_constant_voltage(v, seconds):
    """The gap opens as in the source, within 1 % of its travel."""
    t = np.linspace(0, seconds, 41)
    done = solve_ivp(
        lambda _, y: [published(v, y[0] * 1e-9)[1] * 1e9], (0, seconds), [0.2], method="LSODA", rtol=1e-9,
        atol=1e-12, t_eval=t,
    )  # fmt: skip
    x = DEVICE.after(v, seconds, 1.0, t_eval=t)
    assert gap_of(x) * 1e9 == pytest.approx(np.clip(done.y[0], 0.2, 1.7), abs=0.015)


def test_set_and_reset_voltages_of_a_sweep():
    """0 -> 2 V -> 0 -> -2 V -> 0 in 4 ms: SET where the largest gap's field reaches f_min, RESET likewise."""

    def triangle(t):
        return np.interp(t, [0, 1e-3, 2e-3, 3e-3, 4e-3], [0, 2, 0, -2, 0])

    v, i, x = DEVICE.sweep(triangle, 4e-3, 0.0, points=8001)
    v_set = v[np.argmax(x > 0.5)]
    opening = slice(4000, 6001)
    v_reset = v[opening][np.argmax(x[opening] < 0.5)]
    field = 1.4e9 * 12e-9
    assert v_set == pytest.approx(field / (16 - 0.8 * 1.7**3), abs=0.15)
    assert v_reset == pytest.approx(-field / 16, abs=0.15)
    assert np.all(i * v >= 0)
    assert np.abs(i[v == 0]).max() == 0
    assert DEVICE.conductance(x[4000])[0] / DEVICE.conductance(x[0])[0] > 300


def test_heat_speeds_the_gap_up():
    hot = Device(NAME, temperature_k=360.0)
    assert hot.rate(-1.2, 0.5)[0] < 3 * DEVICE.rate(-1.2, 0.5)[0] < 0
    cold = Device(NAME, {"r_th": 0.0})
    assert DEVICE.rate(-1.4, 0.98)[0] < 3 * cold.rate(-1.4, 0.98)[0] < 0
