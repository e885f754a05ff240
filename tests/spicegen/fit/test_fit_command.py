"""``spicegen fit`` of measurement files: the card, the report, what is refused; devices whose parameters are known."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from models_va import load_card, model_names
from spicegen import fit as fit_package
from spicegen.agreement.check import check
from spicegen.fit import fit_measurements, fit_task
from spicegen.fit import measurements as module
from spicegen.fit.model_fit import fit_model
from spicegen.fit.replay.from_measurements import replays
from spicegen.fit.replay.run import ModelDevice
from spicegen.fit.result import trust
from spicegen.fit.result.card import fitted_card
from spicegen.fit.result.parameters import parameter_rows
from spicegen.measurements import read_measurement
from spicegen.printers.render import render
from spicegen.reports.fit_parameters import show_parameters
from spicegen.reports.page import Page
from tests.spicegen.cli.test_cli import refusal, run
from tests.spicegen.fit.test_replay import cycles_of

__all__ = ["run"]
HEADER = "# width_ms: 10\n# gap_ms: 10\n# read_voltage_V: 0.1\n# temperature_C: 27\n"
PULSES = 12
NOISE = 0.01


def write_pulses(path, amplitude, g_siemens, header=HEADER):
    g = np.asarray(g_siemens).reshape(len(amplitude), -1) * 1e6
    names = ",".join(["amplitude_V", *(f"cycle{n + 1}_uS" for n in range(g.shape[1]))])
    np.savetxt(path, np.column_stack([amplitude, g]), fmt="%.6g", delimiter=",", header=header + names, comments="")
    return path


@pytest.fixture(scope="module")
def truth():
    """A device of the pulse update model."""
    return load_card("wse2-liclo4").with_values(
        {"g_min": 2e-6, "g_max": 8e-6, "v_p": 1.0, "v_d": 1.0, "t_write": 10e-3}
    )


@pytest.fixture(scope="module")
def train(truth, tmp_path_factory):
    """Five cycles of it, with noise."""
    folder = tmp_path_factory.mktemp("train")
    amplitude = np.repeat([1.0, -1.0], PULSES)
    blank = write_pulses(folder / "blank.csv", amplitude, 2e-6 * np.outer(1 + np.arange(2 * PULSES), np.ones(5)))
    (replay,) = replays(read_measurement(blank))
    model = truth.device_model
    initial = np.array([truth.values[s.initial] for s in model.states])
    values = np.array([truth.values[p.name] for p in model.params])
    g = replay.run(ModelDevice(model, values, initial, turned=False)).predicted
    noise = np.random.default_rng(1).standard_normal((len(g), 5))
    return write_pulses(folder / "train.csv", amplitude, g[:, None] * (1 + NOISE * noise))


@pytest.fixture(scope="module")
def found(train):
    return fit_measurements(fit_task([train], ["pulse_update"], ["t_write=0.01"], 1), "pulse-train")


def test_the_card_is_the_device_that_was_fitted(found):
    """The card alone, read back, shows what the fit showed; so nothing that the fit used is missing on it."""
    card, best = found.card, found.best
    (replay,) = best.replays
    values = np.array([card.values[p.name] for p in best.model.params])
    again = replay.run(ModelDevice(best.model, values, best.initial[0], best.turned)).predicted
    assert again == pytest.approx(best.predicted[0], rel=2e-3)
    assert np.sqrt(np.mean((again / replay.observed - 1) ** 2)) < NOISE


def test_what_is_held_stands_on_the_card(found):
    assert found.card.values["t_write"] == 0.01
    assert found.best.held["t_write"] == "given"
    assert "t_write" not in found.card.fit.covariance.names


def test_a_device_that_stands_the_other_way_around_is_said_to_in_its_files(found, tmp_path):
    best = found.best
    other = replace(best, start=replace(best.start, turned=not best.turned))
    card = fitted_card(other, found.task.measurements, None, "other")
    pulse, own = card.write_pulse, found.card.write_pulse
    assert pulse.amplitude_p_volt.value == -own.amplitude_p_volt.value
    assert "te and be exchanged" in (own if best.turned else pulse).amplitude_p_volt.note
    turned, straight = (found.card, card) if best.turned else (card, found.card)
    for number, (one, is_said) in enumerate([(turned, True), (straight, False)]):
        for path in render(one, tmp_path / str(number)):
            if path.suffix != ".sym":  # Xschem's symbol has no place for a title
                assert ("te is the be of these measurements" in path.read_text()) is is_said


def test_a_value_that_is_not_the_models_default_is_on_the_card(train):
    report = fit_measurements(fit_task([train], ["pulse_update"], ["steep=20"], 1), "x-y")
    assert report.card.values["steep"] == 20


def test_the_card_agrees_in_every_simulator(found, need_engine, tmp_path):
    for engine in ("ngspice", "vacask"):
        need_engine(engine)
    (tmp_path / "c.yaml").write_text(found.card.to_yaml())
    card = load_card(tmp_path / "c.yaml")
    assert card == found.card
    render(card, tmp_path)
    report = check(card)
    assert report.passed, report.rows()


def test_the_command(run, train, tmp_path):
    """A card and a report from a train and programmings; the better of two models; the same with the same seed."""
    rng = np.random.default_rng(2)
    target = np.repeat(np.linspace(2e-6, 8e-6, 10), 10)
    achieved = target * (1 + 0.03 * rng.standard_normal(100))
    programmed = tmp_path / "[red]programmed.csv"
    np.savetxt(
        programmed,
        1e6 * np.stack([target, achieved], axis=1),
        delimiter=",",
        header="target_uS,achieved_uS",
        comments="",
    )
    models = ("--model", "vteam", "--model", "pulse_update")
    card, folder = tmp_path / "cards" / "My Device.yaml", tmp_path / "report"
    code, out, err = run("fit", train, programmed, *models, "-o", card, "--report", folder, "--seed", "3")
    assert (code, err) == (0, "")
    for text in (
        "pulse_update has the lowest AICc",
        "[red]programmed.csv",
        "v_p",
        str(card),
        str(folder / "report.html"),
    ):
        assert text in out
    assert "\nx at the start" not in out  # states of runs are for the report
    loaded = load_card(card)
    assert (loaded.name, loaded.model, loaded.fit.seed) == ("my-device", "pulse_update", 3)
    assert [f.name for f in loaded.fit.files] == ["train.csv", "[red]programmed.csv"]
    assert loaded.programming_error.slope.value == pytest.approx(0.03, rel=0.3)

    report = json.loads((folder / "report.json").read_text())
    assert report["card_hash"] == loaded.hash
    aicc = {m["name"]: m["aicc"] for m in report["models"]}
    assert aicc["pulse_update"] < aicc["vteam"] - 10
    (shown,) = report["files"][0]["runs"]
    measured = np.median(read_measurement(train).g_siemens, axis=1)
    assert shown["measured"] == pytest.approx(measured)
    assert shown["error"] == pytest.approx(np.sqrt(np.mean((np.array(shown["fitted"]) / measured - 1) ** 2)))
    assert report["files"][1]["runs"] == []
    loose = {p["name"] for p in report["parameters"] if not p["fixed_by_data"] and p["name"] in loaded.parameters}
    assert "v_p" in loose  # pulses of one amplitude
    said = dict(w.split(": the data do not fix it, ") for w in report["warnings"] if "the data do not fix it" in w)
    assert set(said) == loose  # a warning each
    assert f"v_p: the data do not fix it, {said['v_p']}" in out
    page = (folder / "report.html").read_text()
    assert page.count("<img") == 5  # the train, programmings, and three of the parameters
    assert "SHA-256" in page

    assert run("fit", train, programmed, *models, "-o", tmp_path / "My Device.yaml", "--seed", "3")[0] == 0
    assert (tmp_path / "My Device.yaml").read_text() == card.read_text()


def test_a_card_that_was_there_is_kept(run, found, train, tmp_path, monkeypatch):
    """Whoever worked on it does not lose that, nor what was kept before; the same card once more is no other."""
    monkeypatch.setattr(fit_package, "fit_measurements", lambda task, name: found)
    card = tmp_path / "c.yaml"
    (tmp_path / "c.yaml.bak3").mkdir()
    command = ("fit", train, "--model", "pulse_update", "-o", card)
    by_hand = {"c.yaml.bak": "by hand\n", "c.yaml.bak2": "by hand \xe9\n", "c.yaml.bak4": "again\n"}
    for kept, before in (("", ""), *by_hand.items(), ("", "")):
        if before:
            card.write_text(before, encoding="latin-1")
        code, out, _ = run(*command)
        assert code == 0
        assert load_card(card) == found.card
        assert (f"; the one before: {tmp_path / kept}\n" in out) == bool(before)
    assert {p.name: p.read_text(encoding="latin-1") for p in tmp_path.glob("c.yaml.bak*") if p.is_file()} == by_hand


def test_help_lists_the_models(run):
    _, out, _ = run("fit", "--help")
    assert all(name in out for name in model_names())


def test_a_model_that_misses_a_file_is_said(found, monkeypatch):
    """What is held is named: it may be the reason."""
    assert not any("misses" in w for w in found.warnings)
    monkeypatch.setattr(trust, "_MISSED", 1e-4)
    assert found.warnings[0].startswith("train.csv: the model misses it by")
    assert found.warnings[0].endswith("is t_write = 0.01 s right, which is held?; try another model")


def test_outliers_are_said_and_no_misfit_of_the_model(found):
    best = found.best
    left = np.random.default_rng(2).standard_normal(len(best.replays[0].observed))
    left[::12] = 40 * np.sign(left[::12])

    def warned(left):
        predicted = tuple(b.observed * np.exp(left * b.noise) for b in best.replays)
        return replace(found, fits=(replace(best, predicted=predicted),)).warnings

    assert not any("misses" in w for w in warned(left))
    assert f"train.csv: {len(left[::12])} of {len(left)} points are outliers, which count little" in warned(left)
    assert not any("outliers" in w for w in found.warnings)
    assert any("misses" in w for w in warned(3 * left))


def test_cycles_that_drift_are_said_to_be_one_train(found):
    _, read = cycles_of(4e-6)
    runs = tuple(replays(read))
    best = replace(found.best, replays=runs, predicted=tuple(1.1 * b.observed for b in runs))
    report = replace(found, task=replace(found.task, measurements=(read,)), fits=(best,))
    assert "Cycles drift" in report.notes[0]
    assert "Cycles drift" in report.to_json()["files"][0]["notes"][-1]
    assert fitted_card(best, [read], None, "drifts").fit.files[0].error == 0.1


def test_an_uncertainty_has_two_digits(found):
    s = found.best.solution
    one = replace(s, ends=(s.ends[s.chosen],), misfit=(0.0,), chosen=0, stretch=np.ones(len(s.free)))
    exact = replace(one, jacobian=np.eye(len(s.free)) / 4.94e-4)
    shown = {row[0]: row[4] for row in parameter_rows(exact, found.best.model)}
    assert shown["g_max"] == "0.049 %"


def with_held(found, held):
    return replace(found, task=replace(found.task, held={"pulse_update": held}))


def test_two_descriptions_of_one_file_are_told_apart(found, tmp_path):
    (tmp_path / "both.csv").write_text("2e-6,6e-6\n3e-6,5e-6\n4e-6,3e-6\n", encoding="utf-8")
    for column, name in enumerate(("up", "down"), 1):
        described = f"file: both.csv\nheader: none\ncolumns: {{conductance: {{columns: {column}, unit: S}}}}\n"
        (tmp_path / f"{name}.yaml").write_text(f"{described}amplitude_V: {3 - 2 * column}\nwidth_ms: 10\n")
    task = fit_task([tmp_path / "up.yaml", tmp_path / "down.yaml"], ["linear"], [], 1)
    runs = tuple(replay for m in task.measurements for replay in replays(m))
    assert [replay.name for replay in runs] == ["up.yaml", "down.yaml"]
    predicted = tuple(replay.observed * (1 + error) for replay, error in zip(runs, (0.1, 0.2), strict=True))
    card = fitted_card(replace(found.best, replays=runs, predicted=predicted), task.measurements, None, "two")
    assert [(f.name, f.error) for f in card.fit.files] == [("up.yaml of both.csv", 0.1), ("down.yaml of both.csv", 0.2)]


@pytest.mark.parametrize("held", [{"g_min": 1e-3}, {"g_max": 1e-7}])
def test_a_held_conductance_far_from_the_data_is_named(found, held):
    """A fit may meet the data with it all the same."""
    ((name, value),) = held.items()
    assert f"{name} = {value:g} S, which is held, is far from" in with_held(found, held).warnings[0]
    assert not any("far" in w for w in with_held(found, {"g_min": 1e-6, "v_p": 1e9}).warnings)


def test_how_many_parameters_the_data_fix_is_on_the_card_and_said(found):
    s = found.best.solution
    count = sum(s.is_fixed[n] for n, f in enumerate(s.free) if f.name in found.best.model.param)
    of = sum(q.provenance == "fitted" for name, q in found.card.parameters.items() if name != "x_init")
    assert f"fix {count} of {of} parameters" in found.card.title
    assert f"fix {count} of {of} parameters" in found.summary()
    none = replace(s, jacobian=np.zeros_like(s.jacobian))
    unknown = replace(found, fits=(replace(found.best, solution=none),))
    assert any("fix no parameter of pulse_update by itself" in w for w in unknown.warnings)
    assert not any("by itself" in w for w in found.warnings) or not count


@pytest.mark.parametrize(("rows", "model", "parameters"), [(3, "linear", "1 parameter of"), (6, "vteam", "parameters")])
def test_fewer_points_than_parameters_are_refused_before_the_fit(run, tmp_path, monkeypatch, rows, model, parameters):
    monkeypatch.setattr(module, "fit_model", None)
    (tmp_path / "few.csv").write_text(SAID + PULSES_HEAD + "".join(f"{min(n, 1)},{2 + n}\n" for n in range(rows)))
    models = ("--model", "linear", "--model", model)
    line = refusal(run("fit", tmp_path / "few.csv", *models, "-o", tmp_path / "c.yaml"))
    assert f"few.csv: {rows} points are too few for" in line
    assert f"{parameters}" in line
    assert f"of {model}: measure more" in line


def test_the_page_of_parameters_that_have_no_logarithm(found, tmp_path):
    s, model = found.best.solution, found.best.model
    kept = [n for n, f in enumerate(s.free) if f.scale == "linear" and f.name in model.param]
    assert kept
    bounded = replace(
        s,
        free=tuple(s.free[n] for n in kept),
        prior=s.prior[kept],
        ends=tuple(z[kept] for z in s.ends),
        jacobian=s.jacobian[:, kept],
        stretch=s.stretch[kept],
    )
    for solution, says in ((bounded, False), (s, True)):
        page = Page("parameters", "")
        show_parameters(page, solution, model)
        page.write(tmp_path, {})
        assert ("from a prior of a factor of 10" in (tmp_path / "report.html").read_text()) == says


SAID = "# width_ms: 10\n"
PULSES_HEAD, SWEEP_HEAD = "amplitude_V,conductance_uS\n", "time_s,voltage_V,current_uA\n"


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("", "bad.csv", "give a header line"),
        (SAID + PULSES_HEAD + "1,2\n", "line 3", "give two pulses or more"),
        (SAID + PULSES_HEAD + "1,2\n1,2\n-1,2\n", "line 3", "in every row"),
        (SWEEP_HEAD + "0,0,1\n1,0.5,1\n2,1,1\n", "line 2", "compliance"),
        (SWEEP_HEAD + "0,0,0\n1,0.5,nan\n2,1,1\n", "line 3, column 'current_uA'", "remove the row"),
        (SWEEP_HEAD + "0,0,0\n2,0.5,1\n1,1,2\n", "line 4, column 'time_s'", "sort the rows"),
        (SWEEP_HEAD + "0,0,0\n1,0.5,-1\n2,1,-2\n", "line 3, column 'current_uA'", "current_convention: be-te"),
        ("time,voltage,current\n0,0,0\n1,1,1\n", "line 1, column 'time'", "time_ms"),
        (SAID + "conductance_uS\n1\n2\n3\n2\n", "bad.csv", "amplitude_V"),
        (PULSES_HEAD + "1,2\n1,3\n-1,2\n", "bad.csv", "width_ms"),
        ("target_uS,achieved_uS\n2,2.1\n3,3.1\n4,4.1\n", "bad.csv", "shows no model's equations"),
        ("time_s,conductance_uS\n1,2\n10,1.9\n100,1.8\n", "bad.csv", "give pulses or a sweep too"),
    ],
)
def test_a_file_that_cannot_be_fitted_is_refused_before_anything_is_written(run, tmp_path, text, place, remedy):
    (tmp_path / "bad.csv").write_text(text)
    out = tmp_path / "out"
    line = refusal(run("fit", tmp_path / "bad.csv", "--model", "vteam", "-o", out / "c.yaml", "--report", out / "r"))
    assert "bad.csv" in line
    assert place in line
    assert remedy in line
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "nope"], model_names()),
        (["--model", "vteam", "--hold", "alpha=1"], ["--hold alpha=1", "alpha_on", "alpha_off"]),
        (["--model", "vteam", "--hold", "x_init=1"], ["--hold x_init=1", "no such parameter"]),
        (["--model", "vteam", "--hold", "r_on=-1"], ["--hold r_on=-1", "ohm", "(0, inf)"]),
        (["--model", "vteam", "--hold", "r_on=nan"], ["--hold r_on=nan", "(0, inf)"]),
        (["--model", "vteam", "--hold", "r_on"], ["--hold r_on", "NAME=VALUE"]),
        (["--model", "vteam", "--hold", "r_on=1", "--hold", "r_on=2"], ["--hold r_on=2", "once"]),
        (
            ["--model", "vteam", "--hold", "r_on=2e3", "--hold", "r_off=1e3"],
            ["--hold: ", "r_on = 2000 ohm must be below"],
        ),
        (["--model", "vteam", "--model", "linear", "--hold", "g0=1e-5"], ["no parameter of linear", "hold fewer"]),
        (["--model", "vteam", "--starts", "2"], ["--starts", "paper"]),
        (["paper", "--model", "vteam"], ["paper", "alone"]),
        (["TRAIN", "--model", "vteam"], ["train.csv", "the same", "once"]),
        (["COPY", "--model", "vteam"], ["copy.csv", "train.csv", "the same", "once"]),
        (["--model", "vteam", "-o", "TRAIN"], ["train.csv", "ends in .yaml"]),
        (["--model", "vteam", "-o", "FOLDER/b\x1b[31m.csv"], [r"b\x1b[31m.csv", "ends in .yaml"]),
        (["DESCRIBED", "--model", "vteam", "-o", "DESCRIBED"], ["described.yaml", "another name"]),
        (["--model", "vteam", "-o", "FOLDER.yaml"], ["is a folder"]),
        (["--model", "vteam", "-o", "FOLDER/abs.yaml"], ["'abs'", "another name"]),
        (["--model", "vteam", "--report", "TRAIN"], ["train.csv", "output folder"]),
    ],
)
def test_what_cannot_be_asked_for(run, train, tmp_path, arguments, words):
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "described.yaml").write_text(f"file: {shutil.copy(train, tmp_path / 'copy.csv')}\n")
    places = {
        "TRAIN": str(train),
        "COPY": str(tmp_path / "copy.csv"),
        "DESCRIBED": str(tmp_path / "described.yaml"),
        "FOLDER": str(tmp_path / "folder"),
    }
    for name, path in places.items():
        arguments = [a.replace(name, path) for a in arguments]
    before = sorted(tmp_path.rglob("*"))
    line = refusal(run("fit", train, "-o", tmp_path / "out" / "card.yaml", *arguments))
    for word in words:
        assert word in line
    # an output folder may stay behind where the report's cannot be made: nothing is in it
    assert [p for p in sorted(tmp_path.rglob("*")) if p not in before and p.is_file()] == []


@pytest.mark.parametrize("arguments", [["--hold", "v_t=1"], ["--model", "vteam"], ["more.csv"]])
def test_paper_takes_less(run, tmp_path, arguments):
    line = refusal(run("fit", "paper", *arguments, "--model", "li_intercalation", "-o", tmp_path / "out" / "c.yaml"))
    assert "paper" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemError])
def test_ctrl_c_is_one_line(run, train, tmp_path, monkeypatch, end):
    """numba's compiled code makes a SystemError of it."""

    def interrupted(*_):
        if end is KeyboardInterrupt:
            raise KeyboardInterrupt
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise SystemError("returned a result with an exception set") from error

    monkeypatch.setattr(module, "fit_model", interrupted)
    code, _, err = run("fit", train, "--model", "vteam", "-o", tmp_path / "c.yaml")
    assert (code, err) == (130, "spicegen: interrupted\n")
    assert not (tmp_path / "c.yaml").exists()


def test_a_model_of_which_no_card_ships_starts_from_ones(tmp_path):
    """A mean and its standard error, closed form: conductances that only scatter."""
    rng = np.random.default_rng(5)
    g = 20e-6 * np.exp(0.02 * rng.standard_normal(100))
    rows = "\n".join(f"{k + 1},{value:.8g}" for k, value in enumerate(g))
    (tmp_path / "rest.csv").write_text(f"# read_voltage_V: 0.1\n# temperature_C: 25\ntime_s,conductance_S\n{rows}\n")
    measured = [read_measurement(tmp_path / "rest.csv")]
    found = fit_model("linear", measured)
    mean = float(np.exp(np.mean(np.log(g))))
    assert found.solution.values[0] == pytest.approx(mean, rel=0.005)
    assert found.solution.std[0] == pytest.approx(0.02 / 10, rel=0.3)
