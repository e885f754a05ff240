"""Each thing that is not ideal, alone: its size matters as it should, and without it nothing is left of it."""

from itertools import pairwise

import numpy as np
import pytest

from evaluator import evaluate
from evaluator.hardware.programmed import Hardware
from evaluator.mapping.weights import map_weights
from models_va import Quantity, card_names, load_card
from models_va.errors import CardError, InputError
from spicegen.devices.drift import relaxed
from tests.evaluator import networks
from tests.evaluator.setups import CARD, IDEAL, config, hardware, setup_of, trial_logits

WIDE = {"array.rows": 32, "array.columns": 32}
IMAGES = 60


def error(digits, *settings, trial=0, card=CARD):
    """Of the logits, relative to the largest."""
    made = setup_of(*digits, IDEAL, WIDE, *settings, limit=IMAGES, card=card)
    exact = made.network.logits(made.images)
    return np.abs(trial_logits(made, trial) - exact).max() / np.abs(exact).max()


@pytest.fixture
def table(tmp_path):
    """A file of sigma(G) that is everywhere so many siemens."""

    def write(sigma):
        path = tmp_path / f"sigma_{sigma}.csv"
        path.write_text(f"g_siemens,sigma_siemens\n1e-6,{sigma}\n1e-4,{sigma}\n", encoding="utf-8")
        return str(path)

    return write


