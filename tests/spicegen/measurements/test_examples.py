"""The measurements that ship as examples: said to be synthetic, small, of every kind, and made by their script."""

import re
import runpy
import textwrap
from pathlib import Path

import numpy as np
import pytest

from models_va import load_card
from spicegen.devices.programming import stream
from spicegen.measurements import Pulses, Retention, Sweep, WriteVerify, read_measurement

FOLDER = Path(__file__).parents[3] / "examples" / "measurements"
FILES = sorted(FOLDER.glob("*.csv"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_says_that_it_is_synthetic_and_leaves_nothing_open(path):
    assert path.read_text(encoding="utf-8").startswith("# Synthetic: ")
    notes = read_measurement(path).origin.notes
    assert not [note for note in notes if "does not say" in note]


def test_small_and_of_every_kind():
    assert sum(path.stat().st_size for path in FILES) < 200_000
    assert {type(read_measurement(path)) for path in FILES} == {Sweep, Pulses, Retention, WriteVerify}


def test_cycles_show_the_card():
    cycles = read_measurement(FOLDER / "cycles.csv")
    assert cycles.g_siemens.shape == (50, 10)
    assert cycles.direction.tolist() == [1] * 25 + [-1] * 25
    assert (cycles.width_s[0], cycles.gap_s[0]) == pytest.approx((10e-3, 10e-3))


def test_the_forms_in_their_readme_are_read(tmp_path):
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    blocks = [block for block in re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)]
    words = ("amplitude_V,", "file: set", "file: train")
    table, description, whole = (textwrap.dedent(next(b for b in blocks if word in b)) for word in words)
    (tmp_path / "train.csv").write_text(table, encoding="utf-8")
    assert read_measurement(tmp_path / "train.csv").direction.tolist() == [0, 1]
    (tmp_path / "set.csv").write_text("rmp1,rmp2\n1e-5,1e-5\n2e-5,3e-5\n", encoding="utf-8")
    (tmp_path / "set.yaml").write_text(description, encoding="utf-8")
    assert read_measurement(tmp_path / "set.yaml").amplitude_volt.tolist() == [1.0, 1.0]
    names = re.search(r"# (Puls;.*)", whole)[1]
    (tmp_path / "train.csv").write_text(f"{names}\n1;1;10;50;8,1\n2;-1,5;20;40;8\n", encoding="utf-8")
    (tmp_path / "train.yaml").write_text(whole, encoding="utf-8")
    train = read_measurement(tmp_path / "train.yaml")
    assert train.amplitude_volt.tolist() == [1.0, -1.5]
    assert train.width_s == pytest.approx([10e-3, 20e-3])
    assert train.gap_s == pytest.approx([50e-3, 40e-3])
    assert not [note for note in train.origin.notes if "does not say" in note]


def test_the_script_makes_them(tmp_path):
    """Of the files, the one that needs no simulation, to the last digit; its spread is the card's sigma(G)."""
    script = runpy.run_path(str(FOLDER / "generate.py"))
    script["write_verify"](tmp_path, stream(script["SEED"], 4))
    name = "write_verify.csv"
    assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()
    pairs = read_measurement(FOLDER / name)
    sigma = load_card("au-lixcoo2-pt").programming_error.sigma_siemens(pairs.target_siemens)
    z = (pairs.achieved_siemens - pairs.target_siemens) / sigma
    assert np.std(z) == pytest.approx(1, abs=4 / np.sqrt(2 * len(z)))
