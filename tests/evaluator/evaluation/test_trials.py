"""Trials: the same seed gives the same numbers, whoever computes them, and nothing finished is computed again."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

import evaluator.evaluation.trials
from evaluator import evaluate
from evaluator.cli import evaluate_command
from evaluator.evaluation.trials import FILE, Trials
from evaluator.evaluation_setup import Circuits
from models_va.errors import InputError
from spicegen.progress import track
from spicegen.simulate import SimulationError, simulator
from spicegen.simulate.base import Availability
from tests.evaluator import networks
from tests.evaluator.setups import CARD, config, setup_of, trial_logits

MUCH = {"array.rows": 32, "array.columns": 32, "array.r_row_ohm": 20, "array.r_col_ohm": 20, "errors.read_noise": 0.3}
"""So much that trials differ in their accuracy."""
ALL = MUCH | {
    "converters.adc_bits": 5, "converters.dac_bits": 5, "converters.bit_serial": True, "errors.time_s": 1000,
    "array.stuck_low": 0.02, "errors.nonlinearity": True, "compensate": "columns",
}  # fmt: skip


def run(digits, *settings, **options):
    return evaluate(*digits, CARD, hardware=config(*settings), **{"trials": 3, "limit": 120} | options)


@pytest.fixture
def idle(monkeypatch):
    """From the call on, every trial that is computed is an error."""

    def forbid(*_):
        raise AssertionError("computed again")

    return lambda: monkeypatch.setattr(evaluator.evaluation.trials, "_scored", forbid)


# determinism


@pytest.mark.parametrize("settings", [MUCH, ALL, MUCH | {"mapping.scheme": "reference"}])
def test_the_same_seed_gives_the_same_logits(digits, settings):
    first, again, other = (setup_of(*digits, settings, seed=s, limit=40) for s in (3, 3, 4))
    assert np.array_equal(trial_logits(first), trial_logits(again))
    assert np.array_equal(trial_logits(first, 5), trial_logits(again, 5))  # whatever went before
    assert not np.allclose(trial_logits(first), trial_logits(first, 1))
    assert not np.allclose(trial_logits(first), trial_logits(other))
    assert first.key == again.key != other.key


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_change_nothing(tmp_path, threads):
    path = networks.convolution(tmp_path / "n.onnx", (8, 20, 20), (64, 8, 3, 3))
    networks.data(tmp_path / "d.npz", (30, 8, 20, 20), classes=9)
    setup = setup_of(path, tmp_path / "d.npz", {"converters.adc_bits": 8, "errors.read_noise": 0.05})
    other = replace(setup, network=replace(setup.network, threads=threads))
    assert np.array_equal(trial_logits(setup), trial_logits(other))


def test_workers_change_nothing(digits):
    alone, together = (run(digits, ALL, trials=4, seed=5, workers=n) for n in (1, 2))
    assert len(set(alone.accuracy_trials)) > 1
    assert together.accuracy_trials == alone.accuracy_trials
    assert together.layers == alone.layers


def test_workers_stop_at_an_error(digits, monkeypatch):
    """What a trial raises comes out as it is, and no other trial is begun."""
    begun = []

    def fail(*_):
        begun.append(1)
        raise SimulationError("vacask", "hidden:0,0: no convergence", "deck", ["a line"])

    monkeypatch.setattr(evaluator.evaluation.trials, "_scored", fail)
    with pytest.raises(SimulationError, match="hidden:0,0"):
        run(digits, MUCH, trials=50, workers=2)
    assert len(begun) < 25


def test_a_longer_run_begins_with_the_shorter_ones_trials(digits):
    few, many = (run(digits, MUCH, trials=n) for n in (2, 5))
    assert many.accuracy_trials[:2] == few.accuracy_trials
    assert len(set(many.accuracy_trials)) > 1


def test_circuits_are_read_with_the_noise_of_the_operator(tmp_path):
    """Two batches, neither of whose tensors ends with a row of the table of normal numbers; circuits as linear as T."""
    weights = {"w": networks.random((700, 3))}
    path = networks.save(tmp_path / "n.onnx", [networks.node("Gemm", "x w", "y", "a")], weights, ("batch", 700))
    networks.data(tmp_path / "d.npz", (300, 700))
    noisy = {"errors.read_noise": 0.3, "array.rows": 100, "array.v_read_volt": 1e-3}
    made = setup_of(path, tmp_path / "d.npz", noisy, calibrated=True)
    simulated = replace(made, inputs=replace(made.inputs, circuits=Circuits("native", frozenset({"a:0,0"}))))
    assert trial_logits(simulated) == pytest.approx(trial_logits(made), abs=1e-3)


# what is kept


def test_what_is_kept_is_not_computed_again(digits, tmp_path, idle):
    first = run(digits, MUCH, folder=tmp_path)
    idle()
    again = run(digits, MUCH, folder=tmp_path)
    assert again.accuracy_trials == first.accuracy_trials
    assert run(digits, MUCH, folder=tmp_path, trials=2).accuracy_trials == first.accuracy_trials[:2]
    lines = [json.loads(line) for line in (tmp_path / FILE).read_text().splitlines()]
    assert [(x["trial"], x["top1"]) for x in lines] == list(enumerate(first.accuracy_trials))


def test_a_longer_run_takes_over_what_is_there(digits, tmp_path, monkeypatch):
    few = run(digits, MUCH, folder=tmp_path, trials=2)
    computed, real = [], evaluator.evaluation.trials._scored
    monkeypatch.setattr(evaluator.evaluation.trials, "_scored", lambda *a: computed.append(1) or real(*a))
    many = run(digits, MUCH, folder=tmp_path, trials=4)
    assert len(computed) == 2
    assert many.accuracy_trials[:2] == few.accuracy_trials
    assert many.accuracy_trials == run(digits, MUCH, trials=4).accuracy_trials


@pytest.mark.parametrize("cut", [1, 2, 30])
def test_a_line_that_was_cut_is_computed_again(digits, tmp_path, idle, cut):
    first = run(digits, MUCH, folder=tmp_path)
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:-cut])
    assert run(digits, MUCH, folder=tmp_path).accuracy_trials == first.accuracy_trials
    idle()
    assert run(digits, MUCH, folder=tmp_path).accuracy_trials == first.accuracy_trials


@pytest.mark.parametrize(
    "rubbish", [b"\xff\xfe\x00", b"[1, 2]\n", b"null\n", b'{"study": 1}\n', b"\n\n", b"{" * 99_999]
)
def test_rubbish_among_the_lines_is_passed_over(digits, tmp_path, idle, rubbish):
    first = run(digits, MUCH, folder=tmp_path)
    (tmp_path / FILE).write_bytes(rubbish + b"\n" + (tmp_path / FILE).read_bytes())
    idle()
    assert run(digits, MUCH, folder=tmp_path).accuracy_trials == first.accuracy_trials


@pytest.mark.parametrize("top1", ['"0.5"', "null", "true", "2", "-1", "NaN", "[0.5]"])
def test_what_is_no_share_is_computed_again(digits, tmp_path, top1):
    first = run(digits, MUCH, folder=tmp_path)
    text = (tmp_path / FILE).read_text().replace(f'"top1":{first.accuracy_trials[0]},', f'"top1":{top1},')
    assert f":{top1}," in text
    (tmp_path / FILE).write_text(text)
    assert run(digits, MUCH, folder=tmp_path).accuracy_trials == first.accuracy_trials


@pytest.mark.parametrize(
    "other",
    [
        lambda d, f: run(d, MUCH, folder=f, seed=1),
        lambda d, f: run(d, MUCH, folder=f, limit=119),
        lambda d, f: run(d, MUCH | {"errors.read_noise": 0.31}, folder=f),
        lambda d, f: run(d, MUCH | {"array.r_row_ohm": 21}, folder=f),
        lambda d, f: run(d, MUCH | {"mapping.scheme": "reference"}, folder=f),
        lambda d, f: run(d, MUCH | {"compensate": "columns"}, folder=f),
    ],
)
def test_trials_of_something_else_are_not_confused(digits, tmp_path, idle, other):
    run(digits, MUCH, folder=tmp_path, trials=1)
    idle()
    with pytest.raises(AssertionError, match="computed again"):
        other(digits, tmp_path)


def test_another_table_of_the_same_name_is_another_study(digits, tmp_path):
    table = tmp_path / "sigma.csv"
    keys = []
    for sigma in (1e-6, 2e-6):
        table.write_text(f"g_siemens,sigma_siemens\n1e-6,{sigma}\n1e-4,{sigma}\n")
        keys.append(setup_of(*digits, {"errors.programming": table}, limit=3).key)
    assert keys[0] != keys[1]


@pytest.mark.parametrize("what", ["equations", "simulator", "onnxruntime"])
def test_another_version_is_another_study(digits, monkeypatch, what):
    made = setup_of(*digits, limit=3, circuits=Circuits("native", frozenset({"a:0,0"})))
    before, card = made.key, made.hardware.card
    if what == "equations":
        model = replace(card.device_model, version="other")
        monkeypatch.setattr(type(card), "device_model", property(lambda _: model))
    elif what == "simulator":
        monkeypatch.setattr(type(simulator("native")), "available", lambda _: Availability(True, "other"))
    else:
        monkeypatch.setattr("evaluator.evaluation_setup.version", lambda name: "other" if name == what else "1")
    assert replace(made).key != before


def test_other_images_to_calibrate_with_are_another_study(digits, tmp_path):
    keys = []
    for scale in (1, 2):
        np.savez(tmp_path / "c.npz", x_test=scale * np.ones((4, 64), np.float32), y_test=np.zeros(4, int))
        setup = setup_of(*digits, {"converters.adc_bits": 5}, limit=3, calibration=tmp_path / "c.npz")
        keys.append(setup.key)
    assert keys[0] != keys[1]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interruption_loses_nothing_that_is_finished(digits, tmp_path, monkeypatch, workers):
    def interrupted(items, label, total=None):
        for done, item in enumerate(items, 1):
            yield item
            if label == "Trials" and done == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(digits, MUCH, folder=tmp_path, trials=6, progress=interrupted, workers=workers)
    kept = (tmp_path / FILE).read_text().splitlines()
    assert len({json.loads(line)["trial"] for line in kept}) == len(kept) == 3
    computed, real = [], evaluator.evaluation.trials._scored
    monkeypatch.setattr(evaluator.evaluation.trials, "_scored", lambda *a: computed.append(1) or real(*a))
    rest = run(digits, MUCH, folder=tmp_path, trials=6)
    assert len(computed) == 3
    assert rest.accuracy_trials == run(digits, MUCH, trials=6).accuracy_trials


def test_an_interruption_says_where_trials_are(digits, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluator.evaluation.trials, "_scored", stop)
    app = typer.Typer()
    app.command()(evaluate_command)
    arguments = [str(digits[0]), "--data", str(digits[1]), "--device", CARD, "-o", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 130
    assert f"finished trials are in {tmp_path}" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_that_cannot_be_read_is_said(digits, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise PermissionError(13, "Permission denied")

    (tmp_path / FILE).write_text("")
    setup = setup_of(*digits, limit=3)
    monkeypatch.setattr(Path, "read_text", fail)
    with pytest.raises(InputError, match=r"trials\.jsonl: cannot be read: Permission denied: give another folder$"):
        Trials(setup, tmp_path).scores(1, 1, track)


def test_a_folder_that_cannot_be_written_is_said(digits, tmp_path):
    (tmp_path / FILE).mkdir()
    setup = setup_of(*digits, limit=3)
    with pytest.raises(Exception, match="cannot be written") as caught:
        Trials(setup, tmp_path).scores(1, 1, track)
    assert "\n" not in str(caught.value)
