"""ADMS, the compiler of Verilog-A for Xyce, Qucs and Gnucap, reads every printed module."""

import shutil
import subprocess

import pytest

from models_va import card_names
from spicegen.printers import render_verilog_a
from tests.missing import missing
from tests.spicegen.lint.trap_models import card_called


@pytest.fixture
def adms(tmp_path):
    """Run admsXml on a text with some options, and give what it says."""
    program = shutil.which("admsXml")
    if program is None:
        missing("admsXml is not here: apt-get install adms")

    def run(text, *options):
        (tmp_path / "device.va").write_text(text, encoding="ascii")
        command = [program, *options, "device.va"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.mark.parametrize("options", [(), ("-D__XYCE__",)], ids=["any", "xyce"])
@pytest.mark.parametrize("name", [*card_names(), "lin", "specimen"])
def test_adms_reads_every_module_without_a_word(adms, name, options):
    code, said = adms(render_verilog_a(card_called(name)), *options)
    assert code == 0
    assert "[fatal" not in said
    assert "[error" not in said
    assert "[warning" not in said


def test_what_adms_cannot_read_is_noticed(adms):
    """A function without begin and end, as it was printed once."""
    text = render_verilog_a(card_called("au-lixcoo2-pt"))
    broken = text.replace("    begin\n      exp_lim =", "      exp_lim =").replace("79.0);\n    end", "79.0);", 1)
    assert broken != text
    code, said = adms(broken)
    assert code != 0 or "[fatal" in said


@pytest.mark.parametrize("name", card_names())
def test_the_text_for_xyce_asks_for_the_time_and_for_no_analysis(name):
    """Xyce's ADMS knows no analysis(): what its preprocessor, which defines __XYCE__, leaves over has none."""
    text = render_verilog_a(card_called(name))
    held = text.partition("`ifdef __XYCE__\n")[2].partition("`else\n")
    assert held[0].strip() == "|| $abstime <= 0.0"
    others = held[2].rpartition("`endif\n    ) begin\n")
    for part in (text.partition("`ifdef __XYCE__")[0], others[2]):
        code = "\n".join(line.partition("//")[0] for line in part.splitlines())
        assert "analysis(" not in code
