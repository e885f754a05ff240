"""Stanford-PKU RRAM: a filament's gap that grows and shrinks, thermally activated, heated by the current.

Source: Jiang, Wu, Yu, Yang, Song, Karim and Wong, IEEE Trans. Electron Devices 63, 1884 (2016),
doi:10.1109/TED.2016.2545412; Guan, Yu and Wong, IEEE Electron Device Lett. 33, 1405 (2012),
doi:10.1109/LED.2012.2210856; the program: Jiang and Wong, Stanford University RRAM Verilog-A model 1.0.0,
nanoHUB (2014), doi:10.4231/D37H1DN48.

    i = i0 exp(-gap/g0) sinh(v/v0),   T = T_ambient + r_th v i,   gamma = gamma0 - beta (gap/1 nm)^3
    d gap/dt = -vel0 exp(-q ea/kT) sinh(gamma (a0/t_ox) q v/kT)   where gamma |v|/t_ox > f_min

The state x is the gap scaled to its range: 0 at gap_max, 1 at gap_min. A positive voltage closes the gap (SET).
Changes to the source: the gap, clipped there, is stopped by a window with rims (``models_va._window``); the
minimum field f_min, a jump there, is a gate 1/(1 + e^(-order_f (field/f_min - 1))); gamma, which a large gap would
make negative, ends at 0; the temperature's fluctuations of the gap are left out (variability is rendered from
outside, per instance). T_ambient is the simulator's temperature.
"""

from __future__ import annotations

import math

from sympy import Abs, tanh

from models_va._model import BOLTZMANN, CHARGE, GMIN, TEMPERATURE, VOLTAGE, Definition, Model, State, state_symbol
from models_va._param import Param, nonnegative, positive
from models_va._window import RIM, windowed, within
from models_va.functions import exp_lim, pos, sinh_lim

_PARAMS = (
    Param("i0", "current scale of conduction", "A", None, 0.0, math.inf, True, True, per_instance=True),
    positive("g0", "length scale of conduction", "m"),
    positive("v0", "voltage scale of conduction", "V"),
    positive("vel0", "velocity of the gap's end", "m/s"),
    positive("ea", "activation energy over the elementary charge", "V"),
    positive("a0", "distance of atoms", "m"),
    positive("t_ox", "thickness of the oxide", "m"),
    positive("gamma0", "local field enhancement at no gap", "1"),
    nonnegative("beta", "loss of field enhancement with the gap", "1"),
    positive("g1", "length scale of that loss", "m"),
    positive("f_min", "minimum local field of motion", "V/m"),
    Param("order_f", "steepness of the gate at the minimum field", "1", 60.0, 2.0, 200.0),
    nonnegative("r_th", "thermal resistance", "K/W"),
    positive("gap_min", "smallest gap", "m"),
    positive("gap_max", "largest gap", "m"),
    RIM,
    Param("x_init", "initial closing of the gap", "1", 0.0, 0.0, 1.0, per_instance=True),
)


def _build() -> Model:
    p = {param.name: param.symbol for param in _PARAMS}
    x = state_symbol("x")
    travel = p["gap_max"] - p["gap_min"]

    gap = Definition("gap", p["gap_max"] - travel * within(x), "m", "gap between filament and electrode")
    g = Definition("g", p["i0"] / p["v0"] * exp_lim(-gap.symbol / p["g0"]), "S", "conductance")
    # pos, here and below: solvers extrapolate g, heating and coldness by their slopes, in a SET or RESET to below 0.
    conduction = Definition("conduction", pos(g.symbol) * p["v0"] * sinh_lim(VOLTAGE / p["v0"]), "A", "current")
    heating = Definition("heating", p["r_th"] * VOLTAGE * conduction.symbol / TEMPERATURE, "1", "temperature rise")
    coldness = Definition(
        "coldness",
        CHARGE / (BOLTZMANN * TEMPERATURE * (1 + pos(heating.symbol))),
        "1/V",
        "inverse thermal voltage of the heated filament",
    )
    field = Definition(
        "field",
        pos(p["gamma0"] - p["beta"] * (gap.symbol / p["g1"]) ** 3) * VOLTAGE / (p["t_ox"] * p["f_min"]),
        "1",
        "local field over its minimum",
    )
    gate = (1 + tanh(p["order_f"] / 2 * (Abs(field.symbol) - 1))) / 2
    cold = pos(coldness.symbol)
    hop = exp_lim(-p["ea"] * cold) * sinh_lim(field.symbol * p["f_min"] * p["a0"] * cold)
    drive = Definition("drive", p["vel0"] / travel * gate * hop, "1/s", "rate of closing the gap")
    return Model(
        name="stanford_pku",
        version="1.0",
        date="2026-11-24",
        title="Stanford-PKU RRAM",
        reference="Z. Jiang et al., IEEE Trans. Electron Devices 63, 1884 (2016), doi:10.1109/TED.2016.2545412",
        params=_PARAMS,
        states=(State("x", "closing of the gap", windowed(x, pos(drive.symbol), pos(-drive.symbol)), "x_init"),),
        definitions=(gap, g, conduction, heating, coldness, field, drive),
        current=conduction.symbol + GMIN * VOLTAGE,
        conductance="g",
        noise_psd=4 * BOLTZMANN * TEMPERATURE * g.symbol,
        memory="x",
        ordered=(("gap_min", "gap_max"),),
        abrupt=True,
    )


MODEL = _build()