SCHEMES = {
    "differential": {},
    "reference": {"mapping.scheme": "reference"},
    "per-channel": {"mapping.scale": "per-channel"},
    "bit-sliced": {"mapping.scheme": "bit-sliced", "mapping.slices": 6, "mapping.bits_per_slice": 6},
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_that_is_not_ideal_gives_the_network(digits, scheme):
    assert error(digits, SCHEMES[scheme]) < 1e-6
    much = {"array.r_sense_ohm": 5, "array.stuck_low": 0.1, "errors.read_noise": 0.1, "errors.time_s": 9,
            "errors.levels": 3, "converters.adc_bits": 3, "compensate": "columns"}  # fmt: skip
    made = hardware(much, SCHEMES[scheme], {"mapping.clip_percentile": 80})
    assert made.config.ideal() == config(IDEAL, SCHEMES[scheme])


LINEAR = {
    "rows": ("array.r_row_ohm", (1, 1e-2, 1e-4)),
    "columns": ("array.r_col_ohm", (1, 1e-2, 1e-4)),
    "sources": ("array.r_source_ohm", (10, 1e-1, 1e-3)),
    "senses": ("array.r_sense_ohm", (10, 1e-1, 1e-3)),
    "read noise": ("errors.read_noise", (1e-1, 1e-3, 1e-5)),
    "drift": ("errors.time_s", (100, 1, 1e-2)),
}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("kind", LINEAR)
def test_small_things_do_little_in_proportion(digits, kind, scheme):
    key, sizes = LINEAR[kind]
    found = [error(digits, SCHEMES[scheme], {key: size}) for size in sizes]
    assert found[0] > 1e-4
    assert found[1] == pytest.approx(found[0] / 100, rel=0.2)
    assert found[2] == pytest.approx(found[1] / 100, rel=0.2, abs=1e-6)


@pytest.mark.parametrize("scheme", ["differential", "reference"])
def test_programming_error_vanishes_with_sigma(digits, table, scheme):
    found = [error(digits, SCHEMES[scheme], {"errors.programming": table(s)}) for s in (1e-6, 1e-8, 1e-10, 0)]
    assert found[0] > 0.01
    assert found[1] == pytest.approx(found[0] / 100, rel=0.5)  # a ReLU may close
    assert found[2] == pytest.approx(found[1] / 100, rel=0.1)
    assert found[3] < 1e-6


def test_the_cards_sigma_is_the_papers(digits):
    """sigma = 0.0161 G + 0.08264 uS, over the devices of the layers."""
    made = setup_of(*digits, {"array.r_row_ohm": 0, "array.r_col_ohm": 0}, limit=2)
    off, targets = [], []
    for trial in range(3):
        for part in made.parts(trial):
            target = part.plan.target.g_siemens
            off.append(((part.conductances.g_siemens - target) / (0.0161 * target + 0.08264e-6)).ravel())
            targets.append(target.ravel())
    off, targets = np.concatenate(off), np.concatenate(targets)
    for some in (off[targets < 1.1e-5], off[targets > 2e-5]):
        assert np.mean(some) == pytest.approx(0, abs=4 / len(some) ** 0.5)
        assert np.std(some) == pytest.approx(1, abs=4 / (2 * len(some)) ** 0.5)


@pytest.mark.parametrize("kind", ["dac", "adc"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_more_bits_convert_better(digits, kind, scheme):
    """Of either kind; six bits more are an error of a 64th."""
    full = {"converters.adc_range": "full"}
    found = [error(digits, SCHEMES[scheme], full, {f"converters.{kind}_bits": bits}) for bits in (4, 10, 16)]
    assert found[0] > 0.03
    assert found[0] / 64 / 2.5 < found[1] < found[0] / 64 * 2.5
    assert found[2] < 1e-3
    assert found[1] / 64 / 2.5 < found[2] < found[1] / 64 * 2.5


@pytest.mark.parametrize("kind", ["dac", "adc"])
def test_more_bits_in_calibrated_ranges_leave_nothing(digits, kind):
    """Judged images go beyond what the calibration's show: what is clipped of them has to vanish with the steps."""
    found = [error(digits, {f"converters.{kind}_bits": bits}) for bits in (8, 10, 12, 14, 16)]
    assert all(b < a / 2 for a, b in pairwise(found))
    assert found[-1] < 2e-4


def test_calibrated_converters_are_better_than_full_ones(digits):
    by = [error(digits, {"converters.adc_range": r, "converters.adc_bits": 6}) for r in ("full", "calibrated")]
    assert by[1] < by[0] / 2


@pytest.mark.parametrize("scheme", ["differential", "reference"])
def test_more_levels_are_nearer(digits, scheme):
    found = [error(digits, SCHEMES[scheme], {"errors.levels": n}) for n in (9, 129, 2049, 65535)]
    assert found[0] > 0.01
    assert found[0] / 16 / 2.5 < found[1] < found[0] / 16 * 2.5
    assert found[1] / 16 / 2.5 < found[2] < found[1] / 16 * 2.5
    assert found[3] < found[2] / 32 * 2.5


def test_programmed_levels_are_levels(digits):
    made = setup_of(*digits, IDEAL, {"errors.levels": 7}, {"mapping.scheme": "reference"}, limit=2)
    levels = np.linspace(1e-5, 4e-5, 7)
    for part in made.parts(0):
        for g in (part.conductances.g_siemens, part.conductances.reference_siemens):
            assert np.min(np.abs(g[..., None] - levels), axis=-1).max() < 1e-18


def test_more_slices_hold_finer_weights(digits):
    sliced = {"mapping.scheme": "bit-sliced", "mapping.bits_per_slice": 4}
    found = [error(digits, sliced, {"mapping.slices": n}) for n in (1, 2, 3, 4, 5)]
    assert found[0] > 0.03
    assert all(b < a / 8 for a, b in pairwise(found))


def test_the_curve_straightens_at_small_voltages(digits):
    """sinh(v / v0) = v / v0 + (v / v0)^3 / 6: a quarter at half the voltage."""
    curved = {"errors.nonlinearity": True}
    found = [error(digits, curved, {"array.v_read_volt": v}) for v in (0.8, 0.4, 0.2, 1e-3)]
    assert found[0] > 0.02
    assert found[0] / found[1] == pytest.approx(4, rel=0.2)
    assert found[1] / found[2] == pytest.approx(4, rel=0.1)
    assert found[3] < 1e-6
    assert error(digits, {"array.v_read_volt": 0.8}) < 1e-6  # it is the curve, not the voltage


def test_the_curve_is_applied_to_the_inputs(tmp_path):
    """One Gemm: v0 / v_read sinh(x / x_max v_read / v0) in the place of x; drivers end at x_max."""
    rng = np.random.default_rng(1)
    w, x = rng.normal(size=(6, 3)), rng.uniform(-1, 1, (30, 6))
    path = networks.save(tmp_path / "n.onnx", [networks.node("MatMul", "x w", "y")], {"w": w}, kind=networks.DOUBLE)
    np.savez(tmp_path / "d.npz", x_test=x, y_test=np.zeros(30, int))
    np.savez(tmp_path / "c.npz", x_test=x[:4] / 2, y_test=np.zeros(4, int))
    made = setup_of(path, tmp_path / "d.npz", IDEAL, {"errors.nonlinearity": True, "array.v_read_volt": 0.5},
                    calibration=tmp_path / "c.npz")  # fmt: skip
    largest, v0 = np.abs(x[:4]).max() / 2, load_card(CARD).values["v_io"]
    driven = np.clip(x / largest, -1, 1) * 0.5
    expected = v0 * np.sinh(driven / v0) / 0.5 * largest @ w
    assert trial_logits(made) == pytest.approx(expected, rel=1e-7, abs=1e-9)
    serial = {"converters.dac_bits": 9, "converters.bit_serial": True}  # every bit at the full voltage: only a gain
    made = setup_of(path, tmp_path / "d.npz", IDEAL, {"errors.nonlinearity": True, "array.v_read_volt": 0.5}, serial,
                    calibration=tmp_path / "c.npz")  # fmt: skip
    largest = made.plans[0].largest_input
    codes = np.clip(np.rint(x / largest * 255), -255, 255) / 255 * largest
    assert trial_logits(made) == pytest.approx(v0 * np.sinh(0.5 / v0) / 0.5 * codes @ w, rel=1e-7, abs=1e-9)


def test_fewer_stuck_devices_do_less(digits):
    made = [setup_of(*digits, IDEAL, {"array.stuck_low": s, "array.stuck_high": s}, limit=2) for s in (0.05, 0.005, 0)]
    low, high = 1e-5, 4e-5
    stuck = []
    for setup in made:
        (first, _) = setup.parts(3)
        g, target = first.conductances.g_siemens, first.plan.target.g_siemens
        moved = g != target
        assert np.all(np.isin(g[moved], (low, high)))
        stuck.append(moved)
        share = setup.hardware.config.array.stuck_high
        expected = share * np.mean(target < high)  # those that do not stand there anyway
        found = np.mean(moved & (g == high))
        assert found == pytest.approx(expected, abs=4 * (expected / g.size) ** 0.5)
    assert np.all(stuck[1] <= stuck[0])  # the same ones, and some more
    assert not stuck[2].any()
    found = [error(digits, {"array.stuck_low": s}) for s in (0.1, 1e-3, 0)]
    assert found[0] > 3 * found[1]
    assert found[2] < 1e-6


def test_stuck_reference_devices_too(digits):
    made = setup_of(*digits, IDEAL, {"array.stuck_high": 0.3, "mapping.scheme": "reference"}, limit=2)
    reference = made.parts(0)[0].conductances.reference_siemens
    assert np.mean(reference == 4e-5) == pytest.approx(0.3, abs=0.2)
    assert np.all((reference == 4e-5) | (reference == 2.5e-5))


def test_shares_beyond_one_are_refused(digits):
    with pytest.raises(InputError, match=r"stuck_low \+ stuck_high = 1.4"):
        evaluate(*digits, CARD, hardware=config({"array.stuck_low": 0.7, "array.stuck_high": 0.7}), limit=2)


def test_clipping_fewer_weights_does_less(digits):
    found = [error(digits, {"mapping.clip_percentile": p}) for p in (80, 95, 99.5, 99.99, 100)]
    assert found[0] > 0.1
    assert sorted(found, reverse=True) == found
    assert found[-1] < 1e-6


def test_drift_grows_with_time_and_heat(digits):
    at = lambda t, k: error(digits, {"errors.time_s": t, "errors.temperature_k": k})
    assert at(10, 300) < at(1000, 300) < at(1000, 330)
    assert at(1000, 270) < at(1000, 300)


def test_devices_that_differ_drift_apart(digits):
    """Without a rest nothing is seen of it: programming looks at the conductance, and these reach the window's ends."""
    spread = {"g0": Quantity(value=0.05, provenance="assumed"), "order_g": Quantity(value=0.02, provenance="assumed")}
    card = load_card(CARD).model_copy(update={"device_to_device": spread})
    of = lambda settings, trial=0: error(digits, settings, trial=trial, card=card)
    differ = {"errors.device_to_device": True}
    assert of(differ) < 1e-6
    assert hardware(IDEAL, differ, card=card).is_random  # others might not
    rest = differ | {"errors.time_s": 1000}
    assert len({of({"errors.time_s": 1000}), of(rest), of(rest, trial=1)}) == 3
    assert of(rest) == of(rest)
    assert of(differ | {"errors.time_s": 1e-3}) < 1e-5


def test_weights_that_pulses_left_drift_further(digits):
    """Without a rest nothing is seen of it: their conductances are the same."""
    pulses = {"errors.after": "pulses"}
    assert error(digits, pulses) < 1e-6
    for time_s in (1, 1000):
        rest = {"errors.time_s": time_s}
        assert error(digits, rest, pulses) > 1.1 * error(digits, rest)
    target = map_weights(np.random.default_rng(0).normal(size=(1, 30, 20)), config().mapping, load_card(CARD).window())
    found = [
        hardware(IDEAL, {"errors.time_s": 1000, "errors.after": after}).programmed(target, 0, 0).g_siemens
        for after in ("verified", "pulses")
    ]
    assert np.array_equal(found[1], relaxed(load_card(CARD), target.g_siemens, 1000.0, after="pulses"))
    assert (found[1] < found[0])[target.g_siemens > 3e-5].all()


def test_devices_that_pulses_left_may_differ_in_their_conductance_only(digits):
    spread = Quantity(value=0.05, provenance="assumed")
    card = load_card(CARD).model_copy(update={"device_to_device": {"g0": spread}})
    settings = [{"errors.after": "pulses", "errors.device_to_device": True}, {"errors.time_s": 1000}]
    assert hardware(IDEAL, *settings, card=card).is_random
    assert error(digits, *settings, card=card) != error(digits, *settings, trial=1, card=card)
    initial = card.device_model.states[0].initial
    apart = card.model_copy(update={"device_to_device": {initial: spread}})
    words = f"^errors.after: pulses, errors.device_to_device: true: card {CARD}: devices differ in {initial}, "
    with pytest.raises(InputError, match=words):
        hardware(*settings, card=apart)


@pytest.mark.parametrize("time_s", [0, 1000])
def test_a_card_without_pulses_cannot_have_left_weights(time_s):
    bare = load_card(CARD).model_copy(update={"write_pulse": None})
    assert hardware({"errors.time_s": time_s}, card=bare)
    with pytest.raises(InputError, match=f"^errors.after: pulses: card {CARD}: has no write_pulse: add amplitude"):
        hardware({"errors.after": "pulses", "errors.time_s": time_s}, card=bare)


def test_what_the_card_lacks_is_said(digits):
    card = load_card(CARD).model_copy(update={"device_to_device": None})
    bare = card.model_copy(update={"programming_error": None})
    with pytest.raises(CardError, match="has no device_to_device"):
        evaluate(*digits, card, hardware=config({"errors.device_to_device": True}))
    for kind in ("card", "write-verify"):
        with pytest.raises(CardError, match=r"has no programming_error: add .* a CSV of sigma\(G\) or exact as"):
            evaluate(*digits, bare, hardware=config({"errors.programming": kind}))
    made = evaluate(*digits, bare, hardware=config({"errors.programming": "exact"}), trials=3, limit=30)
    assert len(made.accuracy_trials) == 1  # nothing is random
    with pytest.raises(InputError, match=r"none\.csv"):
        evaluate(*digits, CARD, hardware=config({"errors.programming": "none.csv"}))


@pytest.mark.parametrize("name", card_names())
def test_no_card_is_exact_unasked(name):
    known = load_card(name).programming_error is not None
    assert hardware({"errors.programming": "exact"}, card=name).spread is None
    assert not Hardware.of(name, config().ideal(), 0).is_random
    if known:
        assert hardware(card=name).is_random
    else:
        with pytest.raises(CardError, match=f"card {name}: has no programming_error"):
            hardware(card=name)


def test_a_window_beyond_the_devices_reach_is_refused():
    card = load_card(CARD)
    low = card.conductance_window.model_copy(update={"g_min_siemens": Quantity(value=5e-6, provenance="assumed")})
    with pytest.raises(InputError, match="5e-06 S is out of the device's reach, 8e-06 to"):
        hardware(card=card.model_copy(update={"conductance_window": low}))


@pytest.mark.parametrize("differ", [False, True])
def test_conductances_before_a_rest_are_those_of_a_short_one(table, differ):
    """Some of them are at the end of what their device can have."""
    spread = {"g0": Quantity(value=0.1, provenance="assumed")}
    card = load_card(CARD).model_copy(update={"device_to_device": spread})
    target = map_weights(np.random.default_rng(0).normal(size=(1, 30, 20)), config().mapping, card.window())
    errors = {"errors.programming": table(5e-6), "errors.device_to_device": differ}
    found = [
        hardware(errors, {"errors.time_s": t}, card=card).programmed(target, 0, 0).g_siemens for t in (0, 1e-9, 1e-6)
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-7)
    assert found[1] == pytest.approx(found[2], rel=1e-5)
    at_end = np.mean(found[0] < 8e-6 * (1 + 1e-12))
    assert at_end == pytest.approx(0.2, abs=0.1)
    assert (found[0].min() < 7e-6) == differ


def test_a_table_scatters_wherever_it_does_in_the_window(tmp_path):
    for rows, scatters in (
        ("1e-6,0\n2e-5,1e-6\n1e-4,0\n", True),
        ("1e-6,0\n2.4e-5,0\n2.5e-5,1e-9\n2.6e-5,0\n", True),
        ("1e-6,1e-6\n9e-6,0\n5e-5,0\n6e-5,1e-6\n", False),
    ):
        (tmp_path / "t.csv").write_text("g_siemens,sigma_siemens\n" + rows, encoding="utf-8")
        assert hardware({"errors.programming": tmp_path / "t.csv"}).is_random == scatters


@pytest.mark.parametrize("settings", [{}, {"converters.dac_bits": 8, "converters.bit_serial": True}])
def test_full_converters_take_the_currents_of_the_curve(tmp_path, settings):
    """Every device at the window's top, every row at the read voltage, where i = G v0 sinh(v / v0)."""
    path = networks.save(tmp_path / "n.onnx", [networks.node("MatMul", "x w", "y")], {"w": np.ones((6, 3))},
                         kind=networks.DOUBLE)  # fmt: skip
    x = np.array([[1.0] * 6, [0.5] * 6])
    np.savez(tmp_path / "d.npz", x_test=x, y_test=np.zeros(2, int))
    full = {"converters.adc_bits": 16, "converters.adc_range": "full"}
    np.savez(tmp_path / "c.npz", x_test=np.eye(2, 6), y_test=np.zeros(2, int))
    curved = {"errors.nonlinearity": True, "array.v_read_volt": 0.8}
    made = setup_of(path, tmp_path / "d.npz", IDEAL, curved, full, settings, calibration=tmp_path / "c.npz")
    v0 = load_card(CARD).values["v_io"]
    assert trial_logits(made)[0] == pytest.approx(6 * v0 * np.sinh(0.8 / v0) / 0.8, rel=1e-4)
