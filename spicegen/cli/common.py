"""What several commands share: arguments of one meaning, and how a comparison ends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from models_va.errors import SpicegenError

if TYPE_CHECKING:
    from collections.abc import Callable

    from spicegen.agreement.check import CheckReport
    from spicegen.arrays.read import ArrayReport
    from spicegen.arrays.run import ArrayRun
    from spicegen.paper.reproduce import Reproduction
    from spicegen.reports.page import Page

Card = Annotated[str, typer.Argument(metavar="CARD", help="A card file, or the name of a card that ships.")]
Output = Annotated[Path, typer.Option("-o", "--output", help="Folder for the results.")]
Engine = Literal["ngspice", "vacask", "native"]
Compared = TypeVar("Compared", "CheckReport", "ArrayReport", "ArrayRun", "Reproduction")


def finish(report: Compared, page: Callable[[Compared], Page], folder: Path | None) -> None:
    """Write the report of a comparison, then end as its outcome demands: what was computed is never lost.

    Args:
        report: the comparison's result.
        page: makes its page.
        folder: for report.html and report.json; None: they are not written.

    Raises:
        SpicegenError: something that was to be compared failed.
        typer.Exit: the comparison did not pass.
    """
    if folder:
        page(report).write(folder, report.to_json())
        typer.echo(f"report: {folder / 'report.html'}")
    if report.failures:
        raise SpicegenError(report.failures[0])
    if not report.passed:
        raise typer.Exit(1)
