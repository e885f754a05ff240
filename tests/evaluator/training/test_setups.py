import pytest

from evaluator.training.setups import found_train_config, read_setup, setup_names
from models_va.errors import UnknownNameError

FIGURE_6 = [f"{data}-{law}" for data in ("fashion", "file-types", "mnist") for law in ("accumulate", "continuous")]


def test_the_papers_setups_ship():
    assert list(setup_names()) == [*FIGURE_6, "table-1"]


@pytest.mark.parametrize("name", FIGURE_6)
def test_a_setup_is_the_papers(name):
    config, data, law = read_setup(name), *name.rsplit("-", 1)
    assert config.update.law == law
    assert config.schedule.epochs == 40
    assert config.network.layers == ((256, 512, 9) if data == "file-types" else (784, 300, 10))
    assert config.data.subset == (None if data == "file-types" else 10_000)
    assert config.data.draw == "fixed"


def test_an_unknown_setup_is_refused_by_name():
    with pytest.raises(UnknownNameError, match=r"mnst.*fashion-accumulate, .*table-1"):
        read_setup("mnst")


def test_a_file_comes_before_a_setup_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mnist-continuous"
    assert found_train_config(path.relative_to(tmp_path)) == read_setup("mnist-continuous")
    path.write_text("schedule: {epochs: 3}\n")
    assert found_train_config(path.relative_to(tmp_path)).schedule.epochs == 3
