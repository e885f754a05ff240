"""Figures of merit of write-verify, with confidence intervals by bootstrap over programmings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from spicegen.measurements import WriteVerify
from spicegen.metrics._bootstrap import Samples, draw, means
from spicegen.metrics.metric import Metric, Statistic
from spicegen.metrics.sigma_line import sigma_line
from spicegen.metrics.window_figures import states_between

Array = NDArray[np.float64]
_FEWEST = 10


@dataclass(frozen=True, eq=False)
class ProgrammingErrors:
    """Errors of write-verify, with sigma(G) fitted in every sample of a bootstrap.

    Attributes:
        target_siemens, error_siemens: wanted, and achieved less wanted, shape (n,), S.
        samples: samples of the programmings, which take the place of cycles.
        slope, offset: slope (1) and offset (S) of sigma = slope G + offset in each sample, shape (rows,).
        states: effective number of states as measured, and as it may be in truth, shape (rows,).
    """

    target_siemens: Array
    error_siemens: Array
    samples: Samples
    slope: Array
    offset: Array
    states: Array


def programming_errors(measured: WriteVerify, seed: int) -> ProgrammingErrors:
    """Fit sigma(G) to the errors of write-verify, in every sample of a bootstrap.

    Raises:
        InputError: fewer than ten programmings, one target only, or no error at all.
    """
    target, error = measured.target_siemens, measured.achieved_siemens - measured.target_siemens
    if len(target) < _FEWEST or np.ptp(target) == 0 or not np.any(error):
        raise InputError(
            f"{measured.origin.path}: {len(target)} programmings, conductances over {np.ptp(target):.3g} S: sigma(G) "
            f"needs {_FEWEST} or more, of different targets, with errors"
        )
    rng = np.random.default_rng(seed)
    samples = draw((len(target),), rng, paired=True)
    counts = samples.counts[0]
    shape = counts.shape
    slope, offset = sigma_line(np.broadcast_to(target, shape), np.broadcast_to(error**2, shape), counts)
    ends = np.array([target.min(), target.max()])
    sigma = slope[:1, None] * ends + offset[:1, None]
    sigma = np.concatenate([sigma, _may_be(target, error, sigma, shape[0] - 1, rng)])
    slopes = np.diff(sigma)[:, 0] / np.ptp(ends)
    low, high = (np.full_like(slopes, end) for end in ends)
    states = states_between(low, high, slopes, sigma[:, 0] - slopes * low)
    return ProgrammingErrors(target, error, samples, slope, offset, states)


def _may_be(target: Array, error: Array, sigma: Array, resamples: int, rng: np.random.Generator) -> Array:
    """Standard deviations at the targets' ends as they may be in truth, shape (resamples, 2), S.

    ``sigma``, shape (1, 2), is that as measured.

    Errors over their sigma are drawn with replacement, for every target one: where the line that is fitted to them
    comes out at r times the one that they were drawn about, what was measured may be r times the truth. Source:
    Davison and Hinkley, Bootstrap Methods and their Application (Cambridge 1997), sections 5.2.1 and 6.2.3.
    """
    low, high = target.min(), target.max()
    line = np.interp(target, [low, high], sigma[0])
    square = (line * rng.choice(error / line, (resamples, len(target)))) ** 2
    slope, offset = sigma_line(np.broadcast_to(target, square.shape), square, np.ones_like(square))
    return np.asarray(sigma**2 / (slope[:, None] * [low, high] + offset[:, None]))


def measure(data: ProgrammingErrors) -> list[Metric]:
    """Compute every figure of merit of write-verify."""
    return [s.evaluate(data, data.samples) for s in _ALL]


def sigma_slope(data: ProgrammingErrors) -> Array:
    """Slope of sigma = slope G + offset, by maximum likelihood of normal errors about the target.

    The form of a card's programming error. Source: Baek et al., Nano-Micro Lett. 15:69 (2023), section 3.4, figure 6c.
    """
    return data.slope


def sigma_offset(data: ProgrammingErrors) -> Array:
    """Offset of sigma = slope G + offset.

    Source: as sigma_slope.
    """
    return data.offset


def bias(data: ProgrammingErrors) -> Array:
    """Mean of achieved less wanted conductance; a card's programming error has none.

    Source: arithmetic.
    """
    return means(data.error_siemens[:, None], data.samples.shifts[0])[:, 0]


def sigma_rms(data: ProgrammingErrors) -> Array:
    """Quadratic mean of achieved less wanted conductance, all targets together.

    Source: arithmetic.
    """
    counts = data.samples.counts[0]
    return np.asarray(np.sqrt(counts @ data.error_siemens**2 / counts.sum(axis=1)))


def distinct_states(data: ProgrammingErrors) -> Array:
    """Effective number of states: levels between the targets' ends with 2 sigma(G) to each side for themselves.

    1 + integral of dG / (4 sigma(G)). Source: as distinct_states of trains: after Stathopoulos et al., Sci. Rep. 7,
    17532 (2017).
    """
    return data.states


_ALL = (
    Statistic("sigma_slope", "1", sigma_slope, of_scatter=True),
    Statistic("sigma_offset", "S", sigma_offset, of_scatter=True),
    Statistic("programming_bias", "S", bias),
    Statistic("sigma_rms", "S", sigma_rms, of_scatter=True),
    Statistic("distinct_states", "1", distinct_states, of_scatter=True, turned=True),
)
