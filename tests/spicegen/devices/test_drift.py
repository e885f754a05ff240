"""Drift of programmed devices: closed form, the native engine's arrays at rest, physics."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_va import DeviceCard, card_names, load_card
from models_va.errors import CardError, InputError
from netlists import ArrayProgram, Crossbar, Devices, Job, Transient, crossbar_circuit
from spicegen.arrays.program import run_array_program
from spicegen.devices import drift as relaxation
from spicegen.devices.drift import relaxed
from spicegen.devices.memory_state import memory_state, reach
from spicegen.devices.programming import conductances
from spicegen.simulate import simulator

CARD = load_card("au-lixcoo2-pt")
V = CARD.values
LOW, HIGH = reach(CARD)
Q_OVER_K = 1.602176634e-19 / 1.380649e-23


def closed_form(g, time_s, temperature_k, g0=V["g0"]):
    """x = x0 exp(-t speed_r / tau_x): at 0 V nothing else moves x."""
    x = ((g / g0) ** (1 / V["order_g"]) - 1) * V["order_g"] / V["a_li"]
    speed = np.exp(Q_OVER_K * V["ea_r"] * (1 / V["t_ref"] - 1 / temperature_k))
    x = x * np.exp(-time_s * speed / V["tau_x"])
    return g0 * (1 + V["a_li"] * x / V["order_g"]) ** V["order_g"]


@settings(max_examples=25)
@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=20), st.floats(-6, 9).map(lambda e: 10**e), st.floats(250, 400)
)  # fmt: skip
def test_the_closed_form(places, time_s, temperature_k):
    g = LOW + (HIGH - LOW) * np.array(places)
    assert relaxed(CARD, g, time_s, temperature_k) == pytest.approx(closed_form(g, time_s, temperature_k), rel=2e-8)


# not only x moves: interface Li goes on into the electrode
WET = CARD.with_values({"s_init": 0.01, "c_init": 0.3, "act_init": 0.5})


def array_to_rest():
    """Six devices in a row without wires, and a rest of 3 s."""
    g = np.linspace(*reach(WET), 6).reshape(1, 6)
    program = ArrayProgram(1, 6)
    program.rest(3.0)
    return g, Crossbar(np.zeros((1, 6)), 0, 0), Devices(WET, (1, 6), {"x_init": memory_state(WET, g)}), program


def test_an_array_at_rest_in_the_native_engine():
    g, crossbar, devices, program = array_to_rest()
    ends = conductances(run_array_program(crossbar, devices, program, simulator("native"), 1e-8).devices)
    found = relaxed(WET, g, 3.0)
    assert found == pytest.approx(ends, rel=1e-6)
    assert (found < g - 2e-6).all()


@pytest.mark.parametrize("temperature_k", [280.0, 350.0])
def test_an_array_at_rest_at_another_temperature(temperature_k):
    g, crossbar, devices, program = array_to_rest()
    circuit = crossbar_circuit(crossbar, devices, program.stages[0].lines)
    state = simulator("native").run(Job(circuit, Transient(3.0, 1.0, 1e-8), temperature_k=temperature_k)).state
    ends = {f"{n}_init": np.array([[state[f"d0_{j}.{n}"][-1] for j in range(6)]]) for n in ("s", "h", "c", "x", "r")}
    assert relaxed(WET, g, 3.0, temperature_k) == pytest.approx(conductances(Devices(WET, (1, 6), ends)), rel=1e-6)


def test_no_time_is_exact_and_the_end_is_the_empty_device():
    g = np.array([[1e-6, 1e-5], [4e-5, 1.0]])
    assert np.array_equal(relaxed(CARD, g, 0.0, 350.0), np.clip(g, LOW, HIGH))
    assert relaxed(CARD, g, 1e9) == pytest.approx(np.full((2, 2), V["g0"]), rel=1e-12)
    assert np.array_equal(relaxed(CARD, g, 1e3), relaxed(CARD, np.clip(g, LOW, HIGH), 1e3))


@settings(max_examples=15)
@given(st.floats(0, 1e5), st.floats(0, 1e5), st.floats(280, 380))
def test_it_falls_with_time_and_keeps_the_order(first, second, temperature_k):
    g = np.linspace(LOW, HIGH, 200)
    early, late = (relaxed(CARD, g, t, temperature_k) for t in sorted((first, second)))
    assert (late <= early * (1 + 1e-8)).all()
    assert (np.diff(late) >= -1e-8 * late[1:]).all()
    assert (late >= LOW * (1 - 1e-8)).all()


def test_two_rests_are_one():
    g = np.linspace(LOW, HIGH, 50)
    assert relaxed(CARD, relaxed(CARD, g, 2e3), 5e3) == pytest.approx(relaxed(CARD, g, 7e3), rel=3e-8)


@settings(max_examples=10)
@given(st.floats(280, 380), st.floats(1, 1e5))
def test_time_and_temperature_trade_by_arrhenius(temperature_k, time_s):
    g = np.linspace(LOW, HIGH, 20)
    faster = np.exp(Q_OVER_K * V["ea_r"] * (1 / V["t_ref"] - 1 / temperature_k))
    assert relaxed(CARD, g, time_s, temperature_k) == pytest.approx(relaxed(CARD, g, time_s * faster), rel=3e-8)


# --- devices that differ


def test_a_spread_that_the_rates_do_not_know():
    rng = np.random.default_rng(0)
    g, g0 = rng.uniform(2e-5, 4e-5, (150, 200)), V["g0"] * rng.uniform(0.9, 1.1, (150, 200))
    found = relaxed(CARD, g, 5e3, 310.0, {"g0": g0})
    assert found == pytest.approx(closed_form(g, 5e3, 310.0, g0), rel=2e-8)


def test_a_spread_that_the_rates_know():
    rng = np.random.default_rng(0)
    s = rng.uniform(0, 0.01, (2, 4))
    g = reach(CARD, {"s_init": s})[0] * rng.uniform(1.1, 3, (2, 4))
    found = relaxed(CARD, g, 1.0, 300.15, {"s_init": s})
    for where in np.ndindex(s.shape):
        alone = relaxed(CARD.with_values({"s_init": s[where]}), g[where], 1.0)
        assert found[where] == pytest.approx(alone, rel=2e-8)
    assert not np.allclose(found, closed_form(g, 1.0, 300.15), rtol=1e-3)


def test_what_cannot_be_interpolated_is_integrated(monkeypatch):
    g = np.linspace(LOW, HIGH, 30)
    smooth = relaxed(CARD, g, 5e3)
    monkeypatch.setattr(relaxation, "_INTERPOLATION", -1.0)
    monkeypatch.setattr(relaxation, "_NODES", (17, 33))
    assert relaxed(CARD, g, 5e3) == pytest.approx(smooth, rel=2e-8)


@pytest.mark.parametrize("name", [n for n in card_names() if load_card(n).model != "li_intercalation"])
def test_models_that_do_not_relax(name):
    """At 0 V nothing moves their state."""
    card = load_card(name)
    g = np.linspace(*reach(card), 100)
    assert relaxed(card, g, 1e6, 350.0) == pytest.approx(g, rel=1e-12, abs=1e-15 * g[-1])


def test_a_model_without_a_memory_is_refused():
    value = {"value": 1e-5, "provenance": "assumed"}
    linear = DeviceCard(name="a", title="t", model="linear", source="s", parameters={"g0": value})
    with pytest.raises(CardError, match="card a: nothing to program"):
        relaxed(linear, np.array([1e-5]), 1.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time_s": -1.0}, "a rest of -1 s: must be finite and not negative"),
        ({"time_s": np.inf}, "a rest of inf s"),
        ({"temperature_k": 0.0}, "a temperature of 0 K: must be positive"),
        ({"temperature_k": np.nan}, "a temperature of nan K"),
        ({"g_siemens": np.array([2e-5, np.nan])}, "a conductance is not a number"),
    ],
)
def test_what_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        relaxed(**{"card": CARD, "g_siemens": np.array([2e-5]), "time_s": 0.0, **change})
