"""Figures of merit of a rising and a falling branch together: how alike pulses up and down are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from spicegen.metrics import laws
from spicegen.metrics._curves import Curves
from spicegen.metrics.metric import Statistic
from spicegen.metrics.trains import Trains

Array = NDArray[np.float64]
_GRID = 201


def asymmetric_ratio(trains: Trains) -> Array:
    """Asymmetric ratio; 0 is symmetric.

    Largest |G_p(w) - G_d(1 - w)| / (G_p(1) - G_p(0)) of the trends.

    Source: Baek et al., Nano-Micro Lett. 15:69 (2023), note S3.
    """
    up, down = _pair(trains)
    rows = zip(up.trend.g_siemens, down.trend.g_siemens, strict=True)
    return np.array([laws.asymmetric_ratio(p, np.interp(up.w, down.w, d)) for p, d in rows])


def symmetry(trains: Trains) -> Array:
    """Symmetry of steps up and down; 1 is symmetric, 0 is one way only.

    Mean of 1 - |S|, S = (dG_p + dG_d) / (dG_p - dG_d) at the same G, over the window that both branches have; none if
    they have none. Steps by the slope of the trends (see _trend.py).
    Source: after the symmetry factor, a function of G, of Gong et al., Nat. Commun. 9, 2102 (2018), figure 4; S is
    written, and averaged, as defined here.
    """
    up, down = _pair(trains)
    low = np.maximum(up.trend.ends[:, 0], down.trend.ends[:, 1])[:, None]
    high = np.minimum(up.trend.ends[:, 1], down.trend.ends[:, 0])[:, None]
    g = low + (high - low) * np.linspace(0, 1, _GRID)
    rise, fall = up.trend.step_siemens(g), down.trend.step_siemens(g)
    alike = 1 - np.abs(rise + fall) / (np.abs(rise) + np.abs(fall))
    return np.where((high > low)[:, 0], np.trapezoid(alike, dx=1 / (_GRID - 1), axis=1), np.nan)


def symmetry_point(trains: Trains) -> Array:
    """Conductance at which steps up and down are equal.

    By the slope of the trends (see _trend.py). May lie outside of the window by as much as the window is wide; the one
    next to its middle if there are several, none if there is none.
    Source: Rasch et al., Nat. Commun. 15, 7133 (2024).
    """
    up, down = _pair(trains)
    low, high = (end[:, None] for end in trains.window)
    g = low + (high - low) * np.linspace(-1, 2, 3 * _GRID)
    net = up.trend.step_siemens(g) + down.trend.step_siemens(g)
    crosses = net[:, :-1] * net[:, 1:] <= 0
    off = np.where(crosses, np.abs(g[:, :-1] - (low + high) / 2), np.inf)
    found = np.argmin(off, axis=1)[:, None]
    g0, g1, n0, n1 = (np.take_along_axis(x, found + k, axis=1)[:, 0] for x in (g, net) for k in (0, 1))
    part = np.divide(n0, n0 - n1, out=np.full_like(n0, 0.5), where=n0 != n1)
    return np.where(crosses.any(axis=1), g0 + (g1 - g0) * part, np.nan)


def steps_in_range(trains: Trains) -> Array:
    """Range over the mean step at the symmetry point.

    G_max - G_min over it; at the window's end next to the symmetry point if that lies outside.

    Source: n_states of Rasch et al., Nat. Commun. 15, 7133 (2024), equation 6, with the measured window.
    """
    up, down = _pair(trains)
    low, high = trains.window
    ends = np.stack([low, high], axis=1)
    net = np.abs(up.trend.step_siemens(ends) + down.trend.step_siemens(ends))
    nearer = np.where(net[:, 0] < net[:, 1], low, high)
    point = symmetry_point(trains)
    at = np.clip(np.where(np.isfinite(point), point, nearer), low, high)[:, None]
    size = (np.abs(up.trend.step_siemens(at)) + np.abs(down.trend.step_siemens(at)))[:, 0] / 2
    return np.asarray((high - low) / size)


def _pair(trains: Trains) -> tuple[Curves, Curves]:
    if trains.pair is None:
        raise InputError("symmetry: a rising and a falling branch are needed")
    return trains.pair


FIGURES = (
    Statistic("asymmetric_ratio", "1", asymmetric_ratio),
    Statistic("symmetry", "1", symmetry),
    Statistic("symmetry_point", "S", symmetry_point),
    Statistic("steps_in_range", "1", steps_in_range),
)
