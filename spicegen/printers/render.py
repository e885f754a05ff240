"""Rendering of cards into files: models (NAME.va, NAME.lib ...), symbols for schematics, corners."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from models_va import DeviceCard
from models_va.errors import InputError
from spicegen.files import output_folder, write_text
from spicegen.printers import render_ltspice, render_subcircuit, render_verilog_a, render_xyce
from spicegen.printers.symbols import render_kicad_symbol, render_xschem_symbol
from spicegen.printers.variation import render_corners, render_spectre

Target = Literal["verilog-a", "ngspice", "xyce", "ltspice", "kicad", "xschem", "corners", "spectre", "all"]
_PRINTERS: dict[str, tuple[str, Callable[[DeviceCard], str]]] = {
    "verilog-a": ("va", render_verilog_a),
    "ngspice": ("lib", render_subcircuit),
    "xyce": ("xyce.lib", render_xyce),
    "ltspice": ("ltspice.lib", render_ltspice),
    "kicad": ("kicad_sym", render_kicad_symbol),
    "xschem": ("sym", render_xschem_symbol),
    "corners": ("corners.lib", render_corners),
    "spectre": ("scs", render_spectre),
}
_OF_SPREADS = ("corners", "spectre")
"""Targets that need the card's device_to_device; ``all`` leaves them out for a card that has none."""


def render(card: DeviceCard, folder: Path, target: Target = "all") -> list[Path]:
    """Write the card's model into ``folder`` and return the files.

    Raises:
        InputError: the target is unknown, the folder unusable, a language cannot express an equation, or corners are
            asked for of a card without spreads.
    """
    everything = [name for name in _PRINTERS if card.device_to_device or name not in _OF_SPREADS]
    targets = everything if target == "all" else [target]
    if not set(targets) <= _PRINTERS.keys():
        raise InputError(f"unknown target {target!r}: known are {', '.join(_PRINTERS)}, all")
    texts = {_PRINTERS[t][0]: _PRINTERS[t][1](card) for t in targets}
    output_folder(folder)
    return [write_text(folder / f"{card.identifier}.{suffix}", text) for suffix, text in texts.items()]
