import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import evaluator
from evaluator import evaluate
from evaluator.cli import evaluate_command
from evaluator.evaluation.compare import Comparison, Suite
from evaluator.evaluation.sweep import SweepReport
from evaluator.reports.compare_page import compare_figure
from evaluator.reports.evaluation_page import COLUMNS, accuracy_figure, evaluation_page, layer_figure, tile_figure
from evaluator.reports.sweep_page import sweep_figure
from models_va import load_card
from models_va.errors import InputError
from spicegen.devices.pulsed_states import pulsed_states
from tests.evaluator import networks
from tests.evaluator.networks import node
from tests.evaluator.setups import config

CARD = "au-lixcoo2-pt"
CONTRACT = {
    "accuracy_float", "accuracy_hardware", "accuracy_trials", "accuracy_ci95", "n_images", "seed", "seconds", "layers",
}  # fmt: skip
LAYER_CONTRACT = {"name", "op", "shape", "tiles", "engine", "relative_output_error"}


@pytest.fixture
def run():
    app = typer.Typer()
    app.command("evaluate")(evaluate_command)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])


def test_command_writes_json_and_page(run, digits, tmp_path):
    config = tmp_path / "array.yaml"
    config.write_text("rows: 32\ncolumns: 16\nr_row_ohm: 2.5\n")
    out = tmp_path / "deep" / "out"
    options = ("--array", config, "--trials", 3, "--seed", 4, "--limit", 100)
    result = run(digits[0], "--data", digits[1], "--device", CARD, "-o", out, *options)
    assert result.exit_code == 0, result.output
    assert "in floating point" in result.output
    report = json.loads((out / "report.json").read_text())
    assert report.keys() >= CONTRACT
    assert all(layer.keys() >= LAYER_CONTRACT for layer in report["layers"])
    assert (report["n_images"], report["seed"], len(report["accuracy_trials"])) == (100, 4, 3)
    assert report["array"]["r_row_ohm"] == 2.5
    assert [layer["tiles"] for layer in report["layers"]] == [2 * 6, 2 * 2]
    assert report["assumptions"]["g_min_siemens"]["provenance"] == "assumed"
    page = (out / "report.html").read_text()
    assert "assumed" in page
    assert page.count("<img") == 3


def test_useless_array_is_named_before_anything_is_written(run, digits, tmp_path):
    config = tmp_path / "array.yaml"
    config.write_text("rows: 32\ncolumns: 1\n")
    result = run(digits[0], "--data", digits[1], "--device", CARD, "-o", tmp_path / "out", "--array", config)
    assert isinstance(result.exception, InputError)
    assert str(result.exception).startswith(f"{config}: array: columns = 1: ")
    assert not (tmp_path / "out").exists()


def test_unusable_folder_is_found_before_the_work(run, digits, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("evaluator.evaluation.evaluate.evaluate", lambda *_, **__: pytest.fail("worked in vain"))
    result = run(digits[0], "--data", digits[1], "--device", CARD, "-o", tmp_path / "file" / "out")
    assert isinstance(result.exception, InputError)


def test_layers_table_is_narrow_and_its_numbers_are_numbers(digits):
    page = evaluation_page(evaluate(*digits, CARD, trials=1))
    errors, costs = (b for b in page._blocks if b.kind == "table" and b.head[0].text == "Layer")
    for table, names in ((errors, 2), (costs, 1)):
        assert sum(len(cell.text) for cell in table.head) < 75
        for row in table.rows:
            assert [cell.is_number for cell in row] == [k >= names for k in range(len(row))]


def test_no_axis_goes_beyond_100_percent(digits):
    report = evaluate(*digits, CARD, trials=3, limit=20)
    assert report.accuracy_float == 1
    suite = Suite.model_validate({
        "networks": [{"name": "n", "model": str(digits[0]), "data": str(digits[1])}], "conditions": [{"name": "c"}]
    })  # fmt: skip
    for figure in (
        accuracy_figure(report),
        sweep_figure(SweepReport("array.rows", ("1", "2"), (report, report))),
        compare_figure(Comparison(suite, load_card(CARD), {("n", "c"): report})),
    ):
        assert figure.axes[0].get_ylim()[1] == 1


def test_the_picture_of_trials_holds_their_interval(digits):
    report = evaluate(*digits, CARD, trials=3, limit=100)
    (low, high), bounds = report.accuracy_ci95, accuracy_figure(report).axes[0].get_ylim()
    assert bounds[0] < low < high < bounds[1]


@pytest.mark.parametrize(("scheme", "columns"), [("differential", 96), ("reference", 49), ("bit-sliced", 192)])
def test_the_picture_of_a_tile_has_its_columns(digits, scheme, columns):
    """The hidden layer's 48 outputs on one tile."""
    made = config({"mapping.scheme": scheme, "array.columns": 192})
    page = evaluate(*digits, CARD, trials=1, limit=5, hardware=made)
    image = tile_figure(page.sample, COLUMNS[scheme]).axes[0].images[0]
    assert image.get_array().shape == (64, columns)
    assert image.get_extent()[:2] == [-0.5, columns - 0.5]


def test_a_picture_of_many_layers_has_numbers_that_do_not_meet(tmp_path):
    nodes = [node("Gemm", f"h{k} w", f"h{k + 1}", f"/a/very/long/name/of/layer/{k}/Gemm") for k in range(60)]
    nodes[0].input[0], nodes[-1].output[0] = "x", "y"
    path = networks.save(tmp_path / "n.onnx", nodes, {"w": networks.random((6, 6)) / 3}, classes=6)
    figure = layer_figure(evaluate(path, networks.data(tmp_path / "d.npz"), CARD, trials=1))
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_xticklabels()]
    assert len(boxes) >= 10
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))


