"""How a value is shown in a cell of a table, on a page and on a terminal alike."""

from __future__ import annotations

from numbers import Integral, Real


def format_cell(value: object) -> str:
    """A table cell as text: floats, those of numpy included, with four significant digits, anything else in full."""
    if isinstance(value, Real) and not isinstance(value, Integral):
        return f"{float(value):.4g}"
    return str(value)
