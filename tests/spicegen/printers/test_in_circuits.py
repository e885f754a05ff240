"""The printed files in decks as people write them, by every analysis of ngspice.

The .lib runs in each ngspice that is here, the .va in one that loads compiled Verilog-A.

What must come out is the model's own: its current and its slope by numpy, 4kTG, and what three devices carry.
"""

from dataclasses import replace

import numpy as np
import pytest

from models_va import card_names
from netlists import Cell, Circuit, Job, Source, Transient, Waveform
from spicegen.printers.numpy_model import numpy_model
from spicegen.simulate import SimulationError, simulator
from tests import osdi_ngspice
from tests.missing import missing
from tests.spicegen.lint.trap_models import Device, pwl
from tests.spicegen.printers.ngspice_decks import Form, card_and_states, ngspice_programs, pwl_source

ROOM_K = 300.15
BOLTZMANN_J_PER_K = 1.380649e-23
CARDS = card_names()


@pytest.fixture(params=["lib", "lib elsewhere", "va"])
def form(request, need_engine):
    """A printed file in one ngspice."""
    need_engine("ngspice")
    programs = ngspice_programs()
    if request.param == "va":
        need_engine("vacask")  # for its compiler
        fitting = [c for c, osdi in programs.items() if osdi]
        if not fitting:
            missing(osdi_ngspice.MISSING)
        return Form("va", fitting[-1])
    places = list(programs)
    if request.param == "lib elsewhere" and len(places) < 2:
        pytest.skip("there is one ngspice here: .ci/osdi_ngspice.sh unpacks another")
    return Form("lib", places[0] if request.param == "lib" else places[1])


@pytest.fixture
def ngspice_lib(need_engine):
    need_engine("ngspice")
    return Form("lib", next(iter(ngspice_programs())))


def evaluated(card, states, volts, temperature_k=ROOM_K):
    """The model at voltages, all states at their initial values."""
    model = card.device_model
    x = np.tile([states[s.initial] for s in model.states], (len(volts), 1))
    return numpy_model(model).evaluate(np.asarray(volts), x, {**card.values, **states}, temperature_k)


def check_dc_sweep(form, name, folder):
    """A sweep of the voltage: currents are the model's, and every state keeps its initial value."""
    card, states = card_and_states(name)
    found = form.run(
        card, folder, ["v1 a 0 0", form.device("1", "a", "0", card, states)], ["dc v1 -1 1 0.25"],
        ["i(v1)", *(form.state("1", s) for s in card.device_model.state_names)],
    )  # fmt: skip
    assert found["scale"] == pytest.approx(np.linspace(-1, 1, 9), abs=1e-12)
    assert -found["i(v1)"] == pytest.approx(evaluated(card, states, found["scale"]).current, rel=1e-6, abs=1e-18)
    for s in card.device_model.states:
        assert found[form.state("1", s.name)] == pytest.approx(states[s.initial], abs=1e-9)


@pytest.mark.parametrize("name", CARDS)
def test_a_dc_sweep_holds_the_states(form, name, tmp_path):
    check_dc_sweep(form, name, tmp_path)


@pytest.mark.parametrize("name", CARDS)
def test_a_temperature_sweep_holds_the_states(form, name, tmp_path):
    card, states = card_and_states(name)
    found = form.run(
        card, tmp_path, ["v1 a 0 0.7", form.device("1", "a", "0", card, states)], ["dc temp -20 100 40"],
        ["i(v1)", *(form.state("1", s) for s in card.device_model.state_names)],
    )  # fmt: skip
    for celsius, current in zip(found["scale"], -found["i(v1)"], strict=True):
        there = evaluated(card, states, [0.7], celsius + 273.15).current[0]
        assert current == pytest.approx(there, rel=1e-6, abs=1e-18)
    for s in card.device_model.states:
        assert found[form.state("1", s.name)] == pytest.approx(states[s.initial], abs=1e-9)


