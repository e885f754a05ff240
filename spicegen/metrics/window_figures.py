"""Figures of merit of the window between the lowest and the highest conductance of a train, and of its states."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spicegen.metrics.branch_figures import read_noise
from spicegen.metrics.metric import Statistic
from spicegen.metrics.trains import Trains

Array = NDArray[np.float64]
_GRID = 201


def g_min(trains: Trains) -> Array:
    """Lowest conductance at the ends of the branches' trends.

    Source: Baek et al., Nano-Micro Lett. 15:69 (2023), section 3.3.
    """
    return trains.window[0]


def g_max(trains: Trains) -> Array:
    """Highest conductance at the ends of the branches' trends.

    Source: as g_min.
    """
    return trains.window[1]


def dynamic_range(trains: Trains) -> Array:
    """G_max - G_min.

    Source: Baek et al., Nano-Micro Lett. 15:69 (2023), section 3.3.
    """
    return np.asarray(trains.window[1] - trains.window[0])


def on_off_ratio(trains: Trains) -> Array:
    """G_max / G_min; only of positive conductances.

    Source: Baek et al., Nano-Micro Lett. 15:69 (2023), figure S9.
    """
    low, high = trains.window
    return np.where(low > 0, high / np.where(low > 0, low, 1), np.nan)


def sigma_slope(trains: Trains) -> Array:
    """Slope of cycle-to-cycle sigma = slope G + offset.

    By maximum likelihood; the form of a card's programming error. Source: Baek et al., section 3.4, figure 6c.
    """
    return trains.sigma[0]


def sigma_offset(trains: Trains) -> Array:
    """Offset of cycle-to-cycle sigma = slope G + offset.

    Source: as sigma_slope.
    """
    return trains.sigma[1]


def distinct_states(trains: Trains) -> Array:
    """Effective number of states, 2 sigma(G) to each side.

    Levels between G_min and G_max: 1 + integral of dG / (4 sigma(G)); sigma from cycle to cycle, or the read noise of a
    single cycle. Source: states told apart by 2 sigma, after Stathopoulos et al., Sci. Rep. 7, 17532 (2017);
    the integral is its limit for many states.
    """
    low, high = trains.window
    slope, offset = trains.sigma
    if not np.isfinite(slope[0]):
        slope, offset = np.zeros_like(low), np.mean([read_noise(c) for c in trains.curves], axis=0)
    return states_between(low, high, slope, offset)


def states_between(low: Array, high: Array, slope: Array, offset: Array) -> Array:
    """Levels with 2 sigma = 2 (slope G + offset) to each side of each; NaN if sigma is not positive somewhere."""
    g = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, _GRID)
    sigma = slope[:, None] * g + offset[:, None]
    positive = np.all(sigma > 0, axis=1, keepdims=True)
    inverse = 1 / np.where(positive, sigma, 1.0)
    return np.where(positive[:, 0], 1 + (high - low) * np.trapezoid(inverse, dx=1 / (_GRID - 1), axis=1) / 4, np.nan)


FIGURES = (
    Statistic("g_min", "S", g_min),
    Statistic("g_max", "S", g_max),
    Statistic("dynamic_range", "S", dynamic_range),
    Statistic("on_off_ratio", "1", on_off_ratio),
    Statistic("sigma_slope", "1", sigma_slope, of_scatter=True),
    Statistic("sigma_offset", "S", sigma_offset, of_scatter=True),
    Statistic("distinct_states", "1", distinct_states, of_scatter=True),
)
