"""The header of printed files: what a reviewer of compact models looks for, from the card and nothing else."""

import numpy as np
import pytest

from models_va import FROZEN, Covariance, FitRecord, card_names, load_card, load_model, model_names
from models_va.errors import CardError
from spicegen.printers import render_subcircuit, render_verilog_a
from spicegen.printers.base import printed_params
from spicegen.printers.header import header_lines
from spicegen.printers.numpy_model import numpy_model
from tests.spicegen.lint.trap_models import linear_card

CARD = load_card("magic-vteam")


def entry(card, key):
    """The text of a header's entry, its continuation lines joined."""
    lines = header_lines(card, [])
    start = next(k for k, line in enumerate(lines) if line.startswith(f"{key}: "))
    end = next(k for k in range(start + 1, len(lines) + 1) if k == len(lines) or not lines[k].startswith("    "))
    return " ".join(line.strip() for line in lines[start:end]).removeprefix(f"{key}: ")


def test_the_licence_is_the_projects_unless_the_card_states_another():
    assert entry(CARD, "SPDX-License-Identifier") == "GPL-3.0-or-later"
    other = CARD.model_copy(update={"license": "CC-BY-4.0"})
    for text, sign in ((render_verilog_a(other), "//"), (render_subcircuit(other), "*")):
        assert f"\n{sign} SPDX-License-Identifier: CC-BY-4.0\n" in text


@pytest.mark.parametrize("name", model_names())
def test_every_model_that_ships_has_a_date(name):
    assert np.datetime64(load_model(name).date, "D") >= np.datetime64("2026-11-23")


def test_the_date_is_that_of_the_models_version():
    assert entry(CARD, "Model").startswith("vteam 1.0 (2026-11-24), ")


@pytest.mark.parametrize("name", card_names())
def test_the_polarity_is_the_one_that_raises_the_models_conductance(name):
    card = load_card(name)
    model = card.device_model
    stated = entry(card, "Polarity")
    up, down = card.write_pulse.amplitude_p_volt.value, card.write_pulse.amplitude_d_volt.value
    assert stated.startswith(f"{'positive' if up > 0 else 'negative'} v raises the conductance; ")
    assert f"{up:g} V to raise and {down:g} V to lower it" in stated
    x = np.full((1, len(model.states)), 0.5)
    compiled = numpy_model(model)
    slope = compiled.evaluate(np.array([0.1]), x, card.values, 300.15).di_dx[0] / 0.1
    at_rest = compiled.evaluate(np.zeros(1), x, card.values, 300.15).rate[0]
    for volt, sign in ((up, 1), (down, -1)):
        rate = compiled.evaluate(np.array([volt]), x, card.values, 300.15).rate[0] - at_rest
        assert slope @ rate * sign > 0


def test_what_the_card_does_not_say_is_not_invented():
    assert entry(CARD.model_copy(update={"write_pulse": None}), "Polarity").startswith("not stated")
    assert entry(linear_card(), "Polarity") == "none, the conductance does not change"
    assert entry(CARD, "Valid for").startswith("not stated")


def test_a_fitted_card_is_valid_where_it_was_measured(fitted_record):
    card = CARD.model_copy(update={"fit": fitted_record})
    assert entry(card, "Valid for") == (
        "voltage -1.5 to 1.1 V, pulse width 0.01 to 0.05 s, conductance 1e-05 to 4e-05 S, temperature 300 to 300 K "
        "(what the fitted measurements cover; beyond it the model extrapolates)"
    )


@pytest.fixture
def fitted_record():
    """The record of a fit to four quantities."""
    ends = {
        "voltage_volt": (-1.5, 1.1),
        "width_s": (0.01, 0.05),
        "g_siemens": (1e-5, 4e-5),
        "temperature_k": (300, 300),
    }
    return FitRecord(
        program="a test", seed=1, files=(), covariance=Covariance(names=(), logarithmic=(), values=()),
        valid_from={k: low for k, (low, _) in ends.items()}, valid_to={k: high for k, (_, high) in ends.items()},
    )  # fmt: skip


@pytest.mark.parametrize("name", card_names())
def test_the_subcircuit_states_meaning_and_unit_of_every_parameter(name):
    card = load_card(name)
    lines = render_subcircuit(card).splitlines()
    for p, value in printed_params(card):
        assert f"+ {p.name}={value!r} ; {p.description}, {p.unit}" in lines


@pytest.mark.parametrize("name", card_names())
def test_every_file_has_an_example_of_its_device(name):
    card = load_card(name)
    assert f"\n*   .include {card.identifier}.lib\n*   x1 te be {card.identifier} " in render_subcircuit(card)
    text = render_verilog_a(card)
    for device in (
        f"n1 te be dut {card.device_model.memory or card.device_model.states[0].name}_init=",
        "x1 (te be) dut ",
        f"x1 (te be) {card.identifier} ",
    ):
        assert f"\n//     {device}" in text


def test_a_card_states_the_capacitance_of_its_electrodes(tmp_path):
    given = "\nelectrode_capacitance_farad: {value: %s, provenance: measured, note: bridge at 1 MHz}\n"
    path = tmp_path / "card.yaml"
    path.write_text(CARD.to_yaml() + given % "2.5e-13")
    card = load_card(path)
    assert card.hash != CARD.hash
    va, lib = render_verilog_a(card), render_subcircuit(card)
    assert "parameter real c_par = 2.5e-13 from [0.0:inf);" in va
    assert "\n+ c_par=2.5e-13 ; capacitance between the electrodes, F\n" in lib
    assert "  c_par = 2.5e-13 (measured): bridge at 1 MHz" in header_lines(card, [])
    path.write_text(CARD.to_yaml() + given % "-1e-12")
    with pytest.raises(CardError, match="c_par = -1e-12 F is outside its range"):
        load_card(path)


def test_a_device_without_states_cannot_be_frozen():
    assert FROZEN.name not in {p.name for p, _ in printed_params(linear_card())}
    assert "frozen" not in render_verilog_a(linear_card()) + render_subcircuit(linear_card())


def test_a_licence_is_one_line_of_spdx():
    with pytest.raises(ValueError, match="license"):
        type(CARD)(**{**CARD.model_dump(exclude_none=True), "license": "MIT\n.control"})
