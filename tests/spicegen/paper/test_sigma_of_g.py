"""sigma(G) measured again, against the law that the devices were programmed by."""

import numpy as np
import pytest
from scipy import stats

from models_va import DeviceCard, load_card
from models_va.errors import InputError
from spicegen.metrics.sigma_line import sigma_line, standard_errors
from spicegen.paper import sigma_of_g as sigma_module
from spicegen.paper.sigma_of_g import PROGRAMMINGS, STATES, measure_sigma

CARD = load_card("au-lixcoo2-pt")
SLOPE, OFFSET = 0.0161, 0.08264  # the paper's, section 3.4


@pytest.fixture(scope="module")
def measured():
    return measure_sigma(CARD, seed=1, repetitions=40)


def test_every_state_has_the_papers_sigma(measured):
    assert measured.target_siemens.shape == measured.sigma_siemens.shape == (STATES,)
    assert measured.limited == 0
    freedom = PROGRAMMINGS - 1
    law = (SLOPE * measured.target_siemens * 1e6 + OFFSET) * 1e-6
    squares = freedom * (measured.sigma_siemens / law) ** 2
    low, high = stats.chi2.ppf([1e-6, 1 - 1e-6], freedom)
    assert ((low < squares) & (squares < high)).all()
    low, high = stats.chi2.ppf([1e-6, 1 - 1e-6], freedom * STATES)
    assert low < squares.sum() < high
    assert measured.sigma_error_siemens == pytest.approx(measured.sigma_siemens / np.sqrt(2 * freedom))


def test_the_line_is_the_papers_within_its_own_errors(measured):
    for line in (measured.line, *measured.repetitions):
        assert abs(line.slope - SLOPE) < 5 * line.slope_error
        assert abs(line.offset - OFFSET) < 5 * line.offset_error


def test_repetitions_scatter_as_the_standard_errors_say(measured):
    """Their variance by chi-square; their mean: squares of a sample's standard deviations are not biased."""
    n = len(measured.repetitions)
    low, high = np.sqrt(stats.chi2.ppf([1e-5, 1 - 1e-5], n - 1) / (n - 1))
    g = measured.target_siemens * 1e6
    errors = standard_errors(g, SLOPE * g + OFFSET, np.full(STATES, PROGRAMMINGS - 1.0))
    for values, truth, error in zip((measured.slopes, measured.offsets), (SLOPE, OFFSET), errors, strict=True):
        assert low < values.std(ddof=1) / error < high
        assert abs(values.mean() - truth) < 5 * error / np.sqrt(n)


def test_a_line_is_found_exactly():
    g = np.linspace(10, 40, 25)[None]
    slope, offset = sigma_line(g, (SLOPE * g + OFFSET) ** 2, np.full_like(g, 59))
    assert (slope[0], offset[0]) == (pytest.approx(SLOPE, rel=1e-12), pytest.approx(OFFSET, rel=1e-12))


def test_the_seed_decides(measured):
    again, other = measure_sigma(CARD, seed=1, repetitions=2), measure_sigma(CARD, seed=2, repetitions=0)
    assert np.array_equal(again.sigma_siemens, measured.sigma_siemens)
    assert again.repetitions == measured.repetitions[:2]
    assert again.line not in again.repetitions
    assert (np.abs(other.sigma_siemens / measured.sigma_siemens - 1) > 1e-6).all()


@pytest.mark.parametrize("name", ["ngspice", "ngspice (OSDI)", "vacask"])
def test_every_simulator_reads_the_same(name, need_engine, monkeypatch):
    name = need_engine(name).name
    monkeypatch.setattr(sigma_module, "STATES", 5)
    native, found = (measure_sigma(CARD, engine, seed=3, repetitions=0) for engine in ("native", name))
    assert found.engine == name
    assert found.sigma_siemens == pytest.approx(native.sigma_siemens, rel=1e-9)


def test_nothing_to_fit():
    raw = CARD.model_dump()
    for part in ("slope", "offset"):
        raw["programming_error"][part]["value"] = 0.0
    with pytest.raises(InputError, match="nothing to fit"):
        measure_sigma(DeviceCard.model_validate(raw))
