"""Compensation of what is known: how near it brings the arrays to the network, and that it never does harm."""

from dataclasses import replace

import numpy as np
import pytest

import evaluator.evaluation_setup
import evaluator.hardware.programmed
from evaluator import evaluate
from evaluator.circuit import CircuitRequest
from evaluator.hardware.activations import activations_of
from evaluator.hardware.calibration import with_ranges
from evaluator.hardware.compensation import fit_columns, out_of_reach, products, reach_for_weights
from evaluator.network.onnx_model import load_network
from evaluator.reports.evaluation_page import evaluation_page
from models_va import load_card
from tests.evaluator import networks
from tests.evaluator.setups import CARD, config, setup_of, trial_logits

LOW, HIGH = load_card(CARD).window()
WIRED = {
    "array.rows": 24,
    "array.columns": 26,
    "array.r_row_ohm": 4,
    "array.r_col_ohm": 4,
    "errors.programming": "exact",
}
REACHING = {"compensate": "conductances"}
SCHEMES = {
    "differential": {},
    "per-tensor": {"mapping.scale": "per-tensor"},
    "reference": {"mapping.scheme": "reference"},
    "bit-sliced": {"mapping.scheme": "bit-sliced", "mapping.slices": 4, "mapping.bits_per_slice": 6},
}


def weight_errors(setup):
    """Of each layer's effective weights, with each plan's target conductances: ||W_eff - W|| / ||W||."""
    return np.array([out_of_reach(plan, setup.hardware) for plan in setup.plans])


def logit_error(setup):
    exact = setup.network.logits(setup.images)
    return np.abs(trial_logits(setup) - exact).max() / np.abs(exact).max()


# conductances


@pytest.mark.parametrize("scheme", SCHEMES)
def test_corrected_conductances_have_the_wanted_weights_in_effect(digits, scheme):
    plain, reaching = (setup_of(*digits, WIRED, SCHEMES[scheme], more, limit=50) for more in ({}, REACHING))
    before, after = weight_errors(plain), weight_errors(reaching)
    assert np.all(before > 1e-3)
    assert np.all(after < before / 100)  # without programming error there is as much headroom as it takes
    assert logit_error(reaching) < logit_error(plain) / 100
    for plan in reaching.plans:
        assert plan.target.g_siemens.min() >= LOW
        assert plan.target.g_siemens.max() <= HIGH


def test_what_is_left_is_what_cannot_be_reached(digits):
    """The headroom is for all but the largest weights: those, and only those, stand at the window's end."""
    setup = setup_of(*digits, WIRED, REACHING, limit=50)
    for plan in setup.plans:
        weights = plan.target.weights(setup.hardware.read(plan.target, plan.layer).slices)
        off = np.abs(weights - plan.layer.weights)[0]
        g = plan.target.g_siemens[0].max(axis=2).T  # (outputs, inputs)
        at_end = g >= HIGH * (1 - 1e-9)
        assert np.mean(at_end) < 0.03
        assert off[~at_end].max() < 1e-3 * np.abs(plan.layer.weights).max()


def test_wires_too_thick_for_any_conductance_are_reported(digits):
    by = []
    for ohm in (1, 100):
        wires = WIRED | {"array.rows": 64, "array.columns": 96, "array.r_row_ohm": ohm, "array.r_col_ohm": ohm}
        report = evaluate(*digits, CARD, hardware=config(wires, REACHING), limit=50)
        by.append([layer.out_of_reach for layer in report.layers])
    assert max(by[0]) < 0.01
    assert max(by[1]) > 3 * max(by[0])
    assert evaluate(*digits, CARD, limit=5, trials=1).layers[0].out_of_reach is None


@pytest.mark.parametrize("form", networks.FORMS)
def test_conductances_of_every_form(tmp_path, form):
    path = networks.FORMS[form](tmp_path / "n.onnx")
    networks.data(tmp_path / "d.npz", (8, *load_network(path).image_shape))
    small = WIRED | {"array.rows": 7, "array.columns": 6, "array.r_row_ohm": 10, "array.r_col_ohm": 10}
    plain, reaching = (setup_of(path, tmp_path / "d.npz", small, more) for more in ({}, REACHING))
    before, after = weight_errors(plain), weight_errors(reaching)
    assert np.all((after < before / 3) | (before == 0))
    assert np.all(np.isfinite(trial_logits(reaching)))


def test_correction_knows_the_levels(digits):
    setup = setup_of(*digits, WIRED, REACHING, {"errors.levels": 33}, limit=5)
    levels = np.linspace(LOW, HIGH, 33)
    for plan in setup.plans:
        assert np.min(np.abs(plan.target.g_siemens[..., None] - levels), axis=-1).max() < 1e-17


