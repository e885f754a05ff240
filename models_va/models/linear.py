"""A fixed conductance with thermal noise: the ideal cell, and the reference for everything else.

Source: Ohm's law; Nyquist, Phys. Rev. 32, 110 (1928), for S_i = 4 k T G.
"""

from __future__ import annotations

import math

from models_va._model import BOLTZMANN, GMIN, TEMPERATURE, VOLTAGE, Definition, Model
from models_va._param import Param

G0 = Param("g0", "conductance", "S", None, 0.0, math.inf, True, True, per_instance=True)
_PARAMS: tuple[Param, ...] = (G0,)

_CONDUCTANCE = Definition("g", G0.symbol, "S", "conductance")

MODEL = Model(
    name="linear",
    version="1.0",
    date="2026-11-23",
    title="Fixed conductance with thermal noise",
    reference="Ohm's law; H. Nyquist, Phys. Rev. 32, 110 (1928)",
    params=_PARAMS,
    states=(),
    definitions=(_CONDUCTANCE,),
    current=(_CONDUCTANCE.symbol + GMIN) * VOLTAGE,
    conductance="g",
    noise_psd=4 * BOLTZMANN * TEMPERATURE * _CONDUCTANCE.symbol,
)
