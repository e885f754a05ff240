"""Figures of merit of conductance curves without noise, and the laws behind them.

A branch is conductance against pulse number, n = 0 .. N, shape (N + 1,), S; potentiation rises, depression falls.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

Array = NDArray[np.float64]

MOST_BETA = 50.0
MOST_ALPHA = 20.0
_LABEL_PER_HEIGHT = 10.101525


def beta(branch_siemens: Array) -> float:
    """Nonlinearity beta of the exponential law.

    G = G_0 + (G_N - G_0) (1 - exp(-beta w)) / (1 - exp(-beta)), w = n / N, by least squares. 0 is linear, positive
    saturates, negative accelerates; depression is read in its own direction. The ends are the branch's own. Source:
    write nonlinearity of Agarwal et al., IJCNN 2016, 929 (Sandia).
    """
    return _least_squares(branch_siemens, exponential_law, MOST_BETA)


def alpha(branch_siemens: Array) -> float:
    """Nonlinearity alpha of the power law; 1 is linear.

    G = [(G_max^a - G_min^a) w + G_min^a]^(1/a), w rises with G, so depression is read backwards. Source: Jang et al.,
    IEEE Electron Device Lett. 36, 457 (2015).
    """
    rising = branch_siemens if branch_siemens[-1] >= branch_siemens[0] else branch_siemens[::-1]
    ratio = rising[-1] / rising[0]
    return _least_squares(rising, lambda w, a: power_law(w, a, ratio), MOST_ALPHA)


def asymmetric_ratio(potentiation_siemens: Array, depression_siemens: Array) -> float:
    """Asymmetric ratio; 0 is symmetric.

    Max over n of |G_p(n) - G_d(N - n)| / (G_p(N) - G_p(0)). Source: Baek et al., Nano-Micro Lett. 15:69 (2023), note
    S3.
    """
    gap = np.abs(potentiation_siemens - depression_siemens[::-1])
    return float(np.max(gap) / (potentiation_siemens[-1] - potentiation_siemens[0]))


def exponential_law(w: Array, beta: float | Array) -> Array:
    """(1 - exp(-beta w)) / (1 - exp(-beta)), its limit w at beta = 0; both of shapes that broadcast."""
    k = np.asarray(beta, dtype=np.float64)
    straight = np.abs(k) < 1e-9
    curved = np.where(straight, 1.0, k)
    return np.where(straight, w, np.expm1(-curved * w) / np.expm1(-curved))


def power_law(w: Array, alpha: float | Array, ratio: float | Array) -> Array:
    """(G - G_min) / (G_max - G_min) of the law of ``alpha``, ratio = G_max / G_min; all of shapes that broadcast."""
    a, span = np.asarray(alpha, dtype=np.float64), np.log(ratio)
    geometric = np.abs(a) < 1e-6
    power = np.where(geometric, 1.0, a)
    # -1 by rounding at the far end of steep curves; 700: the largest that is finite
    part = np.maximum(w * np.expm1(np.minimum(power * span, 700.0)), -1 + 1e-16)
    grown = np.where(geometric, w * span, np.log1p(part) / power)
    return np.asarray(np.expm1(grown) / np.expm1(span))


def neurosim_label(beta: float | Array) -> Array:
    """NeuroSim's nonlinearity label; not a beta.

    Of G = B (1 - exp(-P / A)) + G_min with A = N / beta. NeuroSim looks A / N up in a table of 900 labels
    (``getParamA`` in formula.cpp). Each of its entries, to its last digit, is the label over 10.1015 as the largest
    height of the curve over the straight line between its ends, which is what is computed here. Bent the other way it
    is negative. Source: Chen, Peng, Yu, IEEE Trans. CAD 37, 3067 (2018); github.com/neurosim/MLP_NeuroSim_V3.0.
    """
    bent = np.maximum(np.abs(np.asarray(beta, dtype=np.float64)), 1e-6)
    w = -np.log(-np.expm1(-bent) / bent) / bent  # where the slope is one
    return np.asarray(_LABEL_PER_HEIGHT * np.sign(beta) * (exponential_law(w, bent) - w))


def decay_time(time_s: Array, value: Array) -> float:
    """Tau of value = A exp(-t / tau), by least squares over A and tau, s."""

    def misfit(log_tau: float) -> float:
        shape = np.exp(-time_s / math.exp(log_tau))
        amplitude = (shape @ value) / (shape @ shape)
        return float(np.sum((value - amplitude * shape) ** 2))

    step, span = float(np.min(np.diff(time_s))), float(time_s[-1] - time_s[0])
    bounds = (math.log(step / 20), math.log(span * 20))
    return math.exp(minimize_scalar(misfit, bounds=bounds, method="bounded", options={"xatol": 1e-6}).x)


def _least_squares(branch: Array, law: Callable[[Array, float], Array], most: float) -> float:
    if not np.all(np.isfinite(branch)) or branch[-1] == branch[0]:
        return math.nan
    w = np.arange(len(branch)) / (len(branch) - 1)
    y = (branch - branch[0]) / (branch[-1] - branch[0])
    found = minimize_scalar(
        lambda k: float(np.sum((law(w, k) - y) ** 2)), bounds=(-most, most), method="bounded", options={"xatol": 1e-7}
    )
    return float(found.x)
