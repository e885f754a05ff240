"""The header of every generated file: its content, its card, and the origin of its values."""

from __future__ import annotations

import textwrap

from models_va import DeviceCard, Quantity
from spicegen import __version__

_WIDTH = 100
_BOUNDS = (
    "States: kept within their bounds by their rates, not clipped: where rates are large, a time step may pass a bound "
    "by its error, and the state comes back"
)


def header_lines(card: DeviceCard) -> list[str]:
    """Header lines without comment signs; printable ASCII only, because titles are text from outside."""
    model = card.device_model
    lines = [
        f"{card.name}: {card.title}",
        f"Model: {model.name} {model.version}, {model.title}",
        f"Equations: {model.reference}",
        f"Values: {card.source}",
        f"Card hash: {card.hash}; printed by spicegen {__version__}",
        "Units: SI; terminals: te (top electrode), be (bottom electrode); v = v(te) - v(be)",
    ]
    lines += [_BOUNDS] if model.states else []
    lines += ["Provenance of the values:"]
    lines += [f"  {name} = {_described(q)}" for name, q in card.parameters.items()]
    return [part for line in lines for part in _wrap(_ascii(line))]


def _described(q: Quantity) -> str:
    spread = "" if q.uncertainty is None else f" +/- {q.uncertainty:.2g}"
    return f"{q.value:g} ({q.provenance}){spread}" + (f": {q.note}" if q.note else "")


def _ascii(text: str) -> str:
    return "".join(c if " " <= c <= "~" else "?" for c in text)


def _wrap(line: str) -> list[str]:
    return textwrap.wrap(line, _WIDTH, subsequent_indent="    ") or [""]
