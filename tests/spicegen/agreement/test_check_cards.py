"""``spicegen check`` on cards: their own write pulses, or some that they are valid for, move them alike everywhere."""

import numpy as np
import pytest

from models_va import FitRecord, card_names, load_card
from spicegen.agreement.check import check
from spicegen.agreement.pulses import check_train
from spicegen.devices.write_pulses import figure_2d
from spicegen.printers.numpy_model import initial_conductance
from spicegen.reports.check import check_page

OWN_PULSE = [name for name in card_names() if load_card(name).write_pulse is not None]


def fitted_to_sweeps(name, **covered):
    """A shipped card as a fit to measurements leaves it that covered so much."""
    low, high = ({quantity: ends[n] for quantity, ends in covered.items()} for n in (0, 1))
    covariance = {"names": (), "logarithmic": (), "values": ()}
    record = FitRecord(program="test", seed=1, files=(), valid_from=low, valid_to=high, covariance=covariance)
    return load_card(name).model_copy(update={"write_pulse": None, "fit": record})


def native(report):
    return next(r for r in report.runs if r.attempt.engine == "native").conductance_siemens


def test_without_a_write_pulse_it_is_figure_2d():
    assert check_train(load_card("au-lixcoo2-pt")).train == figure_2d()


@pytest.mark.parametrize("name", OWN_PULSE)
def test_every_simulator_agrees(name, need_engine):
    for engine in ("ngspice", "vacask"):
        need_engine(engine)
    report = check(load_card(name))
    assert report.passed, report.rows()
    g = native(report)
    assert g[24] > 1.2 * initial_conductance(load_card(name))
    assert g[49] < 0.95 * g[24]


@pytest.mark.parametrize(
    ("name", "volt", "g"),
    [
        ("ag-chalcogenide-yakopcic", (-0.21, 0.22), (9e-4, 4e-3)),
        ("au-lixcoo2-pt", (-1.4, 1.0), (8e-6, 2e-5)),  # negative pulses raise its conductance
    ],
)
def test_a_card_fitted_to_sweeps_stays_where_it_is_valid(name, volt, g, need_engine):
    for engine in ("ngspice", "vacask"):
        need_engine(engine)
    report = check(fitted_to_sweeps(name, voltage_volt=volt, g_siemens=g))
    assert set(report.pulses.train.amplitudes_volt) == set(volt)
    assert g[0] / 1.11 < native(report).min() < native(report).max() < 1.11 * g[1]
    assert native(report)[24] > 1.02 * native(report)[49]
    assert report.passed, report.rows()
    assert f"each of {report.pulses.train.width_s:.4g} s: the card names no pulses" in check_page(report).lead


def test_widths_and_polarities_are_those_that_were_measured():
    card = fitted_to_sweeps("ag-chalcogenide-yakopcic", voltage_volt=(-0.01, 0.2), width_s=(2e-5, 3e-5))
    train = check_train(card).train
    assert set(train.amplitudes_volt) == {0.2}
    assert train.width_s in (2e-5, 3e-5)


def test_a_conductance_that_vanishes_is_compared_with_the_largest():
    """Of a fit that says nothing of voltages, figure 2d's pulses turn the device off: to 1e-9 of its conductance."""
    report = check(fitted_to_sweeps("ag-chalcogenide-yakopcic"))
    g = native(report)
    assert g.min() < 1e-6 * g.max()
    assert report.agreement < 1e-3, report.rows()
    assert np.all([r.difference <= report.agreement * 1.01 for r in report.runs if not r.attempt.note])
