import subprocess
import sys

import pytest
from typer.testing import CliRunner

from models_va import card_names
from spicegen.cli import main as cli

CARD = "au-lixcoo2-pt"
RUN = [sys.executable, "-c", "from spicegen.cli.main import main; main()"]


@pytest.fixture
def run(monkeypatch, capsys):
    """The command line in this process: (exit code, stdout, stderr)."""

    def call(*args):
        monkeypatch.setattr(sys, "argv", ["spicegen", *map(str, args)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return caught.value.code or 0, *capsys.readouterr()

    return call


def refusal(result):
    """The one line on standard error of a run that exits 2."""
    code, _, err = result
    assert code == 2
    assert err.startswith("spicegen: ")
    assert err.splitlines(keepends=True) == [err]
    return err


def test_render_writes_every_language(tmp_path):
    result = CliRunner().invoke(cli.app, ["render", CARD, "-o", str(tmp_path)])
    assert result.exit_code == 0
    va, lib = tmp_path / "au_lixcoo2_pt.va", tmp_path / "au_lixcoo2_pt.lib"
    assert "module au_lixcoo2_pt(te, be)" in va.read_text(encoding="ascii")
    assert ".subckt au_lixcoo2_pt te be" in lib.read_text(encoding="ascii")
    others = [tmp_path / f"au_lixcoo2_pt.{name}" for name in ("ltspice.lib", "xyce.lib", "kicad_sym", "sym")]
    assert sorted(tmp_path.iterdir()) == sorted([lib, va, *others])


@pytest.mark.parametrize(
    ("target", "file"),
    [
        ("verilog-a", "au_lixcoo2_pt.va"),
        ("ngspice", "au_lixcoo2_pt.lib"),
        ("xyce", "au_lixcoo2_pt.xyce.lib"),
        ("ltspice", "au_lixcoo2_pt.ltspice.lib"),
    ],
)
def test_render_one_language(tmp_path, target, file):
    assert CliRunner().invoke(cli.app, ["render", CARD, "--target", target, "-o", str(tmp_path)]).exit_code == 0
    assert [p.name for p in tmp_path.iterdir()] == [file]


def test_an_unknown_target_is_a_usage_error(tmp_path):
    assert CliRunner().invoke(cli.app, ["render", CARD, "--target", "eldo", "-o", str(tmp_path)]).exit_code == 2


@pytest.mark.parametrize("command", ["render", "check"])
def test_an_unknown_card_lists_the_known(run, tmp_path, command):
    line = refusal(run(command, "nope", "-o", tmp_path))
    assert all(name in line for name in card_names())


@pytest.mark.parametrize("text", ["rows: 0", "rwos: 3", "rows: [", "words", "card: nope"])
def test_a_bad_array_file(run, tmp_path, text):
    path = tmp_path / "array.yaml"
    path.write_text(text)
    line = refusal(run("array", path, "-o", tmp_path / "out"))
    assert str(path) in line or "known are" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", [("render", CARD), ("check", CARD)])
def test_an_output_folder_that_is_a_file(run, tmp_path, command):
    (tmp_path / "file").write_text("kept")
    assert "cannot be used as output folder" in refusal(run(*command, "-o", tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "kept"


def test_check_of_a_fine_card(need_engine, tmp_path):
    need_engine("ngspice")
    need_engine("vacask")
    result = CliRunner().invoke(cli.app, ["check", CARD, "-o", str(tmp_path)])
    assert result.exit_code == 0
    assert (tmp_path / "report.json").is_file()


def test_the_console_script_renders(tmp_path):
    done = subprocess.run([*RUN, "render", CARD, "-o", tmp_path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.split()) == 6


def test_the_console_script_refuses(tmp_path):
    done = subprocess.run([*RUN, "render", "nope", "-o", tmp_path], capture_output=True, text=True)
    refusal((done.returncode, done.stdout, done.stderr))


LOST = """
import time
from spicegen.cli import main as cli
class Lost:
    def __del__(self):
        raise KeyboardInterrupt
def app():
    Lost()
    time.sleep(20)
cli.app = app
cli.main()
"""


def test_ctrl_c_in_a_destructor_is_not_lost():
    done = subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "spicegen: interrupted\n")