def test_the_errors_of_the_iv_curve_are_told(digits):
    report = evaluate(*digits, CARD, trials=1, limit=20, hardware=config({"errors.nonlinearity": True}))
    curve = report.to_json()["read_curve"]
    assert curve["nonlinearity"] > 1e-4 > curve["fit_error"]
    rows = next(b for b in evaluation_page(report)._blocks if b.kind == "table").rows
    assert any(f"{curve['nonlinearity']:.2%} off a straight line" in row[1].text for row in rows)


def table_rows(report):
    """The texts of every table's rows on a report's page."""
    tables = (b for b in evaluation_page(report)._blocks if b.kind == "table")
    return [[cell.text for cell in row] for table in tables for row in table.rows]


@pytest.mark.parametrize(("after", "words"), [("verified", "write-verify left"), ("pulses", "own write pulses, of")])
def test_what_the_drift_assumes_is_told(digits, after, words):
    made = config({"errors.time_s": 1000, "errors.after": after})
    report = evaluate(*digits, CARD, trials=1, limit=20, hardware=made)
    assert words in report.drift
    assert f"(errors.after: {after})" in report.drift
    assert report.to_json()["drift"] == report.drift
    assert report.to_json()["hardware"]["errors"]["after"] == after
    rows = table_rows(report)
    assert ["Drift", f"1000 s at 300.15 K. {report.drift}"] in rows
    assert ["errors.after", after] in rows
    if after == "pulses":
        low, high = (1e6 * g for g in pulsed_states(load_card(CARD)).reach())
        assert f"reach {low:.4g} to {high:.4g} µS" in report.drift


def test_without_drift_nothing_is_told_of_it(digits):
    report = evaluate(*digits, CARD, trials=1, limit=20, hardware=config({"errors.after": "pulses"}))
    assert report.to_json()["drift"] is None
    assert not any(row[0] == "Drift" for row in table_rows(report))


def test_one_image_is_not_several(digits):
    assert "; 1 image, " in evaluate(*digits, CARD, trials=1, limit=1).summary


def test_ideal_command(run, digits, tmp_path):
    result = run(digits[0], "--data", digits[1], "--device", CARD, "-o", tmp_path, "--ideal")
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["accuracy_hardware"] == report["accuracy_float"]
    assert report["accuracy_ci95"] is None
    assert "Nothing is random" in (tmp_path / "report.html").read_text()


def test_names_from_the_file_stay_text(tmp_path):
    name = "<script>alert(1)</script> $\\frac{ \n" + "x" * 300
    nodes = [node("Gemm", "x w", "h", name), node("MatMul", "h v", "y", "$^$")]
    tensors = {"w": networks.random((6, 4)), "v": networks.random((4, 3))}
    path = networks.save(tmp_path / "n.onnx", nodes, tensors)
    report = evaluate(path, networks.data(tmp_path / "d.npz"), CARD, trials=2)
    evaluation_page(report).write(tmp_path, report.to_json())
    page = (tmp_path / "report.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert json.loads((tmp_path / "report.json").read_text())["layers"][0]["name"] == name


def test_a_page_for_many_layers_and_a_layer_of_zeros(tmp_path):
    nodes = [node("Gemm", f"h{k} w", f"h{k + 1}") for k in range(9)]
    nodes[0].input[0], nodes[-1].output[0] = "x", "y"
    tensors = {"w": 0 * networks.random((6, 6))}
    path = networks.save(tmp_path / "n.onnx", nodes, tensors, classes=6)
    report = evaluate(path, networks.data(tmp_path / "d.npz"), CARD, trials=25)
    evaluation_page(report).write(tmp_path, report.to_json())
    assert "NaN" not in (tmp_path / "report.json").read_text()


def test_public_names():
    assert set(evaluator.__all__) == {"evaluate", "Report"}
    assert all(hasattr(evaluator, name) for name in evaluator.__all__)
    assert not hasattr(evaluator, "nothing")


def test_help_does_not_load_onnx():
    code = "import sys, evaluator.cli; print([m for m in ('onnx', 'onnxruntime', 'matplotlib') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[3])
    assert found.stdout.strip() == "[]"
