"""Studies of passive arrays: what is known in closed form, and the commands."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from models_va import load_card
from models_va.errors import InputError
from netlists import SCHEMES, ArrayConfig, Crossbar
from spicegen.arrays.studies.energy import READ, study_energy
from spicegen.arrays.studies.margin import study_margin
from spicegen.arrays.studies.read_error import PATTERNS, study_read_error
from spicegen.cli.main import app
from spicegen.simulate import read_operator

CARD = load_card("au-lixcoo2-pt")


def test_no_wires_no_error():
    found = study_read_error(ArrayConfig(), CARD, sizes=(1, 5), r_ohm=(0.0,))
    assert np.abs(found.largest).max() < 1e-12
    assert np.all(found.largest_size > 512)
    assert "> 512" in str(found.rows())


def test_one_cell_is_a_divider():
    found = study_read_error(ArrayConfig(r_source_ohm=30, r_sense_ohm=20), CARD, sizes=(1,), r_ohm=(25.0,))
    g = CARD.window()[1]
    assert found.largest[0, 0, 0] == pytest.approx(1 - 1 / (1 + g * 100), rel=1e-9)
    assert found.rms[0, 0, 0] == pytest.approx(found.largest[0, 0, 0])


def test_the_largest_array_is_the_last_good_one():
    found = study_read_error(ArrayConfig(), CARD, sizes=(4,), r_ohm=(10.0,), limit=0.05)
    n, g = int(found.largest_size[0, PATTERNS.index(("all high", "all rows"))]), CARD.window()[1]

    def error(size):
        cells = np.full((size, size), g)
        return np.abs(1 - read_operator(Crossbar(cells, 10.0, 10.0)).sum(axis=1) / cells.sum(axis=0)).max()

    assert error(n) <= 0.05 < error(n + 1)
    assert np.all(np.diff(study_read_error(ArrayConfig(), CARD, (2, 4, 8), (10.0,)).largest[:, 0], axis=0) > 0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"sizes": (0,)}, "sizes 0"), ({"sizes": (5000,)}, "1 to 512"), ({"r_ohm": (-1.0,)}, "resistances"),
     ({"limit": 1.5}, "error limit")],
)  # fmt: skip
def test_bad_sweeps(wrong, message):
    with pytest.raises(InputError, match=message):
        study_read_error(ArrayConfig(), CARD, **wrong)


@pytest.mark.parametrize("study", [study_read_error, study_margin, study_energy])
@pytest.mark.parametrize(
    ("faults", "keys"),
    [({"stuck_low": 0.1}, "stuck_low"), ({"stuck": [{"row": 1, "column": 0, "g_siemens": 1e-6}]}, "stuck"),
     ({"faults": {"open_rows": [[1, 1]]}}, "faults")],
)  # fmt: skip
def test_sweeps_of_the_size_take_sound_arrays(study, faults, keys):
    with pytest.raises(InputError, match=f"^{keys}: study .* sound arrays: remove this"):
        study(ArrayConfig.model_validate(faults), CARD, (2,))


def test_sneak_currents_in_closed_form():
    """Without wires, at voltages where cells are linear: each scheme's network reduces by hand."""
    volt, sizes = 1e-4, (1, 2, 7)
    found = study_margin(ArrayConfig(r_row_ohm=0, r_col_ohm=0, v_read_volt=volt), CARD, sizes)
    for a, n in enumerate(sizes):
        m = n - 1
        for others, g in enumerate(CARD.window()):
            expected = {
                "v/2": m * g * volt / 2,
                "v/3": m * g * volt / 3,
                "grounded": 0.0,
                "floating": g * volt * m**2 / (2 * m + 1),  # m, m^2 and m cells in series
            }
            for b, scheme in enumerate(SCHEMES):
                assert found.sneak_amp[a, b, others] == pytest.approx(expected[scheme], rel=1e-4, abs=1e-9 * g * volt)
    low, high = CARD.window()
    assert found.margin[0] == pytest.approx(1 - low / high, rel=1e-4)  # one cell: nothing but itself
    assert found.margin[:, SCHEMES.index("grounded")] == pytest.approx(1 - low / high, rel=1e-4)


def test_supply_is_what_the_cells_take():
    found = study_margin(ArrayConfig(r_row_ohm=0, r_col_ohm=0, v_read_volt=1e-3), CARD, (3,))
    low, high = CARD.window()
    grounded = found.supply_watt[0, SCHEMES.index("grounded")]
    assert grounded[1, 0] == pytest.approx(1e-6 * (2 * high + low), rel=1e-4)


def test_wires_and_sneak_paths_cost_margin():
    found = study_margin(ArrayConfig(r_row_ohm=10, r_col_ohm=10), CARD, (2, 4, 8, 16))
    assert np.all(np.diff(found.margin, axis=0) < 0)
    with pytest.raises(InputError, match="1 to 256"):
        study_margin(ArrayConfig(), CARD, (512,))


def test_energy_of_a_read_in_closed_form():
    found = study_energy(ArrayConfig(r_row_ohm=0, r_col_ohm=0, cells="max", v_read_volt=1e-3), CARD, (1, 3))
    width_s, edge_s, g = 1e-3, 10e-6, CARD.window()[1]
    expected = g * 1e-6 * (width_s + 2 * edge_s / 3)  # the square of a linear edge has a mean of a third
    b = found.kinds.index(READ)
    # trapezoids over an edge's two pieces overestimate that third by an eighth of the edge at most
    assert found.supply_joule[:, b] == pytest.approx(expected * np.array([1, 9]), rel=5e-3)
    assert found.energy_joule[:, b, 3] == pytest.approx(0, abs=1e-4 * expected)


def test_energies_are_positive_and_add_up():
    found = study_energy(ArrayConfig(r_row_ohm=50, r_col_ohm=50), CARD, (4,))
    assert np.all(found.energy_joule >= 0)
    assert np.allclose(found.energy_joule.sum(axis=2), found.supply_joule)
    half, third = (found.energy_joule[0, found.kinds.index(k)] for k in ("v/2", "v/3"))
    assert third[2] > 100 * half[2]  # with V/3 every cell takes part
    assert np.all(found.energy_joule[0, :, 3] > 0)


def test_energy_command(tmp_path):
    config = tmp_path / "array.yaml"
    config.write_text("r_row_ohm: 2.5\n")
    done = CliRunner().invoke(app, ["study", "energy", str(config), "-o", str(tmp_path / "out"), "--sizes", "2"])
    assert done.exit_code == 0, done.output
    assert np.shape(json.loads((tmp_path / "out" / "report.json").read_text())["energy_joule"]) == (1, 5, 4)


def test_margin_command(tmp_path):
    config = tmp_path / "array.yaml"
    config.write_text("sense: both\n")
    command = ["study", "margin", str(config), "-o", str(tmp_path / "out"), "--sizes", "2,3"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "grounded" in done.output


def test_command(tmp_path):
    config = tmp_path / "array.yaml"
    config.write_text("drive: both\nsense: both\n")
    command = ["study", "read-error", str(config), "-o", str(tmp_path / "out"), "--sizes", "4,8", "--r-ohm", "10"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert np.shape(report["largest_error"]) == (2, 1, len(PATTERNS))
    bad = CliRunner().invoke(app, [*command[:-1], "ten"])
    assert isinstance(bad.exception, InputError)
    assert "--r-ohm 'ten': give numbers" in str(bad.exception)
