"""Sweeps and comparisons: what is reported, and what is refused before anything is computed."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from evaluator import evaluate
from evaluator.cli import compare_command, evaluate_command
from evaluator.evaluation.compare import compare, load_suite
from evaluator.evaluation.sweep import SweepReport, run_sweep
from evaluator.scores import paired_difference
from evaluator.settings import HardwareConfig
from models_va import load_card
from models_va.errors import CardError, InputError
from spicegen.reports.page import Page
from tests.evaluator.setups import CARD, config

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch):
    """Pages of single evaluations have tests of their own, and take longest."""
    page = "evaluator.reports.evaluation_page.evaluation_page"
    monkeypatch.setattr(page, lambda report: Page("one evaluation", report.summary))


@pytest.fixture
def run():
    app = typer.Typer()
    app.command("evaluate")(evaluate_command)
    app.command("compare")(compare_command)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def command(run, digits):
    base = ("evaluate", digits[0], "--data", digits[1], "--device", CARD, "--limit", 60)
    return lambda folder, *more: run(*base, "-o", folder, *more)


@pytest.fixture
def unworked(monkeypatch):
    monkeypatch.setattr("evaluator.evaluation.evaluate.evaluate", lambda *_, **__: pytest.fail("worked in vain"))
    monkeypatch.setattr("evaluator.evaluation.compare.evaluate", lambda *_, **__: pytest.fail("worked in vain"))


# sweeps


def test_a_sweep_is_one_evaluation_for_each_value(command, digits, tmp_path):
    result = command(tmp_path, "--trials", 3, "--seed", 4, "--set", "array.r_col_ohm=30", "--sweep",
                     "array.r_row_ohm=1, 40,80", "--set", "array.rows=32")  # fmt: skip
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "report.json").read_text())
    assert (found["sweep"], found["values"]) == ("array.r_row_ohm", ["1", "40", "80"])
    reports = []
    for k, (ohm, point) in enumerate(zip((1, 40, 80), found["points"], strict=True), 1):
        made = config({"array.r_col_ohm": 30, "array.rows": 32, "array.r_row_ohm": ohm})
        reports.append(evaluate(*digits, CARD, hardware=made, trials=3, seed=4, limit=60))
        assert point["value"] == str(ohm)
        assert point["accuracy_trials"] == list(reports[-1].accuracy_trials)
        assert point["array"]["r_row_ohm"] == ohm
        own = json.loads((tmp_path / str(k) / "report.json").read_text())
        assert own["accuracy_trials"] == point["accuracy_trials"]
        assert (tmp_path / str(k) / "hardware.onnx").is_file()
        differences = np.subtract(reports[-1].accuracy_trials, reports[0].accuracy_trials)
        assert point["difference_from_first"] == pytest.approx(differences.mean(), abs=1e-12)
        half = 4.30265 * differences.std(ddof=1) / 3**0.5  # Student's t of two degrees of freedom
        expected = (differences.mean() - half, differences.mean() + half)
        assert point["difference_ci95"] == (None if k == 1 else pytest.approx(expected, abs=1e-6))
    page = (tmp_path / "report.html").read_text()
    assert page.count("<img") == 1
    assert "array.r_row_ohm = 40:" in result.output


def test_a_difference_is_narrower_than_two_intervals(digits):
    """Common random numbers: what programming does to both cancels."""
    exact = {"errors.read_noise": 0.02, "array.r_row_ohm": 20, "array.r_col_ohm": 20}
    first, second = (
        evaluate(*digits, CARD, hardware=config(exact, {"array.r_sense_ohm": r}), trials=8) for r in (0, 30)
    )
    _, (low, high) = paired_difference(first.accuracy_trials, second.accuracy_trials)
    intervals = [r.accuracy_ci95 for r in (first, second)]
    assert high - low < 0.8 * np.hypot(*(b - a for a, b in intervals))


@pytest.mark.parametrize("text", ["mapping.scheme=differential,reference,bit-sliced", "converters.adc_bits=null,5"])
def test_words_are_swept_too(command, tmp_path, text):
    result = command(tmp_path, "--trials", 1, "--sweep", text)
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "report.json").read_text())["values"] == text.partition("=")[2].split(",")


def test_a_sweep_over_what_is_random_has_no_difference_between_counts(command, tmp_path):
    result = command(tmp_path, "--trials", 3, "--sweep", "errors.programming=exact,card")
    assert result.exit_code == 0, result.output
    points = json.loads((tmp_path / "report.json").read_text())["points"]
    assert [len(p["accuracy_trials"]) for p in points] == [1, 3]
    assert points[1]["difference_from_first"] is None


@pytest.fixture
def without_training_images(digits, tmp_path):
    with np.load(digits[1]) as data:
        np.savez(tmp_path / "test_only.npz", x_test=data["x_test"][:60], y_test=data["y_test"][:60])
    return tmp_path / "test_only.npz"


def test_every_value_of_a_sweep_is_judged_on_the_same_images(run, digits, without_training_images, tmp_path):
    """Of 60 images 12 are for ranges wherever one value needs some."""
    base = ("evaluate", digits[0], "--data", without_training_images, "--device", CARD, "--trials", 3)
    for text, images in {"converters.adc_bits=none,8": 48, "array.r_row_ohm=1,2": 60}.items():
        assert run(*base, "-o", tmp_path, "--sweep", text).exit_code == 0
        points = json.loads((tmp_path / "report.json").read_text())["points"]
        assert [p["n_images"] for p in points] == [images, images]
        assert points[0]["accuracy_float"] == points[1]["accuracy_float"]
        assert points[1]["difference_from_first"] is not None


def test_there_is_no_difference_between_different_images(digits):
    reports = [evaluate(*digits, CARD, trials=2, limit=n) for n in (30, 40)]
    found = SweepReport("x", ("a", "b"), tuple(reports)).to_json()["points"]
    assert [p["difference_from_first"] for p in found] == [0, None]


def test_a_tile_of_a_sweep_is_not_exported_over_and_over(command, tmp_path, unworked):
    result = command(tmp_path, "--export-tile", "hidden:0,0", tmp_path / "t", "--sweep", "array.r_row_ohm=1,2")
    assert isinstance(result.exception, InputError)
    assert "--export-tile with --sweep" in str(result.exception)


def test_a_sweep_goes_on_where_it_stopped(command, tmp_path, monkeypatch):
    arguments = (tmp_path, "--trials", 2, "--sweep", "array.r_row_ohm=1,20")
    command(*arguments)
    first = json.loads((tmp_path / "report.json").read_text())
    monkeypatch.setattr("evaluator.evaluation.trials._scored", lambda *_: pytest.fail("computed again"))
    assert command(*arguments).exit_code == 0
    again = json.loads((tmp_path / "report.json").read_text())
    assert [p["accuracy_trials"] for p in again["points"]] == [p["accuracy_trials"] for p in first["points"]]


BAD = {
    "array.r_row_ohm": "give KEY=VALUE",
    "array.r_row_ohm=1": "give 2 to 100 values",
    "array.r_row_ohm=": "give 2 to 100 values",
    "array.r_row_ohm=1,,2": "give 2 to 100 values",
    "array.r_row_ohm=" + ",".join(map(str, range(101))): "give 2 to 100 values",
    "array.r_rows=1,2": "'array.r_rows': no such key; there are rows, columns",
    "arrays.rows=1,2": "'arrays.rows': no such key; there are array, mapping",
    "array=1,2": "'array': is a section: give one of array.rows",
    "array.faults=1,2": "'array.faults': is a section: give one of array.faults.open_rows",
    "array.card=a,b": "array.card: an evaluation does not use it: give the option --device",
    "array.seed=1,2": "array.seed: an evaluation does not use it: give the option --seed",
    "array.programming_error=false,true": "array.programming_error: an evaluation does not use it: give errors.prog",
    "array.device_to_device=false,true": "give errors.device_to_device",
    "array.stuck=a,b": "give array.stuck_low and array.stuck_high",
    "array.c_row_farad=0,1e-15": "array.c_row_farad: an evaluation does not use it: leave it out",
    "errors.time_s=1,1e30": "errors.time_s: Input should be less than or equal to 1000000000",
    "array.r_row_ohm=1,2,1.0": "1.0 stands twice",
    "array.rows.x=1,2": "no such key",
    "array.r_row_ohm=1,-2": "greater than or equal to 0",
    "array.r_row_ohm=1,nan": "array.r_row_ohm",
    "array.r_row_ohm=1,.inf": "array.r_row_ohm",
    "array.r_row_ohm=1,wide": "array.r_row_ohm",
    "array.r_row_ohm=1,[": "no YAML value",
    "converters.adc_bits=8,17": "less than or equal to 16",
    "converters.bit_serial=false,true": "bit_serial needs dac_bits",
    "mapping.scheme=differential,magic": "mapping.scheme",
    "array.columns=64,1": "columns = 1",
    "array.stuck_low=0,0.6": "stuck_low + stuck_high = 1.1",
}


@pytest.mark.parametrize("text", BAD)
def test_what_cannot_be_swept_is_refused_before_any_work(command, tmp_path, unworked, text):
    result = command(tmp_path, "--set", "array.stuck_high=0.5", "--sweep", text)
    assert isinstance(result.exception, InputError), result.output
    assert BAD[text] in str(result.exception)
    assert "\n" not in str(result.exception)


def test_cards_that_lack_something_are_refused_before_any_work(run, digits, tmp_path, unworked):
    """Which only the second value or condition takes."""
    device = ("--device", "magic-vteam", "-o", tmp_path / "out")
    sweep = run("evaluate", digits[0], "--data", digits[1], *device, "--sweep", "errors.programming=exact,card")
    conditions = [{"name": "exact", "set": {"errors.programming": "exact"}}, {"name": "card"}]
    comparison = run("compare", suite(tmp_path, [entry(digits)], conditions), *device)
    for result in (sweep, comparison):
        assert isinstance(result.exception, CardError), result.output
        assert "card magic-vteam: has no programming_error: add" in str(result.exception)


@pytest.mark.parametrize("text", [t for t in BAD if "," in t and "give 2" not in BAD[t] and "twice" not in BAD[t]])
def test_settings_one_by_one_are_refused_too(command, tmp_path, unworked, text):
    setting = f"{text.partition('=')[0]}={text.rpartition(',')[2]}"
    result = command(tmp_path / "out", "--set", "array.stuck_high=0.5", "--set", setting)
    assert isinstance(result.exception, InputError), result.output
    assert BAD[text] in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_the_more_special_option_wins(command, tmp_path):
    (tmp_path / "hardware.yaml").write_text("array: {rows: 9, columns: 8}\nconverters: {adc_bits: 9}\n")
    (tmp_path / "array.yaml").write_text("rows: 33\ncolumns: 12\n")
    files = ("--hardware", tmp_path / "hardware.yaml", "--array", tmp_path / "array.yaml")
    result = command(tmp_path / "out", "--trials", 1, *files, "--set", "array.columns=20", "--compensate", "columns")
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (found["array"]["rows"], found["array"]["columns"]) == (33, 20)
    assert found["hardware"]["converters"]["adc_bits"] == 9
    assert found["hardware"]["compensate"] == "columns"


def test_a_sweep_of_what_the_drift_assumes(command, tmp_path):
    result = command(tmp_path, "--trials", 1, "--set", "errors.time_s=1000", "--sweep", "errors.after=verified,pulses")
    assert result.exit_code == 0, result.output
    verified, pulses = json.loads((tmp_path / "report.json").read_text())["points"]
    assert "errors.after: verified" in verified["drift"]
    assert "errors.after: pulses" in pulses["drift"]
    page = (tmp_path / "report.html").read_text()
    assert all(page.count(f"errors.after: {word}") == 1 for word in ("verified", "pulses"))


def test_a_value_that_lacks_something_is_found_before_the_work(digits, run, tmp_path, unworked):
    card = load_card(CARD).model_copy(update={"write_pulse": None})
    (tmp_path / "bare.yaml").write_text(card.to_yaml(), encoding="utf-8")
    options = ("--device", tmp_path / "bare.yaml", "-o", tmp_path / "out", "--sweep", "errors.after=verified,pulses")
    result = run("evaluate", digits[0], "--data", digits[1], *options)
    assert "errors.after: pulses: card au-lixcoo2-pt: has no write_pulse" in str(result.exception)


# comparisons


def suite(tmp_path, networks, conditions):
    path = tmp_path / "suite.yaml"
    path.write_text(json.dumps({"networks": networks, "conditions": conditions}), encoding="utf-8")
    return path


def entry(digits, name="digits", **more):
    return {"name": name, "model": str(digits[0]), "data": str(digits[1])} | more


CONDITIONS = [{"name": "plain"}, {"name": "wires off", "set": {"array.r_row_ohm": 0, "array.r_col_ohm": 0}}]


def test_networks_are_compared_under_conditions(run, digits, tmp_path):
    path = suite(tmp_path, [entry(digits), entry(digits, "digits (again)")], CONDITIONS)
    result = run("compare", path, "-o", tmp_path / "out", "--trials", 2, "--seed", 6, "--limit", 60)
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "out" / "report.json").read_text())
    assert found["conditions"] == {"plain": {}, "wires off": {"array.r_row_ohm": 0, "array.r_col_ohm": 0}}
    assert [(r["network"], r["condition"]) for r in found["results"]] == [
        (n, c) for n in ("digits", "digits (again)") for c in ("plain", "wires off")
    ]
    for condition, result in zip(CONDITIONS, found["results"], strict=False):
        made = config(condition.get("set", {}))
        report = evaluate(*digits, CARD, hardware=made, trials=2, seed=6, limit=60)
        assert result["accuracy_trials"] == list(report.accuracy_trials)
        assert result["accuracy_float"] == report.accuracy_float
        own = json.loads((tmp_path / "out" / "digits" / condition["name"] / "report.json").read_text())
        assert own["accuracy_trials"] == result["accuracy_trials"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("<img") == 1
    assert "wires off" in page
    assert "<tr><td>plain</td><td>the default</td></tr>" in page
    assert "drift" not in page


def test_a_comparison_tells_what_its_drift_assumes(run, digits, tmp_path):
    rests = [{"errors.time_s": 1000}, {"errors.time_s": 1}, {"errors.time_s": 1, "errors.after": "pulses"}]
    path = suite(tmp_path, [entry(digits)], [{"name": f"rest {k}", "set": rest} for k, rest in enumerate(rests)])
    assert run("compare", path, "-o", tmp_path / "out", "--trials", 1, "--limit", 20).exit_code == 0
    drifts = [r["drift"] for r in json.loads((tmp_path / "out" / "report.json").read_text())["results"]]
    assert drifts[0] == drifts[1] != drifts[2]
    page = (tmp_path / "out" / "report.html").read_text()
    assert [page.count(f"(errors.after: {word})") for word in ("verified", "pulses")] == [1, 1]


def test_every_condition_is_judged_on_the_same_images(run, digits, without_training_images, tmp_path):
    conditions = [{"name": "plain"}, {"name": "converters", "set": {"converters.adc_bits": 8}}]
    path = suite(tmp_path, [entry(digits, data=str(without_training_images))], conditions)
    assert run("compare", path, "-o", tmp_path / "out", "--trials", 2).exit_code == 0
    found = json.loads((tmp_path / "out" / "report.json").read_text())["results"]
    assert [r["n_images"] for r in found] == [48, 48]
    assert found[0]["accuracy_float"] == found[1]["accuracy_float"]


def test_the_example_suite_runs_from_anywhere(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = ROOT / "examples" / "suite.yaml"
    result = run("compare", path, "-o", tmp_path / "out", "--trials", 1, "--limit", 20)
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "out" / "report.json").read_text())["results"]
    assert len(found) == 5
    assert {r["n_images"] for r in found} == {20}
    assert f"spicegen compare examples/{path.name}" in (ROOT / "README.md").read_text()


def test_a_table_beside_the_suite_is_found(digits, tmp_path):
    (tmp_path / "sigma.csv").write_text("g_siemens,sigma_siemens\n1e-6,1e-6\n1e-4,1e-6\n")
    conditions = [{"name": "table", "set": {"errors.programming": "sigma.csv"}}]
    loaded, path = load_suite(suite(tmp_path, [entry(digits)], conditions))
    assert loaded.configs(path)["table"].errors.programming == str(tmp_path / "sigma.csv")


def test_files_beside_the_suite_are_found(digits, tmp_path):
    for file in digits:
        (tmp_path / file.name).write_bytes(file.read_bytes())
    path = suite(tmp_path, [{"name": "d", "model": digits[0].name, "data": digits[1].name}], CONDITIONS[:1])
    said = []
    options = {"trials": 1, "seed": 0, "limit": 20, "workers": 1, "say": said.append}
    found = compare(load_suite(path), CARD, tmp_path / "out", **options)
    assert found.reports["d", "plain"].n_images == 20
    assert len(said) == 1


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "a\\b", "/x", "..", ".", "", ".hidden", "-x", " x", "a\nb", "a\0b", "x" * 65, "ü"]
)
@pytest.mark.parametrize("which", ["network", "condition"])
def test_names_that_lead_elsewhere_are_refused(run, digits, tmp_path, unworked, name, which):
    networks = [entry(digits, name if which == "network" else "digits")]
    path = suite(tmp_path, networks, [{"name": name if which == "condition" else "plain"}])
    result = run("compare", path, "-o", tmp_path / "out")
    assert isinstance(result.exception, InputError), result.output
    assert "suite.yaml" in str(result.exception)
    assert "\n" not in str(result.exception)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("networks", "conditions", "words"),
    [
        ([], [{"name": "a"}], "networks"),
        (["digits"], [], "conditions"),
        (["digits", "digits"], [{"name": "a"}], "'digits' stands twice"),
        (["digits"], [{"name": "a"}, {"name": "a"}], "'a' stands twice"),
        (["digits"], [{"name": "a", "set": {"array.r_rows": 1}}], "no such key"),
        (["digits"], [{"name": "a"}, {"name": "b", "set": {"array.r_row_ohm": -1}}], "array.r_row_ohm"),
        (["digits"], [{"name": "a", "set": {"array.columns": 1}}], "columns = 1"),
        (["digits"], [{"name": "a", "set": {"array.seed": 1}}], "give the option --seed"),
        (["digits"], [{"name": "a", "settings": {}}], "settings"),
    ],
)
def test_suites_that_say_nothing_useful(run, digits, tmp_path, unworked, networks, conditions, words):
    path = suite(tmp_path, [entry(digits, name) for name in networks], conditions)
    result = run("compare", path, "-o", tmp_path / "out")
    assert isinstance(result.exception, InputError), result.output
    assert words in str(result.exception)
    assert "\n" not in str(result.exception)


@pytest.mark.parametrize("key", ["model", "data"])
def test_a_file_that_is_missing_is_found_before_any_work(run, digits, tmp_path, unworked, key):
    path = suite(tmp_path, [entry(digits), entry(digits, "other") | {key: "missing.file"}], CONDITIONS)
    result = run("compare", path, "-o", tmp_path / "out")
    assert isinstance(result.exception, InputError), result.output
    assert "missing.file" in str(result.exception)


# the command itself


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (["--limit", "5", "--circuit-tiles", "nothing:*", "--circuit-engine", "native"], "matches none"),
        (["--set", "errors.after=soon"], "settings: errors.after: Input should be 'verified' or 'pulses'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(digits, tmp_path, late, words):
    base = ["evaluate", str(digits[0]), "--data", str(digits[1]), "--device", CARD, "-o", str(tmp_path / "out")]
    code = "from spicegen.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *base, *late], cwd=ROOT, text=True, capture_output=True)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("spicegen: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_sweep_without_a_folder_for_each_value_is_refused(tmp_path):
    (tmp_path / "2").write_text("")
    done = []

    def one(config, folder, calibrated):
        done.append(folder)
        raise AssertionError

    with pytest.raises(InputError, match="cannot be used as output folder"):
        run_sweep(HardwareConfig(), "array.r_row_ohm=1,2", CARD, one, tmp_path, print)
    assert done == []
