"""`spicegen metrics`, and the figures of merit of write-verify, sweeps and retention, against what made them."""

import json
import os
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.constants import Boltzmann, elementary_charge

from models_va.errors import InputError
from spicegen.measurements import Retention, Sweep, WriteVerify, read_measurement
from spicegen.measurements.branches import branches
from spicegen.metrics import branch_figures, measure_files, programming, retention, sweeps
from spicegen.metrics._bootstrap import draw, interval
from spicegen.metrics._curves import Curves
from spicegen.metrics.sigma_line import sigma_line
from spicegen.reports.metrics_pictures import of_programming
from tests.spicegen.cli.test_cli import refusal, run
from tests.spicegen.metrics.measured import ORIGIN, linear_device

__all__ = ["run"]
SLOPE, OFFSET = 0.0161, 8.264e-8
NAMES = ("on_off_ratio", "switching_voltage", "iv_nonlinearity")


def write_verify(n, rng):
    target = rng.uniform(1e-5, 4e-5, n)
    return WriteVerify(ORIGIN, target, target + (SLOPE * target + OFFSET) * rng.standard_normal(n))


def test_programming_error_is_found_again():
    data = programming.programming_errors(write_verify(600, np.random.default_rng(1)), 1)
    found = {m.name: m for m in programming.measure(data)}
    for name, truth in (("sigma_slope", SLOPE), ("sigma_offset", OFFSET), ("programming_bias", 0.0)):
        low, high = found[name].ci95
        assert low < truth < high, name
    line = SLOPE * np.array([1e-5, 4e-5]) + OFFSET
    assert found["distinct_states"].value == pytest.approx(1 + np.log(line[1] / line[0]) / SLOPE / 4, rel=0.1)
    assert found["sigma_rms"].value == pytest.approx(np.sqrt(np.mean(data.error_siemens**2)))


@pytest.mark.parametrize("pairs", [10, 19])
def test_few_programmings_are_not_taken_for_simulated_ones(pairs):
    """How often sigma_rms is held: by plain percentiles in 79 of 100 with 10 pairs, in 87 with 19."""
    rng, inside, trials = np.random.default_rng(4), 0, 300
    target = np.linspace(1e-5, 4e-5, pairs)
    sigma = SLOPE * target + OFFSET
    for seed in range(trials):
        error, unknown = sigma * rng.standard_normal(pairs), np.empty(0)
        samples = draw((pairs,), np.random.default_rng(seed), paired=True, resamples=300)
        data = programming.ProgrammingErrors(target, error, samples, unknown, unknown, unknown)
        low, high = interval(programming.sigma_rms(data), samples, of_scatter=True)
        inside += low < np.sqrt(np.mean(sigma**2)) < high
    assert inside / trials > {10: 0.83, 19: 0.9}[pairs]


@pytest.mark.parametrize("tails", [4, 300])
def test_the_states_of_few_programmings_are_held(tails):
    """Of ten, with errors of Student's t of so many degrees of freedom: the line's scatter is skew, and too small."""
    rng, inside, trials = np.random.default_rng(4), 0, 30
    target = np.linspace(1e-5, 4e-5, 10)
    sigma = SLOPE * target + OFFSET
    truth = 1 + np.log(sigma[-1] / sigma[0]) / SLOPE / 4
    for seed in range(trials):
        error = sigma * rng.standard_t(tails, 10) * np.sqrt((tails - 2) / tails)
        found = programming.measure(programming.programming_errors(WriteVerify(ORIGIN, target, target + error), seed))
        low, high = next(m.ci95 for m in found if m.name == "distinct_states")
        inside += low < truth < high
    assert inside / trials > 0.8


def test_a_mean_error_has_the_limits_of_students_t():
    measured = write_verify(12, np.random.default_rng(5))
    error = measured.achieved_siemens - measured.target_siemens
    found = {m.name: m for m in programming.measure(programming.programming_errors(measured, 1))}["programming_bias"]
    half = stats.t.ppf(0.975, 11) * error.std(ddof=1) / np.sqrt(12)
    assert found.value == pytest.approx(error.mean())
    assert np.ptp(found.ci95) == pytest.approx(2 * half, rel=0.1)
    assert np.mean(found.ci95) == pytest.approx(error.mean(), abs=0.3 * half)


