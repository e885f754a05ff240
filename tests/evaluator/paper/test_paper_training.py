"""The paper's experiments that train, on a few synthetic samples: what they report, not what networks learn."""

from importlib.metadata import EntryPoint

import numpy as np
import pytest

from evaluator.paper.figure_6 import Figure6Effects, Figure6Training
from evaluator.paper.table_1 import Table1Training
from evaluator.paper.trainings import DATA_SETS, Effort
from evaluator.reports.paper_figures import EFFECTS, TABLE_1, TRAINING
from evaluator.training.effects import EFFECTS as IMPERFECTIONS
from models_va import load_card
from models_va.errors import MissingDataError, UnknownNameError
from spicegen.paper import DEVICE_EXPERIMENTS, Assumptions, ProgramRunner, chosen_experiments, registry
from spicegen.paper.reproduce import reproduce
from spicegen.reports.paper import figures
from spicegen.reports.paper.reproduce import reproduction_page
from spicegen.simulate import simulator

CARD = load_card("au-lixcoo2-pt")
LITTLE = Effort(seeds=3, epochs=1, workers=1)
NAMES = ("fig6.training", "fig6.effects", "table1.training")


class LittleTraining(Figure6Training):
    def __init__(self):
        super().__init__(LITTLE)


class LittleEffects(Figure6Effects):
    def __init__(self):
        super().__init__(Effort(seeds=1, epochs=1, workers=1), ("fashion",))


class LittleTable1(Table1Training):
    def __init__(self):
        super().__init__(LITTLE)


LOADED = {
    "spicegen.experiments": dict(zip(NAMES, (LittleTraining, LittleEffects, LittleTable1), strict=True)),
    "spicegen.drawings": dict(zip(NAMES, (TRAINING, EFFECTS, TABLE_1), strict=True)),
}


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    class Registered(EntryPoint):
        def load(self):
            return LOADED[self.group][self.name]

    for module in (registry, figures):
        monkeypatch.setattr(
            module, "entry_points", lambda group: [Registered(name, "little:thing", group) for name in NAMES]
        )


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    y = np.tile(np.arange(4, dtype=np.uint8), 10)
    x = rng.integers(0, 60, (40, 3, 3), dtype=np.uint8) + 45 * y[:, None, None]
    for name, images in (("mnist.npz", x), ("fashion_mnist.npz", x + 1)):
        np.savez(folder / name, x_train=images, y_train=y, x_test=images[:12], y_test=y[:12])
    np.savez(folder / "file_types_900.npz", x=x.reshape(40, 9).astype(np.float32), y=y)
    return folder


def names(experiments):
    return [e.name for e in experiments]


def test_what_trains_runs_only_when_named_with_all_its_parts():
    assert names(chosen_experiments()) == list(DEVICE_EXPERIMENTS)
    assert names(chosen_experiments(["fig6"])) == ["fig6.training", "fig6.effects"]
    assert names(chosen_experiments(["fig6.training"])) == ["fig6.training"]
    assert names(chosen_experiments(["table1"])) == ["table1", "table1.training"]
    assert names(chosen_experiments(["fig6c"])) == ["fig6c"]
    with pytest.raises(UnknownNameError, match=r"fig6, fig6\.effects, fig6\.training, fig6c"):
        chosen_experiments(["fig7"])


def test_figures_and_tables_are_judged_and_drawn(data, tmp_path):
    said = []
    report = reproduce(CARD, only=["fig6", "table1"], cache_folder=tmp_path, data_folder=data, say=said.append)
    judged = {r.target.id: r.verdict for r in report.rows if r.results}
    assert {"gap_mnist", "gap_fashion", "gap_file_types", "table1_order", "mlp_mnist", "mlp_fashion"} <= set(judged)
    assert {"mlp_file_types", "table1_moo3", "table1_wo3_alpha_p"} <= set(judged)
    assert judged["table1_lipon"] == "reported"
    training, effects, table = report.tables
    assert len(training.rows) == 2 * len(DATA_SETS)
    assert len(effects.rows) == 2
    assert effects.head[3:] == tuple(f"{effect} off" for effect in IMPERFECTIONS)
    assert [row[-1] == "no whole steps" for row in effects.rows] == [False, True]
    assert len(table.rows) == 6
    assert sorted(row[-1] for row in table.rows) == ["95.5", "97.0", "97.1", "97.3", "98.2", "N/A"]
    assert "figure_6" in [paper.name for paper, _ in figures.draw_figures(report)]
    page = str(reproduction_page(report))
    assert "five papers with five baselines" in page
    assert "true at a pulse every" in page
    assert report.to_json()["tables"][0]["rows"] == training.rows
    assert len(said) == 2 * 3 * (1 + 1 + 5) + 7 + 6 * 3  # what both show is trained once
    reproduce(CARD, only=["fig6", "table1.training"], cache_folder=tmp_path, data_folder=data, say=said.append)
    assert len(said) == 2 * 3 * (1 + 1 + 5) + 7 + 6 * 3


def test_missing_data_are_named_and_nothing_else_is_lost(tmp_path):
    runner = ProgramRunner(CARD, simulator("native"), data_folder=tmp_path)
    with pytest.raises(MissingDataError, match=r"file_types_900\.npz, mnist\.npz, fashion_mnist\.npz not here:"):
        Figure6Training().measure(runner, Assumptions())
    report = reproduce(CARD, only=["table1"], data_folder=tmp_path)
    assert "mnist.npz not here" in report.failures[0]
    assert {r.verdict for r in report.rows if r.target.id == "table1_wo3_alpha_p"} == {"within 10 %"}
