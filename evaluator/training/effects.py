"""Devices without one of their imperfections, to see what a gap to floating point comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from evaluator.training.device_steps import DeviceSteps

FINER = 40.0
"""Number of steps that take the place of one where granularity is off: a device of 25 states then has 1000.

The time of a training grows with it, because so many more pulses are computed.
"""


def without_asymmetry(steps: DeviceSteps) -> DeviceSteps:
    """At every conductance, a step down that is as large as the step up: the mean of the two sizes.

    The scatter of a step down is the mirror image of that of a step up. Steps may still depend on the conductance.
    """
    size = (steps.mean[0] - steps.mean[1]) / 2
    up = (steps.residual[0] - steps.residual[1][:, ::-1]) / 2
    return replace(steps, mean=np.stack([size, -size]), residual=np.stack([up, -up[:, ::-1]]))


def without_nonlinearity(steps: DeviceSteps) -> DeviceSteps:
    """Steps that are the same at all conductances: the mean step up and the mean step down, with their scatter.

    What remains of asymmetry is the ratio of the two means.
    """
    sign = np.array([[1.0], [-1.0]])
    return replace(steps, mean=np.broadcast_to(sign * steps.mean_step[:, None], steps.mean.shape).copy())


def without_granularity(steps: DeviceSteps) -> DeviceSteps:
    """Steps that are ``FINER`` times smaller, with the same variance for the same way over the window.

    The deviation of a step falls with the root of ``FINER``, because so many more steps add up. The law ``continuous``
    has no whole steps, and this changes nothing in it.
    """
    return replace(steps, mean=steps.mean / FINER, residual=steps.residual / np.sqrt(FINER))


EFFECTS: Mapping[str, Callable[[DeviceSteps], DeviceSteps]] = {
    "noise": DeviceSteps.without_noise,
    "asymmetry": without_asymmetry,
    "nonlinearity": without_nonlinearity,
    "granularity": without_granularity,
}
"""Imperfection -> function that gives the steps of a device without it."""
