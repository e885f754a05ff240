"""Replays: which points of a measurement a fit takes, what is applied there, and how uncertain they are said to be."""

from dataclasses import replace

import numpy as np
import pytest

from models_va import load_card, load_model
from models_va.errors import InputError
from spicegen.fit.replay.from_measurements import of_drift, replays
from spicegen.fit.replay.run import ModelDevice, outliers
from spicegen.measurements import Pulses, Retention, Sweep
from spicegen.measurements.thinning import FIT_POINTS, with_turns
from spicegen.reports.fit_pictures import measured_against_fitted
from tests.spicegen.metrics.measured import ORIGIN

LEG = np.linspace(0, 1, 126)
LOOP = np.concatenate([LEG, LEG[::-1], -LEG[1:], -LEG[-2::-1]])
"""A dual sweep of a source meter: the 1 V at its end is measured twice."""
STEP_S = 0.01


def sweep(voltage):
    return Sweep(ORIGIN, np.arange(len(voltage)) * STEP_S, voltage, 1e-6 * voltage, 300.15)


@pytest.mark.parametrize("noise_volt", [0.0, 5e-3])
def test_a_thinned_sweep_turns_where_the_whole_one_does(noise_volt):
    whole = np.tile(LOOP, 20) + noise_volt * np.random.default_rng(0).standard_normal(20 * len(LOOP))
    (replay,) = replays(sweep(whole))
    assert len(replay.applied.v_volt) <= FIT_POINTS
    loop = np.rint(replay.applied.time_s / STEP_S).astype(int) // len(LOOP)
    for n in range(20):
        here, all_of_it = replay.applied.v_volt[loop == n], whole[n * len(LOOP) : (n + 1) * len(LOOP)]
        assert (here.max(), here.min()) == (all_of_it.max(), all_of_it.min())


def test_a_hold_where_a_sweep_turns_stays_as_long():
    held = np.concatenate([LEG, np.ones(7), LEG[::-1]])
    at = with_turns(held, 40)
    top = at[held[at] == 1.0]
    assert (top[0], top[-1]) == (125, 133)


def test_a_jump_of_the_voltage_stays_one():
    at = with_turns(np.repeat([0.0, 1.5, 2.0], [1, 500, 500]), 40)
    assert {0, 1, 500, 501, 1000} <= set(at.tolist())
    assert len(at) <= 40


