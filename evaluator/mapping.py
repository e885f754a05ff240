"""Weights onto differential pairs of conductances, and back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evaluator.layer import Array
from models_va.errors import InputError


@dataclass(frozen=True, eq=False)
class DifferentialPairs:
    """The conductances of one layer. Output o is the current of column 2o (plus) less that of 2o + 1 (minus).

    Attributes:
        g_siemens: shape (groups, inputs, 2 outputs), S: rows are inputs, the columns of a pair are neighbours.
        weight_per_siemens: weight that a difference of 1 S stands for, 1/S; one number a layer.

    """

    g_siemens: Array
    weight_per_siemens: float

    def weights(self) -> Array:
        """The weights that these conductances stand for without wires, shape (groups, outputs, inputs)."""
        return self.weights_of(self.g_siemens.swapaxes(1, 2))

    def weights_of(self, operator_siemens: Array) -> Array:
        """The weights (..., outputs, inputs) that read operators T, shape (..., 2 outputs, inputs), S, amount to."""
        return (operator_siemens[..., 0::2, :] - operator_siemens[..., 1::2, :]) * self.weight_per_siemens

    def with_conductances(self, g_siemens: Array) -> DifferentialPairs:
        """The same pairs with other conductances, S: as programmed, or only a part of them."""
        return replace(self, g_siemens=g_siemens)


def differential_pairs(weights: Array, g_min_siemens: float, g_max_siemens: float) -> DifferentialPairs:
    """Map a layer: G+ = g_min + s max(W, 0), G- = g_min + s max(-W, 0), s = (g_max - g_min) / max|W|.

    So the largest weight of the layer takes the whole window, and one device of each pair is at g_min. A
    layer of zeros has every device at g_min and a weight_per_siemens (1/s) of 0.

    Args:
        weights: shape (groups, outputs, inputs), any unit.
        g_min_siemens: low end of the window, S.
        g_max_siemens: high end of the window, S.

    Raises:
        InputError: a weight is NaN or infinite.

    """
    if not np.all(np.isfinite(weights)):
        place = tuple(np.argwhere(~np.isfinite(weights))[0].tolist())
        raise InputError(f"weight {list(place)} is {weights[place]}: only finite weights can be mapped")
    largest = float(np.max(np.abs(weights)))
    window = g_max_siemens - g_min_siemens
    groups, outputs, inputs = weights.shape
    relative = (weights / largest if largest > 0 else np.zeros(weights.shape)).swapaxes(1, 2)
    g = np.empty((groups, inputs, 2 * outputs))
    g[..., 0::2] = g_min_siemens + window * np.maximum(relative, 0)
    g[..., 1::2] = g_min_siemens + window * np.maximum(-relative, 0)
    return DifferentialPairs(np.clip(g, g_min_siemens, g_max_siemens), largest / window)
