"""The card of a fit: what is on it is what was found, to the digits that matter."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from models_va import DeviceCard, load_card
from netlists import PulseProgram
from spicegen.devices.memory_state import memory_state
from spicegen.devices.source_meter import run_program
from spicegen.fit import parameter_rows
from spicegen.fit.model_fit import fit_model
from spicegen.fit.replay.from_measurements import replays
from spicegen.fit.replay.run import ModelDevice
from spicegen.fit.result.card import fitted_card
from spicegen.measurements import read_measurement
from spicegen.simulate import simulator
from tests.spicegen.fit.known_devices import train

PULSES = Path(__file__).parents[3] / "examples" / "measurements" / "pulses_1.5V_2ms.csv"


def card_of(found):
    """Written and read again."""
    card = fitted_card(found, [b.measurement for b in found.replays], None, "device")
    return DeviceCard.model_validate(yaml.safe_load(card.to_yaml()))


@pytest.fixture(scope="module")
def vteam():
    """Of one train, which fixes few of its parameters."""
    return fit_model("vteam", [read_measurement(PULSES)])


def test_the_covariance_on_the_card_is_that_of_the_fit_in_every_direction(vteam):
    s, own, on_card = vteam.solution, vteam.own, card_of(vteam).fit.covariance
    std = s.std[own]
    scale = [1.0 if s.free[n].scale == "log" else (s.free[n].upper - s.free[n].lower) / 4 for n in own]
    exact = np.linalg.eigvalsh(s.covariance[np.ix_(own, own)] / np.outer(std, std))
    read = np.linalg.eigvalsh(np.array(on_card.values) / np.outer(scale * std, scale * std))
    assert exact.min() < 1e-3
    assert read == pytest.approx(exact, rel=1e-6)


def test_the_card_holds_where_its_data_are(vteam):
    fit = card_of(vteam).fit
    (replay,) = vteam.replays
    assert replay.temperature_k == 300.15
    shown = {
        "g_siemens": replay.observed,
        "temperature_k": [replay.temperature_k],
        "voltage_volt": replay.applied.v_volt,
    }
    for quantity, values in shown.items():
        assert fit.valid_from[quantity] == min(values)
        assert fit.valid_to[quantity] == max(values)


def test_what_is_open_by_a_factor_has_no_standard_deviation_in_its_unit(vteam):
    """Neither on the card nor in the report: it would be larger than the value."""
    s, quantities = vteam.solution, card_of(vteam).parameters
    rows = {
        row[0]: dict(zip(("uncertainty", "fixed"), row[4::2], strict=False)) for row in parameter_rows(s, vteam.model)
    }
    logarithmic = {s.free[n].name: n for n in vteam.own if s.free[n].scale == "log"}
    assert {bool(s.is_fixed[n]) for n in logarithmic.values()} == {True, False}
    for name, n in logarithmic.items():
        on_card = quantities[name].uncertainty
        if s.is_fixed[n]:
            assert on_card == pytest.approx(abs(s.values[n]) * s.std[n], rel=0.05)
            assert rows[name]["uncertainty"].endswith("%")
        else:
            assert on_card is None
            assert rows[name]["uncertainty"] == f"a factor of {np.exp(s.std[n]):.2g}"


def all_but(card, name):
    initial = {s.initial for s in card.device_model.states}
    return {n: v for n, v in card.values.items() if n != name and n not in initial}


def test_the_window_is_of_the_states_that_were_read_not_of_what_reads_show():
    """Programmed to known conductances at v = 0, read at 0.5 V and 350 K, where this device conducts far better."""
    card, kelvin = load_card("rram-stanford-pku"), 350.0
    programmed = np.geomspace(*card.window(), 9)
    states = memory_state(card, programmed)
    made = replace(train(card, 0, np.random.default_rng(0), pulses=4), v_read_volt=0.5, temperature_k=kelvin)
    (replay,) = replays(made)
    device = ModelDevice(card.device_model, np.array([*card.values.values()]), np.zeros(1), False)
    g = replay._shown(device, device.values[None], states[None, :, None])[0]
    assert g.max() > 1.3 * programmed.max()
    measured = replace(made, g_siemens=g[:, None])
    found = replace(fit_model("stanford_pku", [measured], all_but(card, "g0")), values=device.values)
    assert card_of(found).window() == pytest.approx((programmed.min(), programmed.max()), rel=1e-3)


def test_a_fresh_device_has_the_cards_other_states():
    """With the card's memory state and another state that is not 0 it shows the conductance that was seen first."""
    card = load_card("au-lixcoo2-pt").with_values({"x_init": 0.5})
    known = all_but(card, "g0")
    found = fit_model("li_intercalation", [train(card, 0, np.random.default_rng(0), pulses=4)], known)
    values = found.values.copy()
    values[[p.name for p in found.model.params].index("s_init")] = 0.05
    fitted = card_of(replace(found, values=values))
    read = PulseProgram()
    read.read()
    read.end_stage(1e-3)
    shown = run_program(fitted, read, simulator("native")).conductance_siemens[0]
    assert shown == pytest.approx(found.replays[0].observed[0], rel=2e-3)
