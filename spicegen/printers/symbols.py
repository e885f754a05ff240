"""Symbols of a card's device for schematics: NAME.kicad_sym for KiCad (7 and newer), NAME.sym for Xschem.

Both place the subcircuit of NAME.lib. In KiCad the fields Sim.* tell its simulator so. In Xschem a netlist includes the
file by the symbol's device_model; an instance named N... is one of a compiled model (OSDI).
Sources: KiCad's documentation of its symbol libraries and simulation models; Xschem's manual, symbol properties.
"""

from __future__ import annotations

from models_va import DeviceCard
from spicegen.printers.base import printed_params
from spicegen.printers.header import ascii_line
from spicegen.templating import render_template


def render_kicad_symbol(card: DeviceCard) -> str:
    """The text of NAME.kicad_sym: a library of one symbol with the pins te (1) and be (2)."""
    values = " ".join(f"{name}={value}" for name, value in _initial_values(card).items())
    properties = {
        "Reference": "X",
        "Value": card.identifier,
        "Footprint": "",
        "Datasheet": "",
        "Description": _quoted(card.title),
        "Sim.Device": "SUBCKT",
        "Sim.Library": f"{card.identifier}.lib",
        "Sim.Name": card.identifier,
        "Sim.Pins": "1=te 2=be",
        "Sim.Params": values,
    }
    return render_template("models_va/symbol.kicad_sym.j2", card=card, properties=properties)


def render_xschem_symbol(card: DeviceCard) -> str:
    """The text of NAME.sym: a symbol with the pins te and be, whose instances have the initial states as attributes."""
    return render_template("models_va/symbol.sym.j2", card=card, values=_initial_values(card))


def _initial_values(card: DeviceCard) -> dict[str, str]:
    initial = {s.initial for s in card.device_model.states}
    return {p.name: repr(value) for p, value in printed_params(card) if p.name in initial}


def _quoted(text: str) -> str:
    """Text from outside for a quoted string: one printable line whose quotes and backslashes are escaped."""
    return ascii_line(text).replace("\\", "\\\\").replace('"', '\\"')