def test_sigma_line_is_the_maximum_of_the_likelihood():
    rng = np.random.default_rng(2)
    measured = write_verify(400, rng)
    g, v = measured.target_siemens[None], (measured.achieved_siemens - measured.target_siemens)[None] ** 2
    slope, offset = sigma_line(g, v, np.ones_like(g))

    def likelihood(a, b):
        sigma = a * g + b
        return -np.sum(np.log(sigma) + v / (2 * sigma**2))

    best = likelihood(slope[0], offset[0])
    for a, b in ((1.01, 1), (0.99, 1), (1, 1.01), (1, 0.99), (1.01, 0.99), (0.99, 1.01)):
        assert likelihood(a * slope[0], b * offset[0]) < best


def test_too_little_to_fit_sigma():
    with pytest.raises(InputError, match=r"synthetic.csv: 3 programmings"):
        programming.programming_errors(write_verify(3, np.random.default_rng(1)), 1)


def bipolar_sweep(tops_volt, rng, noise):
    """Loops to these voltages.

    Of a switch: on (1e-4 S) from 1.2 V until -0.8 V, else off (1e-5 S); I = G V (1 + 0.1 V^2).
    """
    once = np.r_[np.linspace(0, 1, 101), np.linspace(1, -1, 201)[1:], np.linspace(-1, 0, 101)[1:]]
    v = np.concatenate([top * once for top in tops_volt])
    on, state = np.zeros(len(v)), False
    for n, volt in enumerate(v):
        state = (state or volt >= 1.2) and volt > -0.8
        on[n] = state
    i = v * np.where(on, 1e-4, 1e-5) * (1 + 0.1 * v**2) * np.exp(noise * rng.standard_normal(len(v)))
    return Sweep(ORIGIN, np.arange(len(v)) * 0.01, v, i, 300.0)


def test_a_switch():
    found = {m.name: m for m in sweeps.measure(sweeps.loops(bipolar_sweep([2], np.random.default_rng(1), 0.0), 1))}
    assert found["on_off_ratio_pos"].value == pytest.approx(10)
    assert found["on_off_ratio_neg"].value == pytest.approx(10)
    assert found["switching_voltage_pos"].value == pytest.approx(1.2, abs=0.021)
    assert found["switching_voltage_neg"].value == pytest.approx(-0.8, abs=0.021)
    assert found["iv_nonlinearity_pos"].value == pytest.approx(2 * 1.4 / 1.1)
    assert found["on_off_ratio_pos"].ci95 is None
    noisy = {m.name: m for m in sweeps.measure(sweeps.loops(bipolar_sweep([2] * 8, np.random.default_rng(2), 0.03), 1))}
    low, high = noisy["on_off_ratio_pos"].ci95
    assert low < 10 < high


@pytest.mark.parametrize("rest", [0.0, 1e-3, 0.05])
def test_unipolar_loops_are_told_apart_where_they_turn(rest):
    """Four loops, each wider than the one before, of a measured voltage that rests at 0 V, 1 mV or 50 mV.

    Two of them come within 10 % of the largest voltage.
    """
    rng, once = np.random.default_rng(7), np.r_[np.linspace(0, 1, 60), np.linspace(1, 0, 60), np.zeros(20)]
    v = np.concatenate([rest + (top - rest) * once for top in (0.9, 1.0, 1.1, 1.2)])
    v += 2e-4 * rng.standard_normal(len(v))
    (found,) = sweeps.loops(Sweep(ORIGIN, np.arange(len(v)) * 0.01, v, 1e-5 * v**2, 300.0), 1).values()
    assert (found.count, found.smaller) == (2, 2)
    nonlinearity = next(m for m in sweeps.measure({"_pos": found}) if m.name == "iv_nonlinearity_pos")
    assert nonlinearity.value == pytest.approx(4, rel=0.01)