@pytest.mark.parametrize("name", CARDS)
def test_a_frozen_device_keeps_its_states_in_transients(form, name, tmp_path):
    """Under the card's write pulse, beside one that moves: its current is the model's at the initial states."""
    card, states = card_and_states(name)
    wave, width = write_pulse(card)
    elements = [
        pwl_source("v1", "a", wave), form.device("1", "a", "0", card, states, "frozen=1"),
        pwl_source("v2", "b", wave), form.device("2", "b", "0", card, states, "frozen=0"),
    ]  # fmt: skip
    vectors = ["v(a)", "i(v1)", *(form.state(k, s) for k in "12" for s in card.device_model.state_names)]
    found = form.run(card, tmp_path, elements, [f"tran {width / 50!r} {2 * width!r} 0 {width / 50!r}"], vectors)
    expected = evaluated(card, states, found["v(a)"]).current
    assert -found["i(v1)"] == pytest.approx(expected, rel=1e-5, abs=1e-6 * np.abs(expected).max())
    for s in card.device_model.states:
        assert found[form.state("1", s.name)] == pytest.approx(states[s.initial], abs=1e-9)
    assert any(np.ptp(found[form.state("2", s)]) > 1e-6 for s in card.device_model.state_names)


def test_the_capacitance_of_electrodes(form, tmp_path):
    """Its susceptance, of three devices in parallel too, and its current on a ramp."""
    card, states = card_and_states("magic-vteam")
    elements = ["v1 a 0 dc 0 ac 1 pwl(0 0 1n 0 2n 0.2)"]
    elements += [form.device("1", "a", "0", card, states, "c_par=2p m=3"), form.device("2", "a", "0", card, states)]
    found = form.run(card, tmp_path, elements, ["ac lin 1 1meg 1meg"], ["imag(i(v1))"])
    assert -found["imag(i(v1))"][0] == pytest.approx(2 * np.pi * 1e6 * 6e-12, rel=1e-9)
    found = form.run(card, tmp_path, elements, ["tran 0.01n 2n 0 0.01n"], ["v(a)", "i(v1)"])
    resistive = 4 * evaluated(card, states, found["v(a)"]).current
    ramp = (found["scale"] > 1.1e-9) & (found["scale"] < 1.9e-9)
    assert (-found["i(v1)"] - resistive)[ramp] == pytest.approx(6e-12 * 0.2e9, rel=1e-3)


def write_pulse(card):
    """A read, the card's own write pulse, a read; and the width of the pulse."""
    pulse = card.write_pulse
    v, width = (pulse.amplitude_p_volt.value, pulse.width_s.value) if pulse else (-1.5, 10e-3)
    times = tuple(width * t for t in (0.0, 0.2, 0.3, 1.3, 1.4, 2.0))
    return Waveform(times, (0.1, 0.1, v, v, 0.1, 0.1)), width


def pulsed_currents(card, states, celsius):
    """Currents at the end of the card's write pulse at each temperature, by the native engine."""
    wave, width = write_pulse(card)
    circuit = Circuit(sources=(Source("v1", "a", wave),), cells=(Cell("d1", "a", "0", card, states),))
    stimulus = Transient(2 * width, width / 50, 1e-6)
    jobs = [Job(circuit, stimulus, temperature_k=c + 273.15) for c in celsius]
    return [simulator("native").run(job).current_amp["v1"][-1] for job in jobs]


def test_a_device_has_its_own_temperature(form, tmp_path):
    """``dtemp`` above the circuit's; and ``temp`` of a subcircuit, in degrees Celsius whatever the circuit's is."""
    card, states = card_and_states("au-lixcoo2-pt")
    given = {"": 40.0, "dtemp=30": 70.0, "dtemp=-20": 20.0} | ({"temp=80": 80.0} if form.kind == "lib" else {})
    wave, width = write_pulse(card)
    elements = [".temp 40"]
    for k, extra in enumerate(given):
        elements += [pwl_source(f"v{k}", f"a{k}", wave), form.device(str(k), f"a{k}", "0", card, states, extra)]
    step = f"tran {width / 50!r} {2 * width!r} 0 {width / 50!r}"
    found = form.run(card, tmp_path, elements, [step], [f"i(v{k})" for k in range(len(given))])
    expected = pulsed_currents(card, states, given.values())
    assert np.ptp(expected) > 0.02 * abs(expected[0])
    assert [found[f"i(v{k})"][-1] for k in range(len(given))] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("extra", ["dtemp=60", "temp=87"])
