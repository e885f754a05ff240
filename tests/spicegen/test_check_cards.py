"""``spicegen check`` on every shipped card: its own write pulses move it, and every simulator agrees."""

import pytest

from models_va import card_names, load_card
from spicegen.check import check, check_train
from spicegen.experiments import figure_2d
from spicegen.printers.numpy_model import initial_conductance

OWN_PULSE = [name for name in card_names() if load_card(name).write_pulse is not None]


def test_without_a_write_pulse_it_is_figure_2d():
    assert check_train(load_card("au-lixcoo2-pt")) == figure_2d()


@pytest.mark.parametrize("name", OWN_PULSE)
def test_every_simulator_agrees(name, need_engine):
    for engine in ("ngspice", "vacask"):
        need_engine(engine)
    report = check(load_card(name))
    assert report.passed, report.rows()
    g = next(r for r in report.runs if r.attempt.engine == "native").conductance_siemens
    assert g[24] > 1.2 * initial_conductance(load_card(name))
    assert g[49] < 0.95 * g[24]