def test_a_smaller_loop_is_in_no_mean():
    found = sweeps.loops(bipolar_sweep([2, 2, 1.5], np.random.default_rng(4), 1e-3), 1)
    metrics = sweeps.measure(found)
    nonlinearity = next(m for m in metrics if m.name == "iv_nonlinearity_pos")
    assert nonlinearity.value == pytest.approx(2 * 1.4 / 1.1, rel=0.01)
    assert nonlinearity.ci95[1] - nonlinearity.ci95[0] < 0.1
    notes = sweeps.notes(found, metrics)
    assert notes[0].startswith("Loops: 2 at read 0.1 V (without 1 to less than 90% of the voltage), 2 at read -0.1 V (")
    # of a voltage in steps
    assert notes[1] == (
        "No interval of switching_voltage_pos, switching_voltage_neg: it is the same in 2 loops, to the last digit."
    )


def test_why_loops_have_no_interval():
    same = sweeps.loops(bipolar_sweep([2] * 10, np.random.default_rng(4), 0.0), 1)
    (reason,) = sweeps.notes(same, sweeps.measure(same))[1:]
    assert reason.startswith(
        "No interval of on_off_ratio_pos, switching_voltage_pos, iv_nonlinearity_pos, on_off_ratio_n"
    )
    assert reason.endswith("it is the same in 10 loops, to the last digit.")
    values = dict.fromkeys(NAMES, np.array([0.1, 0.2])) | {"switching_voltage": np.array([1.0, np.nan])}
    once = {"_pos": sweeps.Loops(0.1, values, 1)}
    assert sweeps.notes(once, sweeps.measure(once))[1] == "No interval of switching_voltage_pos: only one loop has it."


def test_larger_over_smaller_is_never_below_one():
    """Two loops that differ by far: what is known of their mean is that it is no less than one."""
    data = {"_pos": sweeps.Loops(0.1, dict.fromkeys(NAMES, np.array([0.5, 4.0])), 1)}
    low, high = next(m.ci95 for m in sweeps.measure(data) if m.name == "on_off_ratio_pos")
    assert low == 1
    assert high > 10


def test_what_few_loops_have_is_as_uncertain_as_that():
    """Two of twenty loops switch: their mean is held as often as that of two loops."""
    rng, inside = np.random.default_rng(8), 0
    for seed in range(200):
        switched = np.where(np.arange(20) < 2, 1 + 0.1 * rng.standard_normal(20), np.nan)
        found = sweeps.measure({"_pos": sweeps.Loops(0.1, dict.fromkeys(NAMES, switched), seed)})
        low, high = next(m.ci95 for m in found if m.name == "switching_voltage_pos")
        inside += low < 1 < high
    assert 0.9 < inside / 200 < 0.99


def switched_on(volt, off, on):
    """Conductance along a sweep of a device that switches from ``off`` to ``on`` at 0.7 V, S."""
    return np.where(np.cumsum(volt >= 0.7) > 0, on, off)


def of_one_loop(volt, current):
    measured = Sweep(ORIGIN, np.arange(len(volt)) * 0.01, volt, current, 300.0)
    return {m.name: m.value for m in sweeps.measure(sweeps.loops(measured, 1))}


def test_what_the_source_meter_limits_says_nothing_of_the_device():
    """I = G V (1 + 20 V^2), up to 0.1 mA: on the way back the device's own from 0.08 V down."""
    v = np.r_[np.linspace(0, 1, 51), np.linspace(1, 0, 51)[1:]]
    wanted = switched_on(v, 1e-6, 1e-3) * v * (1 + 20 * v**2)
    found = of_one_loop(v, np.minimum(wanted, 1e-4))
    assert found["iv_nonlinearity_pos"] == pytest.approx(2 * (1 + 20 * 0.08**2) / (1 + 20 * 0.04**2))
    assert found["on_off_ratio_pos"] == pytest.approx(1000)
    assert found["switching_voltage_pos"] == pytest.approx(0.7)
    with pytest.raises(InputError, match="there below the compliance"):
        of_one_loop(v, np.minimum(wanted, 1e-5))


def test_noise_before_the_switch_is_not_taken_for_it():
    """Off, the noise is as large as the current up to 0.2 V: the state before is not always seen, but never wrong."""
    v = np.r_[np.linspace(0, 1, 201), np.linspace(1, 0, 201)[1:]]
    found = []
    for seed in range(40):
        noise = 2e-9 * np.random.default_rng(seed).standard_normal(len(v))
        found.append(of_one_loop(v, switched_on(v, 1e-8, 1e-6) * v + noise)["switching_voltage_pos"])
    seen = np.array(found)[np.isfinite(found)]
    assert len(seen) >= 20
    assert seen == pytest.approx(0.7)


