"""Yakopcic's model against a second transcription with the source's own case distinctions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from tests.models_va.library import Device

NAME = "ag-chalcogenide-yakopcic"
DEVICE = Device(NAME)
A, B, VP, VN, AP, AN, XP, XN, ALPHAP, ALPHAN = 0.17, 0.05, 0.16, 0.15, 4000, 4000, 0.3, 0.5, 1, 5


def published_rate(v, x):
    if v > VP:
        g = AP * (math.exp(v) - math.exp(VP))
    elif v < -VN:
        g = -AN * (math.exp(-v) - math.exp(VN))
    else:
        return 0.0
    if v >= 0:
        f = math.exp(-ALPHAP * (x - XP)) * ((XP - x) / (1 - XP) + 1) if x >= XP else 1.0
    else:
        f = math.exp(ALPHAN * (x + XN - 1)) * x / (1 - XN) if x <= 1 - XN else 1.0
    return g * f


@given(v=st.floats(-1, 1), x=st.floats(0, 1))
def test_rates_and_current_are_the_published_ones(v, x):
    assert DEVICE.rate(v, x)[0] == pytest.approx(published_rate(v, x), rel=1e-9, abs=1e-9)
    assert DEVICE.current(v, x)[0] == pytest.approx(A * x * math.sinh(B * v), rel=1e-9, abs=2e-12)


def test_the_published_sine():
    """0.45 V at 100 Hz from x = 0.11: a pinched loop, the same by the published equations."""

    def wave(t):
        return 0.45 * np.sin(2 * np.pi * 100 * t)

    v, i, x = DEVICE.sweep(wave, 20e-3, 0.11)
    t = np.linspace(0, 20e-3, len(v))
    published = solve_ivp(
        lambda s, y: [published_rate(wave(s), y[0])], (0, 20e-3), [0.11], rtol=1e-9, atol=1e-12, t_eval=t,
        max_step=2e-5,
    )  # fmt: skip
    assert x == pytest.approx(published.y[0], abs=2e-5)
    assert np.abs(i[np.abs(v) < 1e-12]).max() < 1e-12
    assert x.max() > 0.9
    assert x[-1] < 0.4
    up, down = i[100], i[400]  # nearly the same voltage on the way up and down
    assert v[100] == pytest.approx(v[400], rel=0.01)
    assert down > 3 * up


def test_different_amplitudes_join_smoothly():
    device = Device(NAME, {"a1": 0.17, "a2": 0.05})
    assert device.current(0.3, 0.5)[0] == pytest.approx(0.17 * 0.5 * math.sinh(0.05 * 0.3), rel=1e-9)
    assert device.current(-0.3, 0.5)[0] == pytest.approx(-0.05 * 0.5 * math.sinh(0.05 * 0.3), rel=1e-9)
    v = np.linspace(-0.05, 0.05, 1001)
    slope = device.at(v, 0.5).di_dv
    assert np.abs(np.diff(slope)).max() < 0.01 * slope.max()
    assert np.all(slope > 0)
