"""VTEAM against its closed form at constant voltage and a transcription of the published equations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models_va.library import Device

MAGIC = Device("magic-vteam")


def published_rate(v):
    """dx/dt inside the bounds, w_off - w_on = 3 nm (Kvatinsky et al. 2015, with the MAGIC set)."""
    if v > 0.3:
        return 0.091 * (v / 0.3 - 1) ** 4 / 3e-9
    if v < -1.5:
        return -216.2 * (v / -1.5 - 1) ** 4 / 3e-9
    return 0.0


@given(v=st.floats(-3, 3), x=st.floats(0.02, 0.98))
def test_rates_are_the_published_ones(v, x):
    assert MAGIC.rate(v, x)[0] == pytest.approx(published_rate(v), rel=1e-9)


@given(x=st.floats(0, 1))
def test_resistance_is_linear_in_the_state(x):
    assert 1 / MAGIC.conductance(x)[0] == pytest.approx(1e3 + (3e5 - 1e3) * x, rel=1e-12)


@pytest.mark.parametrize(("v", "start"), [(1.0, 0.0), (0.5, 0.0), (-2.0, 1.0), (-1.6, 1.0)])
def test_constant_voltage_is_a_straight_line_up_to_the_rim(v, start):
    """Away from the bounds within 1e-6, and everywhere within half a rim."""
    whole = 1 / abs(published_rate(v))
    t = np.linspace(0, 1.5 * whole, 61)
    clipped = np.clip(start + published_rate(v) * t, 0, 1)
    # a state that starts on a bound leaves it at the full rate of the opposite direction
    x = MAGIC.after(v, t[-1], start, t_eval=t)
    assert x == pytest.approx(clipped, abs=0.5e-3)
    far = t < 0.98 * whole
    assert x[far] == pytest.approx(clipped[far], abs=1e-6)


def test_switching_times_of_magic_gates():
    """1 V resets and -2 V sets in a nanosecond."""
    assert 1 / published_rate(1.0) == pytest.approx(1.11e-9, rel=0.01)
    assert -1 / published_rate(-2.0) == pytest.approx(1.12e-9, rel=0.01)
    assert MAGIC.after(1.0, 1.2e-9, 0.0) > 0.999
    assert MAGIC.after(-2.0, 1.2e-9, 1.0) < 0.001


def test_nothing_moves_between_the_thresholds():
    assert np.all(MAGIC.rate(np.linspace(-1.5, 0.3, 181), 0.5) == 0)


def test_hysteresis_is_pinched():
    v, i, x = MAGIC.sweep(lambda t: 1.8 * np.sin(2 * np.pi * t / 1e-6), 1e-6, 0.5)
    assert x.max() > 0.999
    assert x.min() < 0.001
    assert np.abs(i[np.abs(v) < 1e-9]).max() < 1e-11
    assert np.all(i * v >= 0)
