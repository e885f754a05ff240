"""The model against a second transcription of its equations; set A is that of the third form in compact_model.md."""

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
    "v_t": 0.7488,
    "k_m": 150.4, "v_m": 2.048, "tau_m": 0.01169, "gain_p": 78.03, "gain_d": 816.9, "order_p": 2.165, "order_d": 3.313,
    "k_s": 0.02694, "v_s": 1.395, "tau_s": 0.5883, "k_ds": 0.02097, "half_s": 1.381e-4, "v_ds": 0.8486,
    "k_c": 1.227, "tau_c": 3.755, "k_t": 2.317, "half_c": 0.1158, "order_c": 11.34, "phi_s": 60.92, "lambda_x": 15.85,
    "k_d": 0.004243, "v_d": 0.2674, "half_x": 0.0141, "eta": 8.763e-5, "tau_x": 1e4, "a_li": 77.25, "order_g": 1.127,
    "g0": 8e-6, "v_io": 1.0, "t_ref": 300.15, "ea_s": 0.3, "ea_c": 0.4, "ea_x": 0.5, "ea_r": 0.7,
    "tau_h": 5e-3,  # the third form has no habituation: it is this model's with an endless tau_h
}  # fmt: skip
KEPT_A = {10: 0.105, 15: 0.338, 20: 0.334, 25: 0.314}
"""Number of figure 2d's spikes -> share of their change left after 1000 s, by the reference's own simulators."""
STATES = ("act", "s", "h", "c", "x", "r")
MODEL = load_model("li_intercalation")
COMPILED = numpy_model(MODEL)
PARAMS = MODEL.values(SET_A)
ROOM = 300.15
GMIN = 1e-12
CHARGE, BOLTZMANN = mpf("1.602176634e-19"), mpf("1.380649e-23")

unit = st.floats(0, 1, allow_subnormal=False)
inside = st.lists(unit, min_size=6, max_size=6)
volts = st.floats(-5, 5, allow_subnormal=False)


def terms(v, state, p, f, kelvin=ROOM):
    """Gains and losses of each state by the third form with habituation; f is numpy or mpmath."""
    m, s, h, c, x, r = state
    u_p, u_m = max(-v, 0), max(v, 0)
    w, w_p = (abs(v) / p.v_t) ** 6, (u_p / p.v_t) ** 6
    q, q_p = w / (1 + w), w_p / (1 + w_p)
    warm = kelvin / p.t_ref
    arrhenius = CHARGE / BOLTZMANN * (1 / mpf(p.t_ref) - 1 / mpf(kelvin))
    arrhenius = arrhenius if f is mp else float(arrhenius)
    fs, fc, fx, fr = (f.exp(ea * arrhenius) for ea in (p.ea_s, p.ea_c, p.ea_x, p.ea_r))
    g, gd = 1 + p.gain_p * m**p.order_p, 1 + p.gain_d * m**p.order_d
    hill = c**p.order_c / (c**p.order_c + p.half_c**p.order_c)
    transfer = p.k_t * hill * s * f.exp(-p.phi_s * s - p.lambda_x * x) * (1 - x)
    ext = p.k_d * q * f.sinh(u_m / (p.v_d * warm)) * gd * x / (abs(x) + p.half_x)
    leave = p.k_ds * q * f.sinh(u_m / (p.v_ds * warm)) * gd
    return (
        (fs * p.k_m * q * (f.cosh(v / p.v_m) - 1) * (1 - m), -fs * m / p.tau_m),
        (
            fs * p.k_s * q * f.sinh(u_p / (p.v_s * warm)) * g * (1 - s),
            -fs * leave * s / (abs(s) + p.half_s),
            -fs * s / p.tau_s,
            -fx * transfer,
        ),
        (fs * q_p / p.tau_h, -fs * h / p.tau_h),
        (fc * p.k_c * q_p * (1 - h) * (1 - c), -fc * c / p.tau_c),
        (fx * transfer, -fx * ext, -fr * x / p.tau_x),
        (fx * p.eta * ext * (1 - r),),
    )


def conductance(state, p):
    _, s, _, _, x, r = state
    return p.g0 * (1 + p.a_li * (s + x + r) / p.order_g) ** p.order_g


def current(v, state, p, f):
    return conductance(state, p) * p.v_io * f.sinh(v / p.v_io) + GMIN * v


PLAIN = SimpleNamespace(**SET_A)
EXACT = SimpleNamespace(**{name: mpf(value) for name, value in SET_A.items()})


def evaluated(v, state, kelvin=ROOM):
    return COMPILED.evaluate(np.array([v]), np.array([state]), PARAMS, kelvin)


def test_without_habituation_it_is_the_third_form_of_the_reference():
    """By scipy and the transcription: what is left of figure 2d's change, as the reference's simulators have it."""
    endless = SimpleNamespace(**(SET_A | {"tau_h": 1e9}))

    def moved(state, v, seconds):
        solution = solve_ivp(
            lambda _, y: [sum(t) for t in terms(v, np.maximum(y, 0), endless, np)],
            (0, seconds), state, method="LSODA", rtol=1e-8, atol=1e-12,
        )  # fmt: skip
        return np.maximum(solution.y[:, -1], 0)

    state, found = np.zeros(6), {}
    for number in range(1, 26):
        state = moved(state, -1.5, 10e-3)
        if number in KEPT_A:
            change, left = (conductance(y, endless) / endless.g0 - 1 for y in (state, moved(state, 0.0, 1000.0)))
            found[number] = left / change
        state = moved(state, 0.0, 3.4e-3)
    assert found == pytest.approx(KEPT_A, abs=0.004)


def test_li_is_conserved_while_it_is_transferred():
    """Without arrival, dispersion, extraction and retention, what leaves the interface is in the electrode."""
    values = MODEL.values(SET_A | {"k_s": 1e-300, "tau_s": 1e300, "tau_x": 1e300, "k_ds": 1e-300, "k_d": 1e-300})
    rng = np.random.default_rng(0)
    states = rng.uniform(0, 0.2, (100, 6))
    rates = COMPILED.evaluate(rng.uniform(-2, 2, 100), states, values, ROOM).rate
    assert rates[:, 4].max() > 1e-3
    assert rates[:, 1] + rates[:, 4] == pytest.approx(np.zeros(100), abs=1e-15)


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
@given(v=volts, state=st.lists(st.floats(1e-6, 1 - 1e-6), min_size=6, max_size=6))
def test_derivatives_are_central_differences(v, state):
    found = evaluated(v, state)
    with mpmath.workdps(60):
        point, h = [mpf(v), *map(mpf, state)], mpf(10) ** -20

        def outputs(z):
            return [current(z[0], z[1:], EXACT, mp), *map(sum, terms(z[0], z[1:], EXACT, mp))]

        jacobian = np.empty((7, 7))
        for j in range(7):
            step = [h if k == j else 0 for k in range(7)]
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
    found = evaluated(0.0, [0.0] * 6)
    assert np.all(found.rate == 0)
    assert np.all(np.isfinite(found.df_dx))
    assert np.all(np.diag(found.df_dx[0])[:5] < 0)


@pytest.mark.parametrize("k", range(6), ids=STATES)
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
