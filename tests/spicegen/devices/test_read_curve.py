"""The curve that turns inputs into what a nonlinear device makes of them."""

from dataclasses import replace

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from models_va import VOLTAGE, ConductanceWindow, DeviceCard, Quantity, card_names, load_card, state_symbol
from models_va.errors import InputError
from spicegen.devices import read_curve as module
from spicegen.devices.read_curve import read_curve
from spicegen.printers.numpy_model import NumpyModel, numpy_model

CARD = load_card("au-lixcoo2-pt")
LINEAR = [n for n in card_names() if load_card(n).model in ("vteam", "pulse_update")]


@settings(max_examples=20)
@given(st.floats(0.01, 1.0))
def test_the_reference_device_is_a_sinh(v_read):
    curve, v = read_curve(CARD, v_read), np.linspace(-v_read, v_read, 1001)
    v_io = CARD.values["v_io"]
    assert curve(v) == pytest.approx(v_io * np.sinh(v / v_io), rel=2e-8)
    assert curve.fit_error <= 1e-8
    assert curve.odd
    assert curve.nonlinearity == pytest.approx(v_io / v_read * np.sinh(v_read / v_io) - 1, rel=1e-3, abs=1e-9)
    # only the simulators' minimum conductance, 1e-12 S, stays linear
    assert curve.inseparability < 1e-12 / CARD.window()[0] * curve.nonlinearity


def test_coefficients_are_the_series_for_small_voltages():
    curve = read_curve(CARD, 0.1)
    assert curve.coefficients == pytest.approx([1, 0.01 / 6, 1e-4 / 120], rel=1e-3)
    assert curve.nonlinearity == pytest.approx(1.67e-3, abs=1e-5)  # the card: linear to 0.2 %


@pytest.mark.parametrize("name", LINEAR)
def test_ohmic_devices_are_the_number_one(name):
    curve = read_curve(load_card(name), 0.2)
    assert (curve.coefficients, curve.odd) == ((1.0,), True)
    assert max(curve.fit_error, curve.inseparability, curve.nonlinearity) < 1e-14
    assert np.array_equal(curve(np.array([[-0.2, 0.0, 0.1]])), [[-0.2, 0.0, 0.1]])


def test_a_device_without_states():
    card = DeviceCard.model_validate(
        {"name": "a", "title": "t", "model": "linear", "source": "s",
         "parameters": {"g0": {"value": 1e-5, "provenance": "assumed"}}}
    )  # fmt: skip
    assert read_curve(card, 1.0).coefficients == (1.0,)


def test_the_voltage_scale_is_the_cards():
    rram = load_card("rram-stanford-pku")
    curve, v = read_curve(rram, 0.2), np.linspace(-0.2, 0.2, 101)
    assert curve(v) == pytest.approx(0.25 * np.sinh(v / 0.25), rel=3e-8)
    chalcogenide = read_curve(load_card("ag-chalcogenide-yakopcic"), 0.1)
    assert chalcogenide.coefficients == pytest.approx([1, 0.005**2 / 6], rel=1e-5)


@pytest.mark.parametrize("name", card_names())
@pytest.mark.parametrize("v_read", [0.05, 0.2])
def test_currents_are_conductance_times_curve(name, v_read):
    """Any state of the range, not only those that were looked at."""
    card, n = load_card(name), 200
    rng = np.random.default_rng(0)
    curve, v = read_curve(card, v_read), rng.uniform(-v_read, v_read, n)
    model = card.device_model
    x = np.stack([np.full(n, card.values[s.initial]) for s in model.states], axis=1)
    x[:, model.state_names.index(model.memory or "x")] = rng.uniform(0.05, 1, n)
    compiled = numpy_model(model)
    slope = compiled.evaluate(np.zeros(n), x, dict(card.values), 300.15).di_dv
    found = compiled.current(v, x, dict(card.values), 300.15)
    assert slope * curve(v) == pytest.approx(found, rel=1.01 * curve.fit_error + curve.inseparability + 1e-13)
    assert np.array_equal(curve(-v), -curve(v))


