"""Levels of a start, where the current bends so much that no voltage tells those of another."""

import numpy as np
import pytest

from models_va import load_model
from spicegen.fit.replay.from_measurements import replays
from spicegen.fit.start.levels import Levels
from tests.spicegen.fit.known_devices import unlike


@pytest.mark.parametrize("off", [1e-3, 1e3])
def test_a_state_that_cuts_a_curved_current_off_leaves_the_other_end_where_it_is_seen(off):
    """a sinh(b V) x: at x = 1 a tenth beyond the current that is nearest to it, whatever a was before."""
    card, sweeps = unlike("yakopcic", 0.01, np.random.default_rng(11))
    measured = [replay for s in sweeps for replay in replays(s)]
    model, own = load_model("yakopcic"), card.values
    values = np.array([own[p.name] * (off if p.name in {"a1", "a2"} else 1) for p in model.params])
    (found,) = Levels(model, measured).of(values, ())
    by_name = dict(zip(own, found.tolist(), strict=True))
    assert by_name["b"] == pytest.approx(own["b"], rel=1e-3)
    volt = np.concatenate([b.read_volt[b.conducting] for b in measured])
    seen = np.concatenate([b.observed[b.conducting] for b in measured])
    assert np.min(by_name["a1"] * np.sinh(own["b"] * volt) / seen) == pytest.approx(1.1, rel=1e-3)
