import numpy as np
import pytest

from models_va import ProgrammingError, Quantity, load_card
from spicegen.programming import program, stream


def error(slope, offset):
    q = lambda v: Quantity(value=v, provenance="assumed")
    return ProgrammingError(slope=q(slope), offset=q(offset), unit_siemens=q(1e-6))


@pytest.mark.parametrize("g_microsiemens", [10.0, 25.0, 40.0])
def test_statistics_are_the_cards(g_microsiemens):
    n = 200_000
    drawn = program(np.full(n, g_microsiemens * 1e-6), load_card("au-lixcoo2-pt").programming_error, stream(0, 0, 0))
    sigma = (0.0161 * g_microsiemens + 0.08264) * 1e-6  # the paper's line, by hand
    assert drawn.mean() == pytest.approx(g_microsiemens * 1e-6, abs=4 * sigma / np.sqrt(n))
    assert drawn.std() == pytest.approx(sigma, rel=4 / np.sqrt(2 * n))
    assert np.mean(np.abs(drawn - g_microsiemens * 1e-6) < sigma) == pytest.approx(0.6827, abs=0.005)  # normal


def test_no_conductance_is_negative():
    drawn = program(np.full(10_000, 1e-6), error(1.0, 1.0), stream(0, 0, 0))
    assert drawn.min() == 0
    assert np.mean(drawn == 0) == pytest.approx(0.3085, abs=0.02)  # P(N(1, 2) < 0)


def test_no_error_is_exact():
    g = np.array([1e-6, 2e-6])
    assert np.array_equal(program(g, None, stream(0, 0, 0)), g)
    assert np.array_equal(program(g, error(0, 0), stream(0, 0, 0)), g)


def test_error_scales_with_sigma():
    g = np.full(100, 2e-5)
    big, small = (program(g, error(s, 0), stream(3, 1, 2)) - g for s in (1e-2, 1e-5))
    assert small == pytest.approx(big / 1000, rel=1e-6)


def test_streams_are_reproducible_and_apart():
    draws = {
        key: tuple(stream(*key).standard_normal(3))
        for key in [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 1, 1)]
    }
    assert len(set(draws.values())) == len(draws)
    assert tuple(stream(0, 1, 1).standard_normal(3)) == draws[0, 1, 1]
    child = np.random.SeedSequence(0).spawn(2)[1].spawn(2)[1]  # a grandchild, whoever spawns it
    assert tuple(np.random.default_rng(child).standard_normal(3)) == draws[0, 1, 1]