# --- devices that are not so kind


def vteam(monkeypatch, current):
    """The VTEAM card with another current, a function of (g, x, v/v_off)."""
    card = load_card("magic-vteam").model_copy(update={"conductance_window": None})
    model = card.device_model
    g, x = sympy.Symbol("g", real=True), state_symbol("x")
    card.__dict__["device_model"] = replace(model, current=current(g, x, VOLTAGE / model.param["v_off"].symbol))
    monkeypatch.setattr(module, "numpy_model", NumpyModel)
    return card, 0.1 / card.values["v_off"]


def test_a_curve_that_is_not_odd(monkeypatch):
    card, u = vteam(monkeypatch, lambda g, x, u: g * VOLTAGE * (1 + u / 2 + u**2))
    curve, v = read_curve(card, 0.1), np.linspace(-0.1, 0.1, 101)
    assert not curve.odd
    assert curve.coefficients == pytest.approx([1, u / 2, u**2], rel=1e-9)
    assert curve(v) == pytest.approx(v * (1 + u * v / 0.2 + (u * v / 0.1) ** 2), rel=1e-12)
    assert curve.nonlinearity == pytest.approx(u / 2 + u**2)
    assert curve.gain == pytest.approx(1 + u / 2 + u**2)
    card, u = vteam(monkeypatch, lambda g, x, u: g * VOLTAGE * (1 - u / 2 + u**2))
    assert read_curve(card, 0.1).gain == pytest.approx(1 + u / 2 + u**2)  # of the other end
    assert curve.inseparability < 1e-14


def test_a_device_whose_states_disagree(monkeypatch):
    card, u = vteam(monkeypatch, lambda g, x, u: g * VOLTAGE * (1 + x * u**2))
    curve = read_curve(card, 0.1)
    assert curve.coefficients == pytest.approx([1, u**2 / 2])
    assert curve.inseparability == pytest.approx(u**2 / 2 / (1 + u**2 / 2))


def test_only_the_window_counts(monkeypatch):
    card, u = vteam(monkeypatch, lambda g, x, u: g * VOLTAGE * (1 + x * u**2))
    x = np.array([0.2, 0.6])
    r_on, r_off = card.values["r_on"], card.values["r_off"]
    high, low = 1 / (r_on + (r_off - r_on) * x)
    q = lambda v: Quantity(value=v, provenance="assumed")
    window = ConductanceWindow(g_min_siemens=q(low), g_max_siemens=q(high))
    object.__setattr__(card, "conductance_window", window)
    curve = read_curve(card, 0.1)
    assert curve.coefficients == pytest.approx([1, 0.4 * u**2], rel=1e-4)
    assert curve.inseparability == pytest.approx(0.2 * u**2 / (1 + 0.4 * u**2), rel=1e-4)


def test_a_step_at_zero_is_not_hidden():
    """Amplitudes that differ by the sign of the voltage: no polynomial follows that over ten times its width."""
    card = load_card("ag-chalcogenide-yakopcic").with_values({"a2": 0.1})
    near, far = read_curve(card, 0.005), read_curve(card, 0.1)
    assert near.fit_error <= 1e-8
    assert not near.odd
    assert 1e-3 < far.fit_error < 0.1
    assert far.nonlinearity == pytest.approx(0.07 / 0.27, rel=1e-3)
    v = np.linspace(-0.1, 0.1, 1000)
    exact = (0.135 + 0.035 * np.tanh(v / 0.01)) / 0.135 * np.sinh(0.05 * v) / 0.05
    assert np.abs(far(v) / exact - 1).max() == pytest.approx(far.fit_error, rel=0.05)


@pytest.mark.parametrize(("v_read", "kelvin"), [(0.0, 300.0), (-0.1, 300.0), (np.nan, 300.0), (0.1, 0.0)])
def test_what_is_refused(v_read, kelvin):
    with pytest.raises(InputError, match=r"read curve: .* V at .* K: both must be positive and finite"):
        read_curve(CARD, v_read, kelvin)
