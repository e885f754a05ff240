"""Two-terminal Li-ion synapse: Li goes from a LixCoO2 film to its electrode through a pool at their interface.

The model has six dimensionless states: act, activation (a memory of recent drive; m below); s, Li at the interface
(short term); h, habituation of the interface to a stimulus; c, incubation of the transfer; x, Li in the electrode (long
term); r, residual Li that depression no longer reaches. With u = -v, a negative voltage on the top electrode
potentiates. Li is conserved: what enters the electrode leaves the interface, and as all Li has the same weight in the
conductance, its transfer does not show. Interface Li that is not transferred disperses.

The transfer needs an incubation, which counts the onsets of stimuli: it grows as long as the interface has not got used
to the stimulus, and is forgotten within about a second. So a spike leaves nothing, and a train does.

Sources of the equations: field-driven ion hopping, sinh (Mott and Gurney, Electronic Processes in Ionic
Crystals, 1940); drift threshold as a smooth gate (VTEAM: Kvatinsky et al., IEEE TCAS-II 62, 786, 2015);
second-order activation (Kim et al., Nano Lett. 15, 2203, 2015); a barrier that grows with concentration (Frumkin);
incubation (Hill form); habituation (the depletion of a resource by each stimulus: Tsodyks and Markram, PNAS 94, 719,
1997). That the incubation counts onsets is a conclusion from the figures, not from microscopy: no form that counts
charge or the time under voltage met figures 2d, 3a and 4c with a potentiation that stays.
Device: Baek et al., Nano-Micro Lett. 15:69 (2023).

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


def _order(name: str, description: str) -> Param:
    """The order of a power of a state; at least 1, as a lower power has no finite slope where its state is 0."""
    return Param(name, description, "1", None, 1.0, math.inf, False, True)


_PARAMS = (
    Param("g0", "conductance with all states zero", "S", None, 0.0, math.inf, True, True, per_instance=True),
    positive("v_io", "voltage scale of the conduction nonlinearity", "V"),
    positive("v_t", "threshold voltage of ion motion", "V"),
    positive("k_m", "activation rate", "1/s"),
    positive("v_m", "voltage scale of activation", "V"),
    positive("tau_m", "decay time of activation", "s"),
    nonnegative("gain_p", "gain of potentiation by activation", "1"),
    nonnegative("gain_d", "gain of depression by activation", "1"),
    _order("order_p", "order of activation in potentiation"),
    _order("order_d", "order of activation in depression"),
    positive("k_s", "rate of Li arriving at the interface", "1/s"),
    positive("v_s", "voltage scale of Li arriving at the interface", "V"),
    positive("tau_s", "decay time of interface Li", "s"),
    positive("k_ds", "rate of Li leaving the interface under depression", "1/s"),
    positive("half_s", "half-saturation of Li leaving the interface", "1"),
    positive("v_ds", "voltage scale of Li leaving the interface", "V"),
    positive("tau_h", "time in which the interface gets used to a stimulus", "s"),
    positive("k_c", "rate of incubation at the onset of a stimulus", "1/s"),
    positive("tau_c", "decay time of incubation", "s"),
    positive("k_t", "rate of transfer from the interface to the electrode", "1/s"),
    positive("half_c", "half-saturation of incubation", "1"),
    _order("order_c", "order of incubation"),
    nonnegative("phi_s", "screening of the transfer by interface Li", "1"),
    nonnegative("lambda_x", "growth of the transfer's barrier with concentration", "1"),
    positive("k_d", "rate of extraction from the electrode", "1/s"),
    positive("v_d", "voltage scale of extraction", "V"),
    positive("half_x", "half-saturation of extraction", "1"),
    positive("tau_x", "retention time of Li in the electrode", "s"),
    nonnegative("eta", "fraction of extracted Li that stays behind", "1"),
    nonnegative("a_li", "conductance per Li, wherever it is", "1"),
    positive("order_g", "exponent of the conductance map", "1"),
    positive("t_ref", "temperature at which the rates are those given", "K"),
    nonnegative("ea_s", "activation energy of interface Li, activation and habituation, over q", "V"),
    nonnegative("ea_c", "activation energy of incubation, over q", "V"),
    nonnegative("ea_x", "activation energy of transfer and extraction, over q", "V"),
    nonnegative("ea_r", "activation energy of retention, over q", "V"),
    *(
        Param(f"{name}_init", f"initial {what}", "1", 0.0, 0.0, 1.0, per_instance=True)
        for name, what in (
            ("act", "activation"),
            ("s", "interface Li"),
            ("h", "habituation"),
            ("c", "incubation"),
            ("x", "electrode Li"),
            ("r", "residual Li"),
        )
    ),
)


def _build() -> Model:
    p = {param.name: param.symbol for param in _PARAMS}
    m, s, h, c, x, r = map(state_symbol, ("act", "s", "h", "c", "x", "r"))
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
        for n, what in (("s", "interface"), ("c", "incubation"), ("x", "electrode"), ("r", "retention"))
    )

    def hop(voltage: Expr, scale: str) -> Expr:
        """Rate of field-driven hopping over a barrier."""
        return sinh_lim(voltage / (p[scale] * warm.symbol))

    drive = Definition("drive", (VOLTAGE / p["v_t"]) ** 6, "1", "drive over threshold")
    gate = Definition("gate", drive.symbol / (1 + drive.symbol), "1", "gate of ion motion")
    drive_up = Definition("drive_up", (up / p["v_t"]) ** 6, "1", "potentiating drive over threshold")
    stimulus = Definition("stimulus", drive_up.symbol / (1 + drive_up.symbol), "1", "potentiating stimulus")
    gain = Definition("gain", 1 + p["gain_p"] * pos(m) ** p["order_p"], "1", "potentiation gain")
    pull = Definition("pull", gate.symbol * (1 + p["gain_d"] * pos(m) ** p["order_d"]), "1", "depression gain, gated")
    leave = Definition("leave", p["k_ds"] * pull.symbol * hop(down, "v_ds"), "1/s", "pull on interface Li")
    nucleus = Definition("nucleus", pos(c) ** p["order_c"], "1", "power of incubation")
    transfer = Definition(
        "transfer",
        p["k_t"]
        * nucleus.symbol
        / (nucleus.symbol + p["half_c"] ** p["order_c"])
        * s
        * exp_lim(-p["lambda_x"] * x - p["phi_s"] * s)
        * (1 - x),
        "1/s",
        "rate of Li going from the interface to the electrode",
    )
    extraction = Definition(
        "extraction",
        p["k_d"] * pull.symbol * hop(down, "v_d") * x / (Abs(x) + p["half_x"]),
        "1/s",
        "rate of Li leaving the electrode",
    )
    li = Definition("li", p["a_li"] * (s + x + r) / p["order_g"], "1", "weighted Li")
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
        )
        - speed_x.symbol * transfer.symbol,
        "h": speed_s.symbol * (stimulus.symbol - h) / p["tau_h"],
        "c": speed_c.symbol * (p["k_c"] * stimulus.symbol * (1 - h) * (1 - c) - c / p["tau_c"]),
        "x": speed_x.symbol * (transfer.symbol - extraction.symbol) - speed_r.symbol * x / p["tau_x"],
        "r": speed_x.symbol * p["eta"] * extraction.symbol * (1 - r),
    }
    descriptions = {param.name: param.description for param in _PARAMS}
    return Model(
        name="li_intercalation",
        version="3.0",
        date="2026-11-30",
        title="Two-terminal Li-ion intercalation synapse",
        reference="spicegen; device of Baek et al., Nano-Micro Lett. 15:69 (2023), doi:10.1007/s40820-023-01035-3",
        params=_PARAMS,
        states=tuple(
            State(n, descriptions[f"{n}_init"].removeprefix("initial "), rate, f"{n}_init") for n, rate in rates.items()
        ),
        definitions=(
            *(warm, coldness, speed_s, speed_c, speed_x, speed_r),
            *(drive, gate, drive_up, stimulus, gain, pull, leave, nucleus, transfer, extraction, li, ratio, g),
        ),
        current=g.symbol * p["v_io"] * sinh_lim(VOLTAGE / p["v_io"]) + GMIN * VOLTAGE,
        conductance="g",
        noise_psd=4 * BOLTZMANN * TEMPERATURE * g.symbol,
        memory="x",
    )


MODEL = _build()