def test_the_noise_is_that_of_the_devices_own_temperature(form, extra, tmp_path):
    """4 k T G at 360.15 K in a circuit at 300.15 K; ngspice takes ``temp`` of compiled Verilog-A for kelvins."""
    card, states = card_and_states("magic-vteam")
    slope = evaluated(card, states, [0.0]).di_dv[0]
    elements = ["v1 in 0 dc 0 ac 1", form.device("1", "in", "out", card, states, extra), "gload out 0 out 0 1e3"]
    noise = ["noise v(out) v1 dec 1 1 10", "setplot noise1"]
    found = form.run(card, tmp_path, elements, noise, ["onoise_spectrum"])
    kelvin = 87.0 if form.kind == "va" and extra.startswith("temp") else 360.15
    expected = 4 * BOLTZMANN_J_PER_K * kelvin * slope / (1e3 + slope) ** 2
    assert found["onoise_spectrum"] ** 2 == pytest.approx(expected, rel=1e-3, abs=0)


def test_in_vacask_a_device_has_its_own_temperature(need_engine):
    card, states = card_and_states("au-lixcoo2-pt")
    device = Device.of(card.name, need_engine)
    wave, width = write_pulse(card)
    elements = [pwl("v1", "a", wave), device.instance("x1", "a 0", states.values(), f"dtemp={70 - ROOM_K + 273.15!r}")]
    found = replace(device, rel_tol=1e-6).transient(elements, 2 * width, width / 50)
    assert found["v1:flow(br)"][-1] == pytest.approx(pulsed_currents(card, states, [70.0])[0], rel=1e-3)


@pytest.mark.parametrize("uic", ["", "uic"])
@pytest.mark.parametrize("name", CARDS)
def test_a_transient_starts_from_the_initial_states(form, name, uic, tmp_path):
    """The first point by numpy, the last one by the native engine."""
    card, states = card_and_states(name)
    model = card.device_model
    wave, width = write_pulse(card)
    vectors = ["i(v1)", *(form.state("1", s) for s in model.state_names)]
    elements = [pwl_source("v1", "a", wave), form.device("1", "a", "0", card, states)]
    found = form.run(card, tmp_path, elements, [f"tran {width / 50!r} {2 * width!r} 0 {width / 50!r} {uic}"], vectors)
    if uic and form.kind == "va":  # as the README says: ngspice asks a compiled device for no initial states there
        assert all(abs(found[form.state("1", s)][0]) < 1e-6 for s in model.state_names)
        return
    for s in model.states:
        assert found[form.state("1", s.name)][0] == pytest.approx(states[s.initial], rel=1e-3, abs=1e-6)
    assert -found["i(v1)"][0] == pytest.approx(evaluated(card, states, [0.1]).current[0], rel=1e-3)
    circuit = Circuit(sources=(Source("v1", "a", wave),), cells=(Cell("d1", "a", "0", card, states),))
    native = simulator("native").run(Job(circuit, Transient(2 * width, width / 50, 1e-6)))
    assert found["i(v1)"][-1] == pytest.approx(native.current_amp["v1"][-1], rel=1e-3)


@pytest.mark.parametrize("asked", [False, True], ids=["", "asked for the time"])
@pytest.mark.parametrize("name", CARDS)
def test_in_vacask_a_transient_starts_from_the_initial_states(name, asked, need_engine):
    """With icmode="uic" from what the analysis is given, or zeros; whether models may ask for the time there or not."""
    device = Device.of(name, need_engine)
    if asked:
        assert "`ifndef STATIC_FIRST_POINT" in device.text
        device = replace(device, text=device.text.replace("`ifndef STATIC_FIRST_POINT", "`ifndef ANYTHING_ELSE"))
    card, states = card_and_states(name)
    wave, width = write_pulse(card)
    elements = [pwl("v1", "a", wave), device.instance("x1", "a 0", states.values())]
    given = ", ".join(f'"x1:n_{s.name}", {states[s.initial]!r}' for s in device.model.states)
    modes = {'"op"': states, '"uic"': dict.fromkeys(states, 0.0), f'"uic" ic={{{given}}}': states}
    for mode, expected in modes.items():
        control = f"analysis tran1 tran step={width / 50!r} stop={2 * width!r} maxstep={width / 50!r} icmode={mode}"
        found = device.run(elements, [control], ["tran1"])[0]
        for s in device.model.states:
            assert found[f"x1:n_{s.name}"][0] == pytest.approx(expected[s.initial], abs=1e-9)
        if expected is states:
            first = evaluated(card, states, [0.1]).current[0]
            assert -found["v1:flow(br)"][1] == pytest.approx(first, rel=1e-3)


