"""Search for the parameters that act on the rates at one polarity of the voltage alone, or on the current alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models_va import ROOM_TEMPERATURE_K, Model
from spicegen.printers.numpy_model import numpy_model

Array = NDArray[np.float64]

_CHANGE = 0.01
"""Relative change of a parameter in the trial of its effect."""
_ACTS = 1e-6
"""Relative change of a rate from which on it counts as an effect."""
_REACH = np.geomspace(0.1, 10.0, 9)
"""Voltages at which effects are looked for, relative to the highest that was applied."""
_STATES = np.linspace(0.1, 0.9, 5)


def acting(model: Model, values: Array, volt: float, fitted: Sequence[int]) -> tuple[list[int], list[list[int]]]:
    """Places of the parameters that act on the current alone, and of those on the rates at one polarity alone.

    The latter are in lists that are not empty, those of positive voltages first.

    Args:
        model: model of the device.
        values: values of every parameter, shape (p,).
        volt: highest voltage that is applied, V.
        fitted: places of the parameters that are looked at.
    """
    if not model.states:
        return [], []
    v = np.concatenate([volt * _REACH, -volt * _REACH]).repeat(len(_STATES))
    x = np.tile(_STATES, 2 * len(_REACH))[:, None].repeat(len(model.states), axis=1)
    names = [p.name for p in model.params]

    def rates(at: Array) -> Array:
        by_name = dict(zip(names, at, strict=True))
        with np.errstate(all="ignore"):
            return np.nan_to_num(numpy_model(model).evaluate(v, x, by_name, ROOM_TEMPERATURE_K).rate)

    at = rates(values)
    found: list[list[int]] = [[], [], []]
    for k in fitted:
        other = values.copy()
        other[k] *= 1 + _CHANGE
        moved = np.abs(rates(other) - at) > _ACTS * np.abs(at)
        up, down = bool(moved[v > 0].any()), bool(moved[v < 0].any())
        if not (up and down):
            found[1 if up else 2 if down else 0].append(k)
    return found[0], [places for places in found[1:] if places]
