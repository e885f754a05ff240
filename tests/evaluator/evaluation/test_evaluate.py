import numpy as np
import pytest

from evaluator import evaluate
from evaluator.evaluation_setup import EvaluationInputs, prepare
from evaluator.hardware.programmed import Hardware
from evaluator.scores import (
    half_width,
    image_interval,
    mean_interval,
    paired_difference,
    relative_output_error,
    top_k_accuracy,
)
from evaluator.settings import HardwareConfig
from models_va import load_card
from netlists import ArrayConfig
from tests.evaluator import networks
from tests.evaluator.setups import trial_logits

CARD = "au-lixcoo2-pt"
SMALL = ArrayConfig(rows=32, columns=32)


def with_sigma(scale):
    card = load_card(CARD)
    part = lambda q: q.model_copy(update={"value": q.value * scale})
    old = card.programming_error
    error = old.model_copy(update={"slope": part(old.slope), "offset": part(old.offset)})
    return card.model_copy(update={"programming_error": error})


def errors(report):
    return np.array(
        [(e.programming, e.wires, e.both) for e in (layer.relative_output_error for layer in report.layers)]
    )


def test_ideal_logits_are_the_floating_point_ones(digits):
    setup = prepare(EvaluationInputs(*digits, Hardware.of(CARD, HardwareConfig().ideal(), 0)))
    expected = setup.network.logits(setup.images)
    assert np.abs(trial_logits(setup) - expected).max() < 1e-5 * np.abs(expected).max()


def test_digits(digits):
    report = evaluate(*digits, CARD)
    assert report.accuracy_float == pytest.approx(583 / 600)
    assert report.accuracy_hardware == pytest.approx(report.accuracy_float, abs=0.02)
    assert report.accuracy_hardware == pytest.approx(np.mean(report.accuracy_trials))
    low, high = report.accuracy_ci95
    assert low < report.accuracy_hardware < high
    assert [(x.name, x.op, x.shape, x.tiles, x.engine) for x in report.layers] == [
        ("hidden", "Gemm", (48, 64), 1, "operator"),
        ("output", "Gemm", (10, 48), 1, "operator"),
    ]
    assert report.devices == 2 * (48 * 64 + 10 * 48)


def test_programming_error_alone_vanishes_with_sigma(digits):
    wireless = SMALL.model_copy(update={"r_row_ohm": 0.0, "r_col_ohm": 0.0})
    by_scale = [errors(evaluate(*digits, with_sigma(s), array=wireless, trials=1)) for s in (1.0, 1e-3)]
    assert np.all(by_scale[0][:, 0] > 1e-3)
    assert np.all(by_scale[0][:, 1] < 1e-12)
    assert by_scale[1][:, 0] == pytest.approx(by_scale[0][:, 0] / 1000, rel=1e-6)
    assert np.array_equal(by_scale[0][:, 0], by_scale[0][:, 2])


def test_wires_alone_vanish_with_their_resistance(digits):
    exact = with_sigma(0.0)
    by_ohm = [
        errors(evaluate(*digits, exact, array=SMALL.model_copy(update={"r_row_ohm": r, "r_col_ohm": r})))
        for r in (1e-1, 1e-4)
    ]
    assert np.all(by_ohm[0][:, 0] < 1e-12)
    assert by_ohm[1][:, 1] == pytest.approx(by_ohm[0][:, 1] / 1000, rel=0.02)
    assert np.array_equal(by_ohm[0][:, 1], by_ohm[0][:, 2])


def test_jobs_come_one_by_one_and_their_number_is_known(digits):
    seen = []

    def progress(items, label, total=None):
        seen.append((isinstance(items, list), total))
        return iter(items)

    evaluate(*digits, CARD, trials=3, progress=progress)
    assert seen == [(False, 3), (False, 2)]  # trials, then layers


def test_same_seed_same_result_and_a_different_one_differs(digits):
    first, again, other = (evaluate(*digits, CARD, trials=2, seed=s, array=SMALL) for s in (7, 7, 8))
    assert first.accuracy_trials == again.accuracy_trials
    assert np.array_equal(first.sample.weight_error, again.sample.weight_error)
    assert not np.allclose(first.sample.weight_error, other.sample.weight_error)


def test_more_trials_begin_with_the_same_ones(digits):
    few, many = (evaluate(*digits, with_sigma(20), trials=n) for n in (2, 4))
    assert many.accuracy_trials[:2] == few.accuracy_trials
    assert len(set(many.accuracy_trials)) > 1


