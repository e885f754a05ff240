"""VTEAM: a memristor whose state moves above voltage thresholds, by power laws.

Source: Kvatinsky, Ramadan, Friedman and Kolodny, IEEE Trans. Circuits Syst. II 62, 786 (2015),
doi:10.1109/TCSII.2015.2433536: the rates, and the resistance linear in the state.

The state x is the source's state w scaled to its range: x = (w - w_on)/(w_off - w_on), 0 in the on state, 1 in the off
state. A negative voltage beyond v_on switches the device on. There is one change to the source: its rectangular
window, which stops the state abruptly at its bounds, has rims (``models_va._window``). The thresholds are as sharp as
published; the rates are continuous.
"""

from __future__ import annotations

import math

from models_va._model import BOLTZMANN, GMIN, TEMPERATURE, VOLTAGE, Definition, Model, State, state_symbol
from models_va._param import Param, positive
from models_va._window import RIM, windowed, within
from models_va.functions import pos


def _exponent(name: str, description: str) -> Param:
    return Param(name, description, "1", None, 1.0, 10.0)


def _negative(name: str, description: str, unit: str) -> Param:
    return Param(name, description, unit, None, -math.inf, 0.0, True, True)


_R_ON = Param("r_on", "resistance in the on state", "ohm", None, 0.0, math.inf, True, True, per_instance=True)
_R_OFF = Param("r_off", "resistance in the off state", "ohm", None, 0.0, math.inf, True, True, per_instance=True)
_PARAMS = (
    _R_ON,
    _R_OFF,
    _negative("k_on", "rate of switching on", "m/s"),
    positive("k_off", "rate of switching off", "m/s"),
    _exponent("alpha_on", "exponent of switching on"),
    _exponent("alpha_off", "exponent of switching off"),
    _negative("v_on", "threshold of switching on", "V"),
    positive("v_off", "threshold of switching off", "V"),
    positive("w_range", "range of the state, w_off - w_on", "m"),
    RIM,
    Param("x_init", "initial state", "1", 1.0, 0.0, 1.0, per_instance=True),
)


def _build() -> Model:
    p = {param.name: param.symbol for param in _PARAMS}
    x = state_symbol("x")
    rise = Definition(
        "rise",
        p["k_off"] / p["w_range"] * pos(VOLTAGE / p["v_off"] - 1) ** p["alpha_off"],
        "1/s",
        "rate of switching off",
    )
    fall = Definition(
        "fall",
        -p["k_on"] / p["w_range"] * pos(VOLTAGE / p["v_on"] - 1) ** p["alpha_on"],
        "1/s",
        "rate of switching on",
    )
    g = Definition("g", 1 / (p["r_on"] + (p["r_off"] - p["r_on"]) * within(x)), "S", "conductance")
    return Model(
        name="vteam",
        version="1.0",
        date="2026-11-24",
        title="VTEAM: voltage-threshold memristor",
        reference="S. Kvatinsky et al., IEEE Trans. Circuits Syst. II 62, 786 (2015), doi:10.1109/TCSII.2015.2433536",
        params=_PARAMS,
        states=(State("x", "state: 0 on, 1 off", windowed(x, rise.symbol, fall.symbol), "x_init"),),
        definitions=(rise, fall, g),
        current=(g.symbol + GMIN) * VOLTAGE,
        conductance="g",
        noise_psd=4 * BOLTZMANN * TEMPERATURE * g.symbol,
        memory="x",
        ordered=(("r_on", "r_off"),),
        abrupt=True,
    )


MODEL = _build()