def test_an_ohmic_resistor():
    v = np.r_[np.linspace(0, 1, 20), np.linspace(1, 0, 20)]
    found = {m.name: m for m in sweeps.measure(sweeps.loops(Sweep(ORIGIN, np.arange(40.0), v, 1e-5 * v, 300.0), 1))}
    assert found["on_off_ratio_pos"].value == pytest.approx(1)
    assert found["iv_nonlinearity_pos"].value == pytest.approx(2)
    assert np.isnan(found["switching_voltage_pos"].value)


def test_activation_energy_is_found_again():
    rng, t, kelvin = np.random.default_rng(3), np.geomspace(1, 1e4, 40), np.repeat([300.0, 330.0, 360.0], 40)
    tau = 1e-8 * np.exp(0.6 * elementary_charge / (Boltzmann * kelvin))
    g = 1e-5 * (1 + np.exp(-np.tile(t, 3) / tau)) + 1e-7 * rng.standard_normal(120)
    metrics = retention.measure(*retention.relaxations(Retention(ORIGIN, np.tile(t, 3), g, kelvin, 0.1), 1))
    found = {m.name: m for m in metrics}
    for name, truth in (("activation_energy", 0.6), ("decay_time_330k", tau[40])):
        low, high = found[name].ci95
        assert low < truth < high
    assert found["loss_measured_300k"].value == pytest.approx(0.5, abs=0.02)


def test_a_tau_that_was_not_seen_says_nothing_of_activation():
    """A fast process is over before the first read at 300 K, where the slow one takes longer than was measured."""
    t, kelvin = np.geomspace(1, 1e3, 20), np.repeat([300.0, 330.0, 360.0], 20)
    slow = 1e-8 * np.exp(0.7 * elementary_charge / (Boltzmann * kelvin))
    g = 1e-5 * (1 + np.exp(-np.tile(t, 3) / slow) + 0.1 * np.exp(-np.tile(t, 3) / 0.5) * (kelvin == 300))
    g *= 1 + 1e-3 * np.random.default_rng(1).standard_normal(60)
    found, samples = retention.relaxations(Retention(ORIGIN, np.tile(t, 3), g, kelvin, 0.1), 1)
    assert [r.shows_tau for r in found] == [False, True, True]
    energy = next(m for m in retention.measure(found, samples) if m.name == "activation_energy")
    assert energy.value == pytest.approx(0.7, abs=0.02)
    assert np.isnan(retention.activation_energy(found[:2])).all()


def test_a_power_law_drifts_by_its_exponent():
    t = np.geomspace(1, 1e4, 30)
    measured = Retention(ORIGIN, t, 1e-5 * t**-0.05, np.full(30, 300.0), 0.1)
    found = {m.name: m.value for m in retention.measure(*retention.relaxations(measured, 1))}
    assert found["drift_exponent"] == pytest.approx(0.05)
    assert found["loss_ten_years"] == pytest.approx(1 - retention.TEN_YEARS_S**-0.05)


@pytest.mark.parametrize("by_power", [False, True])
def test_loss_goes_by_the_law_that_the_data_prefer(by_power):
    rng, t, kelvin = np.random.default_rng(3), np.r_[0, np.geomspace(1, 1e4, 40)], np.repeat([300.0, 358.0], 41)
    tau, nu = np.repeat([1000.0, 23.0], 41), np.repeat([0.03, 0.06], 41)
    both = np.tile(t, 2)
    level = np.maximum(both, 0.5) ** -nu if by_power else 0.6 + 0.4 * np.exp(-both / tau)
    g = 2e-5 * level * (1 + 0.01 * rng.standard_normal(82))
    metrics = retention.measure(*retention.relaxations(Retention(ORIGIN, both, g, kelvin, 0.1), 1))
    found = {m.name: m for m in metrics}
    for name, temperature in (("300k", 300.0), ("358k", 358.0)):
        for until, metric in ((1e4, "loss_measured"), (retention.TEN_YEARS_S, "loss_ten_years")):
            one = kelvin == temperature
            kept = until ** -nu[one][0] if by_power else 0.6 + 0.4 * np.exp(-until / tau[one][0])
            first = 1.0 if by_power else 0.6 + 0.4 * np.exp(-1 / tau[one][0])
            low, high = found[f"{metric}_{name}"].ci95
            assert low < 1 - kept / first < high
            assert high - low < 0.05
            law = "power law" if by_power else "exponential relaxation"
            assert f"by the {law}, which AICc prefers." in found[f"{metric}_{name}"].definition


