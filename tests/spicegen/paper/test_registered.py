"""Experiments and drawings of rooms above: entry points, loaded only when they are run or drawn."""

import sys
from importlib.metadata import EntryPoint

import pytest

from models_va import load_card
from models_va.errors import UnknownNameError
from spicegen.paper import DEVICE_EXPERIMENTS, chosen_experiments, registry
from spicegen.paper.reproduce import reproduce
from spicegen.reports.paper import figures
from spicegen.reports.paper.reproduce import reproduction_page

CARD = load_card("au-lixcoo2-pt")
MODULE = "tests.spicegen.paper.registered"
REGISTERED = {
    "spicegen.experiments": {"network": "Inferred", "trained": "Trained"},
    "spicegen.drawings": {"network": "NEW_FIGURE", "trained": "BELOW_FIGURE_6"},
}


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    def entry_points(group):
        return [EntryPoint(name, f"{MODULE}:{thing}", group) for name, thing in REGISTERED[group].items()]

    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    for module in (registry, figures):
        monkeypatch.setattr(module, "entry_points", entry_points)


def names(experiments):
    return [e.name for e in experiments]


def test_what_trains_runs_only_when_named():
    assert names(chosen_experiments()) == [*DEVICE_EXPERIMENTS, "network"]
    assert names(chosen_experiments(["trained", "fig2d"])) == ["fig2d", "trained"]


def test_nothing_is_loaded_that_does_not_run():
    assert names(chosen_experiments(["fig2d"])) == ["fig2d"]
    with pytest.raises(UnknownNameError, match=r"fig9'.*network, table1, trained"):
        chosen_experiments(["fig9"])
    figures.draw_figures(reproduce(CARD, only=["fig2d"]))
    assert MODULE not in sys.modules
    chosen_experiments(["network"])
    assert MODULE in sys.modules


def test_registered_experiments_are_judged_and_drawn():
    report = reproduce(CARD, only=["fig2d", "network", "trained"])
    row = next(r for r in report.rows if r.target.id == "mlp_fashion")
    assert row.verdict == "within 10 %"
    drawn = {paper.name: figure for paper, figure in figures.draw_figures(report)}
    assert list(drawn) == ["figure_2", "figure_6", "figure_9"]
    titles = [ax.get_title(loc="left") for ax in drawn["figure_6"].get_axes()]
    assert titles == ["6b  30 cycles superposed", "A network that is trained"]
    assert "A network that is only judged. Accuracy in percent." in str(reproduction_page(report))
