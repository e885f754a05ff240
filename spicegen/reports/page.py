"""Results as people read them: one self-contained HTML page, and report.json beside it."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from spicegen import __version__
from spicegen.files import write_text
from spicegen.reports.cells import format_cell
from spicegen.templating import render_template


@dataclass(frozen=True, slots=True)
class _Block:
    kind: str
    title: str
    text: str = ""
    head: Sequence[_Cell] = ()
    rows: Sequence[Sequence[_Cell]] = ()
    image: str = ""


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    is_number: bool


@dataclass
class Page:
    """A report page, filled from top to bottom.

    Attributes:
        title: the heading.
        lead: one or two sentences under it: the result.
    """

    title: str
    lead: str = ""
    _blocks: list[_Block] = field(default_factory=list)

    def section(self, title: str, text: str = "") -> None:
        """Start a section."""
        self._blocks.append(_Block("section", title, text))

    def table(self, head: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
        """Add a table; floats are shown with four significant digits."""
        cells = [[_Cell(format_cell(cell), isinstance(cell, int | float | np.number)) for cell in row] for row in rows]
        numeric = [bool(cells) and all(row[n].is_number for row in cells) for n in range(len(head))]
        heads = [_Cell(text, is_number) for text, is_number in zip(head, numeric, strict=True)]
        self._blocks.append(_Block("table", title, head=heads, rows=cells))

    def figure(self, figure: Figure, caption: str) -> None:
        """Add a matplotlib figure, embedded as PNG."""
        buffer = BytesIO()
        figure.savefig(buffer, format="png", dpi=130)
        self._blocks.append(_Block("figure", "", caption, image=base64.b64encode(buffer.getvalue()).decode("ascii")))

    def code(self, title: str, text: str) -> None:
        """Add preformatted text, folded under its title."""
        self._blocks.append(_Block("code", title, text))

    def append(self, other: Page) -> None:
        """Add another page as a chapter of this one; its sections become subsections."""
        self.section(other.title, other.lead)
        self._blocks.extend(replace(b, kind="subsection") if b.kind == "section" else b for b in other._blocks)

    def write(self, folder: Path, report: Mapping[str, Any]) -> None:
        """Write ``report.html`` and ``report.json`` into an existing folder."""
        html = render_template("spicegen/report.html.j2", page=self, blocks=self._blocks, version=__version__)
        write_text(folder / "report.html", html)
        write_json(folder / "report.json", report)


def write_json(path: Path, report: Mapping[str, Any]) -> None:
    """Write a report as JSON; numpy scalars and arrays become plain numbers, NaN becomes null."""
    write_text(path, json.dumps(_plain(report), indent=2, allow_nan=False) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