def test_no_more_than_all_is_lost():
    t = np.arange(8.0)
    found = retention.measure(
        *retention.relaxations(Retention(ORIGIN, t, 1e-5 * (1 - t / 100), np.full(8, 300.0), 0.1), 1)
    )
    assert next(m.value for m in found if m.name == "loss_ten_years") == 1


def test_long_retention_takes_little_memory():
    t = np.arange(1.0, 4001.0)
    g = 1e-5 * (1 + np.exp(-t / 500)) * (1 + 0.01 * np.random.default_rng(7).standard_normal(len(t)))
    tracemalloc.start()
    found = retention.measure(*retention.relaxations(Retention(ORIGIN, t, g, np.full(len(t), 300.0), 0.1), 1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    low, high = next(m.ci95 for m in found if m.name == "decay_time")
    assert low < 500 < high
    assert peak < 1e8


def test_an_interval_of_the_drift_holds_it_where_it_drifts_otherwise():
    t = np.geomspace(1, 1e3, 20)
    g = 1e-5 * (0.85 + 0.15 * np.exp(-t / 0.6)) * (1 + 0.02 * np.random.default_rng(6).standard_normal(20))
    found = retention.measure(*retention.relaxations(Retention(ORIGIN, t, g, np.full(20, 300.0), 0.1), 1))
    drift = next(m for m in found if m.name == "drift_exponent")
    assert drift.ci95[0] < drift.value < drift.ci95[1]


def test_intervals_of_both_laws_hold_their_values():
    """Of the synthetic example, which loses everything in ten years: a loss of 1 is at its bound."""
    measured = read_measurement(Path(__file__).parents[3] / "examples" / "measurements" / "retention.csv")
    for metric in retention.measure(*retention.relaxations(measured, 1)):
        assert metric.ci95[0] < metric.value, metric.name
        assert metric.value < metric.ci95[1] or metric.value == metric.ci95[1] == 1, metric.name


@pytest.mark.parametrize(("pairs", "warned"), [(19, True), (20, False)])
def test_few_programmings_are_warned_of(tmp_path, pairs, warned):
    measured = write_verify(pairs, np.random.default_rng(3))
    path = tmp_path / "programmed.csv"
    columns = 1e6 * np.stack([measured.target_siemens, measured.achieved_siemens], axis=1)
    np.savetxt(path, columns, delimiter=",", header="target_uS,achieved_uS", comments="")
    (report,) = measure_files([path], 1)
    assert any("too narrow" in note for note in report.notes) == warned


def test_fewer_programmings_than_bins_are_a_point_each():
    data = programming.programming_errors(write_verify(10, np.random.default_rng(3)), 1)
    with warnings.catch_warnings(action="error"):
        ((figure, _),) = of_programming(data)
    (bins,) = (line for line in figure.axes[0].lines if line.get_label() == "in bins")
    assert np.isfinite(bins.get_xydata()).sum() == 20


def write_cycles(path, g):
    names = ",".join(f"cycle{n}_uS" for n in range(1, g.shape[1] + 1))
    np.savetxt(path, 1e6 * g, delimiter=",", header=names, comments="")
    return path


def test_the_command_writes_a_report_and_tables(run, tmp_path):
    rng = np.random.default_rng(4)
    up = write_cycles(tmp_path / "up.csv", linear_device(rng, 6, 40, read=1e-7))
    down = write_cycles(tmp_path / "down.csv", linear_device(rng, 6, 40, read=1e-7)[::-1])
    code, out, _ = run("metrics", up, down, "-o", tmp_path / "out", "--seed", "3")
    assert code == 0
    assert "symmetry_point" in out
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    (measured,) = report["measurements"]
    assert [f["path"] for f in measured["files"]] == [str(up), str(down)]
    beta = next(m for m in measured["metrics"] if m["name"] == "beta_p")
    assert beta["ci95"][0] < -40 * np.log(1 - 0.03) < beta["ci95"][1]
    assert (tmp_path / "out" / "report.html").read_text().count("<img") == 4
    code, out, _ = run("metrics", tmp_path / "out" / "dG_increasing.txt", tmp_path / "out" / "dG_decreasing.txt")
    assert code == 0
    assert "pulses_through_p" in out


def test_files_of_one_name_are_told_apart(run, tmp_path):
    """And a table has the number of its measurement: the second has none."""
    rng = np.random.default_rng(9)
    for folder in "pqr":
        (tmp_path / folder).mkdir()
        write_cycles(tmp_path / folder / "x.csv", linear_device(rng, 3, 40 if folder != "q" else 10))
    code, out, _ = run("metrics", *(tmp_path / folder / "x.csv" for folder in "pqr"), "-o", tmp_path / "out")
    assert code == 0
    for folder in "pqr":
        assert f"Pulses: {Path(folder, 'x.csv')}" in out
    assert sorted(p.name for p in (tmp_path / "out").glob("dG*")) == ["dG_increasing_1.txt", "dG_increasing_3.txt"]


@pytest.mark.parametrize(("columns", "definitions"), [(80, False), (120, True)])
def test_the_table_fits_the_terminal(run, tmp_path, monkeypatch, columns, definitions):
    monkeypatch.setenv("COLUMNS", str(columns))
    up = write_cycles(tmp_path / "up.csv", linear_device(np.random.default_rng(5), 3, 10, read=1e-7))
    code, out, _ = run("metrics", up)
    assert code == 0
    lines = out.splitlines()
    table = lines[1 : next(n for n, line in enumerate(lines) if "bootstrap" in line)]
    names = [line.split()[0] for line in table]  # one line each, none wrapped
    assert names[0] == "name"
    assert all("_" in name for name in names[1:])
    assert max(map(len, table)) <= columns
    assert ("definition" in table[0]) == definitions


@pytest.mark.parametrize(
    ("text", "message"), [("CDF Points\n1,2\n0,1\n1,x\n2,3\n", "line 4, column 2"), ("words\n", "line 1")]
)
def test_the_command_refuses_in_one_line(run, tmp_path, text, message):
    path = tmp_path / "data.txt"
    path.write_text(text)
    line = refusal(run("metrics", path))
    assert str(path) in line
    assert message in line


def test_an_output_that_is_no_folder_is_refused_before_the_work(run, tmp_path):
    (tmp_path / "out").write_text("")
    code, out, err = run("metrics", tmp_path / "absent.csv", "-o", tmp_path / "out")
    assert (code, out) == (2, "")
    assert "cannot be used as output folder" in err


@pytest.mark.parametrize("name", ["pipe.csv", "pipe.yaml"])
def test_a_pipe_is_refused_not_waited_for(run, tmp_path, name):
    os.mkfifo(tmp_path / name)
    assert "is no file" in refusal(run("metrics", tmp_path / name))


def test_one_of_a_thing_is_not_several(run, tmp_path):
    path = tmp_path / "rest.csv"
    path.write_text("time_s,conductance_uS\n" + "".join(f"{2**n},{10 - n}\n" for n in range(6)))
    assert "\n1 temperature; intervals" in run("metrics", path)[1]


@pytest.mark.parametrize("level", ["0.05", "0.1", "0.5"])
@pytest.mark.parametrize(("side", "direction"), [("set", "potentiation"), ("reset", "depression")])
def test_noise_that_the_authors_added(shared_data, tmp_path, level, side, direction):
    """The ion transistor's three files differ in noise only, which is proportional to the level."""
    path = tmp_path / "described.yaml"
    file = shared_data / "devices" / "ion_transistor" / level / f"{side}.csv"
    columns = '{conductance: {columns: "rmp*", unit: S}}'
    path.write_text(f"file: {file}\ncolumns: {columns}\ndirection: {direction}\n")
    branch = next(b for b in branches(read_measurement(path)) if b)
    rng = np.random.default_rng(0)
    curves = Curves(branch, draw((branch.cycles,), rng, paired=True, resamples=1), rng)
    assert branch_figures.read_noise(curves)[0] / float(level) == pytest.approx(2.75e-6, rel=0.1)
