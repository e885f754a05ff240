"""Measurements of synthetic devices whose figures of merit are known."""

from pathlib import Path

import numpy as np

from spicegen.measurements import Origin, Pulses

ORIGIN = Origin(Path("synthetic.csv"), "0" * 64)


def train(*branches):
    """A train of branches, each of shape (points, cycles), the first point read before the first pulse."""
    g = np.concatenate([branches[0], *(b[1:] for b in branches[1:])])
    signs = [np.full(len(b) - 1, 1 if np.nanmean(b[-1] - b[0]) > 0 else -1) for b in branches]
    direction = np.concatenate([[0], *signs]).astype(np.int8)
    unknown = np.full(len(g), np.nan)
    return Pulses(ORIGIN, unknown, unknown, unknown, direction, g, 0.1, 300.0)


def linear_device(rng, cycles, pulses=100, gain=0.03, update=1e-7, read=0.0, start=1e-5, limit=4e-5):
    """Reads of a device of dG = gain (limit - G) + update N(0, 1): shape (pulses + 1, cycles), S."""
    g = np.empty((pulses + 1, cycles))
    g[0] = start
    for n in range(pulses):
        g[n + 1] = g[n] + gain * (limit - g[n]) + update * rng.standard_normal(cycles)
    return g + read * rng.standard_normal(g.shape)
