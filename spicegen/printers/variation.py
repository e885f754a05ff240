"""Corners and Monte Carlo of a card's devices: NAME.corners.lib for ngspice, NAME.scs for Spectre.

Both hold a device NAME_varied around NAME, whose parameters differ by the card's device_to_device: in Monte Carlo by
lognormal factors of mean 1, one for each device and parameter, as ``spicegen.devices.programming`` draws them; in the
corners by the factors three standard deviations of the logarithm away from the mean, all of them towards a lower or a
higher conductance at once, which is what foundries call a corner.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models_va import DeviceCard, lognormal_factor
from models_va.errors import CardError
from spicegen.printers.base import printed_params
from spicegen.printers.header import LICENSE, comment_lines
from spicegen.printers.numpy_model import initial_conductances
from spicegen.templating import render_template

CORNER_DEVIATIONS = 3.0
"""Distance of the corners from the mean, in standard deviations of a parameter's logarithm."""


@dataclass(frozen=True, slots=True)
class VariedParam:
    """A parameter that differs from device to device.

    Attributes:
        name: name of the parameter.
        mean, deviation: mean and standard deviation of the logarithm of its factor.
        sign: 1 if a higher value raises the conductance, else -1.
    """

    name: str
    mean: float
    deviation: float
    sign: int

    def corner(self, side: int) -> float:
        """The factor in the corner of low (``side`` = -1) or high (1) conductance."""
        return float(np.exp(self.mean + side * self.sign * CORNER_DEVIATIONS * self.deviation))


def spreads(card: DeviceCard) -> list[VariedParam]:
    """The parameters in which devices of the card differ.

    Raises:
        CardError: the card states none.
    """
    if not card.device_to_device:
        raise CardError(f"card {card.name}: has no device_to_device: corners need the spreads of its parameters")
    return [
        VariedParam(name, *lognormal_factor(q.value), _sign(card, name)) for name, q in card.device_to_device.items()
    ]


def render_corners(card: DeviceCard) -> str:
    """The text of NAME.corners.lib: sections tt, low, high and mc for ngspice.

    Raises:
        CardError: see ``spreads``.
    """
    return _render(card, "corners.lib.j2", lambda s: f"exp({s.mean!r} + agauss(0, {s.deviation!r}, 1))")


def render_spectre(card: DeviceCard) -> str:
    """The text of NAME.scs: an example for Spectre with sections tt, low, high and mc; mc has a statistics block.

    Raises:
        CardError: see ``spreads``.
    """
    return _render(card, "corners.scs.j2", lambda s: f"exp({s.mean!r} + {s.deviation!r}*normal_{s.name})")


def _render(card: DeviceCard, template: str, drawn: Callable[[VariedParam], str]) -> str:
    """The text of a template, where ``drawn`` gives the text of a parameter's random factor."""
    found = spreads(card)
    sections = {
        "tt": {s.name: "1" for s in found},
        "low": {s.name: repr(s.corner(-1)) for s in found},
        "high": {s.name: repr(s.corner(1)) for s in found},
        "mc": {s.name: drawn(s) for s in found},
    }
    return render_template(
        f"models_va/{template}",
        card=card,
        license=card.license or LICENSE,
        title=comment_lines(f"{card.name}: {card.title}"),
        deviations=f"{CORNER_DEVIATIONS:g}",
        spreads=found,
        params=[(p.name, repr(value)) for p, value in printed_params(card) if p.per_instance],
        sections=sections,
    )


def _sign(card: DeviceCard, name: str) -> int:
    """1 if a higher value raises the conductance, over both ends of the memory's range taken together, else -1."""
    memory = card.device_model.memory
    initial = next((s for s in card.device_model.states if s.name == memory), None)
    value = np.array([card.values[name]] * 4) * [1.0, 1.0, 1.001, 1.001]
    ends = {} if initial is None else {initial.initial: np.array([initial.lower, initial.upper] * 2)}
    g = np.log(initial_conductances(card, {name: value, **ends}))
    return 1 if g[2:].sum() >= g[:2].sum() else -1