def test_a_sweep_of_more_turns_than_are_fitted_ends_early():
    """Rather than to be done to the model with peaks left away."""
    at = with_turns(np.tile(LOOP, 200), FIT_POINTS)
    assert len(at) <= FIT_POINTS
    loops = at[-1] // len(LOOP)
    assert 60 < loops < 200
    peaks = np.bincount(at // len(LOOP), np.tile(LOOP, 200)[at] == 1.0)
    assert peaks[:loops].tolist() == [2] * loops


def test_thinned_retention_keeps_its_first_seconds():
    """Read once a second for hours, with a time constant of three seconds."""
    time = np.arange(1.0, 10_001)
    (replay,) = replays(Retention(ORIGIN, time, 1e-6 + 1e-6 * np.exp(-time / 3), np.full(len(time), 300.0), 0.1))
    seen = replay.applied.time_s[replay.seen]
    assert len(seen) <= FIT_POINTS
    assert seen[:10].tolist() == time[:10].tolist()
    assert np.diff(np.log(seen[10:])).max() < 0.1


def retention(g_siemens, kelvin=300.0):
    time = np.arange(1.0, len(g_siemens) + 1)
    return Retention(ORIGIN, time, np.asarray(g_siemens), np.full(len(time), kelvin), 0.1)


def test_retention_that_ends_below_what_the_meter_shows_is_fitted_to_there():
    (replay,) = replays(retention([*np.geomspace(1e-6, 1e-7, 18), 0, 0]))
    assert replay.applied.time_s[replay.seen].tolist() == list(range(1, 19))
    assert np.isfinite(replay.noise).all()
    assert np.isfinite(replay.residuals(replay.observed)).all()
    with pytest.raises(InputError, match=r"synthetic.csv: conductances of 0 only: read in a smaller range"):
        replays(retention(np.zeros(5)))


def train(g_siemens):
    """Half of the pulses up, half down."""
    n = len(g_siemens)
    direction = np.repeat([1, -1], n // 2).astype(np.int8)
    width = np.full(n, 1e-3)
    return Pulses(ORIGIN, direction * 1.0, width, width, direction, np.asarray(g_siemens), 0.1, 300.15)


def test_a_row_whose_median_is_zero_is_neither_fitted_nor_drawn():
    g = np.full((8, 3), 1e-6)
    g[7] = [0, 0, 1e-9]
    (replay,) = replays(train(g))
    assert len(replay.observed) == 7
    figure, _ = measured_against_fitted([(replay, replay.observed)])
    assert figure.axes[0].lines[-1].get_xdata().tolist() == [1, 2, 3, 4, 5, 6, 7]
    with pytest.raises(InputError, match="conductances of 0 only"):
        replays(train(0 * g))


@pytest.mark.parametrize(("first", "last", "cycles", "driven"), [(1, 1.01, 3, 2), (1, 2, 3, 1), (1, 1.01, 1, 1)])
def test_a_cycle_goes_on_from_the_one_before_unless_the_device_was_reset(first, last, cycles, driven):
    """Read before the first pulse and after the last: where they differ, no cycle before it leads to its start.

    And where the memory state is all there is, its start is seen.
    """
    read = replace(
        train(np.tile(np.array([[first], [3], [4], [last]]) * 1e-6, cycles)),
        direction=np.array([0, 1, 1, -1], dtype=np.int8),
    )
    (alone,) = replays(read)
    replay = alone.behind_a_cycle(load_model("li_intercalation"))
    assert np.sum(replay.applied.v_volt == 1.0) == 2 * driven  # begin and end of the pulse up
    assert np.diff(replay.applied.time_s).min() == 0
    assert replay.applied.time_s[replay.seen] - (driven - 1) * alone.applied.time_s[-1] == pytest.approx(
        alone.applied.time_s[alone.seen]
    )
    assert alone.behind_a_cycle(load_model("vteam")) is alone


def cycles_of(start, count=8, *, reset=False):
    """What a device has and what is read, of cycles of ten pulses up and six down, each with a read before.

    A pulse moves it a twentieth of the way to 30 or 3 uS; it goes on from cycle to cycle, or is reset. 1 % noise.
    """
    direction = np.array([0] + [1] * 10 + [-1] * 6, dtype=np.int8)
    g, has = start, np.empty((len(direction), count))
    for n in range(count):
        g = start if reset else g
        for row, to in enumerate(direction):
            g += 0.05 * (np.array([g, 30e-6, 3e-6])[to] - g)
            has[row, n] = g
    read = has * (1 + 0.01 * np.random.default_rng(3).standard_normal(has.shape))
    width = np.full(len(direction), 1e-3)
    return has, Pulses(ORIGIN, direction * 1.0, width, width, direction, read, 0.1, 300.15)


@pytest.mark.parametrize(("start", "count", "taken"), [(4e-6, 8, 8), (30e-6, 8, 8), (4e-6, 2, 2), (4e-6, 100, 35)])
def test_cycles_that_drift_are_one_train(start, count, taken):
    has, read = cycles_of(start, count)
    (replay,) = replays(read)
    assert replay.observed.tolist() == read.g_siemens.T.ravel()[: taken * 17].tolist()
    assert rms(replay.residuals(has.T.ravel()[: taken * 17])) == pytest.approx(1.0, abs=0.2)
    assert np.sum(np.diff(np.abs(replay.applied.v_volt)) == 1) == taken * 16
    assert not replay.cycled
    assert f"{taken} of {count} are taken one after the other" in of_drift(read, replay)
    figure, _ = measured_against_fitted([(replay, replay.observed)])
    assert figure.axes[0].lines[-1].get_xdata()[-1] == taken * 16


def steady():
    """Cycles that repeat, a twentieth of the points outliers."""
    _, read = cycles_of(cycles_of(4e-6, 30)[0][-1, -1])
    rng = np.random.default_rng(5)
    bad = rng.random(read.g_siemens.shape) < 0.05
    return np.where(bad, read.g_siemens * rng.choice([0.6, 1.6], bad.shape), read.g_siemens)


def aged():
    """Each cycle a sixth above the one before, on a device that was reset."""
    return cycles_of(4e-6, reset=True)[1].g_siemens * np.exp(np.arange(8) / 6)


@pytest.mark.parametrize("case", [steady, aged])
def test_cycles_that_do_not_go_on_in_one_direction_are_typical_ones(case):
    read = replace(cycles_of(4e-6)[1], g_siemens=case())
    (replay,) = replays(read)
    assert len(replay.observed) == 17
    assert not of_drift(read, replay)


@pytest.mark.parametrize("early", [False, True])
def test_what_came_after_a_cycle_that_ended_early_is_not_known(early):
    """Nothing was read before the first pulse: those both ways are taken to go on."""
    _, read = cycles_of(4e-6)
    read.g_siemens[12:, 3] = np.where(early, np.nan, read.g_siemens[12:, 3])
    rows = ("amplitude_volt", "width_s", "gap_s", "direction", "g_siemens")
    (replay,) = replays(replace(read, **{name: getattr(read, name)[1:] for name in rows}))
    assert len(replay.observed) == (16 if early else 8 * 16)


@pytest.mark.parametrize("count", [1, 2, 5, 300])
def test_what_is_far_off_alone_is_an_outlier_and_what_is_so_in_a_row_is_missed(count):
    left = np.random.default_rng(1).standard_normal(count)
    assert not outliers(left).any()
    if count > 100:
        left[[0, 50, 90, 91, 299]] = [20, -9, 8, -8, 20]
        left[[200, 201, 202, 203]] = 9
        assert np.flatnonzero(outliers(left)).tolist() == [0, 50, 90, 91, 299]
        assert not outliers(100 * np.sign(left)).any()  # a scale of its own


def left(g_siemens):
    """Residuals of what the devices of these reads really are, in units of the noise."""
    (replay,) = replays(train(g_siemens))
    return replay.residuals(np.full(len(g_siemens), 1e-6))


def rms(values):
    return float(np.sqrt(np.mean(values**2)))


@pytest.mark.parametrize("cycles", [3, 4, 5, 10, 30])
@pytest.mark.parametrize("ended", [0, 1])
def test_what_a_perfect_model_leaves_is_one_in_units_of_the_noise(cycles, ended):
    """White noise; in the last third one cycle may have ended."""
    g = 1e-6 * np.exp(0.1 * np.random.default_rng(cycles).standard_normal((1200, cycles)))
    g[800:, :ended] = np.nan
    found = left(g)
    assert (rms(found), rms(found[800:])) == pytest.approx((1.0, 1.0), abs=0.1)


def test_of_many_cycles_each_row_has_its_own_noise():
    sigma = np.tile([0.05, 0.15], 600)[:, None]
    found = left(1e-6 * np.exp(sigma * np.random.default_rng(0).standard_normal((1200, 30))))
    assert (rms(found[::2]), rms(found[1::2])) == pytest.approx((1.0, 1.0), abs=0.15)


def test_of_two_cycles_the_noise_is_what_neighbours_miss_of_a_smooth_curve():
    rng = np.random.default_rng(0)
    g = np.linspace(1e-6, 2e-6, 1000)[:, None] * np.exp(0.02 * rng.standard_normal((1000, 1))) * np.ones(2)
    assert replays(train(g))[0].noise == pytest.approx(np.full(1000, 0.02), rel=0.1)


def test_a_sweep_of_too_few_points_says_so():
    with pytest.raises(InputError, match=r"synthetic.csv: a sweep of 4 points is too short .*: measure more points$"):
        replays(sweep(np.array([0.0, 1.0, 0.5, 0.0])))


def test_a_sweep_that_is_all_compliance_says_so():
    limited = replace(sweep(np.linspace(1.0, 2.0, 20)), current_amp=np.full(20, 1e-3))
    with pytest.raises(InputError, match=r"synthetic.csv: nowhere five .* at the compliance: .* with a higher one"):
        replays(limited)


@pytest.mark.filterwarnings("error")
def test_a_current_of_zero_begins_no_part():
    """It says nothing of a state, and is divided by nowhere."""
    (replay,) = replays(sweep(LOOP))
    begun = replay.in_parts(len(LOOP)).corrected
    assert len(begun) > 400
    assert np.all(replay.observed[begun] != 0)
    assert np.count_nonzero(replay.observed[1:-1] == 0) == 1


@pytest.mark.parametrize(("r_on", "shows"), [(1e3, True), (3e5, False), (1e6, False)])
def test_a_device_that_no_card_may_have_shows_nothing(r_on, shows):
    """So that no fit ends there: the on state is to have the lower resistance."""
    card = load_card("magic-vteam")
    values = np.array(list({**card.values, "r_on": r_on}.values()))
    (replay,) = replays(sweep(LOOP))
    run = replay.run(ModelDevice.fresh(card.device_model, values, False))
    assert np.isfinite(run.predicted).all() == shows
    assert np.isfinite(replay.residuals(run.predicted)).all()
