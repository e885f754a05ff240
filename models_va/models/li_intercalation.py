"""Two-terminal Li-ion synapse: Li moves between a LixCoO2 film and its electrode through an interface pool.

The model has five dimensionless states: act, activation (a memory of recent drive; m below); s, Li at the interface
(short term); c, subsurface Li (follows s with a delay: a nucleus); x, Li in the electrode (long term); r, residual Li
that depression no longer reaches. With u = -v, a negative voltage on the top electrode potentiates.

Sources of the equations: field-driven ion hopping, sinh (Mott and Gurney, Electronic Processes in Ionic
Crystals, 1940); drift threshold as a smooth gate (VTEAM: Kvatinsky et al., IEEE TCAS-II 62, 786, 2015);
second-order activation (Kim et al., Nano Lett. 15, 2203, 2015); transport limit of insertion (Koutecky and
Levich, 1958); insertion barrier growing with concentration (Frumkin); incubation through a subsurface
nucleus (Hill form). Device: Baek et al., Nano-Micro Lett. 15:69 (2023).

Temperature: every rate follows Arrhenius' law from the reference temperature t_ref on, and the voltage scales of
hopping are proportional to T, as in Mott and Gurney's sinh(a q E / 2 k T). At t_ref neither has an effect.
"""

from __future__ import annotations

import math

from sympy import Abs, Expr

from models_va._model import (
    BOLTZMANN,
    CHARGE,
    GMIN,
    TEMPERATURE,
    VOLTAGE,
    Definition,
    Model,
    State,
    state_symbol,
)
from models_va._param import Param, nonnegative, positive
from models_va.functions import cosh_lim, exp_lim, pos, sinh_lim

_PARAMS = (
    Param("g0", "conductance with all states zero", "S", None, 0.0, math.inf, True, True, per_instance=True),
    positive("v_io", "voltage scale of the conduction nonlinearity", "V"),
    positive("v_t", "threshold voltage of ion motion", "V"),
    positive("k_m", "activation rate", "1/s"),
    positive("v_m", "voltage scale of activation", "V"),
    positive("tau_m", "decay time of activation", "s"),
    nonnegative("gain_p", "gain of potentiation by activation", "1"),
    nonnegative("gain_d", "gain of depression by activation", "1"),
    positive("order_p", "order of activation in potentiation", "1"),
    positive("order_d", "order of activation in depression", "1"),
    positive("k_s", "rate of Li arriving at the interface", "1/s"),
    positive("v_s", "voltage scale of Li arriving at the interface", "V"),
    positive("tau_s", "decay time of interface Li", "s"),
    positive("k_ds", "rate of Li leaving the interface under depression", "1/s"),
    positive("half_s", "half-saturation of Li leaving the interface", "1"),
    positive("v_ds", "voltage scale of Li leaving the interface", "V"),
    positive("tau_c", "delay of subsurface Li", "s"),
    positive("k_x", "rate of insertion into the electrode", "1/s"),
    positive("v_x", "voltage scale of insertion", "V"),
    positive("limit_x", "transport limit of insertion", "1"),
    positive("half_c", "half-saturation of the nucleus", "1"),
    positive("order_c", "order of the nucleus", "1"),
    nonnegative("phi_s", "screening of insertion by interface Li", "1"),
    nonnegative("lambda_x", "growth of the insertion barrier with concentration", "1"),
    positive("k_d", "rate of extraction from the electrode", "1/s"),
    positive("v_d", "voltage scale of extraction", "V"),
    positive("half_x", "half-saturation of extraction", "1"),
    positive("tau_x", "retention time of Li in the electrode", "s"),
    nonnegative("eta", "fraction of extracted Li that stays behind", "1"),
    nonnegative("a_s", "conductance per interface Li", "1"),
    nonnegative("a_x", "conductance per electrode Li", "1"),
    nonnegative("a_r", "conductance per residual Li", "1"),
    positive("order_g", "exponent of the conductance map", "1"),
    positive("t_ref", "temperature at which the rates are those given", "K"),
    nonnegative("ea_s", "activation energy of interface Li and of activation, over q", "V"),
    nonnegative("ea_c", "activation energy of subsurface Li, over q", "V"),
    nonnegative("ea_x", "activation energy of insertion and extraction, over q", "V"),
    nonnegative("ea_r", "activation energy of retention, over q", "V"),
    *(
        Param(f"{name}_init", f"initial {what}", "1", 0.0, 0.0, 1.0, per_instance=True)
        for name, what in (
            ("act", "activation"),
            ("s", "interface Li"),
            ("c", "subsurface Li"),
            ("x", "electrode Li"),
            ("r", "residual Li"),
        )
    ),
)


