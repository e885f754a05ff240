"""The window that stops a state at its bounds by its rate, for models whose publications clip it there.

It is a rectangular window (Biolek et al., IEEE Access 9, 30242, 2021, eq. 7) with rims: the state runs at its full
rate and comes to rest at the bound over the last few ``rim`` of its range. Where a clipped state is at the distance
y from its bound, this one is at rim asinh(e^(y/rim)/2): farther from it by rim/2 at most, and by 1e-9 at ten ``rim``.
"""

from __future__ import annotations

import sympy

from models_va._param import Param
from models_va.functions import pos

RIM = Param("rim", "width of the window's rims, of the state's range", "1", 1e-3, 0.0, 0.1, lower_open=True)


def windowed(x: sympy.Expr, rise: sympy.Expr, fall: sympy.Expr) -> sympy.Expr:
    """Rate dx/dt of a state between 0 and 1 that rises and falls at the given nonnegative rates between its rims."""
    return rise * _rim(1 - x) - fall * _rim(x)


def within(x: sympy.Expr) -> sympy.Expr:
    """The state clipped to 0 .. 1, so that no conductance is negative where a solver's iterates leave the bounds."""
    return 1 - pos(1 - pos(x))


def _rim(distance: sympy.Expr) -> sympy.Expr:
    """Rim of the window: 1 inside, 0 at the bound, linear beyond it, so that Newton's method comes back.

    States come to rest at the bound itself. The parts are written so that the slope there is 1/rim whatever slope
    pos() is given at 0: with none, Newton's method goes to and fro without end, and time steps become tiny.
    """
    inside = pos(distance)
    return sympy.tanh(inside / RIM.symbol) + (distance - inside) / RIM.symbol
