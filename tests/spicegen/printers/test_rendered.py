"""models_va/rendered/ holds what the printers print for every shipped card.

After a deliberate change: SPICEGEN_REGENERATE=1 pytest tests/spicegen/printers/test_rendered.py, and read the diff.
"""

import os
from pathlib import Path

import pytest

from models_va import card_names, load_card
from spicegen.printers.render import render

SUFFIXES = ("va", "lib", "xyce.lib", "ltspice.lib", "kicad_sym", "sym")
FOLDER = Path(__file__).parents[3] / "models_va" / "rendered"


@pytest.fixture(scope="module", autouse=True)
def regenerate():
    if os.environ.get("SPICEGEN_REGENERATE"):
        for name in card_names():
            render(load_card(name), FOLDER)


@pytest.mark.parametrize("name", card_names())
def test_rendered_files_are_what_the_printers_print(name, tmp_path):
    for path in render(load_card(name), tmp_path):
        assert (FOLDER / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


def test_no_file_is_left_over():
    expected = {f"{load_card(n).identifier}.{suffix}" for n in card_names() for suffix in SUFFIXES}
    assert {p.name for p in FOLDER.iterdir()} == expected
