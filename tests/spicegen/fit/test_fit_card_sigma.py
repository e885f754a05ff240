"""sigma(G) of write-verify files on a card."""

from pathlib import Path

import numpy as np
import pytest

from spicegen.fit.result.card_sigma import card_sigma
from spicegen.measurements import Origin, WriteVerify
from spicegen.metrics.programming import programming_errors


def pairs(target, sigma, name="pairs.csv"):
    error = sigma * np.random.default_rng(1).standard_normal(len(target))
    return WriteVerify(Origin(Path(name), "0" * 64), target, target + error)


TARGET = np.repeat(np.linspace(2e-6, 8e-6, 10), 20)
GOOD = pairs(TARGET, 0.03 * TARGET + 1e-7, "good.csv")


@pytest.mark.parametrize(("slope", "offset"), [(0.03, 1e-7), (0.03, -3e-8), (-0.02, 2e-7)])
def test_errors_are_as_large_as_the_card_says(slope, offset):
    """Where a line with a negative part is best, too: over their sigma(G) errors have the quadratic mean of 1."""
    measured = pairs(TARGET, slope * TARGET + offset)
    on_card = card_sigma([measured], 1).error
    over_sigma = (measured.achieved_siemens - TARGET) / on_card.sigma_siemens(TARGET)
    assert np.sqrt(np.mean(over_sigma**2)) == pytest.approx(1, abs=0.01)
    for quantity, true in ((on_card.slope, slope), (on_card.offset, offset)):
        assert (quantity.value == 0) == (true < 0)
        assert ("a free line has -" in quantity.note) == (true < 0)


def test_a_line_without_a_negative_part_stays_as_it_is():
    data, on_card = programming_errors(GOOD, 1), card_sigma([GOOD], 1).error
    assert data.offset[0] > 0
    assert on_card.slope.value == pytest.approx(data.slope[0], rel=1e-3)
    assert on_card.offset.value * on_card.unit_siemens.value == pytest.approx(data.offset[0], rel=1e-3)


def test_resamples_of_one_target_give_no_uncertainty():
    """Of twelve pairs with eleven at one target a third of the resamples have no other: no line goes through them."""
    on_card = card_sigma([pairs(np.r_[np.full(11, 2e-6), 8e-6], 1e-7)], 1).error
    assert on_card.slope.uncertainty is None
    assert on_card.offset.uncertainty is None


def test_the_first_file_that_shows_sigma_is_taken():
    few, other = pairs(TARGET[:3], 1e-7, "few.csv"), pairs(TARGET, 1e-7, "other.csv")
    found = card_sigma([few, GOOD, other], 1)
    assert found.measurement is GOOD
    assert found.error == card_sigma([GOOD], 1).error
    assert found.error.slope.note.startswith("good.csv")
    assert [text.partition(": sigma(G) needs")[0] for text in found.unused] == [
        "few.csv: is not used: 3 programmings, conductances over 0 S",
        "other.csv: is not used: the card has one programming error, of good.csv",
    ]
    assert card_sigma([few], 1).error is None
