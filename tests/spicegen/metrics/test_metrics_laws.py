"""Laws and the figures of merit of curves without noise, against closed forms and other people's tables."""

import numpy as np
import pytest

from spicegen import metrics

W = np.linspace(0, 1, 101)

# A / N of some labels, from getParamA in NeuroSim's formula.cpp
NEUROSIM = {0.01: 126.268958, 1.51: 0.819477, 3.01: 0.385310, 6.01: 0.135117, 7.51: 0.070151, 9.0: 0.022810}


@pytest.mark.parametrize(("label", "a"), NEUROSIM.items())
def test_neurosims_table(label, a):
    assert metrics.neurosim_label(1 / a) == pytest.approx(label, rel=5e-5)
    assert metrics.neurosim_label(-1 / a) == pytest.approx(-label, rel=5e-5)


@pytest.mark.parametrize("beta", [-3.0, -0.1, 0.0, 0.3, 1.3, 5.0])
def test_beta_alpha_of_their_own_laws(beta):
    curve = 1e-5 * (1 + 3 * metrics.exponential_law(W, beta))
    assert metrics.beta(curve) == pytest.approx(beta, abs=1e-6)
    assert metrics.beta(5e-5 - curve) == pytest.approx(beta, abs=1e-6)
    power = 1e-5 * (1 + 3 * metrics.power_law(W, 1 + beta, 4.0))
    assert metrics.alpha(power) == pytest.approx(1 + beta, abs=1e-6)
    assert power[-1] == pytest.approx(4e-5)
    assert power[50] == pytest.approx(1e-5 * ((4 ** (1 + beta) - 1) / 2 + 1) ** (1 / (1 + beta)))


def test_laws_of_many_at_once():
    betas = np.array([[-1.0], [0.0], [2.0]])
    rows = metrics.exponential_law(W, betas)
    assert rows.shape == (3, 101)
    assert rows[1] == pytest.approx(W)
    assert rows[2] == pytest.approx((1 - np.exp(-2 * W)) / (1 - np.exp(-2)))
