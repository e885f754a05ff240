"""Tables on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spicegen.reports.cells import format_cell

_GAP = 2
"""Characters between two columns of a table."""
_NARROWEST = 40
"""Characters below which a column of sentences is left out: cut shorter than that, a sentence says nothing."""


def show_table(head: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
    """Print a table to standard output, its title above it."""
    if title:
        typer.echo(title)
    table = Table(header_style="bold", box=None, pad_edge=False)
    for n, name in enumerate(head):
        is_text = all(isinstance(row[n], str) for row in rows)
        table.add_column(name, justify="left" if is_text else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(format_cell(cell)) for cell in row))  # no markup: names of files are anybody's
    Console().print(table)


def fitted_to_width(
    head: Sequence[str], rows: Sequence[Sequence[object]], columns: int
) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
    """Head and rows of a table for a terminal that is ``columns`` characters wide.

    The last column holds sentences: they are cut to what the other columns leave, or left out where that is too little.
    """
    texts = [head, *([format_cell(cell) for cell in row] for row in rows)]
    widths = [max(len(row[n]) for row in texts) for n in range(len(head) - 1)]
    left = columns - sum(widths) - _GAP * len(widths)
    if left < _NARROWEST:
        return head[:-1], [row[:-1] for row in rows]
    return head, [(*row[:-1], shorten(str(row[-1]), left, placeholder=" ...")) for row in rows]