@pytest.mark.parametrize("scheme", ["differential", "reference"])
def test_correction_aims_at_the_weights_and_not_at_their_levels(digits, scheme):
    """With levels there is no more left of the wires than the levels leave without any."""
    levels, no_wires = {"errors.levels": 65}, {"array.r_row_ohm": 0, "array.r_col_ohm": 0}
    settings = ([no_wires], [REACHING], [])
    rounded, reaching, plain = (
        weight_errors(setup_of(*digits, WIRED, SCHEMES[scheme], levels, *more, limit=5)) for more in settings
    )
    assert np.all(plain > 1.5 * rounded)
    assert np.all(reaching < 1.1 * rounded)


@pytest.mark.parametrize("scheme", ["differential", "bit-sliced"])
def test_ranges_are_those_of_the_corrected_conductances(digits, scheme):
    wires = WIRED | {"array.r_row_ohm": 40, "array.r_col_ohm": 40, "converters.adc_bits": 8}
    setup = setup_of(*digits, wires, SCHEMES[scheme], REACHING, limit=50)
    plain = setup_of(*digits, wires, SCHEMES[scheme], limit=50)
    open_ended = [replace(p, adc_range=None) for p in setup.plans]
    again = with_ranges(setup.network, open_ended, setup.hardware, setup.calibration)
    for before, after, found in zip(plain.plans, again, setup.plans, strict=True):
        assert np.array_equal(found.adc_range, after.adc_range)
        assert not np.array_equal(found.adc_range, before.adc_range)


def test_an_ideal_array_needs_no_correction(digits):
    setup = setup_of(*digits, WIRED, {"array.r_row_ohm": 0, "array.r_col_ohm": 0}, REACHING, limit=5)
    for plan in setup.plans:
        assert plan.target.g_siemens == pytest.approx(setup.hardware.target(plan.layer).g_siemens, rel=1e-9)
    assert reach_for_weights(setup.plans[0], setup.hardware).full_scale == pytest.approx(
        setup.plans[0].target.full_scale
    )


# columns


COLUMNS = {
    "wires": {"array.r_row_ohm": 30, "array.r_col_ohm": 30},
    "programming": {"errors.programming": "card"},
    "converters": {"converters.adc_bits": 4, "converters.dac_bits": 4},
    "drift": {"errors.time_s": 3000},
    "curve": {"errors.nonlinearity": True, "array.v_read_volt": 0.6},
}
FITTED = ("conv_groups", "conv_strided", "conv_transpose", "conv_1d", "matmul_weights_first", "gemm_alpha_beta")


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("form", FITTED)
def test_fitted_columns_are_never_worse_on_what_they_were_fitted_to(tmp_path, form, kind):
    path = networks.FORMS[form](tmp_path / "n.onnx")
    image = {"conv_groups": (4, 5, 5), "conv_strided": (2, 7, 6), "conv_transpose": (4, 3, 3), "conv_1d": (3, 9)}
    networks.data(tmp_path / "d.npz", (40, *image.get(form, (6,))))
    small = {"array.rows": 7, "array.columns": 6, "errors.programming": "exact", "array.r_row_ohm": 0.1}
    setup = setup_of(path, tmp_path / "d.npz", small, COLUMNS[kind], {"compensate": "columns"})
    (part,), model = setup.parts(0), setup.network.graph
    (seen,) = activations_of(setup.network, setup.plans, setup.calibration)
    plain = replace(part, gain=None, offset=None)
    found, wanted = products(model, plain, seen)
    fitted, _ = products(model, part, seen)
    before, after = (np.mean((t - wanted) ** 2, axis=1) for t in (found, fitted))
    assert np.all(after <= before * (1 + 1e-4) + 1e-12)
    assert after.sum() < 0.999 * before.sum()
    for k, (x, y) in enumerate(zip(found, wanted, strict=True)):  # the best of all gains and offsets
        slope, shift = np.polyfit(x, y, 1)
        assert part.gain.ravel()[k] == pytest.approx(slope, rel=1e-3)
        assert part.offset.ravel()[k] == pytest.approx(shift, abs=1e-4 * np.abs(y).max())
        assert fitted[k] == pytest.approx(slope * x + shift, abs=1e-4 * np.abs(y).max())