@pytest.mark.parametrize("name", CARDS)
def test_the_admittance_is_the_slope_at_every_frequency(form, name, tmp_path):
    """From 10 mHz on, where states would follow; also after a transient in the same session."""
    card, states = card_and_states(name)
    elements = ["v1 a 0 dc 0.5 ac 1", form.device("1", "a", "0", card, states)]
    slope = evaluated(card, states, [0.5]).di_dv[0]
    for before in ([], ["tran 1u 10u"]):
        found = form.run(card, tmp_path, elements, [*before, "ac dec 1 0.01 10k"], ["real(i(v1))", "imag(i(v1))"])
        assert len(found["scale"]) == 7
        assert -found["real(i(v1))"] == pytest.approx(slope, rel=1e-6)
        assert np.abs(found["imag(i(v1))"]).max() <= 1e-6 * slope


@pytest.mark.parametrize("name", CARDS)
def test_the_noise_at_a_bias_is_that_of_the_conductance(form, name, tmp_path):
    """4 k T G in parallel to the slope, on a load without noise; also after a transient in the same session."""
    card, states = card_and_states(name)
    there = evaluated(card, states, [0.5])
    load = float(1e-3 / there.di_dv[0])
    elements = ["v1 in 0 dc 0.5 ac 1", form.device("1", "in", "out", card, states), f"rload out 0 {load!r} noisy=0"]
    if form.kind == "va":  # of a resistor that is noiseless
        elements[-1] = f"gload out 0 out 0 {1 / load!r}"
    g = numpy_model(card.device_model).conductance(
        np.array([[states[s.initial] for s in card.device_model.states]]), {**card.values, **states}, ROOM_K
    )[0]
    expected = 4 * BOLTZMANN_J_PER_K * ROOM_K * g * (load / (1 + load * there.di_dv[0])) ** 2
    for before in ([], ["tran 1u 10u"]):
        noise = [*before, "noise v(out) v1 dec 1 0.01 10k", "setplot noise1"]
        found = form.run(card, tmp_path, elements, noise, ["onoise_spectrum"])
        assert found["onoise_spectrum"] ** 2 == pytest.approx(expected, rel=2e-3, abs=0)


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("analysis", ["op", "ac dec 1 0.01 10k", "noise v(b) v1 dec 1 0.01 10k", "tran 1m 20m 0 0.1m"])
def test_m_devices_are_devices_in_parallel(form, name, analysis, tmp_path):
    """Behind a resistor, so that a wrong current changes the voltage; also in subcircuits, one that passes m on."""
    card, states = card_and_states(name)
    resistance = float(0.1 / evaluated(card, states, [0.5]).di_dv[0])
    source = "v1 a 0 dc 0.5 ac 1" + (" pwl(0 0.1 1m 0.1 2m 0.5 20m 0.5)" if analysis.startswith("tran") else "")
    three = [form.device("1", "b", "0", card, states, "m=3")]
    nested = [
        ".subckt pair p n", form.device("1", "p", "n", card, states), form.device("2", "p", "n", card, states, "m=2"),
        ".ends", "xpair b 0 pair",
    ]  # fmt: skip
    one = form.device("1", "p", "n", card, states, "m={m}")
    passed_on = [".subckt some p n m=1", one, ".ends", "xsome b 0 some m=3"]
    parallel = [form.device(str(k), "b", "0", card, states) for k in range(3)]
    after = ["setplot noise1"] if analysis.startswith("noise") else []
    vectors = {"noise": ["onoise_spectrum"], "ac": ["real(i(v1))", "imag(i(v1))"]}.get(
        analysis.split()[0], ["i(v1)", "v(b)"]
    )
    results = []
    for devices in (parallel, three, nested, passed_on):
        elements = [source, f"r1 a b {resistance!r}", *devices]
        found = form.run(card, tmp_path, elements, [analysis, *after], vectors)
        results.append({v: np.interp(np.linspace(0, 20e-3, 50), found["scale"], found[v]) for v in vectors}
                       if analysis.startswith("tran") else found)  # fmt: skip
    for v in vectors:
        scale = np.abs(results[0][v]).max()
        for other in results[1:]:
            assert other[v] == pytest.approx(results[0][v], rel=1e-4, abs=1e-6 * scale), v


