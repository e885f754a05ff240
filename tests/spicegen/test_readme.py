"""README's own examples, run as they stand there."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from models_va import DEVICE_PARAMS, load_card
from spicegen.printers.render import render
from tests.missing import missing

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def block(first_line):
    """The indented block that starts with ``first_line``."""
    start = README.index(f"    {first_line}")
    lines = README[start:].splitlines()
    end = next((n for n, line in enumerate(lines) if line and not line.startswith("    ")), len(lines))
    return "\n".join(line[4:] for line in lines[:end]) + "\n"


def test_the_deck_runs_in_plain_ngspice(tmp_path):
    if shutil.which("ngspice") is None:
        missing("the program ngspice is not here")
    render(load_card("au-lixcoo2-pt"), tmp_path)
    (tmp_path / "deck.cir").write_text(block("a device under a pulse"))
    command = ["ngspice", "-b", "deck.cir"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    rows = [line.split() for line in done.stdout.splitlines() if re.match(r"\d+\t", line)]
    table = np.array(rows, dtype=float)
    assert table[:, 2].min() == pytest.approx(-1.5)
    assert table[-1, 4] > 0.0005  # interface Li has arrived
    assert (table[:, 2] * table[:, 3] <= 1e-15).all()  # the source never takes energy from the device


def test_the_operator_snippet():
    namespace = {}
    exec(block("import numpy as np\n    from netlists"), namespace)
    assert namespace["i_out_amp"].shape == (128,)
    assert (namespace["i_out_amp"] < 128 * 2e-5 * 0.1).all()


def test_every_path_in_the_table_exists():
    root = Path(__file__).parents[2]
    table = README.partition("## Where to change X")[2].partition("\n## ")[0]
    paths = [p for p in re.findall(r"`([^`]+/[^`]*)`", table) if "NAME" not in p]
    assert len(paths) > 10
    assert [p for p in paths if not (root / p).exists()] == []


def test_the_page_on_generated_models_names_what_is_rendered(tmp_path):
    """Files, targets, and the parameters that every device has besides its model's."""
    page = (Path(__file__).parents[2] / "docs/generated_models.md").read_text(encoding="utf-8")
    card = load_card("magic-vteam")
    for path in render(card, tmp_path):
        assert f"| `{path.name.replace(card.identifier, 'NAME')}` |" in page
    for p in DEVICE_PARAMS:
        assert f"| `{p.name}` | {p.unit} |" in page
