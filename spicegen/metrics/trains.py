"""Figures of merit of trains of pulses, with confidence intervals by bootstrap over cycles.

Curves are the mean over cycles. Measured ends are noisy, so the laws' ends are fitted as well; without noise, and where
a law holds, that is what ``spicegen.metrics.laws`` gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from spicegen.branches import Branch, branches
from spicegen.measurements import Pulses
from spicegen.metrics import laws
from spicegen.metrics._bootstrap import Samples, draw
from spicegen.metrics._curves import Curves
from spicegen.metrics._sigma_line import sigma_line
from spicegen.metrics.report import Metric, Statistic

Array = NDArray[np.float64]
_GRID = 201


class Trains:
    """What is computed from: samples of a rising branch, a falling one, or both.

    Args:
        up, down: the branches.
        seed: of the bootstrap.
    """

    def __init__(self, up: Branch | None, down: Branch | None, seed: int) -> None:
        found = [b for b in (up, down) if b]
        if not found:
            raise InputError("figures of merit: no branch of pulses in one direction")
        rng = np.random.default_rng(seed)
        cycles = tuple(b.cycles for b in found)
        # the cycles of a train that goes up and down belong together
        self.samples: Samples = draw(cycles, rng, paired=len(set(cycles)) == 1)
        self.curves = [
            Curves(branch, counts, self.samples.first_resample, rng)
            for branch, counts in zip(found, self.samples.counts, strict=True)
        ]
        self.measured = found

    @property
    def pair(self) -> tuple[Curves, Curves] | None:
        """The rising and the falling samples, if there are both."""
        return (self.curves[0], self.curves[1]) if len(self.curves) == 2 else None

    @cached_property
    def window(self) -> tuple[Array, Array]:
        """The lowest and highest end of the trends, shape (rows,), S."""
        ends = np.stack([c.trend[:, n] for c in self.curves for n in (0, -1)])
        return ends.min(axis=0), ends.max(axis=0)

    @cached_property
    def sigma(self) -> tuple[Array, Array]:
        """Line of sigma against G from cycle to cycle: slope (1), offset (S), shape (rows,); NaN for one cycle."""
        return sigma_line(*(np.concatenate([getattr(c, n) for c in self.curves], axis=1) for n in _MOMENTS))


_MOMENTS = ("g_siemens", "variance", "freedom")


def measure(trains: Trains) -> list[Metric]:
    """Every figure of merit of trains: of each branch, then of both together."""
    found = []
    for curves in trains.curves:
        suffix = "_p" if curves.rises else "_d"
        found += [s.evaluate(curves, trains.samples, suffix) for s in OF_A_BRANCH]
    found += [s.evaluate(trains, trains.samples) for s in OF_THE_WINDOW]
    if trains.pair:
        found += [s.evaluate(trains, trains.samples) for s in OF_BOTH]
    return found


def trains_of(pulses: Sequence[Pulses], seed: int) -> Trains:
    """Trains from one measurement, or from one that only rises and one that only falls."""
    found = [branches(p) for p in pulses]
    ups, downs = ([b for b in side if b] for side in zip(*found, strict=True))
    if len(ups) > 1 or len(downs) > 1:
        names = ", ".join(p.origin.name for p in pulses)
        raise InputError(f"{names}: more than one rising or falling branch: give each device by itself")
    return Trains(ups[0] if ups else None, downs[0] if downs else None, seed)


def beta(curves: Curves) -> Array:
    """Nonlinearity beta of the exponential law.

    G = G_0 + (G_N - G_0) (1 - exp(-beta w)) / (1 - exp(-beta)), w = n / N; G_0, G_N and beta by least squares. 0 is
    linear, positive saturates; depression in its own direction. Source: Agarwal et al., IJCNN 2016 (Sandia), as used by
    CrossSim.
    """
    return np.asarray(curves.exponential[:, 2])


def alpha(curves: Curves) -> Array:
    """Nonlinearity alpha of the power law; 1 is linear.

    G = [(G_max^a - G_min^a) w + G_min^a]^(1/a), w rising with G; G_min, G_max and a by least squares; only of
    positive conductances.
    Source: Jang et al., IEEE Electron Device Lett. 36, 457 (2015).
    """
    return np.asarray(curves.power[:, 2])


def neurosim_a(curves: Curves) -> Array:
    """NeuroSim's A over the number of pulses: 1 / beta.

    G = B (1 - exp(-P / A)) + G_min.

    Source: Chen, Peng, Yu, IEEE Trans. CAD 37, 3067 (2018).
    """
    bend = beta(curves)
    with np.errstate(divide="ignore"):
        return np.where(bend * bend[0] > 0, 1 / bend, np.nan)  # from plus to minus infinity at 0: no interval


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
    return np.asarray((curves.trend[:, -1] - curves.trend[:, 0]) / curves.pulses)


def read_noise(curves: Curves) -> Array:
    """Standard deviation of a read, within a cycle.

    Differences of reads that follow each other have it twice with opposite signs: their covariance is minus its
    square. Of residuals from the mean of the cycles; of one cycle from the exponential law (see
    _curves.py).
    Source: moments of the local-level model, Harvey, Forecasting, Structural Time Series Models (1989), section 4.1.
    """
    return np.asarray(np.sqrt(np.maximum(-curves.step_covariance, 0)))


def update_sigma(curves: Curves) -> Array:
    """Standard deviation of what a pulse does, without read noise.

    The variance of differences less twice that of the read noise.
    Source: as read_noise.
    """
    return np.asarray(np.sqrt(np.maximum(curves.step_variance + 2 * curves.step_covariance, 0)))


def cycle_sigma(curves: Curves) -> Array:
    """Cycle-to-cycle standard deviation.

    Of conductance at the same pulse number, quadratic mean over pulses; read noise is in it. Only of two cycles or
    more. Source: Baek et al., Nano-Micro Lett. 15:69 (2023), figure 6b.
    """
    weighted = np.nansum(curves.variance * curves.freedom, axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sqrt(weighted / curves.freedom.sum(axis=1)))


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
    single cycle. Source: criterion of 2 sigma, Stathopoulos et al., Sci. Rep. 7, 17532 (2017).
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


def asymmetric_ratio(trains: Trains) -> Array:
    """Asymmetric ratio; 0 is symmetric.

    Largest |G_p(w) - G_d(1 - w)| / (G_p(1) - G_p(0)) of the trends.

    Source: Baek et al., Nano-Micro Lett. 15:69 (2023), note S3.
    """
    up, down = _pair(trains)
    w = np.linspace(0, 1, up.pulses + 1)
    at = np.linspace(0, 1, down.pulses + 1)
    rows = zip(up.trend, down.trend, strict=True)
    return np.array([laws.asymmetric_ratio(p, np.interp(w, at, d)) for p, d in rows])


def symmetry(trains: Trains) -> Array:
    """Symmetry of steps up and down; 1 is symmetric, 0 is one way only.

    Mean of 1 - |S|, S = (dG_p + dG_d) / (dG_p - dG_d) at the same G, over the window that both branches have. Steps by
    the fitted exponential laws. Source: symmetry factor of Gong et al., Nat. Commun. 9, 2102 (2018).
    """
    up, down = _pair(trains)
    low = np.maximum(up.trend[:, 0], down.trend[:, -1])[:, None]
    high = np.minimum(up.trend[:, -1], down.trend[:, 0])[:, None]
    g = low + (high - low) * np.linspace(0, 1, _GRID)
    rise, fall = up.step_siemens(g), down.step_siemens(g)
    alike = 1 - np.abs(rise + fall) / (np.abs(rise) + np.abs(fall))
    return np.asarray(np.trapezoid(alike, dx=1 / (_GRID - 1), axis=1))


def symmetry_point(trains: Trains) -> Array:
    """Conductance at which steps up and down are equal.

    By the fitted exponential laws. May lie outside of the window, or nowhere. Source: Rasch et al., Nat. Commun. 15,
    7133 (2024).
    """
    up, down = _pair(trains)
    zero, one = np.zeros((len(up.trend), 1)), np.ones((len(up.trend), 1))
    unit = trains.window[1][:, None] * one
    at_zero = up.step_siemens(zero) + down.step_siemens(zero)
    change = up.step_siemens(unit) + down.step_siemens(unit) - at_zero
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((-at_zero / change * unit)[:, 0])


def steps_in_range(trains: Trains) -> Array:
    """Range over the mean step at the symmetry point.

    G_max - G_min over it; at the window's end next to the symmetry point if that lies outside.

    Source: n_states of Rasch et al., Nat. Commun. 15, 7133 (2024), equation 6, with the measured window.
    """
    up, down = _pair(trains)
    low, high = trains.window
    at = np.clip(np.nan_to_num(symmetry_point(trains), nan=0.0), low, high)[:, None]
    size = (np.abs(up.step_siemens(at)) + np.abs(down.step_siemens(at)))[:, 0] / 2
    return np.asarray((high - low) / size)


def _pair(trains: Trains) -> tuple[Curves, Curves]:
    if trains.pair is None:
        raise InputError("symmetry: a rising and a falling branch are needed")
    return trains.pair


OF_A_BRANCH = (
    Statistic("beta", "1", beta),
    Statistic("alpha", "1", alpha),
    Statistic("neurosim_a", "pulses/N", neurosim_a),
    Statistic("neurosim_label", "1", neurosim_label),
    Statistic("mean_step", "S", mean_step),
    Statistic("update_sigma", "S", update_sigma),
    Statistic("read_noise", "S", read_noise),
    Statistic("cycle_sigma", "S", cycle_sigma),
)
OF_THE_WINDOW = (
    Statistic("g_min", "S", g_min),
    Statistic("g_max", "S", g_max),
    Statistic("dynamic_range", "S", dynamic_range),
    Statistic("on_off_ratio", "1", on_off_ratio),
    Statistic("sigma_slope", "1", sigma_slope),
    Statistic("sigma_offset", "S", sigma_offset),
    Statistic("distinct_states", "1", distinct_states),
)
OF_BOTH = (
    Statistic("asymmetric_ratio", "1", asymmetric_ratio),
    Statistic("symmetry", "1", symmetry),
    Statistic("symmetry_point", "S", symmetry_point),
    Statistic("steps_in_range", "1", steps_in_range),
)