@pytest.mark.parametrize("name", ["magic-vteam", "rram-stanford-pku", "au-lixcoo2-pt"])
def test_a_subcircuit_refuses_values_out_of_range_by_name(ngspice_lib, name, tmp_path):
    """Just beyond each bound of each parameter; of another that is not a parameter ngspice takes no notice."""
    card, states = card_and_states(name)
    beyond = []
    for p in card.device_model.params:
        if np.isfinite(p.lower):
            beyond.append((p.name, p.lower - (not p.lower_open) * 1e-6, "above" if p.lower_open else "at_least"))
        if np.isfinite(p.upper):
            beyond.append((p.name, p.upper + (not p.upper_open) * 1e-6, "below" if p.upper_open else "at_most"))
    beyond += [("dtemp", -273.15, "above"), ("temp", -273.15, "above"), ("m", -1, "at_least_0")]
    beyond += [("frozen", 0.5, "whole")]
    for parameter, value, word in beyond:
        devices = [
            ngspice_lib.device("1", "a", "0", card, states),
            ngspice_lib.device("2", "a", "0", card, {parameter: value}),
        ]
        said = ngspice_lib.said(card, tmp_path, ["v1 a 0 0.1", *devices, ".op"])
        assert f"unknown parameter ({parameter}_must_be_" in said, parameter
        assert word in said
        assert "No. of Data Rows" not in said


def test_a_subcircuit_takes_the_bounds_that_belong_to_a_range(ngspice_lib, tmp_path):
    card, states = card_and_states("au-lixcoo2-pt")
    for given in (dict.fromkeys(states, 0.0), dict.fromkeys(states, 1.0), {"order_p": 1.0}):
        devices = [ngspice_lib.device("1", "a", "0", card, given)]
        assert ngspice_lib.run(card, tmp_path, ["v1 a 0 0.1", *devices], ["op"], ["i(v1)"])["i(v1)"][0] < 0


@pytest.mark.parametrize("bad", ["xinit=0.5", "x_init=1.5"])
def test_compiled_verilog_a_refuses_what_is_no_parameter_or_out_of_range(bad, form, need_engine, tmp_path):
    card, _ = card_and_states("magic-vteam")
    if form.kind == "va":
        said = form.said(card, tmp_path, ["v1 a 0 0.1", form.device("1", "a", "0", card, {}, bad), ".op"])
        assert "aborted" in said or "Simulation interrupted due to error" in said
        assert "No. of Data Rows" not in said
    device = Device.of(card.name, need_engine)
    with pytest.raises(SimulationError):
        device.run(["v0 (a 0) vsource dc=0.1", device.instance("x0", "a 0", None, bad)], ["analysis op1 op"], ["op1"])


@pytest.mark.parametrize("method", ["trap", "gear"])
@pytest.mark.parametrize("name", CARDS)
def test_a_state_that_a_step_takes_past_its_bound_comes_back(form, name, method, tmp_path):
    """At 5 V, far more than the devices are written with, and the default tolerances; the README states how far."""
    card, _ = card_and_states(name)
    model = card.device_model
    beyond = 0.15 if model.name == "stanford_pku" else 0.05
    _, width = write_pulse(card)
    times = [(1.5 * n + t) * width for n in range(4) for t in (0.01, 1.0, 1.01, 1.5)]
    for start, sign in ((0.0, 1), (1.0, -1)):
        volts = [sign * v for v in (5.0, -5.0, 5.0, -5.0) for v in (v, v, 0.0, 0.0)]
        wave = Waveform((0.0, *times), (0.0, *volts))
        states = {s.initial: start for s in model.states}
        elements = [pwl_source("v1", "a", wave), form.device("1", "a", "0", card, states)]
        vectors = [form.state("1", s) for s in model.state_names]
        step = f"tran {width / 20!r} {times[-1]!r} 0 {width / 20!r}"
        found = form.run(card, tmp_path, elements, [step], vectors, options=f"method={method}")
        for x in (found[v] for v in vectors):
            assert x.min() > -beyond
            assert x.max() < 1 + beyond
            assert -1e-3 < x[-1] < 1.001
