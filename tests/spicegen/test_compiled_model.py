"""Machine code of the models: kept in the user's cache folder, and the same from there."""

import numpy as np
import pytest

from models_va import load_card
from spicegen.printers.compiled_model import compile_rates, compile_slopes
from spicegen.printers.numpy_model import numpy_model

CARD = load_card("magic-vteam")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The user's cache folder (on Linux)."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "spicegen" / "compiled"


def rates(function):
    """What it makes of a state of the card's device."""
    k = len(CARD.device_model.states)
    params = np.array([CARD.values[p.name] for p in CARD.device_model.params])
    rate, jacobian = np.empty(k), np.empty((k, k))
    function(-1.5, np.full(k, 0.4), params, 300.0, rate, jacobian)
    return rate, jacobian


def test_a_second_process_finds_the_machine_code_of_the_first(folder):
    first, second = (compile_rates(CARD.device_model) for _ in range(2))
    assert sum(first.stats.cache_hits.values()) == 0
    assert sum(second.stats.cache_hits.values()) == 1
    for a, b in zip(rates(first), rates(second), strict=True):
        assert np.array_equal(a, b)
    there = numpy_model(CARD.device_model).evaluate(np.array([-1.5]), np.array([[0.4]]), CARD.values, 300.0)
    assert rates(second)[0] == pytest.approx(there.rate[0], rel=1e-12)


def test_what_is_compiled_from_something_else_is_another_file(folder):
    compile_rates(CARD.device_model)
    compile_slopes(CARD.device_model)
    assert len(list(folder.glob("*.py"))) == 2


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same(folder):
    folder.parent.write_text("no folder")
    found = compile_rates(CARD.device_model)
    assert np.isfinite(rates(found)[0]).all()
