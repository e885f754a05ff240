"""What holds for every model of the library, on its shipped card."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_va import card_names, load_card
from models_va.errors import CardError
from netlists import Cell, Circuit, Job, Source, SpikeTrain, Transient
from spicegen.simulate import Native
from tests.models_va.library import Device

CARDS = [name for name in card_names() if load_card(name).model != "li_intercalation"]
DEVICES = {name: Device(name) for name in CARDS}
volts = st.floats(-5, 5, allow_subnormal=False)
states = st.floats(0, 1, allow_subnormal=False)
each_card = pytest.mark.parametrize("name", CARDS)


def test_every_model_of_the_library_has_a_card():
    assert {load_card(n).model for n in CARDS} == {"pulse_update", "stanford_pku", "vteam", "yakopcic"}
    assert sum(load_card(n).model == "pulse_update" for n in CARDS) == 5


@each_card
def test_every_value_has_its_origin(name):
    card = load_card(name)
    fixed = {p.name for p in card.device_model.params if not p.per_instance}
    assert fixed <= set(card.parameters)
    assert all(q.note for q in card.parameters.values() if q.provenance != "paper")
    assert "doi:" in card.source or "https://" in card.source


@each_card
@given(v=volts, x=states)
def test_passive_and_finite(name, v, x):
    found = DEVICES[name].at(v, x)
    assert found.current[0] * v >= 0
    for part in (found.current, found.di_dv, found.di_dx, found.rate, found.df_dv, found.df_dx):
        assert np.isfinite(part).all()


@each_card
@given(x=states)
def test_rest(name, x):
    """No current, no motion, and finite derivatives at 0 V."""
    found = DEVICES[name].at(0.0, x)
    assert found.current[0] == 0
    assert found.rate[0, 0] == 0
    assert np.isfinite(found.df_dv).all()


@each_card
@given(v=volts, beyond=st.floats(0, 1e-3))
def test_rates_point_inwards_at_and_beyond_the_bounds(name, v, beyond):
    device = DEVICES[name]
    assert device.rate(v, -beyond)[0] >= 0
    assert device.rate(v, 1 + beyond)[0] <= 0


@each_card
def test_current_and_slope_are_continuous(name):
    """C1 in v: the slope by differences from both sides of every hundredth of a volt is the model's."""
    device, h = DEVICES[name], 1e-7
    v = np.linspace(-2, 2, 401)
    slope = device.at(v, 0.4).di_dv
    for side in (-h, h):
        found = (device.current(v + side, 0.4) - device.current(v, 0.4)) / side
        assert found == pytest.approx(slope, rel=1e-4)


@each_card
def test_wild_iterates_stay_finite(name):
    device = DEVICES[name]
    for v in (-1e6, -100.0, 100.0, 1e6):
        for x in (-100.0, -1.0, 2.0, 100.0):
            assert np.isfinite(device.rate(v, x)).all()
            assert np.isfinite(device.current(v, x)).all()


@each_card
def test_states_stay_in_bounds_at_five_volts(name):
    card = load_card(name)
    width = 200 * card.write_pulse.width_s.value  # long enough to arrive at both bounds
    scale = width / 10e-3
    train = SpikeTrain((5.0, -5.0) * 3, width, 1.3 * width, 0.1, 0.5e-3 * scale, 1e-3 * scale, 1e-5 * scale)
    circuit = Circuit(sources=(Source("v1", "te", train.waveform()),), cells=(Cell("d0", "te", "0", card),))
    x = Native().run(Job(circuit, Transient(train.stop_s, width / 20, 1e-6))).state["d0.x"]
    assert -1e-9 <= x.min() < 1e-3
    assert 1 - 1e-3 < x.max() <= 1 + 1e-9


@each_card
def test_reads_do_not_disturb(name):
    """0.1 V for as long as 25 write pulses."""
    device, card = DEVICES[name], load_card(name)
    moved = np.abs(device.rate(0.1, np.linspace(0, 1, 11)) * 25 * card.write_pulse.width_s.value)
    assert moved.max() < 1e-3


def test_a_write_pulse_has_two_polarities(tmp_path):
    text = (
        "name: x\ntitle: x\nmodel: linear\nsource: x\nparameters: {g0: {value: 1, provenance: assumed}}\n"
        "write_pulse:\n  amplitude_p_volt: {value: 1, provenance: assumed}\n"
        "  amplitude_d_volt: {value: 2, provenance: assumed}\n  width_s: {value: 1, provenance: assumed}\n"
    )
    path = tmp_path / "card.yaml"
    path.write_text(text)
    with pytest.raises(CardError, match="differ in sign"):
        load_card(path)
    path.write_text(text.replace("value: 2", "value: -2"))
    assert load_card(path).write_pulse.amplitude_d_volt.value == -2