def test_programmings_do_not_hang_on_the_tiling(digits):
    """Another array reads the same devices."""
    wireless = {"r_row_ohm": 0.0, "r_col_ohm": 0.0}
    a, b = (evaluate(*digits, CARD, trials=2, array=ArrayConfig(rows=r, columns=r, **wireless)) for r in (10, 128))
    assert a.accuracy_trials == b.accuracy_trials
    assert a.tiles > b.tiles


@pytest.mark.parametrize("ideal", [True, False])
def test_what_is_not_random_runs_once(digits, ideal):
    report = evaluate(*digits, CARD if ideal else with_sigma(0.0), trials=9, ideal=ideal)
    assert len(report.accuracy_trials) == 1
    assert report.accuracy_ci95 is None
    assert report.layers[0].engine == ("ideal" if ideal else "operator")


def test_limit_takes_the_first_images(digits, tmp_path):
    with np.load(digits[1]) as data:
        np.savez(tmp_path / "d.npz", x_test=data["x_test"][:50], y_test=data["y_test"][:50])
    limited, short = evaluate(*digits, CARD, limit=50), evaluate(digits[0], tmp_path / "d.npz", CARD)
    assert limited.n_images == short.n_images == 50
    assert limited.accuracy_trials == short.accuracy_trials
    assert evaluate(*digits, CARD, limit=10_000, trials=1).n_images == 600


def test_top5_only_above_ten_classes(tmp_path):
    path = networks.save(
        tmp_path / "n.onnx", [networks.node("MatMul", "x w", "y")], {"w": networks.random((6, 12))}, classes=12
    )
    report = evaluate(path, networks.data(tmp_path / "d.npz", classes=12), CARD)
    assert report.accuracy_float <= report.top5["float"] <= 1
    assert 0 <= report.top5["hardware"] <= 1


def test_top_k_accuracy():
    logits = np.array([[0.1, 0.9, 0.5], [3.0, 1.0, 2.0], [1.0, 1.0, 0.0]])
    labels = np.array([1, 2, 1])
    assert top_k_accuracy(logits, labels) == pytest.approx(1 / 3)  # a tie goes to the first class
    assert top_k_accuracy(logits, labels, 2) == 1


def test_interval():
    # t(0.975, 4 degrees of freedom) = 2.776, from the tables; standard deviation of 1..5 is 1.5811
    low, high = mean_interval([0.1, 0.2, 0.3, 0.4, 0.5])
    assert (low, high) == pytest.approx((0.3 - 2.776 * 0.15811 / 5**0.5, 0.3 + 2.776 * 0.15811 / 5**0.5), abs=1e-4)
    assert mean_interval([0.0, 1.0, 1.0]) == (0.0, 1.0)
    for nothing_known in ([0.5], [0.4, 0.6], [0.96] * 5, [0.3, 0.1 + 0.2, 0.3]):
        assert mean_interval(nothing_known) is None
    assert half_width([0.97, 1.0, 1.0]) == pytest.approx(4.303 * 0.03 / 3, rel=1e-3)  # whatever 100 % clips


def test_interval_over_images():
    # Wilson's interval is where (p - p0)^2 = z^2 p0 (1 - p0) / n
    for p, n in ((0.9, 400), (0.02, 50), (1.0, 30), (0.0, 30), (1.0, 1)):
        for edge in image_interval(p, n):
            assert (p - edge) ** 2 == pytest.approx(1.959964**2 * edge * (1 - edge) / n, rel=1e-5, abs=1e-12)
    assert image_interval(1.0, 30)[1] == pytest.approx(1)


def test_paired_difference():
    # differences 0.1, 0.2, 0.3: mean 0.2, standard deviation 0.1, t(0.975, 2 degrees of freedom) = 4.303
    found, (low, high) = paired_difference([0.1, 0.5, 0.9], [0.2, 0.7, 1.2])
    half = 4.303 * 0.1 / 3**0.5
    assert (found, low, high) == pytest.approx((0.2, 0.2 - half, 0.2 + half), abs=1e-4)
    assert paired_difference([0.5], [0.25]) == (-0.25, None)


def test_relative_output_error():
    w, x = np.array([[3.0, 4.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    assert relative_output_error(1.1 * w, w, x) == pytest.approx(0.1)
    assert relative_output_error(0 * w, 0 * w, x) == 0
    assert np.isnan(relative_output_error(w, 0 * w, x))
