"""``spicegen array``: a passive array of a device, read or written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models_va.errors import located
from spicegen.cli.common import Engine, Output, finish
from spicegen.files import beside, output_folder
from spicegen.reports.terminal import show_table


def array(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.yaml", help="Description of the array.")],
    output: Output,
    engine: Annotated[Engine | None, typer.Option(help="Only this simulator beside the exact operator.")] = None,
) -> None:
    """Read a passive array, wires included, and map where the voltage is lost; or run its program of writes."""
    from models_va import load_card, read_yaml
    from netlists import ArrayConfig
    from spicegen.arrays.read import HEAD, external_engines, read_array
    from spicegen.reports.array_read import array_read_page
    from spicegen.simulate import SimulationError, simulator

    described = read_yaml(config, ArrayConfig)
    with located(f"{config}: card"):
        card = load_card(beside(config, described.card))
    if engine and not (found := simulator(engine).available()).here:
        raise SimulationError(engine, f"not here: {found.version}")
    folder = output_folder(output)
    if described.program:
        from spicegen.arrays.run import run_array
        from spicegen.reports.array_run import array_run_page

        with located(config):
            run = run_array(described, card, [engine] if engine else external_engines(), whatever_it_takes=bool(engine))
        run.write_decks(folder / "decks")
        show_table(HEAD, run.rows(), f"{described.rows} x {described.columns}, {len(described.program)} steps")
        finish(run, array_run_page, folder)
        return
    with located(config):
        report = read_array(described, card, [engine] if engine else external_engines())
    report.write_decks(folder / "decks")
    show_table(HEAD, report.rows(), f"{described.rows} x {described.columns} read: difference from {report.reference}")
    typer.echo(
        f"wires take up to {report.lost.max():.3%} of a cell's voltage, "
        f"{abs(report.current_error).max():.3%} of a column's current"
    )
    finish(report, array_read_page, folder)
