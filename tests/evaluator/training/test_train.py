"""``spicegen train`` from data to report: accuracy, resuming, workers, what leaves, and what is refused."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from typer.testing import CliRunner

from evaluator.evaluation.evaluate import evaluate
from evaluator.settings import HardwareConfig
from evaluator.training import TrainConfig, read_train_config, train
from evaluator.training.train import RESTS_S
from models_va import load_card
from models_va.errors import InputError
from spicegen.cli.main import app

QUICK = {"network.layers": "[8, 12, 3]", "schedule.epochs": "4", "schedule.rate": "0.1", "data.subset": "200"}


def blobs(n, seed):
    """Three classes of points about three corners."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    corners = np.random.default_rng(0).uniform(0, 1, (3, 8))
    return np.clip(corners[y] + rng.normal(0, 0.25, (n, 8)), 0, 1).astype(np.float32), y


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "blobs.npz"
    (x, y), (x_test, y_test) = blobs(300, 1), blobs(200, 2)
    np.savez(path, x_train=x, y_train=y, x_test=x_test, y_test=y_test)
    return path


def quick(**more):
    return TrainConfig().with_values(QUICK | {k.replace("__", "."): v for k, v in more.items()})


@pytest.mark.parametrize("law", ["continuous", "pulses", "accumulate", "tiki-taka-2"])
def test_a_network_learns_on_the_reference_device(data, law):
    more = {"schedule__epochs": "16"} if law == "tiki-taka-2" else {}
    result = train(data, "au-lixcoo2-pt", config=quick(update__law=law, **more))
    assert result.accuracy_float > 0.9
    assert result.accuracy_hardware > result.accuracy_float - 0.15
    assert len(result.runs[0].hardware) == result.config.schedule.epochs + 1  # before the first epoch, too
    assert result.steps.interval_s == pytest.approx(0.021)
    assert "every 0.021 s" in result.interval_sentence


@pytest.mark.parametrize("kind", ["single", "one-sided"])
def test_other_cells_learn_too(data, kind):
    result = train(data, "au-lixcoo2-pt", config=quick(cell__kind=kind))
    assert result.accuracy_hardware > 0.75


def test_a_resumed_training_ends_with_the_same_bits(data, tmp_path):
    config = quick(update__law="pulses", data__draw="fresh")
    whole = train(data, "au-lixcoo2-pt", config=config)
    train(data, "au-lixcoo2-pt", config=config.with_values({"schedule.epochs": "2"}), folder=tmp_path)
    said = []
    resumed = train(data, "au-lixcoo2-pt", config=config, folder=tmp_path, say=said.append)
    assert [line.split(":")[0] for line in said] == ["seed 0, epoch 3 of 4", "seed 0, epoch 4 of 4"]
    assert np.array_equal(whole.runs[0].network.g, resumed.runs[0].network.g)
    assert np.array_equal(whole.runs[0].hardware, resumed.runs[0].hardware)
    assert whole.runs[0].pulses == resumed.runs[0].pulses
    again = train(data, "au-lixcoo2-pt", config=config, folder=tmp_path)
    assert again.samples_per_second is None
    assert np.array_equal(again.runs[0].network.g, whole.runs[0].network.g)


def test_workers_change_nothing(data):
    config = quick(update__law="pulses", schedule__epochs="1")
    alone, shared = (train(data, "wo3-liclo4", config=config, seeds=2, workers=w) for w in (1, 2))
    for a, b in zip(alone.runs, shared.runs, strict=True):
        assert np.array_equal(a.network.g, b.network.g)
    assert not np.array_equal(alone.runs[0].network.g, alone.runs[1].network.g)


def test_the_trained_network_leaves(data, tmp_path):
    result = train(data, "au-lixcoo2-pt", config=quick(), folder=tmp_path)
    with np.load(data) as stored:
        x, y = stored["x_test"], stored["y_test"]
    (p,) = onnxruntime.InferenceSession(tmp_path / "trained.onnx").run(None, {"x": x})
    assert p.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert np.mean(p.argmax(axis=1) == y) == result.accuracy_hardware
    with np.load(tmp_path / "conductances.npz") as g:
        low, high = g["window_siemens"]
        plus, minus = g["layer1.plus_siemens"], g["layer1.minus_siemens"]
        assert plus.shape == (9, 12)
        w = g["layer1.range"] * (plus - minus) / (high - low)
        assert plus.min() >= low * (1 - 1e-6)
        assert plus.max() <= high * (1 + 1e-6)
    (first, _), *_ = result.runs[0].network.layers()
    assert w[:-1] == pytest.approx(first, abs=1e-6)


def test_evaluate_gives_the_accuracy_of_the_training(data, tmp_path):
    """On the conductances that it left; pairs stand about the middle of the window there, and wires are ideal."""
    result = train(data, "au-lixcoo2-pt", config=quick(), folder=tmp_path)
    errors = {"errors.programming": str(tmp_path / "conductances.npz"), "array.r_row_ohm": "0", "array.r_col_ohm": "0"}
    hardware = HardwareConfig().with_values(errors)
    found = evaluate(tmp_path / "trained.onnx", data, "au-lixcoo2-pt", hardware=hardware)
    assert found.accuracy_trials == (result.accuracy_hardware,)
    assert found.accuracy_float == result.accuracy_hardware
    wires = hardware.with_values({"array.r_row_ohm": "2000", "array.r_col_ohm": "2000"})
    assert evaluate(tmp_path / "trained.onnx", data, "au-lixcoo2-pt", hardware=wires).accuracy_trials[0] < 0.9


