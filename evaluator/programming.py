"""The error with which conductances are programmed."""

from __future__ import annotations

import numpy as np

from evaluator.layer import Array
from models_va import ProgrammingError


def program(g_siemens: Array, error: ProgrammingError | None, rng: np.random.Generator) -> Array:
    """One programming: max(G + N(0, sigma(G)), 0), independent for every device.

    Args:
        g_siemens: target conductances, any shape, S.
        error: sigma(G) of the card; None: programming is exact.
        rng: see ``layer_rng``.

    Source: Baek et al., Nano-Micro Lett. 15:69 (2023), section 3.4 (sigma); the cut at 0 S is this project's.

    """
    if error is None:
        return g_siemens
    drawn = g_siemens + error.sigma_siemens(g_siemens) * rng.standard_normal(g_siemens.shape)
    return np.maximum(drawn, 0.0)


def layer_rng(seed: int, trial: int, layer: int) -> np.random.Generator:
    """The random numbers of one layer in one trial: a grandchild of SeedSequence(seed).

    They depend on nothing else, so neither the order of work nor the number of trials or workers matters.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(trial, layer)))
