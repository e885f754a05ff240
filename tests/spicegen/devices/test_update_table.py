"""Update tables: made from synthetic devices, written, read, refused, sampled; those of other people."""

from dataclasses import replace

import numpy as np
import pytest

from models_va.errors import InputError
from spicegen.devices.update_table import UpdateTable, is_update_table, read_update_table
from spicegen.metrics import tables
from tests.spicegen.metrics.measured import linear_device, tables_made, train

G = np.linspace(1e-5, 4e-5, 7)


def table_of(pulses):
    """Of a train of one direction, from what was measured alone."""
    made = tables_made(pulses)
    if not made.tables:
        raise InputError(" ".join(made.notes))
    return made.tables[0]


def uniform_table(g=G, low=-1e-7, high=3e-7):
    """Changes evenly distributed between two limits, at every conductance."""
    cdf = np.array([0.0, 0.2, 0.7, 1.0])
    return UpdateTable(g, cdf, np.repeat((low + (high - low) * cdf)[:, None], len(g), axis=1))


def test_moments_of_an_even_distribution():
    table = uniform_table()
    assert table.mean_siemens([0.0, 2.2e-5, 1.0]) == pytest.approx(1e-7)
    assert table.sigma_siemens(2.2e-5) == pytest.approx(4e-7 / np.sqrt(12))
    drawn = table.sample(np.full((200, 100), 2.2e-5), np.random.default_rng(1))
    assert drawn.shape == (200, 100)
    assert drawn.mean() == pytest.approx(1e-7, abs=5 * 4e-7 / np.sqrt(12 * drawn.size))
    assert np.quantile(drawn, [0.25, 0.9]) == pytest.approx([0.0, 2.6e-7], abs=1e-8)
    assert table.rises


def test_compiled_draws_are_those_of_plain_interpolation():
    """In an irregular table, at its conductances, between and beyond them; from the generator's own numbers."""
    rng = np.random.default_rng(3)
    g, cdf = np.sort(rng.uniform(1e-5, 4e-5, 9)), np.r_[0.0, np.sort(rng.random(6)), 1.0]
    table = UpdateTable(g, cdf, np.sort(rng.normal(0, 1e-7, (8, 9)), axis=0))
    at = np.r_[g, 0.0, 1.0, rng.uniform(0.5e-5, 4.5e-5, 985)].reshape(4, -1)
    drawn, uniform = table.sample(at, np.random.default_rng(5)), np.random.default_rng(5).random(at.shape)
    for n in np.ndindex(at.shape):
        columns = [np.interp(at[n], g, row) for row in table.d_g_siemens]
        assert drawn[n] == pytest.approx(np.interp(uniform[n], cdf, columns), abs=1e-20)
    assert np.array_equal(drawn, table.sample(at, np.random.default_rng(5)))
    assert table.sample(2e-5, rng).shape == ()
    assert np.isnan(table.sample(np.nan, rng))


@pytest.mark.parametrize("read", [0.0, 2e-7])
@pytest.mark.parametrize("falls", [False, True])
def test_a_known_device_is_found_again(read, falls):
    """dG = 0.03 (4e-5 - G) with sigma 2e-7, whether reads are noisy or not; mirrored for depression."""
    rng = np.random.default_rng(2)
    reads = linear_device(rng, 150, 60, update=2e-7, read=read)
    table = table_of(train(5e-5 - reads if falls else reads))
    g = np.linspace(1.2e-5, 3.3e-5, 15)
    mean, at = 0.03 * (4e-5 - g), 5e-5 - g if falls else g
    found = -table.mean_siemens(at) if falls else table.mean_siemens(at)
    in_bin = np.sqrt(2e-7**2 + 2 * read**2) / np.sqrt(150 * 60 / 40)
    assert np.abs(found - mean).max() < 4.5 * in_bin
    assert np.mean(found / mean) == pytest.approx(1, abs=0.02)
    assert table.sigma_siemens(at).mean() == pytest.approx(2e-7, rel=0.06)
    assert (np.diff(table.d_g_siemens, axis=0) >= 0).all()


def test_a_table_of_one_long_cycle():
    reads = linear_device(np.random.default_rng(4), 1, 300, gain=1e-2, update=5e-8)
    table = table_of(train(reads))
    g = np.linspace(1.5e-5, 3.5e-5, 10)
    assert np.mean(table.mean_siemens(g) / (1e-2 * (4e-5 - g))) == pytest.approx(1, abs=0.2)
    assert table.sigma_siemens(g).mean() == pytest.approx(5e-8, rel=0.15)


def test_the_table_of_a_saturating_device_is_walked_to_where_it_saturates():
    """Its last conductance is the highest that noise reached, to which mean updates do not lead."""
    for seed in range(8):
        reads = linear_device(np.random.default_rng(seed), 10, 100, gain=0.1, read=1e-7)
        curve = tables.trajectory(table_of(train(reads)))
        assert (np.diff(curve) > 0).all()
        assert curve[-1] == pytest.approx(4e-5, rel=0.03)


def test_no_table_of_steps_that_noise_hides():
    """Reads of a device that pulses hardly move: their differences must not become updates the other way."""
    reads = 1e-5 + 1e-6 * np.random.default_rng(2).standard_normal((120, 3))
    measured = replace(train(reads), direction=np.r_[0, np.ones(119)].astype(np.int8))
    with pytest.raises(InputError, match="lost in the noise"):
        table_of(measured)


