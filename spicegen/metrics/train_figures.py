"""Figures of merit of trains of pulses, with confidence intervals by bootstrap over cycles.

Curves are the mean over cycles. Measured ends are noisy, so the laws' ends are fitted as well; without noise, and where
a law holds, that is what ``spicegen.metrics.laws`` gives.
"""

from __future__ import annotations

from spicegen.metrics import branch_figures, symmetry_figures, window_figures
from spicegen.metrics.metric import Metric
from spicegen.metrics.trains import Trains


def measure(trains: Trains) -> list[Metric]:
    """Compute every figure of merit of trains: of each branch, then of both together."""
    found = []
    for curves in trains.curves:
        suffix = "_p" if curves.rises else "_d"
        found += [s.evaluate(curves, curves.samples, suffix) for s in branch_figures.FIGURES]
    found += [s.evaluate(trains, trains.samples) for s in window_figures.FIGURES]
    if trains.pair:
        found += [s.evaluate(trains, trains.samples) for s in symmetry_figures.FIGURES]
    return found
