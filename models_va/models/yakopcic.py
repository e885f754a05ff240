"""Yakopcic's generalised memristor: sinh conduction, exponential rates above thresholds, slower near the bounds.

Source: Yakopcic, Taha, Subramanyam, Pino and Rogers, IEEE Electron Device Lett. 32, 1436 (2011),
doi:10.1109/LED.2011.2163292; Yakopcic et al., IEEE Trans. Comput.-Aided Des. 32, 1201 (2013),
doi:10.1109/TCAD.2013.2252057: current a x sinh(b v), threshold function g(v), state function f(v, x).

A positive voltage beyond v_p potentiates; for the opposite (eta = -1 of the source) turn the device around. The
source's own window is zero at the bounds and is kept, with its case distinctions written with pos(). There are two
changes to the source: the voltages in its exponentials have a scale (v_s, 1 V in the source), and the amplitude of
conduction goes from a2 to a1 over v_c around v = 0 instead of jumping, so that the conductance is continuous (nothing
changes if a1 = a2).
"""

from __future__ import annotations

import sympy

from models_va._model import BOLTZMANN, GMIN, TEMPERATURE, VOLTAGE, Definition, Model, State, state_symbol
from models_va._param import Param, nonnegative, positive
from models_va._window import within
from models_va.functions import exp_lim, pos, sinh_lim


def _point(name: str, description: str) -> Param:
    return Param(name, description, "1", None, 0.0, 1.0, False, True)


_PARAMS = (
    positive("a1", "amplitude of the current at positive voltage", "A"),
    positive("a2", "amplitude of the current at negative voltage", "A"),
    positive("b", "curvature of the conduction", "1/V"),
    nonnegative("v_p", "threshold of potentiation", "V"),
    nonnegative("v_n", "threshold of depression, its magnitude", "V"),
    positive("a_p", "rate of potentiation", "1/s"),
    positive("a_n", "rate of depression", "1/s"),
    _point("x_p", "state above which potentiation slows down"),
    _point("x_n", "distance from 1 below which depression slows down"),
    nonnegative("alpha_p", "slowing of potentiation", "1"),
    nonnegative("alpha_n", "slowing of depression", "1"),
    Param("v_s", "voltage scale of the rates", "V", 1.0, 0.0, lower_open=True),
    Param("v_c", "voltage over which the amplitude changes from a2 to a1", "V", 0.01, 0.0, lower_open=True),
    Param("x_init", "initial state", "1", 0.0, 0.0, 1.0, per_instance=True),
)


def _build() -> Model:
    p = {param.name: param.symbol for param in _PARAMS}
    x = state_symbol("x")

    def excess(v: sympy.Expr, threshold: sympy.Expr) -> sympy.Expr:
        return pos(exp_lim(v / p["v_s"]) - exp_lim(threshold / p["v_s"]))

    def slowing(beyond: sympy.Expr, alpha: sympy.Expr, point: sympy.Expr) -> sympy.Expr:
        return exp_lim(-alpha * pos(beyond)) * (1 - pos(beyond) / (1 - point))

    rise = Definition(
        "rise",
        p["a_p"] * excess(VOLTAGE, p["v_p"]) * slowing(x - p["x_p"], p["alpha_p"], p["x_p"]),
        "1/s",
        "rate of potentiation",
    )
    fall = Definition(
        "fall",
        p["a_n"] * excess(-VOLTAGE, p["v_n"]) * slowing(1 - p["x_n"] - x, p["alpha_n"], p["x_n"]),
        "1/s",
        "rate of depression",
    )
    amplitude = Definition(
        "amplitude",
        (p["a1"] + p["a2"]) / 2 + (p["a1"] - p["a2"]) / 2 * sympy.tanh(VOLTAGE / p["v_c"]),
        "A",
        "amplitude of the current",
    )
    g = Definition("g", (p["a1"] + p["a2"]) / 2 * p["b"] * within(x), "S", "conductance")
    return Model(
        name="yakopcic",
        version="1.0",
        date="2026-11-24",
        title="Yakopcic's generalised memristor",
        reference="C. Yakopcic et al., IEEE Electron Device Lett. 32, 1436 (2011), doi:10.1109/LED.2011.2163292",
        params=_PARAMS,
        states=(State("x", "state", rise.symbol - fall.symbol, "x_init"),),
        definitions=(rise, fall, amplitude, g),
        current=amplitude.symbol * within(x) * sinh_lim(p["b"] * VOLTAGE) + GMIN * VOLTAGE,
        conductance="g",
        noise_psd=4 * BOLTZMANN * TEMPERATURE * g.symbol,
        memory="x",
    )


MODEL = _build()
