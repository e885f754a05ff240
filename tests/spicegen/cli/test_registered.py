import sys

import pytest

from tests.spicegen.cli.test_cli import refusal, run

__all__ = ["run"]

METADATA = """Metadata-Version: 2.1
Name: theirs
Version: 1
"""
ENTRY_POINTS = """[spicegen.studies]
theirs = theirs_module:study
margin = theirs_module:no_such_function

[spicegen.commands]
their-command = theirs_module:command
"""
MODULE = '''
from pathlib import Path
from typing import Annotated

import typer

from models_va.errors import InputError


def study(config: Path, count: Annotated[int, typer.Option(help="Of networks.")] = 3) -> None:
    """A question that needs networks."""
    if count < 1:
        raise InputError(f"--count {count}: give at least 1")
    typer.echo(f"{config.name}: {count} networks")


def command() -> None:
    """A command of another package."""
    typer.echo("their command")
'''


@pytest.fixture
def theirs(tmp_path, monkeypatch):
    """An installed distribution with a study, a command, and a study of a name that is taken."""
    folder = tmp_path / "theirs-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(METADATA)
    (folder / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "theirs_module.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    yield
    sys.modules.pop("theirs_module", None)


@pytest.mark.usefixtures("theirs")
def test_a_registered_study_is_in_the_help(run):
    code, out, _ = run("study", "--help")
    assert code == 0
    names = [line.split()[1] for line in out.splitlines() if line.startswith("│ ") and line[2] != " "]
    assert names[-7:-2] == ["disturb", "programming", "read-error", "margin", "energy"]
    assert set(names[-2:]) == {"theirs", "training"}
    assert "A question that needs networks." in out


@pytest.mark.usefixtures("theirs")
def test_a_registered_study_runs_with_its_options(run):
    assert run("study", "theirs", "array.yaml", "--count", "2") == (0, "array.yaml: 2 networks\n", "")
    assert refusal(run("study", "theirs", "array.yaml", "--count", "0")) == "spicegen: --count 0: give at least 1\n"


@pytest.mark.usefixtures("theirs")
def test_a_name_that_is_nearly_that_of_a_registered_study(run):
    code, _, err = run("study", "their")
    assert code == 2
    assert "No such command 'their'. Did you mean 'theirs'?" in err


@pytest.mark.usefixtures("theirs")
def test_a_study_of_spicegen_loads_no_registered_one(run):
    code, out, _ = run("study", "margin", "--help")
    assert (code, "sneak current" in out) == (0, True)
    assert "theirs_module" not in sys.modules


@pytest.mark.usefixtures("theirs")
def test_registered_commands_stand_between_spicegens_own_and_the_groups(run):
    code, out, _ = run("--help")
    assert code == 0
    names = [line.split()[1] for line in out.splitlines() if line.startswith("│ ") and line[2].isalpha()]
    own = ["doctor", "render", "check", "fit", "metrics", "reproduce", "lint", "array"]
    assert names[: len(own)] == own
    assert set(names[len(own) : -1]) == {"evaluate", "compare", "train", "demo", "their-command"}
    assert names[-1] == "study"
    assert run("their-command") == (0, "their command\n", "")
