"""The header of every generated file: licence, equations, card, validity, polarity, an example, origin of the values.

A file holds text of this project, its templates and equations, so it is under this project's licence unless the card
states another. Its date is that of the model's version: a file printed tomorrow from the same card is the same.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from models_va import C_PAR, DeviceCard, Quantity
from spicegen import __version__

LICENSE = "GPL-3.0-or-later"
"""SPDX expression of this project's licence."""
_WIDTH = 100
_COVERED = {
    "voltage_volt": ("voltage", "V"),
    "width_s": ("pulse width", "s"),
    "g_siemens": ("conductance", "S"),
    "temperature_k": ("temperature", "K"),
}
"""Words and units for the quantities whose ranges a fitted card states."""
_BOUNDS = (
    "States: kept within their bounds by their rates, not clipped: where rates are large, a time step may pass a bound "
    "by its error, and the state comes back"
)


def header_lines(card: DeviceCard, example: Sequence[str]) -> list[str]:
    """Header lines without comment signs; printable ASCII only, because titles are text from outside.

    Args:
        card: card whose device the file describes.
        example: lines with which a deck takes the file and has one device, and a remark if there is one.
    """
    model = card.device_model
    lines = [
        f"{card.name}: {card.title}",
        f"SPDX-License-Identifier: {card.license or LICENSE}",
        f"Model: {model.name} {model.version} ({model.date or 'date not stated'}), {model.title}",
        f"Equations: {model.reference}",
        f"Values: {card.source}",
        f"Card hash: {card.hash}; printed by spicegen {__version__}",
        "Units: SI; terminals: te (top electrode), be (bottom electrode); v = v(te) - v(be)",
        f"Polarity: {_polarity(card)}",
        f"Valid for: {_validity(card)}",
        "Example:",
        *(f"  {line}" for line in example),
    ]
    lines += [_BOUNDS] if model.states else []
    lines += ["Provenance of the values:"]
    capacitance = card.electrode_capacitance_farad
    given = card.parameters if capacitance is None else {**card.parameters, C_PAR.name: capacitance}
    lines += [f"  {name} = {_described(q)}" for name, q in given.items()]
    return [part for line in lines for part in comment_lines(line)]


def example_values(card: DeviceCard) -> str:
    """The initial value that an example's device is given, after a space: of the state that keeps a conductance."""
    model = card.device_model
    shown = [s for s in model.states if s.name == model.memory] or model.states[:1]
    return "".join(f" {s.initial}={card.values[s.initial]:g}" for s in shown)


def comment_lines(text: str) -> list[str]:
    """A line of text from outside as lines of a comment, without the comment's sign: printable ASCII, not too long."""
    return _wrap(ascii_line(text))


def ascii_line(text: str) -> str:
    """Text from outside on one line of printable ASCII; every other character becomes a question mark."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)


def _polarity(card: DeviceCard) -> str:
    if not card.device_model.states:
        return "none, the conductance does not change"
    pulse = card.write_pulse
    if pulse is None:
        return "not stated, the card names no write pulses"
    up, down = pulse.amplitude_p_volt.value, pulse.amplitude_d_volt.value
    return (
        f"{'positive' if up > 0 else 'negative'} v raises the conductance; the card's write pulses are "
        f"v = {up:g} V to raise and {down:g} V to lower it, {pulse.width_s.value:g} s each"
    )


def _validity(card: DeviceCard) -> str:
    if card.fit is None:
        return "not stated, the card records no measured range of voltage, time or temperature"
    ranges = []
    for quantity, low in card.fit.valid_from.items():
        word, unit = _COVERED.get(quantity, (quantity, ""))
        ranges.append(f"{word} {low:g} to {card.fit.valid_to[quantity]:g} {unit}".rstrip())
    return ", ".join(ranges) + " (what the fitted measurements cover; beyond it the model extrapolates)"


def _described(q: Quantity) -> str:
    spread = "" if q.uncertainty is None else f" +/- {q.uncertainty:.2g}"
    return f"{q.value:g} ({q.provenance}){spread}" + (f": {q.note}" if q.note else "")


def _wrap(line: str) -> list[str]:
    return textwrap.wrap(line, _WIDTH, subsequent_indent="    ", break_on_hyphens=False) or [""]
