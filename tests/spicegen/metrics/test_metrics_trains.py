"""Figures of merit of synthetic trains, against what they were made with."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from models_va.errors import InputError
from spicegen.measurements import read_measurement
from spicegen.measurements.branches import Branch
from spicegen.metrics import exponential_law, power_law
from spicegen.metrics._bootstrap import draw, interval, means
from spicegen.metrics._curves import Curves
from spicegen.metrics._fitting import fit_exponential
from spicegen.metrics.branch_figures import read_noise
from spicegen.metrics.train_figures import measure
from spicegen.metrics.trains import trains_of
from tests.spicegen.metrics.measured import DEVICES, linear_device, mean_curves, noisy, train, true_figures

W = np.linspace(0, 1, 61)[:, None]


def figures(*pulses, seed=1):
    return {m.name: m for m in measure(trains_of(pulses, seed))}


def test_exact_laws_give_exact_figures():
    up, down = 1e-5 * (1 + 3 * exponential_law(W, 0.3)), 1e-5 * (1 + 3 * (1 - exponential_law(W, 1.3)))
    found = figures(train(np.tile(up, 3), np.tile(down, 3)))
    expected = {
        "beta_p": 0.3,
        "beta_d": 1.3,
        "neurosim_a_d": 1 / 1.3,
        "g_min": 1e-5,
        "g_max": 4e-5,
        "dynamic_range": 3e-5,
        "on_off_ratio": 4.0,
        "mean_step_p": 5e-7,
        "asymmetric_ratio": 0.196,  # the paper's beta imply it: reference/compact_model.md
    }
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value, rel=2e-3), name


def test_a_power_law_gives_its_alpha():
    up = 1e-5 * (1 + 3 * power_law(W, 1.94, 4.0))
    found = figures(train(np.tile(up, 2), np.tile(up[::-1], 2)))
    assert found["alpha_p"].value == pytest.approx(1.94, rel=1e-5)
    assert found["alpha_d"].value == pytest.approx(1.94, rel=1e-5)
    assert found["asymmetric_ratio"].value == pytest.approx(0, abs=1e-9)


def test_symmetry_of_soft_bounds():
    """Steps up a (G_1 - G), down b (G - G_0): equal where a (G_1 - G) = b (G - G_0)."""
    n, a, b, low, high = 60, 0.02, 0.05, 1e-5, 5e-5
    decay = np.arange(n + 1)[:, None]
    up = high - (high - 1.5e-5) * np.exp(-a * decay)
    down = low + (up[-1] - low) * np.exp(-b * decay)
    found = figures(train(up, down))
    point = (a * high + b * low) / (a + b)
    assert found["symmetry_point"].value == pytest.approx(point, rel=1e-6)
    step = a * (high - np.clip(point, down[-1, 0], up[-1, 0]))
    assert found["steps_in_range"].value == pytest.approx((up[-1, 0] - min(up[0, 0], down[-1, 0])) / step, rel=1e-5)
    g = np.linspace(max(up[0, 0], down[-1, 0]), up[-1, 0], 4001)
    rise, fall = a * (high - g), b * (g - low)
    assert found["symmetry"].value == pytest.approx(np.mean(1 - abs(rise - fall) / (rise + fall)), abs=1e-4)
    mirrored = figures(train(up, up[::-1]))
    assert mirrored["symmetry"].value == pytest.approx(1, abs=1e-3)


def test_no_symmetry_over_a_window_that_branches_do_not_share():
    up, down = (np.linspace(*ends, 30)[:, None] * np.ones(3) for ends in ((1e-5, 2e-5), (4e-5, 3e-5)))
    noise = 1e-8 * np.random.default_rng(2).standard_normal((2, 30, 3))
    found = figures(train(up + noise[0]), train(down + noise[1]))
    assert np.isnan(found["symmetry"].value)
    assert found["symmetry"].ci95 is None


def test_noise_is_told_from_updates():
    rng = np.random.default_rng(3)
    found = figures(train(linear_device(rng, 300, 40, update=1e-7, read=2e-7)))
    for name, truth in (("read_noise_p", 2e-7), ("update_sigma_p", 1e-7)):
        low, high = found[name].ci95
        assert low < truth < high
        assert found[name].value == pytest.approx(truth, rel=0.05)
    silent = figures(train(linear_device(rng, 60, 40, update=1e-7, read=0.0)))
    assert silent["read_noise_p"].value < 0.3e-7
    assert silent["update_sigma_p"].value == pytest.approx(1e-7, rel=0.05)


def test_sigma_of_g_from_cycle_to_cycle():
    rng = np.random.default_rng(4)
    mean = np.linspace(1e-5, 4e-5, 80)[:, None]
    sigma = 0.02 * mean + 1e-7
    found = figures(train(mean + sigma * rng.standard_normal((80, 60))))
    for name, truth in (("sigma_slope", 0.02), ("sigma_offset", 1e-7)):
        low, high = found[name].ci95
        assert low < truth < high
    assert found["cycle_sigma_p"].value == pytest.approx(np.sqrt(np.mean(sigma**2)), rel=0.03)
    levels = 1 + np.log(sigma[-1, 0] / sigma[0, 0]) / 0.02 / 4
    assert found["distinct_states"].value == pytest.approx(levels, rel=0.05)


@pytest.mark.parametrize("factor", [1e-3, 1e4])
def test_the_scale_does_not_matter(factor):
    rng = np.random.default_rng(5)
    measured = train(linear_device(rng, 6, 40, read=2e-7), linear_device(rng, 6, 40, gain=0.05, read=2e-7)[::-1])
    one, other = figures(measured), figures(replace(measured, g_siemens=factor * measured.g_siemens))
    for name, metric in one.items():
        scale = factor if metric.unit == "S" else 1
        assert other[name].value == pytest.approx(scale * metric.value, rel=1e-4, nan_ok=True), name
        if metric.ci95 and name != "steps_in_range":
            width = metric.ci95[1] - metric.ci95[0]
            assert other[name].ci95 == pytest.approx([scale * end for end in metric.ci95], abs=3e-2 * scale * width)


def test_cycles_that_end_early_and_repeated_runs():
    rng = np.random.default_rng(6)
    g = linear_device(rng, 8)
    g[90:, :3] = np.nan
    assert figures(train(g))["beta_p"].value == pytest.approx(3.0, rel=0.03)  # gain times 100 pulses
    up, down = linear_device(rng, 4, 40), linear_device(rng, 4, 40)[::-1]
    trains = trains_of([train(up, down, up, down)], 1)
    assert [b.cycles for b in trains.measured] == [8, 8]
    assert [b.g_siemens.shape[1] for b in trains.measured] == [41, 41]


@pytest.mark.parametrize("read_before", [True, False])
def test_repeated_runs_are_in_step_with_and_without_a_first_read(read_before):
    """A ramp of 1 uS a pulse, the same each time: nothing scatters, nothing bends."""
    up = 1e-5 + 1e-6 * np.arange(26.0)[:, None]
    whole = train(up, up[::-1], up, up[::-1])
    first = 0 if read_before else 1
    measured = replace(whole, direction=whole.direction[first:], g_siemens=whole.g_siemens[first:])
    found = figures(measured)
    for name, value in (("mean_step_p", 1e-6), ("mean_step_d", -1e-6), ("g_min", 1e-5), ("g_max", 3.5e-5)):
        assert found[name].value == pytest.approx(value), name
    for name, most in (("beta_p", 1e-6), ("beta_d", 1e-6), ("cycle_sigma_p", 1e-15), ("cycle_sigma_d", 1e-15)):
        assert abs(found[name].value) < most, name
    assert np.isnan(found["neurosim_a_p"].value)
    single = figures(replace(measured, direction=measured.direction[:50], g_siemens=measured.g_siemens[:50]))
    assert single["g_min"].value == pytest.approx(1e-5)
    assert single["mean_step_p"].value == pytest.approx(1e-6)


def test_one_cycle_has_intervals():
    rng = np.random.default_rng(7)
    found = figures(train(linear_device(rng, 1, 150, gain=0.02, update=0.0, read=5e-7)))
    low, high = found["beta_p"].ci95
    assert low < 3.0 < high
    assert high - low < 1
    assert found["read_noise_p"].value == pytest.approx(5e-7, rel=0.15)
    assert np.isnan(found["cycle_sigma_p"].value)


def test_updates_of_one_cycle_have_no_interval():
    """What no law describes of its curve passes for updates: of a sigmoid without any, too."""
    sigmoid = 1e-5 + 3e-5 / (1 + np.exp(-np.linspace(-6, 6, 60)[:, None]))
    noise = 2e-7 * np.random.default_rng(8).standard_normal((60, 3))
    one, three = figures(train(sigmoid + noise[:, :1])), figures(train(sigmoid + noise))
    assert one["update_sigma_p"].value > 2e-7
    assert one["update_sigma_p"].ci95 is None
    assert one["read_noise_p"].ci95 is not None
    assert three["update_sigma_p"].ci95[0] < 0.5e-7


def test_the_interval_of_one_cycle_knows_that_updates_scatter():
    """As wide as beta scatters from device to device: a smooth curve through one random walk hides most of it."""
    rng = np.random.default_rng(10)
    device = {"pulses": 50, "gain": 0.04, "update": 2e-7, "read": 2e-7}
    scatter = fit_exponential(linear_device(rng, 300, **device).T, np.linspace(0, 1, 51))[:, 2].std()
    widths = [np.ptp(figures(train(linear_device(rng, 1, **device)))["beta_p"].ci95) for _ in range(5)]
    assert 0.6 < np.median(widths) / (2 * 1.96 * scatter) < 1.7


def test_the_seed_decides():
    measured = train(linear_device(np.random.default_rng(8), 5, 30, read=1e-7))
    assert figures(measured) == figures(measured)
    assert figures(measured, seed=2)["beta_p"].ci95 != figures(measured)["beta_p"].ci95


@pytest.mark.parametrize("cycles", [2, 3, 6, 20])
def test_intervals_of_few_cycles_cover(cycles):
    """Of a mean; whole figures of merit: benchmarks/metrics_coverage.py."""
    rng = np.random.default_rng(9)
    inside = 0
    for _ in range(400):
        values, samples = rng.standard_normal((cycles, 1)), draw((cycles,), rng, paired=True)
        low, high = interval(means(values, samples.shifts[0])[:, 0], samples)
        inside += low < 0 < high
    assert 0.92 < inside / 400 < 0.98


@pytest.mark.parametrize("cycles", [2, 3, 9])
def test_the_scatter_of_few_cycles_has_the_limits_of_chi_square(cycles):
    """Cycles that differ by an offset alone are so many normal numbers, however many points they have."""
    offset = np.random.default_rng(11).standard_normal(cycles) * 1e-7
    found = figures(train(np.linspace(1e-5, 3e-5, 20)[:, None] + offset))["cycle_sigma_p"]
    sigma, freedom = np.std(offset, ddof=1), cycles - 1
    assert found.value == pytest.approx(sigma)
    limits = sigma * np.sqrt(freedom / stats.chi2.ppf([0.975, 0.025], freedom))
    assert found.ci95 == pytest.approx(limits, rel=0.2)


@pytest.mark.parametrize("device", DEVICES)
def test_symmetry_of_either_law_and_of_none(device):
    rng = np.random.default_rng(12)
    found = figures(train(*(noisy(rng, curve, 10) for curve in mean_curves(device))))
    for name in ("g_min", "g_max", "asymmetric_ratio", "symmetry", "symmetry_point", "steps_in_range"):
        low, high = found[name].ci95
        assert low <= true_figures(device)[name] <= high, name
    assert np.ptp(found["symmetry"].ci95) < 0.1


def test_trends_reach_the_ends():
    """What neither law describes must not be smoothed away: the ends are those of the mean over the cycles."""
    measured = read_measurement(Path(__file__).parents[3] / "examples/measurements/cycles.csv")
    mean = measured.g_siemens.mean(axis=1)
    found = figures(measured)
    assert found["g_min"].value == pytest.approx(mean.min(), rel=0.005)
    assert found["g_max"].value == pytest.approx(mean.max(), rel=0.005)


def test_long_trains_are_binned():
    """Bins say of laws what all points say; noise is still that from pulse to pulse."""
    g = linear_device(np.random.default_rng(13), 12, 5000, gain=6e-4, update=2e-8, read=2e-7)
    rng = np.random.default_rng(0)
    curves = Curves(Branch(True, g.T), draw((12,), rng, paired=True, resamples=1), rng)
    assert curves.g_siemens.shape == (14, 512)
    whole = fit_exponential(g.mean(axis=1)[None], np.linspace(0, 1, 5001))
    assert curves.laws.exponential[0] == pytest.approx(whole[0], rel=1e-3)
    assert read_noise(curves)[0] == pytest.approx(2e-7, rel=0.02)
    assert curves.scatter.pooled_variance[0] == pytest.approx(np.var(g, axis=1, ddof=1).mean())


def test_nothing_to_measure():
    with pytest.raises(InputError, match="no 3 pulses"):
        figures(train(linear_device(np.random.default_rng(1), 2, 2)))
