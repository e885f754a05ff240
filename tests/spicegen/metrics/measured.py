"""Measurements of synthetic devices whose figures of merit are known."""

from pathlib import Path

import numpy as np

from spicegen.measurements import Origin, Pulses
from spicegen.metrics import exponential_law, power_law

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
