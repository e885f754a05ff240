"""``spicegen fit`` of measurement files: the card, the report, what is refused; devices whose parameters are known."""

import json

import numpy as np
import pytest

from models_va import load_card
from spicegen import cli
from spicegen.check import check
from spicegen.fit import fit_measurements, fit_task, measured_report
from spicegen.fit.bench import Bench, Device, benches
from spicegen.measurements import read_measurement
from spicegen.render import render
from tests.spicegen.test_cli import refusal, run

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
    return load_card("wse2-liclo4").with_values({"g_min": 2e-6, "g_max": 8e-6, "v_p": 1.0, "v_d": 1.0, "t_write": 10e-3})


@pytest.fixture(scope="module")
def train(truth, tmp_path_factory):
    """Five cycles of it, with noise."""
    folder = tmp_path_factory.mktemp("train")
    amplitude = np.repeat([1.0, -1.0], PULSES)
    blank = write_pulses(folder / "blank.csv", amplitude, 2e-6 * np.outer(1 + np.arange(2 * PULSES), np.ones(5)))
    (bench,) = benches(read_measurement(blank))
    model = truth.device_model
    initial = np.array([truth.values[s.initial] for s in model.states])
    values = np.array([truth.values[p.name] for p in model.params])
    g = bench.run(Device(model, values, initial, turned=False)).predicted
    noise = np.random.default_rng(1).standard_normal((len(g), 5))
    return write_pulses(folder / "train.csv", amplitude, g[:, None] * (1 + NOISE * noise))


@pytest.fixture(scope="module")
def found(train):
    return fit_measurements(fit_task([train], ["pulse_update"], ["t_write=0.01"], 1), "pulse-train")


def test_the_card_is_the_device_that_was_fitted(found):
    """The card alone, read back, shows what the fit showed; so nothing that the fit used is missing on it."""
    card, best = found.card, found.best
    (bench,) = best.benches
    values = np.array([card.values[p.name] for p in best.model.params])
    again = bench.run(Device(best.model, values, best.initial[0], best.turned)).predicted
    assert again == pytest.approx(best.predicted[0], rel=2e-3)
    assert np.sqrt(np.mean((again / bench.observed - 1) ** 2)) < NOISE


def test_what_is_held_stands_on_the_card(found, tmp_path):
    assert found.card.values["t_write"] == 0.01
    assert found.best.held["t_write"] == "given"
    assert "t_write" not in found.card.fit.covariance.names


@pytest.mark.parametrize("name", ["steep", "x_init"])
def test_details_of_the_model_are_on_the_card_if_they_are_not_its_defaults(train, name):
    """steep has a default; a given value is used in the fit, so it must be on the card."""
    if name == "x_init":
        with pytest.raises(measured_report.InputError, match="no such parameter"):
            fit_task([train], ["pulse_update"], ["x_init=0.5"], 1)
        return
    report = fit_measurements(fit_task([train], ["pulse_update"], ["steep=20"], 1), "x-y")
    assert report.card.values["steep"] == 20


def test_the_card_agrees_in_every_simulator(found, need_engine, tmp_path):
    for engine in ("ngspice", "vacask"):
        need_engine(engine)
    (tmp_path / "c.yaml").write_text(found.card.to_yaml())
    card = load_card(tmp_path / "c.yaml")
    assert card == found.card
    assert sorted(p.name for p in render(card, tmp_path)) == ["pulse_train.lib", "pulse_train.va"]
    report = check(card)
    assert report.passed, report.rows()
