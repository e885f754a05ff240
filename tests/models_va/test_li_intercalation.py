"""The model against a second transcription of its equations; values: set A of reference/compact_model.md."""

from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from scipy.integrate import solve_ivp

from models_va import load_model
from spicegen.printers.numpy_model import numpy_model

SET_A = {
    "v_t": 0.38,
    "k_m": 420.5, "v_m": 3.0, "tau_m": 0.01024, "gain_p": 300.0, "gain_d": 177.2, "k_s": 0.02873,
    "v_s": 1.5,
    "tau_s": 0.5745, "k_x": 0.1323, "v_x": 1.446, "limit_x": 0.05085, "half_c": 0.005635, "order_c": 1.778,
    "tau_c": 10.85, "phi_s": 4.737, "lambda_x": 2.61, "k_d": 0.03898, "v_d": 1.0,
    "half_x": 0.02118, "k_ds": 0.0565,
    "half_s": 0.003,
    "a_s": 15.52, "a_x": 20.0, "a_r": 20.0, "order_g": 1.276, "eta": 0.00426, "tau_x": 1e4, "g0": 8e-6, "v_io": 1.0,
    "order_p": 2.0, "order_d": 2.0, "v_ds": 1.0,  # what set A's equations fix
    "t_ref": 300.15, "ea_s": 0.3, "ea_c": 0.4, "ea_x": 0.5, "ea_r": 0.7,
}  # fmt: skip
STATES = ("act", "s", "c", "x", "r")
MODEL = load_model("li_intercalation")
COMPILED = numpy_model(MODEL)
PARAMS = MODEL.values(SET_A)
ROOM = 300.15
GMIN = 1e-12
CHARGE, BOLTZMANN = mpf("1.602176634e-19"), mpf("1.380649e-23")

unit = st.floats(0, 1, allow_subnormal=False)
inside = st.lists(unit, min_size=5, max_size=5)
volts = st.floats(-5, 5, allow_subnormal=False)


def terms(v, state, p, f, kelvin=ROOM):
    """Gains and losses of each state by the second form; f is numpy or mpmath."""
    m, s, c, x, r = state
    u_p, u_m = max(-v, 0), max(v, 0)
    w = (abs(v) / p.v_t) ** 6
    q = w / (1 + w)
    warm = kelvin / p.t_ref
    arrhenius = CHARGE / BOLTZMANN * (1 / mpf(p.t_ref) - 1 / mpf(kelvin))
    arrhenius = arrhenius if f is mp else float(arrhenius)
    fs, fc, fx, fr = (f.exp(ea * arrhenius) for ea in (p.ea_s, p.ea_c, p.ea_x, p.ea_r))
    g, gd = 1 + p.gain_p * m**p.order_p, 1 + p.gain_d * m**p.order_d
    z = q * f.sinh(u_p / (p.v_x * warm))
    hill = c**p.order_c / (c**p.order_c + p.half_c**p.order_c)
    ins = p.k_x * z / (1 + z / p.limit_x) * g * hill * f.exp(-p.lambda_x * x - p.phi_s * s) * (1 - x)
    ext = p.k_d * q * f.sinh(u_m / (p.v_d * warm)) * gd * x / (abs(x) + p.half_x)
    leave = p.k_ds * q * f.sinh(u_m / (p.v_ds * warm)) * gd
    return (
        (fs * p.k_m * q * (f.cosh(v / p.v_m) - 1) * (1 - m), -fs * m / p.tau_m),
        (
            fs * p.k_s * q * f.sinh(u_p / (p.v_s * warm)) * g * (1 - s),
            -fs * leave * s / (abs(s) + p.half_s),
            -fs * s / p.tau_s,
        ),
        (fc * s / p.tau_c, -fc * c / p.tau_c, -fs * leave * c / (abs(c) + p.half_s)),
        (fx * ins, -fx * ext, -fr * x / p.tau_x),
        (fx * p.eta * ext * (1 - r),),
    )


def conductance(state, p):
    _, s, _, x, r = state
    return p.g0 * (1 + (p.a_s * s + p.a_x * x + p.a_r * r) / p.order_g) ** p.order_g


def current(v, state, p, f):
    return conductance(state, p) * p.v_io * f.sinh(v / p.v_io) + GMIN * v


PLAIN = SimpleNamespace(**SET_A)
EXACT = SimpleNamespace(**{name: mpf(value) for name, value in SET_A.items()})


def evaluated(v, state, kelvin=ROOM):
    return COMPILED.evaluate(np.array([v]), np.array([state]), PARAMS, kelvin)


