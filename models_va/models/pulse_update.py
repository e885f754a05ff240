"""Pulse update, for devices known by figures of merit: one write pulse is one step along a published update curve.

The curve, g over g_min as a function of the number of pulses over their total w, is
[((e^(alpha r) - 1) w + 1)^(1/alpha) - 1]/(e^r - 1), scaled to g_min .. g_max. Two published laws are of this form:

    alpha law (Jang et al., IEEE Electron Device Lett. 36, 457, 2015): r = ln(g_max/g_min); alpha = 0 is its limit
    beta law (Agarwal et al., IJCNN 2016, 929): alpha = 0 with r = -beta for potentiation, +beta for depression

Depression runs backwards in w along the curve of its own alpha and r. The state is x = (g - g_min)/(g_max - g_min).
It moves along the curve at 1/(updates t_write) of the curve per second under the write amplitude v_p or -v_d; so a
rectangular pulse of that amplitude and of width t_write is one update. At lower voltages it is slower, as
exp(steep v/v_p), at higher ones at most twice as fast (assumed: the figures of merit do not say), at 0 V it rests.
At its bounds a window with rims stops it (``models_va._window``). A positive voltage potentiates.
"""

from __future__ import annotations

import math

import sympy

from models_va._model import BOLTZMANN, GMIN, TEMPERATURE, VOLTAGE, Definition, Model, State, state_symbol
from models_va._param import Param, positive
from models_va._window import RIM, windowed, within
from models_va.functions import exp_lim, pos, sinh_lim

_TINY = 1e-7
"""Smallest |z|/2 in (e^z - 1)/z, which keeps it finite at its removable singularity; the relative error is 1e-15."""


def _law(suffix: str, what: str) -> tuple[Param, ...]:
    return (
        Param(f"alpha_{suffix}", f"exponent of {what}; 1 is linear", "1", None, -5.0, 5.0),
        Param(f"ratio_{suffix}", f"logarithm of the ratio that alpha acts on, {what}", "1", None, -20.0, 20.0),
        Param(f"updates_{suffix}", f"pulses from end to end, {what}", "1", None, 1.0, math.inf, False, True),
        positive(f"v_{suffix}", f"write amplitude of {what}, its magnitude", "V"),
    )


_PARAMS = (
    Param("g_min", "lowest conductance", "S", None, 0.0, math.inf, True, True, per_instance=True),
    Param("g_max", "highest conductance", "S", None, 0.0, math.inf, True, True, per_instance=True),
    *_law("p", "potentiation"),
    *_law("d", "depression"),
    positive("t_write", "width of a write pulse", "s"),
    Param("steep", "growth of the rate's logarithm up to the write amplitude", "1", 16.0, 1.0, 40.0),
    RIM,
    Param("x_init", "initial weight", "1", 0.0, 0.0, 1.0, per_instance=True),
)
_P = {param.name: param.symbol for param in _PARAMS}


def _mean_exp(z: sympy.Expr) -> sympy.Expr:
    """The mean of exp over 0 .. z, which is (e^z - 1)/z."""
    half = sympy.sqrt(z**2 / 4 + _TINY**2)
    return exp_lim(z / 2) * sinh_lim(half) / half


def _speed(suffix: str, v: sympy.Expr, x: sympy.Expr, what: str) -> tuple[Definition, Definition]:
    """The drive of one polarity, and the speed |dx/dt| that it causes: d curve/dw times dw/dt."""
    alpha, ratio = _P[f"alpha_{suffix}"], _P[f"ratio_{suffix}"]
    steep, relative = _P["steep"], pos(v / _P[f"v_{suffix}"])
    drive = Definition(
        f"drive_{suffix}", (exp_lim(steep * relative) - 1) / (exp_lim(steep) - 1), "1", f"drive of {what}"
    )
    lowest = exp_lim(-pos(-ratio)) / 2  # half of the smallest value of the base
    base = lowest + pos(1 + (exp_lim(ratio) - 1) * within(x) - lowest)
    slope = _mean_exp(alpha * ratio) / _mean_exp(ratio) * base ** (1 - alpha)
    rate = 2 * drive.symbol / (1 + drive.symbol) * slope / (_P[f"updates_{suffix}"] * _P["t_write"])
    return drive, Definition(f"speed_{suffix}", rate, "1/s", f"speed of {what}")


def _build() -> Model:
    x = state_symbol("x")
    drive_p, speed_p = _speed("p", VOLTAGE, x, "potentiation")
    drive_d, speed_d = _speed("d", -VOLTAGE, x, "depression")
    g = Definition("g", _P["g_min"] + (_P["g_max"] - _P["g_min"]) * within(x), "S", "conductance")
    return Model(
        name="pulse_update",
        version="1.0",
        date="2026-11-24",
        title="Pulse update along a published nonlinearity",
        reference="J.-W. Jang et al., IEEE Electron Device Lett. 36, 457 (2015), doi:10.1109/LED.2015.2418342",
        params=_PARAMS,
        states=(State("x", "weight", windowed(x, speed_p.symbol, speed_d.symbol), "x_init"),),
        definitions=(drive_p, speed_p, drive_d, speed_d, g),
        current=(g.symbol + GMIN) * VOLTAGE,
        conductance="g",
        noise_psd=4 * BOLTZMANN * TEMPERATURE * g.symbol,
        memory="x",
        ordered=(("g_min", "g_max"),),
    )


MODEL = _build()
