"""``spicegen fit``: a device card from measurements, or from the paper's figures of merit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models_va import model_names
from models_va.errors import InputError
from spicegen.files import output_file, output_folder, write_keeping
from spicegen.reports.terminal import show_table

if TYPE_CHECKING:
    from models_va import DeviceCard


def fit(
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA...",
            help="Measurement files of one device, of any kinds, or descriptions of them (YAML); or the word paper: "
            "the published figures of merit of the reference device.",
        ),
    ],
    model: Annotated[
        list[str],
        typer.Option(
            metavar="NAME",
            help=f"Model to fit: {', '.join(model_names())}; repeatable: several are compared, the best kept.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="CARD.yaml",
            help="The device card; another that is there becomes CARD.yaml.bak (.bak2, .bak3 ... if that is there).",
        ),
    ],
    report: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for a report.")] = None,
    hold: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A parameter that is known, in the model's unit; repeatable."),
    ] = None,
    starts: Annotated[
        int | None, typer.Option(min=1, help="For paper only: number of starts; those after the first are drawn.")
    ] = None,
    population: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="For paper only: evaluations of a population search (CMA-ES) before the descents."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what is drawn: starts, generations.")] = 1,
) -> None:
    """Fit a device card to measurements, and say which of its parameters they fix."""
    from spicegen.fit import FILE_HEAD, HEAD, MODEL_HEAD, card_name, fit_measurements, fit_task
    from spicegen.reports.fit import fit_page

    if output.suffix.lower() not in (".yaml", ".yml"):
        raise InputError(f"{output}: a card is YAML: give it a name that ends in .yaml")
    if output.resolve() in {Path(d).resolve() for d in data}:
        raise InputError(f"{output}: is a file to be fitted: give another name for the card")
    if "paper" in data:
        _fit_paper(data, model, output, report, hold, starts or 1, population or 0, seed)
        return
    if starts is not None or population is not None:
        raise InputError("fit: --starts and --population are for paper: those for measurements are found by themselves")
    task = fit_task(data, model, hold or (), seed)
    name = card_name(output.stem)
    output_file(output)
    folder = output_folder(report) if report else None
    found = fit_measurements(task, name)
    written = _write_card(output, found.card)
    if folder:
        fit_page(found).write(folder, found.to_json())
    if len(found.fits) > 1:
        show_table(MODEL_HEAD, found.model_rows(), found.comparison())
    show_table(FILE_HEAD, found.file_rows(), found.summary())
    show_table(HEAD, found.parameter_rows())
    for line in (*found.notes, *found.warnings):
        typer.echo(line)
    typer.echo(written)
    if folder:
        typer.echo(f"report: {folder / 'report.html'}")


def _write_card(path: Path, card: DeviceCard) -> str:
    """Write the card; another one that stood there is kept under a new name.

    Returns:
        A line for the terminal: the card's path, and the new path of the one before if there was one.
    """
    previous = write_keeping(path, card.to_yaml())
    return f"card: {path}; the one before: {previous}" if previous else f"card: {path}"


def _fit_paper(
    data: list[str],
    model: list[str],
    output: Path,
    report: Path | None,
    hold: list[str] | None,
    starts: int,
    population: int,
    seed: int,
) -> None:
    """Fit a model to the paper's figures of merit; an interrupted fit goes on from the report's folder."""
    from spicegen.fit import HEAD, parameter_rows
    from spicegen.paper.assumptions import ASSUMPTION_UNITS
    from spicegen.paper.fit import fit_paper, paper_fit
    from spicegen.reports.paper.fit import paper_fit_page

    if data != ["paper"]:
        raise InputError("fit: paper is fitted alone: leave the files away, or write ./paper for a file of that name")
    if len(model) > 1 or hold:
        raise InputError("fit: paper takes one --model and no --hold: what it holds is the shipped card's")
    shipped = paper_fit(model[0])
    output_file(output)
    folder = output_folder(report) if report else None
    cache_folder = output_folder(folder / "evaluations") if folder else None
    found = fit_paper(shipped, seed, starts, cache_folder, population)
    typer.echo(_write_card(output, found.card))
    show_table(HEAD, parameter_rows(found.solution, found.card.device_model, ASSUMPTION_UNITS), found.summary())
    if folder:
        paper_fit_page(found).write(folder, found.to_json())
        typer.echo(f"report: {folder / 'report.html'}")
