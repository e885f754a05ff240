"""Figures of merit of conductance curves.

A branch is conductance against pulse number, n = 0 .. N, shape (N + 1,), S; potentiation rises, depression falls.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

Array = NDArray[np.float64]

_MOST_BETA = 50.0
_MOST_ALPHA = 20.0


def beta(branch_siemens: Array) -> float:
    """Nonlinearity beta: G = G_0 + (G_N - G_0) (1 - exp(-beta w)) / (1 - exp(-beta)), w = n / N, by least squares.

    0 is linear, positive saturates, negative accelerates; depression is read in its own direction. The ends are
    the branch's own. Source: Agarwal et al., IJCNN 2016 (Sandia), as used by CrossSim.
    """
    return _least_squares(branch_siemens, exponential_law, _MOST_BETA)


def alpha(branch_siemens: Array) -> float:
    """Nonlinearity alpha: G = [(G_max^a - G_min^a) w + G_min^a]^(1/a); 1 is linear.

    w rises with G, so depression is read backwards. Source: Jang et al., IEEE Electron Device Lett. 36, 457 (2015).
    """
    rising = branch_siemens if branch_siemens[-1] >= branch_siemens[0] else branch_siemens[::-1]
    ratio = rising[-1] / rising[0]

    def law(w: Array, a: float) -> Array:
        grown = w * math.log(ratio) if abs(a) < 1e-6 else np.log1p(w * math.expm1(a * math.log(ratio))) / a
        return np.asarray(np.expm1(grown) / (ratio - 1))

    return _least_squares(rising, law, _MOST_ALPHA)


def asymmetric_ratio(potentiation_siemens: Array, depression_siemens: Array) -> float:
    """Max over n of |G_p(n) - G_d(N - n)| / (G_p(N) - G_p(0)); 0 is symmetric. Source: the paper's note S3."""
    gap = np.abs(potentiation_siemens - depression_siemens[::-1])
    return float(np.max(gap) / (potentiation_siemens[-1] - potentiation_siemens[0]))


def exponential_law(w: Array, beta: float) -> Array:
    """(1 - exp(-beta w)) / (1 - exp(-beta)), its limit w at beta = 0."""
    return w if abs(beta) < 1e-9 else np.asarray(np.expm1(-beta * w) / math.expm1(-beta))


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
