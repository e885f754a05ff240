"""Rendering of cards into files: NAME.va, NAME.lib, NAME.xyce.lib and NAME.ltspice.lib."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from models_va import DeviceCard
from models_va.errors import InputError
from spicegen.files import output_folder, write_text
from spicegen.printers import render_ltspice, render_subcircuit, render_verilog_a, render_xyce

Target = Literal["verilog-a", "ngspice", "xyce", "ltspice", "all"]
_PRINTERS: dict[str, tuple[str, Callable[[DeviceCard], str]]] = {
    "verilog-a": ("va", render_verilog_a),
    "ngspice": ("lib", render_subcircuit),
    "xyce": ("xyce.lib", render_xyce),
    "ltspice": ("ltspice.lib", render_ltspice),
}


def render(card: DeviceCard, folder: Path, target: Target = "all") -> list[Path]:
    """Write the card's model into ``folder`` and return the files.

    Raises:
        InputError: the target is unknown, the folder unusable, or a language cannot express an equation.
    """
    targets = list(_PRINTERS) if target == "all" else [target]
    if not set(targets) <= _PRINTERS.keys():
        raise InputError(f"unknown target {target!r}: known are {', '.join(_PRINTERS)}, all")
    texts = {_PRINTERS[t][0]: _PRINTERS[t][1](card) for t in targets}
    output_folder(folder)
    return [write_text(folder / f"{card.identifier}.{suffix}", text) for suffix, text in texts.items()]
