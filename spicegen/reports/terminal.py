"""Tables on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


def show_table(head: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
    """Print a table to standard output, its title above it."""
    from spicegen.reports.page import format_cell

    if title:
        typer.echo(title)
    table = Table(header_style="bold", box=None, pad_edge=False)
    for n, name in enumerate(head):
        is_text = all(isinstance(row[n], str) for row in rows)
        table.add_column(name, justify="left" if is_text else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(format_cell(cell)) for cell in row))  # no markup: names of files are anybody's
    Console().print(table)
