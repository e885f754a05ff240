"""The two commands that compare simulators: what they find, and that they can fail."""

import json
from dataclasses import replace

import numpy as np
import pytest

from models_va import DeviceCard, load_card
from models_va.errors import CardError, InputError
from netlists import ArrayConfig
from spicegen.agreement import check as check_module
from spicegen.agreement.check import check
from spicegen.arrays import read as array_module
from spicegen.arrays.read import external_engines, read_array
from spicegen.reports.array_read import array_read_page
from spicegen.reports.check import check_page
from spicegen.simulate import Availability, Ngspice, SimulationError, Vacask, result_of

CARD = load_card("au-lixcoo2-pt")


@pytest.fixture(scope="module")
def report():
    return check(CARD)


def test_every_simulator_agrees_on_figure_2d(report, need_engine):
    for name in ("ngspice", "vacask"):
        need_engine(name)
    assert report.warnings == ()
    assert report.passed
    assert report.agreement < check_module.TOLERANCE
    assert {r.engine for r in report.runs if not r.note} == {"ngspice", "vacask", "native"}


def test_figure_2d_is_the_papers(report):
    """Four-fold potentiation and return to the start (paper, section 3.1), within 5 %."""
    native = result_of("native", report.runs)
    start = CARD.values["g0"]
    assert native[24] / start == pytest.approx(4, rel=0.1)
    assert native[49] / start == pytest.approx(1, rel=0.05)


def test_disagreement_fails_the_check(report):
    wrong = [replace(r, result=r.result * (1 + 2e-3 * (r.engine == "native"))) for r in report.runs]
    assert not replace(report, runs=tuple(wrong)).passed
    assert not replace(report, warnings=("a warning",)).passed


def test_a_failing_simulator_keeps_the_others_results(monkeypatch, need_engine):
    need_engine("ngspice")

    def fail(self, job):
        raise SimulationError("ngspice", "no convergence")

    monkeypatch.setattr(Ngspice, "run", fail)
    found = check(CARD)
    assert found.failures == ("ngspice: no convergence",)
    assert not found.passed
    assert result_of("native", found.runs).shape == (50,)
    assert "no convergence" in str(found.rows()[0])


def test_page_and_json(report, tmp_path):
    check_page(report).write(tmp_path, report.to_json())
    assert "Check of au-lixcoo2-pt" in (tmp_path / "report.html").read_text()
    assert '"passed": true' in (tmp_path / "report.json").read_text()


@pytest.mark.parametrize(("drive", "sense"), [("left", "bottom"), ("both", "both")])
def test_sixteen_by_sixteen_read_agrees(drive, sense, need_engine, tmp_path):
    for name in external_engines():
        need_engine(name)
    config = ArrayConfig(r_row_ohm=2.5, r_col_ohm=2.5, r_source_ohm=50, r_sense_ohm=20, drive=drive, sense=sense)
    found = read_array(config, CARD, external_engines())
    assert found.passed
    assert max(r.difference for r in found.reads) < array_module.TOLERANCE
    assert found.lost.min() > 0
    # power balance: what the inputs deliver is lost in wires, terminations and cells
    in_cells = (found.crossbar.g_siemens * found.v_cell_volt**2).sum()
    assert 0 < in_cells < found.v_in_volt @ (found.crossbar.g_siemens @ np.ones(16)) * 0.1
    array_read_page(found).write(tmp_path, found.to_json())
    assert (tmp_path / "report.html").stat().st_size > 20_000


def test_column_currents_are_the_cells_currents():
    """Kirchhoff's law over a whole column, from the map of cell voltages."""
    config = ArrayConfig(rows=9, columns=7, r_row_ohm=50, r_col_ohm=80, r_sense_ohm=10, inputs="random", seed=3)
    found = read_array(config, CARD, [])
    through_cells = (found.crossbar.g_siemens * found.v_cell_volt).sum(axis=0)
    assert found.i_out_amp == pytest.approx(through_cells, rel=1e-9)


def test_an_array_too_large_to_compare_is_refused():
    with pytest.raises(InputError, match="too large"):
        read_array(ArrayConfig(rows=512, columns=512), CARD, [])


