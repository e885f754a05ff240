"""Parameters that every printed device has besides those of its model's equations."""

from __future__ import annotations

import math

from models_va._param import Param

DTEMP = Param("dtemp", "temperature above the circuit's", "K", 0.0, -273.15, lower_open=True, per_instance=True)
FROZEN = Param(
    "frozen", "1 holds the states at their initial values in transients too", "1", 0.0, 0.0, 1.0,
    per_instance=True, integer=True,
)  # fmt: skip
C_PAR = Param(
    "c_par", "capacitance between the electrodes", "F", 0.0, 0.0, math.inf, upper_open=True, per_instance=True
)
DEVICE_PARAMS = (DTEMP, FROZEN, C_PAR)
