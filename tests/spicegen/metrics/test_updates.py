"""Pairs of update tables, made from synthetic devices whose law and noise are known, and from the card's cycles."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spicegen.devices.update_table import read_update_table
from spicegen.measurements import read_measurement
from spicegen.metrics import measure_files, write_tables
from spicegen.metrics._local_lines import spread_at
from tests.missing import missing
from tests.spicegen.metrics.measured import BetaDevice, linear_device, tables_made, train

EXAMPLE = Path(__file__).parents[3] / "examples/measurements/cycles.csv"
DEVICES = {
    "spread of the step, noise of the read": {"share": 0.08, "read_share": 0.004},
    "spread of the step, even noise": {"share": 0.08, "read_even": 1e-7},
    "even spread, noise of the read": {"even": 1e-7, "read_share": 0.004},
    "even spread, even noise": {"even": 1e-7, "read_even": 1e-7},
    "no noise of reads": {"share": 0.3},
}


@pytest.mark.parametrize("device", DEVICES)
def test_law_and_spread_come_back_within_their_errors(device):
    """100 cycles: the mean within 5 standard errors at every conductance, the spread within 20 %, on average 10 %."""
    made, rng = BetaDevice(**DEVICES[device]), np.random.default_rng(1)
    pulses, true_g = made.measure(100, rng)
    up, down = tables_made(pulses).tables
    assert (up.rises, down.rises) == (True, False)
    for table in (up, down):
        g = table.g_siemens
        assert np.array_equal(g, up.g_siemens)
        assert np.diff(g) == pytest.approx(np.full(len(g) - 1, np.ptp(g) / (len(g) - 1)))
        assert true_g.min() < g[0] < 1.3e-5
        assert 3.7e-5 < g[-1] < true_g.max()
        read = made.read_share * g + made.read_even
        error = np.sqrt(made.sigma(g, table.rises) ** 2 + 2 * read**2) / np.sqrt(2500 / 40)
        assert np.all(np.abs(table.mean_siemens(g) - made.step(g, table.rises)) < 5 * error)
        ratio = table.sigma_siemens(g) / made.sigma(g, table.rises)
        assert np.all(np.abs(ratio - 1) < 0.2)
        assert ratio.mean() == pytest.approx(1, abs=0.1)


def test_without_any_noise_there_is_no_spread():
    up, down = tables_made(BetaDevice().measure(10, np.random.default_rng(1))[0]).tables
    for table in (up, down):
        assert table.mean_siemens(table.g_siemens) == pytest.approx(BetaDevice().step(table.g_siemens, table.rises))
        assert np.all(table.sigma_siemens(table.g_siemens) < 1e-15)


def test_read_noise_alone_is_no_spread_and_it_is_said():
    pulses, _ = BetaDevice(read_share=0.01).measure(20, np.random.default_rng(2))
    made = tables_made(pulses)
    for table in made.tables:
        assert table.sigma_siemens(table.g_siemens).max() < 1e-7  # a read has 1e-7 .. 4e-7
    notes = [n for n in made.notes if "do not tell a spread of updates from read noise: up to" in n]
    assert len(notes) == 2


def test_more_noise_than_there_is_leaves_no_negative_spread():
    x, rng = np.linspace(1e-5, 4e-5, 300), np.random.default_rng(3)
    at = np.linspace(1e-5, 4e-5, 5)
    found = spread_at(x, 1e-8 * rng.standard_normal(300), np.full(300, 4e-16), at, np.ones(5))
    assert np.all((found >= 0) & (found < 1e-9))


@pytest.mark.parametrize("cycles", [19, 30])
def test_first_pulses_of_another_size_are_told_apart(cycles):
    """2.5 times a later step: their own table if there are 20 or more, and never in the table of later ones."""
    device = BetaDevice(share=0.1, read_share=0.002, first=2.5)
    made = tables_made(device.measure(cycles, np.random.default_rng(4))[0])
    up, down = made.tables
    top = down.g_siemens[-5:]
    assert down.mean_siemens(top) == pytest.approx(device.step(top, False), rel=0.1)
    assert "The first rising pulse after others does as later ones do: it has no table of its own." in made.notes
    if cycles < 20:
        assert made.first == ()
        assert any(f"20 of them would make a table of their own, and there are {cycles}." in n for n in made.notes)
        return
    (first,) = made.first
    assert np.array_equal(first.g_siemens, up.g_siemens)
    # at the end column the table has what was measured at 4e-5 S; elsewhere the same multiple of later steps
    jump = 2.5 * float(device.step(4e-5, False))
    assert first.mean_siemens(first.g_siemens[-1]) == pytest.approx(jump, rel=0.05)
    assert first.sigma_siemens(first.g_siemens[-1]) == pytest.approx(0.1 * abs(jump) / 2.5, rel=0.5)
    multiple = first.mean_siemens(first.g_siemens) / down.mean_siemens(down.g_siemens)
    assert multiple == pytest.approx(np.full(len(multiple), multiple[-1]))


def test_first_pulses_without_a_read_before_them_are_not_known():
    pulses, _ = BetaDevice(share=0.1).measure(8, np.random.default_rng(5))
    beside = pulses.g_siemens[1:].reshape(8, 50).T
    made = tables_made(replace(pulses, direction=pulses.direction[1:51], g_siemens=beside))
    assert any(n.startswith("What the first rising pulse after others does is not known") for n in made.notes)


def test_directions_that_share_no_conductance_have_no_tables():
    rng = np.random.default_rng(6)
    up, down = linear_device(rng, 6, 40, limit=2e-5), 6e-5 - linear_device(rng, 6, 40)
    whole = train(np.concatenate([up, down]))
    direction = np.concatenate([[0], np.ones(40), [0], -np.ones(40)]).astype(np.int8)
    made = tables_made(replace(whole, direction=direction))
    assert made.tables == ()
    assert any("were not measured at the same conductances" in n for n in made.notes)


def test_the_files_have_one_line_of_conductances(tmp_path):
    device = BetaDevice(share=0.1, first=2.5)
    pulses, _ = device.measure(30, np.random.default_rng(7))
    path = tmp_path / "train.csv"
    rows = np.stack([np.where(pulses.direction == 0, 0, -1.5 * pulses.direction), 1e6 * pulses.g_siemens[:, 0]], axis=1)
    np.savetxt(path, rows, delimiter=",", header="amplitude_V,conductance_uS", comments="# width_ms: 1\n")
    written = write_tables(measure_files([path], 1), tmp_path)
    assert [p.name for p in written] == ["dG_increasing.txt", "dG_decreasing.txt", "dG_decreasing_first.txt"]
    assert len({p.read_text().splitlines()[1] for p in written}) == 1
    assert [read_update_table(p).rises for p in written] == [True, False, False]


def test_the_examples_spread_at_low_conductance():
    """The same cycles simulated without noise of reads have 3.9e-8 S at 10 uS going down, 6.1e-8 S at 15 and 20 uS."""
    _, down = tables_made(read_measurement(EXAMPLE)).tables
    for g, truth in ((1e-5, 3.9e-8), (1.5e-5, 6.1e-8), (2e-5, 6.1e-8)):
        assert 0.5 < down.sigma_siemens(g) / truth < 2.2


def test_the_cards_jump_when_it_turns_down(shared_data):
    """30 cycles: the first pulse down is 3.5 mean steps, the second 1.4; all turn between 32.2 and 32.8 uS."""
    path = shared_data.parent / "cases" / "training" / "card_cycles.csv"
    if not path.is_file():
        missing(f"{path} is not here")
    made = tables_made(read_measurement(path))
    (first,), (up, down) = made.first, made.tables
    assert first.mean_siemens(3.3e-5) == pytest.approx(-3.509e-6, rel=1e-3)
    assert down.mean_siemens(2.92e-5) == pytest.approx(-1.36e-6, rel=0.05)
    assert up.g_siemens[[0, -1]] == pytest.approx([9.1e-6, 2.93e-5], rel=0.01)


@pytest.mark.parametrize(("device", "apart"), [({"betas": (6.0, 6.0)}, False), ({"first": 1.6}, True)])
def test_a_bent_law_is_no_jump(device, apart):
    """Steps that shrink by a quarter from pulse to pulse are one law; 1.6 times a later step is not."""
    for seed in range(3):
        pulses, _ = BetaDevice(share=0.05, read_share=0.002, **device).measure(25, np.random.default_rng(seed))
        assert len(tables_made(pulses).first) == apart