def _build() -> Model:
    p = {param.name: param.symbol for param in _PARAMS}
    m, s, c, x, r = map(state_symbol, ("act", "s", "c", "x", "r"))
    up, down = pos(-VOLTAGE), pos(VOLTAGE)  # potentiating and depressing parts of the voltage

    warm = Definition("warm", TEMPERATURE / p["t_ref"], "1", "temperature over the reference")
    coldness = Definition(
        "coldness",
        CHARGE / BOLTZMANN * (1 / p["t_ref"] - 1 / TEMPERATURE),
        "1/V",
        "Arrhenius factor's exponent per energy",
    )
    speed_s, speed_c, speed_x, speed_r = (
        Definition(f"speed_{n}", exp_lim(p[f"ea_{n}"] * coldness.symbol), "1", f"rates over those at t_ref: {what}")
        for n, what in (("s", "interface"), ("c", "subsurface"), ("x", "electrode"), ("r", "retention"))
    )

    def hop(voltage: Expr, scale: str) -> Expr:
        """Rate of field-driven hopping over a barrier."""
        return sinh_lim(voltage / (p[scale] * warm.symbol))

    drive = Definition("drive", (VOLTAGE / p["v_t"]) ** 6, "1", "drive over threshold")
    gate = Definition("gate", drive.symbol / (1 + drive.symbol), "1", "gate of ion motion")
    gain = Definition("gain", 1 + p["gain_p"] * pos(m) ** p["order_p"], "1", "potentiation gain")
    pull = Definition("pull", gate.symbol * (1 + p["gain_d"] * pos(m) ** p["order_d"]), "1", "depression gain, gated")
    leave = Definition("leave", p["k_ds"] * pull.symbol * hop(down, "v_ds"), "1/s", "pull on interface Li")
    push = Definition("push", gate.symbol * hop(up, "v_x"), "1", "inserting drive")
    nucleus = Definition("nucleus", pos(c) ** p["order_c"], "1", "nucleus of insertion")
    insertion = Definition(
        "insertion",
        p["k_x"]
        * push.symbol
        / (1 + push.symbol / p["limit_x"])
        * gain.symbol
        * nucleus.symbol
        / (nucleus.symbol + p["half_c"] ** p["order_c"])
        * exp_lim(-p["lambda_x"] * x - p["phi_s"] * s)
        * (1 - x),
        "1/s",
        "rate of Li entering the electrode",
    )
    extraction = Definition(
        "extraction",
        p["k_d"] * pull.symbol * hop(down, "v_d") * x / (Abs(x) + p["half_x"]),
        "1/s",
        "rate of Li leaving the electrode",
    )
    li = Definition("li", (p["a_s"] * s + p["a_x"] * x + p["a_r"] * r) / p["order_g"], "1", "weighted Li")
    ratio = Definition("ratio", pos(1 + li.symbol) ** p["order_g"], "1", "conductance over g0")
    g = Definition("g", p["g0"] * ratio.symbol, "S", "conductance")

    rates = {
        "act": speed_s.symbol
        * (p["k_m"] * gate.symbol * (cosh_lim(VOLTAGE / p["v_m"]) - 1) * (1 - m) - m / p["tau_m"]),
        "s": speed_s.symbol
        * (
            p["k_s"] * gate.symbol * hop(up, "v_s") * gain.symbol * (1 - s)
            - leave.symbol * s / (Abs(s) + p["half_s"])
            - s / p["tau_s"]
        ),
        "c": speed_c.symbol * (s - c) / p["tau_c"] - speed_s.symbol * leave.symbol * c / (Abs(c) + p["half_s"]),
        "x": speed_x.symbol * (insertion.symbol - extraction.symbol) - speed_r.symbol * x / p["tau_x"],
        "r": speed_x.symbol * p["eta"] * extraction.symbol * (1 - r),
    }
    descriptions = {param.name: param.description for param in _PARAMS}
    return Model(
        name="li_intercalation",
        version="2.0",
        title="Two-terminal Li-ion intercalation synapse",
        reference="spicegen; device of Baek et al., Nano-Micro Lett. 15:69 (2023), doi:10.1007/s40820-023-01035-3",
        params=_PARAMS,
        states=tuple(
            State(n, descriptions[f"{n}_init"].removeprefix("initial "), rate, f"{n}_init") for n, rate in rates.items()
        ),
        definitions=(
            *(warm, coldness, speed_s, speed_c, speed_x, speed_r),
            *(drive, gate, gain, pull, leave, push, nucleus, insertion, extraction, li, ratio, g),
        ),
        current=g.symbol * p["v_io"] * sinh_lim(VOLTAGE / p["v_io"]) + GMIN * VOLTAGE,
        conductance="g",
        noise_psd=4 * BOLTZMANN * TEMPERATURE * g.symbol,
        memory="x",
    )


MODEL = _build()
