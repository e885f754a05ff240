"""A parameter that is fitted: its start, its bounds, and the scale on which a fit moves it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models_va import Param

_FAR = 1e6
"""A parameter without a bound of its own may leave its start by this factor, either way."""


@dataclass(frozen=True, slots=True)
class Free:
    """A parameter that is fitted, with its start, its bounds, and the scale on which a fit moves it.

    Attributes:
        name: name of the parameter in the residuals.
        start: first value, and the centre of the parameter's prior.
        lower, upper: bounds of the value; on a logarithmic scale they have the same sign.
        scale: scale of the coordinate: ``log`` is the logarithm of the magnitude, ``linear`` the value over a quarter
            of the range.
        walls: whether the lower and the upper bound only end the search, while better values may be beyond.
    """

    name: str
    start: float
    lower: float
    upper: float
    scale: Literal["log", "linear"] = "log"
    walls: tuple[bool, bool] = (False, False)

    def coordinate(self, value: float) -> float:
        """The coordinate of a value: where it is on the scale of the fit, dimensionless."""
        return math.log(abs(value)) if self.scale == "log" else 4 * value / (self.upper - self.lower)

    def value(self, coordinate: float) -> float:
        """The value at a coordinate, in the parameter's unit; rounding never takes it out of its bounds."""
        if self.scale == "log":
            found = math.copysign(math.exp(coordinate), self.start)
        else:
            found = coordinate * (self.upper - self.lower) / 4
        return min(max(found, self.lower), self.upper)

    def slope(self, coordinate: float) -> float:
        """Derivative of the value by the coordinate, at a coordinate."""
        return self.value(coordinate) if self.scale == "log" else (self.upper - self.lower) / 4

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest coordinate that the bounds allow."""
        a, b = self.coordinate(self.lower), self.coordinate(self.upper)
        return min(a, b), max(a, b)

    def std(self, coordinate_std: float, value: float) -> float:
        """Standard deviation of the value, in its unit, from that of its coordinate, as long as this is small."""
        return coordinate_std * (abs(value) if self.scale == "log" else (self.upper - self.lower) / 4)


def free_parameter(param: Param, start: float) -> Free:
    """The free parameter of a model's parameter, with its scale and bounds, from a start in the parameter's unit."""
    low, high = param.lower, param.upper
    if np.isfinite(low) and np.isfinite(high):
        edge = 1e-9 * (high - low)  # the bound itself is excluded if it is open
        return Free(param.name, start, low + edge * param.lower_open, high - edge * param.upper_open, "linear")
    first, last = sorted((start / _FAR, start * _FAR))
    return Free(param.name, start, max(first, low), min(last, high), walls=(first > low, last < high))
