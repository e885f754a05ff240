"""Measurements of synthetic devices whose figures of merit are known."""

from pathlib import Path

import numpy as np

from spicegen.measurements import Origin, Pulses
from spicegen.measurements.branches import branches
from spicegen.metrics import exponential_law, power_law
from spicegen.metrics._bootstrap import draw
from spicegen.metrics._curves import Curves
from spicegen.metrics.updates import update_tables

PULSES, UPDATE, READ, MEMORY = 50, 2e-7, 2e-7, 0.96
LOW, HIGH = 1e-5, 4e-5
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


def logistic(w):
    """From 0 to 1, steepest in the middle: neither law holds."""
    at = 1 / (1 + np.exp(-6 * (w - 0.5)))
    ends = 1 / (1 + np.exp(np.array([3, -3])))
    return (at - ends[0]) / (ends[1] - ends[0])


# potentiation, depression (in their own direction, from 0 to 1), and their parameters
DEVICES = {
    "beta 2 and 3": (
        (lambda w: exponential_law(w, 2.0), lambda w: exponential_law(w, 3.0)),
        {"beta_p": 2.0, "beta_d": 3.0},
    ),
    "alpha 3 and -2": (
        (lambda w: power_law(w, 3.0, 4.0), lambda w: 1 - power_law(1 - w, -2.0, 4.0)),
        {"alpha_p": 3.0, "alpha_d": -2.0},
    ),
    "sigmoid, beta 3": ((logistic, lambda w: exponential_law(w, 3.0)), {}),
}


def mean_curves(device, points=PULSES + 1):
    """Conductance after potentiation and depression, each of shape (points,), S."""
    up, down = DEVICES[device][0]
    w = np.linspace(0, 1, points)
    return LOW + (HIGH - LOW) * up(w), HIGH - (HIGH - LOW) * down(w)


def true_figures(device):
    """Figures of merit of ``noisy`` cycles of a device: by fine differences of its curves, and from the noise."""
    curves, span = mean_curves(device, 20001), HIGH - LOW
    slopes = [np.gradient(c, 1 / 20000) / PULSES for c in curves]
    g = np.linspace(LOW, HIGH, 4001)
    rise, fall = np.interp(g, curves[0], slopes[0]), np.interp(g, curves[1][::-1], slopes[1][::-1])
    at = np.argmin(np.abs(rise + fall))
    variance = READ**2 + UPDATE**2 * np.array([np.sum(MEMORY ** (2.0 * np.arange(n))) for n in range(PULSES + 1)])
    return DEVICES[device][1] | {
        "mean_step_p": span / PULSES,
        "update_sigma_p": UPDATE,
        "read_noise_p": READ,
        "cycle_sigma_p": np.sqrt(variance.mean()),
        "g_min": LOW,
        "g_max": HIGH,
        "on_off_ratio": HIGH / LOW,
        "asymmetric_ratio": np.max(np.abs(curves[0] - curves[1][::-1])) / span,
        "symmetry": np.mean(1 - np.abs(rise + fall) / (rise - fall)),
        "symmetry_point": g[at],
        "steps_in_range": span / ((rise - fall)[at] / 2),
    }


def noisy(rng, mean, cycles, update=UPDATE, read=READ, memory=MEMORY, offset=0.0):
    """Cycles about a mean curve of shape (points,): shape (points, cycles), S.

    A deviation keeps its ``memory`` part after each pulse, which adds another; a cycle has its own offset.
    """
    apart = np.zeros((len(mean), cycles))
    for n in range(1, len(mean)):
        apart[n] = memory * apart[n - 1] + update * rng.standard_normal(cycles)
    return mean[:, None] + apart + offset * rng.standard_normal(cycles) + read * rng.standard_normal(apart.shape)


def tables_made(pulses):
    """Update tables of a train, from what was measured alone."""
    rng, found = np.random.default_rng(1), [b for b in branches(pulses) if b]
    return update_tables(
        found, [Curves(b, draw((b.cycles,), rng, paired=True, resamples=1), rng) for b in found], "synthetic.csv"
    )


class BetaDevice:
    """A device of the beta law, whose pulses and reads scatter in a known way.

    The law: x from 0 to 1, up a (c - x), down -a (c - 1 + x), a = 1 - exp(-beta / pulses), c = 1 / (1 - exp(-beta)).

    The standard deviation of what a pulse does is ``share`` of its mean plus ``even``, that of a read ``read_share`` of
    the conductance or ``read_even``; the first pulse down does ``first`` times what later ones do. Conductances in S.
    """

    def __init__(self, share=0.0, even=0.0, read_share=0.0, read_even=0.0, first=1.0, betas=(0.3, 1.3), pulses=25):
        self.share, self.even, self.read_share, self.read_even, self.first = share, even, read_share, read_even, first
        self.betas, self.pulses = dict(zip((True, False), betas, strict=True)), pulses

    def step(self, g, rises):
        x, beta = (np.asarray(g) - LOW) / (HIGH - LOW), self.betas[rises]
        a, c = 1 - np.exp(-beta / self.pulses), 1 / (1 - np.exp(-beta))
        return (HIGH - LOW) * (a * (c - x) if rises else -a * (c - 1 + x))

    def sigma(self, g, rises):
        return self.share * np.abs(self.step(g, rises)) + self.even

    def measure(self, cycles, rng):
        """Cycles up and down, one after the other on one device that was read first; the conductances are as true."""
        rises = np.tile(np.repeat([True, False], self.pulses), cycles)
        g = np.empty(len(rises) + 1)
        g[0] = LOW
        for n, up in enumerate(rises):
            turned = n > 0 and rises[n - 1] and not up
            change = self.step(g[n], up) * (self.first if turned else 1) + self.sigma(g[n], up) * rng.standard_normal()
            g[n + 1] = g[n] + change
        read = g * (1 + self.read_share * rng.standard_normal(len(g))) + self.read_even * rng.standard_normal(len(g))
        direction, unknown = np.r_[0, np.where(rises, 1, -1)].astype(np.int8), np.full(len(g), np.nan)
        return Pulses(ORIGIN, unknown, unknown, unknown, direction, read[:, None], 0.1, 300.0), g
