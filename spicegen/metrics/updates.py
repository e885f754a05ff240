"""Update tables made from measured trains of pulses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from spicegen.devices.update_table import UpdateTable
from spicegen.measurements.branches import Branch
from spicegen.metrics._curves import Curves

Array = NDArray[np.float64]
_CDF_POINTS = 101
_PER_BIN = 50
_MOST_BINS = 40


def branch_table(branch: Branch, curves: Curves, place: str) -> UpdateTable:
    """Update table of one direction of a measured train.

    Read noise must not be taken for updates: a read that came out too high is followed by a lower one, and a plain
    table would say that pulses go back. So the conductance before a pulse is the best estimate from the reads until
    then (Kalman's filter of the local-level model about the trend, with the variances of ``read_noise`` and
    ``update_sigma``), the change is the next read less that estimate, and the variance that the reads add is taken off
    the table's. Without read noise that is the plain difference against the plain read. A read that is missing leaves
    the estimate as it was, in more doubt.

    Changes are sorted by the conductance before and cut into at most 40 bins of equally many, 50 or more. In each bin a
    straight line against conductance is taken off, and the quantiles of what remains, scaled to the standard deviation
    of the updates, are put onto the line at the bin's mean conductance (in the first and last bin also at its end).

    Args:
        branch: the branch of that direction.
        curves: samples of the branch, the first of which is the measurement.
        place: name of the measurement, for error messages.

    Raises:
        InputError: there are fewer than 100 pulses in all cycles, or steps are lost in read noise.
    """
    before, change, added = _filtered(branch, curves)
    there = np.isfinite(before) & np.isfinite(change)
    order = np.argsort(before[there], kind="stable")
    bins = min(_MOST_BINS, len(order) // _PER_BIN)
    if bins < 2:
        raise InputError(f"{place}: {len(order)} pulses of one direction: an update table needs {2 * _PER_BIN} or more")
    parts = [np.array_split(values[there][order], bins) for values in (before, change, added)]
    cdf = np.linspace(0, 1, _CDF_POINTS)
    nodes: list[tuple[float, Array]] = []
    for n, (x, y, noise) in enumerate(zip(*parts, strict=True)):
        ends = {0: [x[0], x.mean()], bins - 1: [x.mean(), x[-1]]}.get(n, [x.mean()])
        slope, quantiles = _conditional(x, y, float(noise.mean()), cdf)
        nodes += [(float(at), slope * (at - x.mean()) + quantiles) for at in ends]
    kept = [node for last, node in zip([(-np.inf, cdf), *nodes], nodes, strict=False) if node[0] > last[0]]
    table = UpdateTable(np.array([at for at, _ in kept]), cdf, np.stack([q for _, q in kept], axis=1))
    if table.rises != branch.rises:
        raise InputError(
            f"{place}: what a pulse does is lost in the noise of reads: an update table needs larger steps"
        )
    return table


def _filtered(branch: Branch, curves: Curves) -> tuple[Array, Array, Array]:
    """Conductance before each pulse as known then, the change to the next read, and what reads add to its variance.

    Each of shape (cycles, pulses): S, S, S^2.
    """
    read = max(-float(curves.scatter.step_covariance[0]), 0.0)
    update = max(float(curves.scatter.step_variance[0]) - 2 * read, 0.0)
    g = branch.g_siemens
    trend = np.interp(np.linspace(0, 1, g.shape[1]), curves.w, curves.trend.g_siemens[0])
    known, doubt = np.zeros_like(g), np.empty_like(g)
    at, variance = np.zeros(len(g)), np.full(len(g), np.inf)  # nothing is known before the first read
    for n, apart in enumerate((g - trend).T):
        expected = variance + update
        gain = 1 / (1 + np.divide(read, expected, out=np.zeros_like(expected), where=expected > 0))
        seen = np.isfinite(apart)
        at = np.where(seen, at + gain * (apart - at), at)
        variance = np.where(seen, gain * read, expected)
        known[:, n], doubt[:, n] = at, variance
    before = np.where(np.isfinite(doubt), trend + known, np.nan)[:, :-1]
    return before.ravel(), (g[:, 1:] - before).ravel(), (doubt + read)[:, :-1].ravel()


def _conditional(x: Array, y: Array, added: float, cdf: Array) -> tuple[float, Array]:
    """Slope of y against x, and the quantiles of y at the mean of x; ``added`` does not belong to the variance of y."""
    apart = x - x.mean()
    slope = float(apart @ y / (apart @ apart)) if np.any(apart) else 0.0
    residual = y - y.mean() - slope * apart
    quantiles = np.quantile(residual, cdf, method="hazen")
    quantiles -= np.trapezoid(quantiles, cdf)
    centre, width = (quantiles[1:] + quantiles[:-1]) / 2, np.diff(quantiles)
    spread = np.sqrt(np.diff(cdf) @ (centre**2 + width**2 / 12))
    sigma = np.sqrt(max(float(residual @ residual) / (len(y) - 2) - added, 0.0))
    return slope, y.mean() + quantiles * (sigma / spread if spread > 0 else 0.0)
