"""Machine code of the models: kept in the user's cache folder, and the same from there."""

import errno
import subprocess
import sys

import numpy as np
import pytest
from numba.core import caching

from models_va import load_card
from spicegen.printers.compiled_model import compile_rates, compile_slopes
from spicegen.printers.numpy_model import numpy_model
from spicegen.simulate.native import single_device as driven

CARD, OTHER = load_card("magic-vteam"), load_card("ag-chalcogenide-yakopcic")
ONE = "import sys, models_va as m, spicegen.printers.compiled_model as c; c.compile_rates(m.load_model(sys.argv[1]))"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The user's cache folder (on Linux)."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "spicegen" / "compiled"


def params(card):
    return np.array([card.values[p.name] for p in card.device_model.params])


def test_machine_code_of_other_processes_is_found_and_not_mixed_up(folder, monkeypatch):
    """Called from compiled code, where symbols of one name would be one function."""
    for card in (CARD, OTHER):
        subprocess.run([sys.executable, "-c", ONE, card.model], check=True)
    found = {card.model: compile_rates(card.device_model) for card in (CARD, OTHER)}
    monkeypatch.setattr(driven, "compiled_rates", lambda model: found[model.name])
    for card in (CARD, OTHER):
        assert sum(found[card.model].stats.cache_hits.values()) == 1
        applied = driven.AppliedVoltage(np.array([0.0, 1e-12]), np.array([1.5, 1.5]))
        _, x = driven.states_under(applied, card.device_model, params(card), 300.0, np.array([0.4]))
        there = numpy_model(card.device_model).evaluate(np.array([1.5]), np.array([[0.4]]), card.values, 300.0)
        assert (x[-1] - x[0]) / 1e-12 == pytest.approx(there.rate[0], rel=1e-3)


def test_what_is_compiled_from_something_else_is_another_file(folder):
    compile_rates(CARD.device_model)
    compile_slopes(CARD.device_model)
    assert len(list(folder.glob("*.py"))) == 2


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same(folder):
    folder.parent.write_text("no folder")
    rate = np.empty(1)
    compile_rates(CARD.device_model)(1.5, np.array([0.4]), params(CARD), 300.0, rate, np.empty((1, 1)))
    assert rate[0] != 0


@pytest.mark.parametrize("kept", ["*.nbc", "*.nbi"])
@pytest.mark.parametrize("damaged", [lambda b: b"", lambda b: b[:300], lambda b: bytes(255 - x for x in b)])
def test_damaged_machine_code_is_replaced(folder, kept, damaged):
    compile_rates(CARD.device_model)
    (file,) = (folder / "__pycache__").glob(kept)
    file.write_bytes(damaged(file.read_bytes()))
    again = [compile_rates(CARD.device_model) for _ in range(3)]
    assert sum(again[-1].stats.cache_hits.values()) == 1
    assert not sum(again[0].stats.cache_hits.values())


def test_on_a_full_disk_it_is_compiled_all_the_same(folder, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(caching.IndexDataCacheFile, "save", full)
    assert compile_rates(CARD.device_model).nopython_signatures
