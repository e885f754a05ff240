"""Descriptions of files that do not say what they hold, and of measurements that nobody here made."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from models_va.errors import InputError
from spicegen.measurements import read_measurement

BENCHMARKS = Path(__file__).parents[3] / "benchmarks" / "measurements"


@pytest.fixture
def described(tmp_path):
    def described(table, description):
        (tmp_path / "data.csv").write_text(table, encoding="utf-8")
        path = tmp_path / "data.yaml"
        path.write_text(f"file: data.csv\n{description}", encoding="utf-8")
        return path

    return described


def test_names_with_stars_are_cycles(described):
    path = described("n,ramp 1,ramp 2\n1,0.5,0.6\n2,0.7,\n", 'columns: {conductance: {columns: "ramp*", unit: mS}}\n')
    train = read_measurement(path)
    assert train.g_siemens[0] == pytest.approx([0.5e-3, 0.6e-3])
    assert np.isnan(train.g_siemens[1]).tolist() == [False, True]
    assert (train.origin.name, train.origin.path.name) == ("data.yaml", "data.csv")
    assert train.origin.notes[0] == "Describes data.csv."
    assert "Columns that are not used: 'n'." in train.origin.notes


def test_numbers_of_columns_scales_and_settings(described):
    description = """
kind: pulses
header: none
columns:
  conductance: {columns: [2, 3], scale_siemens: 1.0e-5, offset_siemens: 2.0e-5}
