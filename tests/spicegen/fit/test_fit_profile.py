"""Profile likelihoods along a curved valley, against those in closed form."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from spicegen.fit.free_parameter import Free
from spicegen.fit.solve.least_squares import WIDER, fit
from spicegen.fit.solve.profile import profiled

VOLTS = np.array([1.4, 1.6, 1.8])
PRIOR = math.log(10.0)
EFFORT = 60


class _Rates:
    """VTEAM's rate k (V / v - 1)^alpha at three voltages: k, alpha and the threshold v make up for each other.

    Where the first does not reach the threshold, nothing moves: a cliff at its end.
    """

    def __init__(self, noise, upper):
        threshold = Free("v", 0.42, 0.042, upper)
        self.free = Free("k", 1e-3, 1e-12, 1e12), Free("alpha", 7.0, 0.0, 20.0, "linear"), threshold
        self._noise = noise
        self._seen = self._log_rate(np.array([0.0, 0.8, math.log(0.9)]))

    def residuals(self, z):
        return (self._log_rate(z) - self._seen) / self._noise

    def jacobian(self, z):
        over = VOLTS / np.exp(z[2]) - 1
        by_threshold = np.where(over > 1e-3, -5 * z[1] * (1 + 1 / np.maximum(over, 1e-3)), 0)
        return np.stack([np.ones(3), 5 * self._logs(z[2]), by_threshold], axis=1) / self._noise

    def profile(self, z):
        """The least loss at each threshold: the others are linear."""
        centre = np.array([f.coordinate(f.start) for f in self.free])
        width = WIDER * np.array([PRIOR, 1.0, PRIOR])
        slopes = np.vstack([np.stack([np.ones(3), 5 * self._logs(z)], axis=1) / self._noise, np.diag(1 / width[:2])])
        aim = np.concatenate([self._seen / self._noise, centre[:2] / width[:2]])
        left = slopes @ np.linalg.lstsq(slopes, aim, rcond=None)[0] - aim
        return left @ left + ((z - centre[2]) / width[2]) ** 2

    def _log_rate(self, z):
        return z[0] + 5 * z[1] * self._logs(z[2])

    @staticmethod
    def _logs(z):
        return np.log(np.maximum(VOLTS / np.exp(z) - 1, 1e-3))


@pytest.mark.parametrize("noise", [0.03, 0.05])
@pytest.mark.parametrize("upper", [1.39, 3.0])
def test_a_profile_follows_a_curved_valley_to_the_cliff_at_its_end(noise, upper):
    """The curvature says 0.19 of a threshold that is 0.65 off; the loss grows by four as far away as in closed form."""
    problem = _Rates(noise, upper)
    near = fit(problem, problem.free, iterations=100, prior=PRIOR)
    end = near.ends[0][2]
    assert near.is_fixed[2]
    assert abs(end - math.log(0.9)) > 2.5 * near.std[2]

    found = profiled(problem, near, EFFORT)
    limit = problem.profile(end) + 4
    sides = [abs(brentq(lambda z: problem.profile(z) - limit, end, b) - end) for b in (math.log(0.1), math.log(1.38))]
    assert not found.is_fixed[2]
    assert found.std[2] == pytest.approx(max(sides) / 2, rel=0.15)


def test_of_what_is_linear_the_curvature_says_all():
    problem = _Linear()
    near = fit(problem, problem.free)
    assert profiled(problem, near, EFFORT).stretch == pytest.approx([1.0, 1.0], abs=0.02)


class _Linear:
    """Two heights and their sum."""

    free = Free("a", 2.0, 0.02, 200.0), Free("b", 1.0, 0.01, 100.0)
    slopes = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]) / 0.05

    def residuals(self, z):
        return self.slopes @ (z - [1.0, 0.5])

    def jacobian(self, z):
        return self.slopes


def test_a_descent_that_ended_early_in_the_same_valley_adds_little_uncertainty():
    """Seven standard deviations off, where the loss has grown by 49, it says what the curvature does; both count."""
    found = fit(_Linear(), _Linear.free, iterations=100)
    off = 7 * found.covariance[:, 0] / found.std[0]
    end = found.ends[0] + off
    misfit = float(np.sum(_Linear().residuals(end) ** 2))
    both = replace(found, ends=(found.ends[0], end), misfit=(1000.0, 1000.0 + misfit - found.misfit[0]))
    assert both.std[0] == pytest.approx(math.sqrt(1.5) * found.std[0], rel=0.02)


def test_an_end_as_good_elsewhere_counts_in_full():
    found = fit(_Linear(), _Linear.free, iterations=100)
    far = found.ends[0] + [0.0, 1.0]
    both = replace(found, ends=(found.ends[0], far), misfit=(1000.0, 1000.5))
    assert both.std == pytest.approx(np.hypot(found.std, [0.0, math.sqrt(0.5)]))
