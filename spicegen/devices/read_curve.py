"""The nonlinearity of a device up to the read voltage, as a polynomial that can be applied to inputs.

Where the current is a conductance times a function of the voltage alone, i = G phi(v), a nonlinear array without wires
is a linear array whose inputs went through phi. ``inseparability`` measures how far a device is from this form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike, NDArray

from models_va import ROOM_TEMPERATURE_K, DeviceCard, State
from models_va.errors import InputError
from spicegen.printers.numpy_model import numpy_model

Array = NDArray[np.float64]
_GOOD = 1e-8
_HIGHEST = 16
"""Highest power of the voltage in phi(v)/v: higher ones would lose digits to the size of their coefficients."""
_ODD = 1e-11
"""Relative difference of phi(v) and -phi(-v) up to which the curve counts as odd; rounding may make as much."""
_POINTS = 200
_STATES = 33


@dataclass(frozen=True)
class ReadCurve:
    """The read curve phi in i = G phi(v), for |v| up to the read voltage; G is the conductance at v = 0, phi'(0) = 1.

    phi(v) = v (c0 + c1 w + c2 w^2 + ...) with c0 = 1, and w = (v/v_read)^2 if the curve is odd, else w = v/v_read.

    Attributes:
        v_read_volt: the read voltage, the largest voltage of the curve, V.
        coefficients: coefficients c0, c1, ... of the polynomial, dimensionless.
        odd: whether phi(-v) = -phi(v).
        fit_error: largest relative error of the polynomial.
        inseparability: largest relative deviation of i/G from phi over the states of the conductance window; 0 where
            i = G phi(v) holds.
        nonlinearity: largest |phi(v)/v - 1|, dimensionless.
    """

    v_read_volt: float
    coefficients: tuple[float, ...]
    odd: bool
    fit_error: float
    inseparability: float
    nonlinearity: float

    @property
    def gain(self) -> float:
        """Largest current relative to that of a linear conductance: |phi(v)|/v_read at the end where it is larger."""
        return float(np.max(np.abs(self(np.array([-1.0, 1.0]) * self.v_read_volt))) / self.v_read_volt)

    def __call__(self, v_volt: ArrayLike) -> Array:
        """The values of phi at voltages of any shape, V."""
        v = np.asarray(v_volt, dtype=np.float64)
        return np.asarray(v * _horner(self.coefficients, _variable(v / self.v_read_volt, self.odd)))


def read_curve(card: DeviceCard, v_read_volt: float, temperature_k: float = ROOM_TEMPERATURE_K) -> ReadCurve:
    """The curve of a card's device between -v_read and v_read.

    The memory state (or the only state) takes the values that span the conductance window, or all of its range if the
    card has no window; other states have their initial values. Where i/G differs between states, phi is the middle of
    its extremes. The degree is the lowest that reaches a relative error of 1e-8, or the best if none does.

    Args:
        card: card of the device.
        v_read_volt: the read voltage, V.
        temperature_k: temperature of the device, K.

    Raises:
        InputError: the voltage or the temperature is not positive and finite.
    """
    if not (0 < v_read_volt < math.inf and 0 < temperature_k < math.inf):
        raise InputError(f"read curve: {v_read_volt:g} V at {temperature_k:g} K: both must be positive and finite")
    u = np.cos(np.pi * np.arange(_POINTS) / (_POINTS - 1))  # dense at the ends; their number is even, so that none is 0
    ratio = _over_ohm(card, v_read_volt * u, temperature_k)
    low, high = ratio.min(axis=1), ratio.max(axis=1)
    middle = (low + high) / 2
    odd = bool(np.all(np.abs(middle - middle[::-1]) <= _ODD * middle))
    coefficients, error = _polynomial(u, middle, odd)
    return ReadCurve(
        v_read_volt=v_read_volt,
        coefficients=coefficients,
        odd=odd,
        fit_error=error,
        inseparability=float(np.max((high - low) / 2 / middle)),
        nonlinearity=float(np.max(np.abs(middle - 1))),
    )


def _over_ohm(card: DeviceCard, v: Array, temperature_k: float) -> Array:
    """The ratio i/(G v) at every voltage for every state, shape (voltages, states), dimensionless."""
    model = numpy_model(card.device_model)
    states = _window_states(card, temperature_k)
    values: dict[str, Any] = dict(card.values)
    slope = model.evaluate(np.zeros(len(states)), states, values, temperature_k).di_dv
    current = model.current(np.repeat(v, len(states)), np.tile(states, (len(v), 1)), values, temperature_k)
    return np.asarray(current.reshape(len(v), len(states)) / (slope * v[:, None]))


def _window_states(card: DeviceCard, temperature_k: float) -> Array:
    """States of n devices whose conductances span the window, shape (n, k)."""
    state = _varied(card)
    if state is None:
        return _with(card, None, np.zeros(1))
    x = np.linspace(state.lower, state.upper, 1001)
    if card.conductance_window is not None:
        g = numpy_model(card.device_model).conductance(_with(card, state, x), card.values, temperature_k)
        rising = np.argsort(g)
        x = np.interp(card.window(), g[rising], x[rising])
    return _with(card, state, np.linspace(x[0], x[-1], _STATES))


def _varied(card: DeviceCard) -> State | None:
    """The state that programming changes: the memory state, or the only state; None if there is neither."""
    model = card.device_model
    named = [s for s in model.states if s.name == model.memory]
    if named or len(model.states) == 1:
        return (named or list(model.states))[0]
    return None


def _with(card: DeviceCard, state: State | None, x: Array) -> Array:
    """States of n devices, shape (n, k): ``state`` has the values x, the others their initial values."""
    states = card.device_model.states
    columns = [x if s is state else np.full(len(x), card.values[s.initial]) for s in states]
    return np.stack(columns, axis=1) if columns else np.empty((len(x), 0))


def _polynomial(u: Array, ratio: Array, odd: bool) -> tuple[tuple[float, ...], float]:
    """Coefficients of the polynomial that fits ``ratio``, the first of them 1, and its largest relative error."""
    best: tuple[tuple[float, ...], float] = ((1.0,), math.inf)
    for terms in range(_HIGHEST // (2 if odd else 1) + 1):
        coefficients = _fitted(_variable(u, odd), ratio, terms, odd)
        error = float(np.max(np.abs(_horner(coefficients, _variable(u, odd)) / ratio - 1)))
        if error < best[1]:
            best = (coefficients, error)
        if error <= _GOOD:
            break
    return best


def _fitted(w: Array, ratio: Array, terms: int, odd: bool) -> tuple[float, ...]:
    """Fit ratio = 1 + w (polynomial of ``terms`` coefficients) by least squares, in Chebyshev's basis for stability."""
    if terms == 0:
        return (1.0,)
    place = 2 * w - 1 if odd else w
    basis = w[:, None] * chebyshev.chebvander(place, terms - 1)
    found = np.linalg.lstsq(basis, ratio - 1)[0]
    inner = chebyshev.Chebyshev(found, domain=[0, 1] if odd else [-1, 1]).convert(kind=np.polynomial.Polynomial)
    return (1.0, *(float(c) for c in inner.coef))


def _variable(u: Array, odd: bool) -> Array:
    return u * u if odd else u


def _horner(coefficients: tuple[float, ...], w: Array) -> Array:
    found = np.full_like(w, coefficients[-1])
    for c in coefficients[-2::-1]:
        found = found * w + c
    return found
