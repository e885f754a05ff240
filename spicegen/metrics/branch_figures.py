"""Figures of merit of one branch of a train, from samples of its curves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spicegen.metrics import laws
from spicegen.metrics._curves import Curves
from spicegen.metrics.metric import Statistic

Array = NDArray[np.float64]
_STRAIGHT = 1e-6


def beta(curves: Curves) -> Array:
    """Nonlinearity beta of the exponential law.

    G = G_0 + (G_N - G_0) (1 - exp(-beta w)) / (1 - exp(-beta)), w = n / N; G_0, G_N and beta by least squares. 0 is
    linear, positive saturates; depression in its own direction. Source: write nonlinearity of Agarwal et al.,
    IJCNN 2016, 929 (Sandia).
    """
    return np.asarray(curves.laws.exponential[:, 2])


def alpha(curves: Curves) -> Array:
    """Nonlinearity alpha of the power law; 1 is linear.

    G = [(G_max^a - G_min^a) w + G_min^a]^(1/a), w rising with G; G_min, G_max and a by least squares; only of
    positive conductances.
    Source: Jang et al., IEEE Electron Device Lett. 36, 457 (2015).
    """
    return np.asarray(curves.laws.power[:, 2])


def neurosim_a(curves: Curves) -> Array:
    """NeuroSim's A over the number of pulses: 1 / beta.

    G = B (1 - exp(-P / A)) + G_min; none of a straight line.

    Source: Chen, Peng, Yu, IEEE Trans. CAD 37, 3067 (2018).
    """
    bend = beta(curves)
    with np.errstate(divide="ignore"):
        # from plus to minus infinity at 0: no interval; least squares find a straight line's beta to 1e-8
        return np.where((bend * bend[0] > 0) & (np.abs(bend) > _STRAIGHT), 1 / bend, np.nan)


def neurosim_label(curves: Curves) -> Array:
    """NeuroSim's nonlinearity label for that A; not a beta.

    10.1015 times the largest height of the curve over the straight line between its ends, in parts of the range.

    Source: the table getParamA in formula.cpp of github.com/neurosim/MLP_NeuroSim_V3.0; see laws.neurosim_label.
    """
    return laws.neurosim_label(beta(curves))


def mean_step(curves: Curves) -> Array:
    """Mean change of conductance a pulse.

    Last less first conductance of the trend, over the pulses.

    Source: arithmetic.
    """
    return np.asarray(np.diff(curves.trend.ends, axis=1)[:, 0] / curves.pulses)


def read_noise(curves: Curves) -> Array:
    """Standard deviation of a read, within a cycle.

    Differences of reads that follow each other have it twice with opposite signs: their covariance is minus its
    square. Of residuals from the mean of the cycles; of one cycle from its law.
    Source: moments of the local-level model, as in Harvey, Forecasting, Structural Time Series Models and the Kalman
    Filter (1989).
    """
    return np.asarray(np.sqrt(np.maximum(-curves.scatter.step_covariance, 0)))


def update_sigma(curves: Curves) -> Array:
    """Standard deviation of what a pulse does, without read noise.

    The variance of differences less twice that of the read noise. No interval of one cycle: what no law describes of
    its curve passes for updates. Source: as read_noise.
    """
    found = np.sqrt(np.maximum(curves.scatter.step_variance + 2 * curves.scatter.step_covariance, 0))
    if curves.samples.means_simulated:
        found[1:] = np.nan
    return np.asarray(found)


def cycle_sigma(curves: Curves) -> Array:
    """Cycle-to-cycle standard deviation.

    Of conductance at the same pulse number, quadratic mean over pulses; read noise is in it. Only of two cycles or
    more. Source: Baek et al., Nano-Micro Lett. 15:69 (2023), figure 6b.
    """
    return np.asarray(np.sqrt(np.maximum(curves.scatter.pooled_variance, 0)))


FIGURES = (
    Statistic("beta", "1", beta),
    Statistic("alpha", "1", alpha),
    Statistic("neurosim_a", "pulses/N", neurosim_a),
    Statistic("neurosim_label", "1", neurosim_label),
    Statistic("mean_step", "S", mean_step),
    Statistic("update_sigma", "S", update_sigma, of_scatter=True),
    Statistic("read_noise", "S", read_noise, of_scatter=True),
    Statistic("cycle_sigma", "S", cycle_sigma, of_scatter=True),
)