amplitude_V: -1.5
width_ms: 10
gap_ms: 50
read_voltage_V: 0.2
temperature_C: 26.85
direction: potentiation
"""
    train = read_measurement(described("1;-1,0;-0,5\n2;0,5;1\n", description))
    assert train.g_siemens == pytest.approx(np.array([[1e-5, 1.5e-5], [2.5e-5, 3e-5]]))
    assert train.amplitude_volt.tolist() == [-1.5, -1.5]
    assert train.width_s == pytest.approx([0.01, 0.01])
    assert train.gap_s == pytest.approx([0.05, 0.05])
    assert (train.v_read_volt, train.temperature_k) == (0.2, 300.0)
    assert train.direction.tolist() == [1, 1]


@pytest.mark.parametrize(("said", "direction"), [("amplitude_V: 1", [0, 1, 1]), ("direction: depression", [0, -1, -1])])
def test_a_first_row_that_was_read_before_the_first_pulse(described, said, direction):
    path = described("g\n1\n2\n3\n", f"columns: {{conductance: {{columns: g, unit: uS}}}}\nfirst_row: read\n{said}\n")
    train = read_measurement(path)
    assert train.direction.tolist() == direction
    assert train.amplitude_volt[0] == 0
    assert (train.amplitude_volt[1:] == 1).all() == ("amplitude_V" in said)


def test_cycles_below_one_another(described):
    description = "columns: {conductance: {columns: g, unit: uS}, cycle_number: {columns: Zyklus}}\n"
    path = described("Zyklus;Puls;g\n1;1;0,5\n1;2;0,7\n2;1;0,6\n2;2;0,8\n", description)
    assert read_measurement(path).g_siemens == pytest.approx(np.array([[0.5e-6, 0.6e-6], [0.7e-6, 0.8e-6]]))


def test_other_descriptions_of_one_table_have_other_hashes(described, tmp_path):
    """Of the description's bytes, and then the table's."""
    found = []
    for width in 1, 2:
        path = described("conductance_uS\n1\n2\n", f"width_ms: {width}\n")
        found.append(read_measurement(path).origin.sha256)
        assert found[-1] == hashlib.sha256(path.read_bytes() + (tmp_path / "data.csv").read_bytes()).hexdigest()
    assert found[0] != found[1]


def test_a_sweep_whose_header_has_no_units(described):
    path = described(
        "U;Strom;t\n0;0;0\n1,0;2;1\n",
        "columns:\n  time: {columns: t, unit: ms}\n  voltage: {columns: U, unit: V}\n"
        "  current: {columns: Strom, unit: nA}\n",
    )
    sweep = read_measurement(path)
    assert sweep.time_s == pytest.approx([0, 1e-3])
    assert sweep.current_amp == pytest.approx([0, 2e-9])


def test_without_columns_the_header_is_read(described):
    path = described("voltage_V,current_A\n0,0\n1,1\n", "interval_ms: 20\nconvention: be-te\n")
    assert read_measurement(path).time_s == pytest.approx([0, 0.02])
    assert read_measurement(path).voltage_volt.tolist() == [0, -1]


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ("kind: sweeps\n", "data.yaml: kind: Input should be 'sweep', 'pulses'"),
        ("widht_ms: 1\n", "data.yaml: widht_ms: Extra inputs"),
        ("width_ms: -1\n", "data.yaml: width_ms"),
        ("first_row: pulse\n", "data.yaml: first_row: Input should be 'read'"),
        (
            "columns: {conductance: {columns: a, unit: S}, time: {columns: b, unit: s}}\nfirst_row: read\n",
            "data.csv: first_row: is of pulses, but columns 'a', 'b' make it retention: remove it if this is ret",
        ),
        ("header: none\n", "data.yaml: a file without a header needs columns"),
        ("columns: {conductance: {columns: a}}\n", "a column needs either unit, or scale_siemens"),
        ("columns: {conductance: {columns: a, unit: S, scale_siemens: 1}}\n", "a column needs either unit, or"),
        ("columns: {cycle_number: {columns: a, unit: S}}\n", "columns: cycle_number: numbers have no unit"),
        ("columns: {weight: {columns: a, unit: S}}\n", "columns: weight: known are time, voltage"),
        ("columns: {conductance: {columns: a, unit: V}}\n", "columns: conductance: a conductance in V: expected S"),
        ("columns: {time: {columns: a, scale_siemens: 1}}\n", "columns: time: a scale in S is for conductances"),
        (
            "columns: {conductance: {columns: a, unit: S}, time: {columns: 'x*', unit: s}}\n",
            r"data.yaml: columns: time: data.csv has no column 'x\*'",
        ),
        ("kind: sweep\ncolumns: {conductance: {columns: a, unit: S}}\n", "data.yaml: kind: sweep, but columns 'a'"),
        (
            "columns: {conductance: {columns: '*', unit: S}, time: {columns: '*', unit: s}}\n",
            "data.csv, line 1, column 'b'",
        ),
    ],
)
def test_what_is_refused(described, description, message):
    with pytest.raises(InputError, match=message) as error:
        read_measurement(described("a,b\n1,2\n2,3\n", description))
    assert "\n" not in str(error.value)


def test_a_description_of_nothing(tmp_path):
    (tmp_path / "m.yaml").write_text("file: none.csv\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"[^:]*\.yaml: [^:]*none.csv: there is no such file"):
        read_measurement(tmp_path / "m.yaml")


SHAPES = {
    "taox_set": (192, 39),
    "taox_reset": (153, 40),
    "gong_up": (1000, 1),
    "gong_down": (1000, 1),
} | {
    f"ion_transistor_{noise}_{d}": (n, 10) for noise in ("0.05", "0.1", "0.5") for d, n in (("set", 50), ("reset", 51))
}


@pytest.mark.parametrize("name", SHAPES)
def test_measurements_of_others(name):
    """As ../shared/data/devices/README.md counts them; skipped where they are not: they are no part of the project."""
    path = BENCHMARKS / f"{name}.yaml"
    if not (BENCHMARKS / "../../../shared/data/devices").is_dir():
        pytest.skip("no measurements of others here")
    train = read_measurement(path)
    assert train.g_siemens.shape == SHAPES[name]
    rises = np.nanmean(train.g_siemens[-10:]) > np.nanmean(train.g_siemens[:10])
    first_is_read = name.startswith("ion_transistor") and name.endswith("reset")
    assert set(train.direction[int(first_is_read) :].tolist()) == {1 if rises else -1}
    assert (train.direction[0] == 0) == first_is_read
    assert (np.sign(train.amplitude_volt) == train.direction).all()
    assert (train.width_s > 0).all()


PREAMBLE = "Messplatz 3; Operator: X; Geraet: Keithley 4200\n# Datum: 1.1.2025\n# Probe: A\n"


@pytest.mark.parametrize(
    ("header", "place"),
    [
        (
            "Leitwert [\u00b5S];Spannung [V];Puls\n",
            ", line 4: no header that is understood: 'Leitwert [\u00b5S]', 'Spann",
        ),
        (
            "Leitwert (uS);Amplitude (V);Puls\n",
            ": columns 'Amplitude (V)', and not understood 'Leitwert (uS)', 'Puls': 'L",
        ),
    ],
)
def test_names_that_are_not_known_are_answered_with_the_description_to_write(tmp_path, header, place):
    path = tmp_path / "data.csv"
    path.write_text(f"{PREAMBLE}{header}2,5;1;1\n2,6;1;2\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_measurement(path)
    message, _, lines = str(caught.value).partition(" of two lines: ")
    assert f"data.csv{place}" in message
    described = path.with_suffix(".yaml")
    described.write_text(lines.replace(" / ", "\n"), encoding="utf-8")
    found = read_measurement(described)
    assert found.g_siemens[:, 0] == pytest.approx([2.5e-6, 2.6e-6])
    assert found.amplitude_volt.tolist() == [1, 1]


@pytest.mark.parametrize("header", ["G1_uS,G2_uS", "conductance_1_uS,conductance_2_uS", "n,G #1 (uS),G #2 (uS)"])
def test_names_that_differ_in_a_number_are_cycles_or_devices(tmp_path, header):
    path = tmp_path / "data.csv"
    path.write_text(f"{header}\n1,2,3\n2,3,4\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"one train are called cycle1_uS, cycle2_uS \.\.\.; several devices"):
        read_measurement(path)


def test_a_header_without_units_is_looked_for_above_the_numbers(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text(f"{PREAMBLE}Puls;Leitwert\n1;2,5\n2;2,6\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"data.csv, line 4: 'Puls;Leitwert': no header with units in it"):
        read_measurement(path)


def test_columns_by_number_are_those_of_the_line_above_the_numbers(tmp_path):
    (tmp_path / "data.csv").write_text(f"{PREAMBLE}Puls;Leitwert\n1;2,5\n2;2,6\n", encoding="utf-8")
    described = tmp_path / "data.yaml"
    described.write_text("file: data.csv\ncolumns: {conductance: {columns: 2, unit: uS}}\n", encoding="utf-8")
    assert read_measurement(described).g_siemens[:, 0] == pytest.approx([2.5e-6, 2.6e-6])
    described.write_text("file: data.csv\ncolumns: {conductance: {columns: Leit, unit: uS}}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"data.csv, line 4: no line has a column that the description names"):
        read_measurement(described)