def test_conductances_of_another_network_are_refused(data, tmp_path):
    train(data, "au-lixcoo2-pt", config=quick(schedule__epochs="1"), folder=tmp_path)
    hardware = HardwareConfig().with_values({"errors.programming": str(tmp_path / "conductances.npz")})
    other = tmp_path / "other"
    train(data, "au-lixcoo2-pt", config=quick(schedule__epochs="1", network__layers="[8, 5, 3]"), folder=other)
    with pytest.raises(InputError, match=r"plus_siemens has shape \(9, 12\), and the layer 8 inputs and 5 outputs"):
        evaluate(other / "trained.onnx", data, "au-lixcoo2-pt", hardware=hardware)
    (tmp_path / "conductances.npz").write_bytes(b"no")
    with pytest.raises(InputError, match="cannot be read"):
        evaluate(other / "trained.onnx", data, "au-lixcoo2-pt", hardware=hardware)


def test_a_rest_forgets_what_is_volatile(data):
    """The card's own equations say how much; a device of one lasting state forgets nothing."""
    result = train(data, "au-lixcoo2-pt", config=quick())
    assert len(result.rested) == len(RESTS_S)
    assert train(data, "wo3-liclo4", config=quick()).rested == pytest.approx([1.0] * 3, abs=0.2)


def test_steps_of_a_card_of_one_state_follow_its_law():
    """Table 1's WO3: as many mean steps through the window as its card says."""
    from evaluator.training.device_steps import device_steps

    card = load_card("wo3-liclo4")
    steps = device_steps(card, TrainConfig().update)
    assert not steps.noisy
    g, count = 0.0, 0
    while g < 0.999 and count < 200:
        g += np.interp(g, np.linspace(0, 1, steps.mean.shape[1]), steps.mean[0])
        count += 1
    assert count == pytest.approx(card.values["updates_p"], abs=2)


def invoke(*arguments):
    return CliRunner().invoke(app, ["train", *map(str, arguments)])


def test_the_command_writes_report_network_and_conductances(data, tmp_path):
    settings = [word for key, value in QUICK.items() for word in ("--set", f"{key}={value}")]
    done = invoke(data, "--device", "au-lixcoo2-pt", "-o", tmp_path / "out", *settings, "--seeds", "2")
    assert done.exit_code == 0, done.output
    assert "seed 1, epoch 4 of 4" in done.stdout
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["law"] == "accumulate"
    assert report["accuracy_float"] > 0.9
    assert [len(epochs) for epochs in report["accuracy_epochs"]] == [5, 5]
    assert {"epoch", "float", "hardware"} <= report["accuracy_epochs"][0][0].keys()
    assert report["pulse_interval_s"] == pytest.approx(0.021)
    assert report["samples_per_second"] > 0
    assert {"trained.onnx", "conductances.npz", "report.html"} <= {p.name for p in (tmp_path / "out").iterdir()}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"update.law": "sgd"}, "update.law"),
        ({"schedule.epoch": "3"}, "no such key; there are network.layers"),
        ({"cell.weight_range": "3y"}, "a multiple such as 3x"),
        ({"update.source": "tables"}, "needs increasing and decreasing"),
        ({"network.layers": "[784]"}, "network.layers"),
        ({"update.law": "tiki-taka-2", "cell.kind": "single"}, "needs cell.kind: pair"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        TrainConfig().with_values(values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("x_train"), "x_train"),
        (lambda d: d["x_train"].__setitem__((3, 2), np.nan), r"x_train\[3, 2\] is NaN"),
        (lambda d: d["y_test"].__setitem__(5, 7), r"y_test\[5\] = 7 is no class"),
        (lambda d: d.update(x_test=d["x_test"][:, :4]), "have 8 values, those of the test 4"),
        (lambda d: d.update(y_train=np.zeros_like(d["y_train"])), "one class only"),
    ],
)
def test_bad_data_are_one_line(data, tmp_path, change, message):
    with np.load(data) as stored:
        content = {name: stored[name].copy() for name in stored.files}
    change(content)
    np.savez(tmp_path / "bad.npz", **content)
    with pytest.raises(InputError, match=message):
        train(tmp_path / "bad.npz", "au-lixcoo2-pt", config=quick())


def test_tables_are_found_beside_their_description(tmp_path):
    (tmp_path / "train.yaml").write_text("update: {source: tables, increasing: up.txt, decreasing: down.txt}\n")
    for name in ("up.txt", "down.txt"):
        (tmp_path / name).touch()
    config = read_train_config(tmp_path / "train.yaml")
    assert config.update.increasing == str(tmp_path / "up.txt")


def test_the_example_has_the_defaults():
    example = Path(__file__).parents[3] / "examples" / "train.yaml"
    assert read_train_config(example) == TrainConfig()
