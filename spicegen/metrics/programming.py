"""Figures of merit of write-verify, with confidence intervals by bootstrap over programmings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from spicegen.measurements import WriteVerify
from spicegen.metrics._bootstrap import Samples, draw, means
from spicegen.metrics.report import Metric, Statistic
from spicegen.metrics.window_figures import states_between
from spicegen.sigma_line import sigma_line

Array = NDArray[np.float64]
_FEWEST = 10


@dataclass(frozen=True, eq=False)
class Programmed:
    """Samples of a write-verify measurement.

    Attributes:
        target_siemens, error_siemens: wanted, and achieved less wanted, shape (n,), S.
        samples: of programmings, which take the place of cycles.
        slope, offset: of sigma = slope G + offset in each, shape (rows,): 1, S.
    """

    target_siemens: Array
    error_siemens: Array
    samples: Samples
    slope: Array
    offset: Array


def programmed(measured: WriteVerify, seed: int) -> Programmed:
    """Fit sigma(G) in every sample.

    Raises:
        InputError: fewer than ten programmings, one target only, or no error at all.
    """
    target, error = measured.target_siemens, measured.achieved_siemens - measured.target_siemens
    if len(target) < _FEWEST or np.ptp(target) == 0 or not np.any(error):
        raise InputError(
            f"{measured.origin.path}: {len(target)} programmings, conductances over {np.ptp(target):.3g} S: sigma(G) "
            f"needs {_FEWEST} or more, of different targets, with errors"
        )
    samples = draw((len(target),), np.random.default_rng(seed), paired=True)
    counts = samples.counts[0]
    shape = counts.shape
    slope, offset = sigma_line(np.broadcast_to(target, shape), np.broadcast_to(error**2, shape), counts)
    return Programmed(target, error, samples, slope, offset)


def measure(data: Programmed) -> list[Metric]:
    """Every figure of merit of programmings."""
    return [s.evaluate(data, data.samples) for s in _ALL]


def sigma_slope(data: Programmed) -> Array:
    """Slope of sigma = slope G + offset, by maximum likelihood of normal errors about the target.

    The form of a card's programming error. Source: Baek et al., Nano-Micro Lett. 15:69 (2023), section 3.4, figure 6c.
    """
    return data.slope


def sigma_offset(data: Programmed) -> Array:
    """Offset of sigma = slope G + offset.

    Source: as sigma_slope.
    """
    return data.offset


def bias(data: Programmed) -> Array:
    """Mean of achieved less wanted conductance; a card's programming error has none.

    Source: arithmetic.
    """
    return means(data.error_siemens[:, None], data.samples.shifts[0])[:, 0]


def sigma_rms(data: Programmed) -> Array:
    """Quadratic mean of achieved less wanted conductance, all targets together.

    Source: arithmetic.
    """
    counts = data.samples.counts[0]
    return np.asarray(np.sqrt(counts @ data.error_siemens**2 / counts.sum(axis=1)))


def distinct_states(data: Programmed) -> Array:
    """Effective number of states: levels between the targets' ends with 2 sigma(G) to each side for themselves.

    1 + integral of dG / (4 sigma(G)). Source: as distinct_states of trains: after Stathopoulos et al., Sci. Rep. 7,
    17532 (2017).
    """
    low, high = (np.full_like(data.slope, end) for end in (data.target_siemens.min(), data.target_siemens.max()))
    return states_between(low, high, data.slope, data.offset)


_ALL = (
    Statistic("sigma_slope", "1", sigma_slope, of_scatter=True),
    Statistic("sigma_offset", "S", sigma_offset, of_scatter=True),
    Statistic("programming_bias", "S", bias),
    Statistic("sigma_rms", "S", sigma_rms, of_scatter=True),
    Statistic("distinct_states", "1", distinct_states, of_scatter=True),
)