def test_no_table_of_few_pulses():
    with pytest.raises(InputError, match=r"synthetic.csv: 60 pulses .* 100 or more"):
        table_of(train(linear_device(np.random.default_rng(1), 2, 30)))


def test_a_run_counts_from_its_first_read():
    """One column without a first read, 3 x (40 up, 40 down): 119 changes up are known, and 80 would be too few."""
    up = linear_device(np.random.default_rng(5), 1, 40)
    whole = train(*[up, up[::-1]] * 3)
    assert table_of(replace(whole, direction=whole.direction[1:], g_siemens=whole.g_siemens[1:])).rises


def test_missing_reads_leave_the_table_as_it_is():
    """As ``test_a_known_device_is_found_again``, a tenth of the reads being lost, among them first ones."""
    rng = np.random.default_rng(6)
    reads = linear_device(rng, 150, 60, update=2e-7, read=2e-7)
    reads[rng.random(reads.shape) < 0.1] = np.nan
    table = table_of(train(reads))
    g = np.linspace(1.2e-5, 3.3e-5, 15)
    assert np.mean(table.mean_siemens(g) / (0.03 * (4e-5 - g))) == pytest.approx(1, abs=0.02)
    assert table.sigma_siemens(g).mean() == pytest.approx(2e-7, rel=0.06)


def test_a_column_called_cdf_makes_no_table(tmp_path):
    path = tmp_path / "quantiles.csv"
    path.write_text("cycle1_uS,CDF\n1,0\n2,1\n")
    assert not is_update_table(path)


def test_written_and_read_exactly(tmp_path):
    table = table_of(train(linear_device(np.random.default_rng(3), 10)))
    again = read_update_table(table.write(tmp_path / "dG.txt"))
    assert is_update_table(tmp_path / "dG.txt")
    for name in ("g_siemens", "cdf", "d_g_siemens"):
        assert np.array_equal(getattr(again, name), getattr(table, name))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CDF\n1,2\n0,1\n", "3 lines|2 lines of numbers"),
        ("CDF\n1,2\n0,1\n1,x\n2,3\n", "line 4, column 2: 'x': give a number"),
        ("CDF\n2,1\n0,1\n1,2\n2,3\n", "line 2: column 2: conductances must rise"),
        ("CDF\n1,nan\n0,1\n1,2\n2,3\n", "line 2: column 2: conductances must rise and be finite"),
        ("CDF\n1,2\n0,0.9\n1,2\n2,3\n", "line 3: probabilities run from 0 to 0.9"),
        ("CDF\n1,2\n0,1\n1,2\n\n2,3,4\n", "line 6: 3 numbers for 2 conductances"),
        ("CDF\n1,2\n0,0.5,1\n1,2\n2,3\n", "line 3: 3 probabilities, 2 lines"),
        ("CDF\n1,2\n0,1\n1,2\n2,1\n", "line 5, column 2: changes must be finite and not fall"),
    ],
)
def test_refused_with_line_and_column(tmp_path, text, message):
    path = tmp_path / "table.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_update_table(path)
    assert str(path) in str(caught.value)


def test_wrong_shapes_are_refused():
    with pytest.raises(InputError, match="shapes"):
        UpdateTable(G, np.array([0.0, 1.0]), np.zeros((3, 7)))


def test_figures_of_a_table_are_those_of_its_mean_curve():
    """dG = a (G_1 - G) gives G_1 - (G_1 - G_0) (1 - a)^n: beta = -N ln(1 - a); a mirrored table is symmetric."""
    g, a = np.linspace(1e-5, 3.7e-5, 50), 0.02
    change = np.tile(a * (4e-5 - g), (2, 1)) + np.array([[-1e-9], [1e-9]])
    cdf = np.array([0.0, 1.0])
    up = UpdateTable(g, cdf, change)
    down = UpdateTable(g, cdf, np.sort(-change[:, ::-1], axis=0))
    found = {m.name: m.value for m in tables.measure([up, down])}
    pulses = found["pulses_through_p"]
    assert pulses == int(np.log(0.1) / np.log(1 - a))
    for side in "pd":
        assert found[f"beta_{side}"] == pytest.approx(-pulses * np.log(1 - a), rel=1e-4)
    assert found["symmetry_point"] == pytest.approx((g[0] + g[-1]) / 2)
    assert found["mean_step_p"] == pytest.approx(a * (4e-5 - g.mean()))
    assert found["update_sigma_p"] == pytest.approx(1e-9 / np.sqrt(3))


def test_a_table_that_leads_nowhere():
    with pytest.raises(InputError, match="get stuck at"):
        tables.measure([uniform_table(low=-1e-7, high=1e-7)])


@pytest.mark.parametrize(("name", "rises"), [("dG_increasing.txt", True), ("dG_decreasing.txt", False)])
def test_the_tables_of_a_public_simulator(shared_data, name, rises):
    table = read_update_table(shared_data / "devices" / "enode_lut" / name)
    assert (table.d_g_siemens.shape, table.rises) == ((122, 48), rises)
    curve = tables.trajectory(table)
    assert np.all(np.diff(curve) > 0) if rises else np.all(np.diff(curve) < 0)
    assert abs(curve[-1] - curve[0]) == pytest.approx(np.ptp(table.g_siemens), rel=0.01)
    # pulses of a continuous curve: integral of dG / mean dG
    g = np.linspace(table.g_siemens[0], table.g_siemens[-1], 5001)
    assert len(curve) - 1 == pytest.approx(abs(np.trapezoid(1 / table.mean_siemens(g), g)), rel=0.02)