def test_figure_2d_by_scipy():
    """Read at the end of the period; right after the pulse it is 4.000 instead of 3.983."""

    def branch(state, volt, pulses):
        for _ in range(pulses):
            for v, seconds in ((volt, 10e-3), (0.0, 3e-3)):
                solution = solve_ivp(
                    lambda _, y, v=v: [sum(t) for t in terms(v, y, PLAIN, np)],
                    (0, seconds), state, method="LSODA", rtol=1e-8, atol=1e-11,
                )  # fmt: skip
                state = np.maximum(solution.y[:, -1], 0)
        return state, conductance(state, PLAIN) / PLAIN.g0

    state, up = branch(np.zeros(5), -1.5, 25)
    _, down = branch(state, 1.1, 25)
    assert up == pytest.approx(3.98, abs=0.005)
    assert down == pytest.approx(1.008, abs=0.0005)


@given(v=volts, state=inside, kelvin=st.sampled_from([ROOM, 260.0, 360.0]))
def test_rates_and_current_are_the_transcription(v, state, kelvin):
    found = evaluated(v, state, kelvin)
    with mpmath.workdps(40):
        exact_v, exact_state = mpf(v), [mpf(y) for y in state]
        for rate, parts in zip(found.rate[0], terms(exact_v, exact_state, EXACT, mp, mpf(kelvin)), strict=True):
            assert abs(rate - sum(parts)) <= 1e-11 * (1 + sum(map(abs, parts)))
        exact = current(exact_v, exact_state, EXACT, mp)
        assert abs(found.current[0] - exact) <= 1e-12 * abs(exact) + mpf(10) ** -300


@settings(max_examples=60)
@given(v=volts, state=st.lists(st.floats(1e-6, 1 - 1e-6), min_size=5, max_size=5))
def test_derivatives_are_central_differences(v, state):
    found = evaluated(v, state)
    with mpmath.workdps(60):
        point, h = [mpf(v), *map(mpf, state)], mpf(10) ** -20

        def outputs(z):
            return [current(z[0], z[1:], EXACT, mp), *map(sum, terms(z[0], z[1:], EXACT, mp))]

        jacobian = np.empty((6, 6))
        for j in range(6):
            step = [h if k == j else 0 for k in range(6)]
            above = outputs([a + b for a, b in zip(point, step, strict=True)])
            below = outputs([a - b for a, b in zip(point, step, strict=True)])
            jacobian[:, j] = [float((a - b) / (2 * h)) for a, b in zip(above, below, strict=True)]
    close = {"rtol": 1e-6, "atol": 1e-12}
    np.testing.assert_allclose(found.di_dv[0], jacobian[0, 0], rtol=1e-6)
    np.testing.assert_allclose(found.di_dx[0], jacobian[0, 1:], rtol=1e-6, atol=1e-25)
    np.testing.assert_allclose(found.df_dv[0], jacobian[1:, 0], **close)
    np.testing.assert_allclose(found.df_dx[0], jacobian[1:, 1:], **close)


@given(v=volts, state=inside)
def test_the_device_is_passive(v, state):
    i = evaluated(v, state).current[0]
    assert i * v >= 0
    assert i != 0 or abs(v) < 1e-300
    assert evaluated(0.0, state).current[0] == 0


def test_nothing_moves_at_rest():
    found = evaluated(0.0, [0.0] * 5)
    assert np.all(found.rate == 0)
    assert np.all(np.isfinite(found.df_dx))
    assert np.all(np.diag(found.df_dx[0])[:4] < 0)


@pytest.mark.parametrize("k", range(5), ids=STATES)
@given(v=volts, state=inside)
def test_rates_point_inwards_at_the_bounds(k, v, state):
    lower, upper = MODEL.states[k].lower, MODEL.states[k].upper
    assert evaluated(v, [*state[:k], lower, *state[k + 1 :]]).rate[0, k] >= 0
    assert evaluated(v, [*state[:k], upper, *state[k + 1 :]]).rate[0, k] <= 0


@given(v=volts, states=st.lists(inside, min_size=2, max_size=4))
def test_devices_do_not_touch_each_other(v, states):
    together = COMPILED.evaluate(np.full(len(states), v), np.array(states), PARAMS, ROOM)
    alone = [evaluated(v, state) for state in states]
    np.testing.assert_allclose(together.current, [a.current[0] for a in alone], rtol=1e-13)
    np.testing.assert_allclose(together.rate, [a.rate[0] for a in alone], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(together.df_dx, [a.df_dx[0] for a in alone], rtol=1e-12, atol=1e-15)
