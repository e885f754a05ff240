"""The commands of this room, registered through the entry point ``spicegen.commands``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def evaluate_command(
    model: Annotated[Path, typer.Argument(help="The network, an ONNX file.", show_default=False)],
    data: Annotated[Path, typer.Option(help="An .npz file with x_test and y_test.", show_default=False)],
    device: Annotated[str, typer.Option(help="A device card: file, or name of one that ships.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for report.html and report.json.")],
    array: Annotated[
        Path | None,
        typer.Option(help="Size and wires of a tile (YAML); 128 x 128 with 1 ohm a segment if not given."),
    ] = None,
    trials: Annotated[int, typer.Option(help="Number of independent programmings, at most 10 000.")] = 5,
    seed: Annotated[int, typer.Option(help="Of the programming errors.")] = 0,
    limit: Annotated[int | None, typer.Option(help="Use only the first so many images.")] = None,
    ideal: Annotated[bool, typer.Option("--ideal", help="Without programming error and wires.")] = False,
) -> None:
    """Accuracy of an ONNX network on simulated passive arrays of a device."""
    from evaluator.evaluation import evaluate
    from evaluator.tiles import check_array
    from models_va import read_yaml
    from models_va.errors import located
    from netlists import ArrayConfig
    from spicegen.files import output_folder

    config = None if array is None else read_yaml(array, ArrayConfig)
    if config is not None:
        with located(array):
            check_array(config)
    folder = output_folder(output)
    report = evaluate(model, data, device, array=config, trials=trials, seed=seed, limit=limit, ideal=ideal)
    report.page().write(folder, report.to_json())
    typer.echo(report.summary)
    typer.echo(f"{folder / 'report.html'}")


def demo_command(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for report and files.")] = Path("demo-out"),
) -> None:
    """The whole way on an embedded example: card, code, simulators, array, accuracy."""
    from evaluator.demo import demo
    from spicegen.files import output_folder

    folder = output_folder(output)
    report = demo(folder, typer.echo)
    report.page().write(folder, report.to_json())
    typer.echo(f"report: {folder / 'report.html'}  [{report.seconds:.0f} s]")
    if not report.passed:
        raise typer.Exit(1)