def test_columns_of_a_layer_that_gives_always_the_same(tmp_path):
    path = networks.FORMS["negated"](tmp_path / "n.onnx")
    networks.data(tmp_path / "d.npz")
    setup = setup_of(path, tmp_path / "d.npz", {"compensate": "columns"})
    _, zeros = setup.parts(0)
    gain, offset = fit_columns(setup.network.graph, zeros, setup.activations[1])
    assert np.all(np.isfinite(gain))
    assert np.all(np.isfinite(offset))
    assert np.all(np.isfinite(trial_logits(setup)))


def test_columns_are_fitted_to_other_reads_than_they_are_judged_on(digits, monkeypatch):
    fitted, real = [], evaluator.evaluation_setup.fit_columns
    monkeypatch.setattr(
        evaluator.evaluation_setup, "fit_columns", lambda m, part, a: fitted.append(part) or real(m, part, a)
    )
    setup = setup_of(*digits, {"errors.read_noise": 0.1, "compensate": "columns"}, limit=5)
    judged = [part for trial in (0, 1) for part in setup.parts(trial)]
    seeds = [{p.noise_seed for p in parts} for parts in (fitted, judged)]
    assert [len(s) for s in seeds] == [2, 2]  # one a trial
    assert seeds[0].isdisjoint(seeds[1])


def test_columns_bring_back_what_wires_take(digits):
    wires = WIRED | {"array.rows": 64, "array.columns": 96, "array.r_row_ohm": 30, "array.r_col_ohm": 30}
    plain, fitted = (setup_of(*digits, wires, {"compensate": c}, calibrated=True) for c in ("none", "columns"))
    assert np.array_equal(plain.images, fitted.images)
    assert logit_error(fitted) < logit_error(plain) / 1.5


def test_the_same_arrays_are_judged_with_and_without_corrected_columns(digits, monkeypatch):
    """Programming, and reading through wires, is what takes long: no tile is programmed or read for it once more."""
    read, real, counts = [], evaluator.hardware.programmed.read_layer, []
    monkeypatch.setattr(evaluator.hardware.programmed, "read_layer", lambda *a, **k: read.append(1) or real(*a, **k))
    for kind in ("none", "columns"):
        read.clear()
        report = evaluate(*digits, CARD, hardware=config({"converters.adc_bits": 6, "compensate": kind}), limit=40)
        counts.append(len(read))
    assert counts[0] == counts[1]
    assert len(report.uncompensated) == len(report.trials) == 5


# what it buys


def test_what_circuits_change_is_no_gain_of_the_compensation(digits):
    """At 3 V the operator is so far from the circuit that both together would cost what the compensation gains."""
    made = config({"array.rows": 32, "array.columns": 32, "array.v_read_volt": 3, "compensate": "columns"})
    plain, report = (
        evaluate(*digits, CARD, hardware=made, limit=40, trials=1, circuits=CircuitRequest(tiles, engine="native"))
        for tiles in ("none", "all")
    )
    assert report.accuracy_hardware < plain.accuracy_hardware
    assert report.uncompensated == plain.uncompensated
    assert report.bought_back == plain.bought_back
    assert report.bought_back[0] > 0
    blocks = evaluation_page(report)._blocks[:2]
    rows = [{cell.text: row[1].text for row in block.rows for cell in row[:1]} for block in blocks]
    assert any(r.get("Accuracy, operator, without compensation") == "95.00%" for r in rows)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kind", ["columns", "conductances"])
def test_the_report_has_the_same_trials_without_compensation(digits, tmp_path, kind, training):
    if not training:  # columns are fitted to some of the test images, then, which are not judged
        with np.load(digits[1]) as data:
            np.savez(tmp_path / "d.npz", x_test=data["x_test"], y_test=data["y_test"])
        digits = digits[0], tmp_path / "d.npz"
    wires = {"array.rows": 64, "array.columns": 96, "array.r_row_ohm": 60, "array.r_col_ohm": 60}
    report = evaluate(*digits, CARD, hardware=config(wires, {"compensate": kind}), trials=3)
    bare = setup_of(*digits, wires, calibrated=kind == "columns")
    assert len(bare.images) == report.n_images == (480 if kind == "columns" and not training else 600)
    expected = [np.mean(trial_logits(bare, k).argmax(axis=1) == bare.labels) for k in range(3)]
    assert [s.top1 for s in report.uncompensated] == pytest.approx(expected, abs=1e-12)
    assert report.to_json()["uncompensated_trials"] == pytest.approx(expected, abs=1e-12)
    assert report.accuracy_hardware > np.mean(expected) + 0.01  # it is worth something here
    assert evaluate(*digits, CARD, limit=10, trials=1).to_json()["uncompensated_trials"] is None