def test_an_array_without_conductance_has_no_currents():
    """Cells at a window that begins at 0 S: no division by zero, every engine finds nothing."""
    window = CARD.conductance_window.model_copy(
        update={"g_min_siemens": CARD.conductance_window.g_min_siemens.model_copy(update={"value": 0.0})}
    )
    card = CARD.model_copy(update={"conductance_window": window})
    for wire in (0.0, 1.0):
        found = read_array(ArrayConfig(rows=3, columns=2, cells="min", r_row_ohm=wire, r_col_ohm=wire), card, [])
        assert found.passed
        assert np.array_equal(found.i_out_amp, [0.0, 0.0])
        assert np.array_equal(found.current_error, [0.0, 0.0])


@pytest.mark.parametrize("wire", [1e-9, 1e9])
def test_extreme_wires_are_still_solved(wire):
    found = read_array(ArrayConfig(rows=8, columns=8, r_row_ohm=wire, r_col_ohm=wire), CARD, [])
    assert np.isfinite(found.i_out_amp).all()
    assert found.reads[0].difference < 1e-4


SPREAD = DeviceCard.model_validate(
    {**CARD.model_dump(), "device_to_device": {"g0": {"value": 0.05, "provenance": "assumed"}}}
)
WIRES = {"r_row_ohm": 2.5, "r_col_ohm": 2.5, "r_source_ohm": 50, "r_sense_ohm": 20}
VARIED = ArrayConfig(rows=6, columns=5, **WIRES, programming_error=True, device_to_device=True, seed=4)


def test_varied_devices_are_the_same_in_every_simulator(need_engine, tmp_path):
    for name in external_engines():
        need_engine(name)
    found = read_array(VARIED, SPREAD, external_engines())
    assert found.passed
    assert {r.engine for r in found.reads if not r.note} == {"native", *external_engines()}
    assert max(r.difference for r in found.reads) < array_module.TOLERANCE
    # sinh(v / v_io) v_io at 0.1 V is 0.17 % above v; wires take a part of it
    assert 0.5e-3 < found.nonlinearity < np.sinh(0.1) / 0.1 - 1
    array_read_page(found).write(tmp_path, found.to_json())
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["seed"] == 4
    assert told["variability"]["limited"] == 0
    assert told["variability"]["error_over_sigma"] == pytest.approx(1, abs=6 / np.sqrt(2 * 30))
    assert told["variability"]["device_to_device"]["g0"] == pytest.approx(0.05, rel=6 / np.sqrt(2 * 30))
    page = (tmp_path / "report.html").read_text()
    assert "Variability" in page
    assert "native circuit solver" in page


def decks(monkeypatch, **changes):
    """What each simulator would be given."""
    texts = []

    def keep(self, job):
        texts.append("".join(self.files(job).values()))
        raise SimulationError(self.name, "not run")

    with monkeypatch.context() as patched:
        for kind in (Ngspice, Vacask):
            patched.setattr(kind, "run", keep)
            patched.setattr(kind, "available", lambda self: Availability(True, "here"))
        found = read_array(VARIED.model_copy(update=changes), SPREAD, external_engines())
    return [*texts, found.i_out_amp.tolist()]


def test_one_seed_is_one_deck_and_one_result(monkeypatch):
    first = decks(monkeypatch)
    assert len(first) == 3
    assert "g0=" in first[0]
    assert decks(monkeypatch) == first
    for other in (decks(monkeypatch, seed=5), decks(monkeypatch, device_to_device=False)):
        assert all(a != b for a, b in zip(first, other, strict=True))


def test_programming_does_not_undo_the_seed_of_the_cells():
    """The targets are the conductances that the same array has without variability."""
    plain = read_array(VARIED.model_copy(update={"programming_error": False, "device_to_device": False}), SPREAD, [])
    varied = read_array(VARIED, SPREAD, [])
    assert np.array_equal(varied.programmed.target_siemens, plain.crossbar.g_siemens)
    assert np.array_equal(varied.crossbar.g_siemens, varied.programmed.g_siemens)
    assert plain.programmed is None
    assert plain.to_json()["variability"] is None


def test_variability_that_the_card_does_not_state():
    with pytest.raises(CardError, match="card au-lixcoo2-pt: has no device_to_device"):
        read_array(VARIED, CARD, [])
