"""The commands of this room, registered through the entry point ``spicegen.commands``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from models_va.errors import InputError, located

if TYPE_CHECKING:
    from evaluator.evaluation.report import Report
    from evaluator.settings import HardwareConfig

Output = Annotated[Path, typer.Option("-o", "--output", help="Folder for report.html and report.json.")]
Trials = Annotated[int, typer.Option(help="Number of independent programmings, at most 10 000.")]
Seed = Annotated[int, typer.Option(help="Of all that is random.")]
Limit = Annotated[int | None, typer.Option(help="Use only the first so many images.")]
Workers = Annotated[int, typer.Option(help="Trials computed at the same time; the result is the same.")]


def evaluate_command(
    model: Annotated[Path, typer.Argument(help="The network, an ONNX file.", show_default=False)],
    data: Annotated[
        Path, typer.Option(help="Test images: .npz, IDX, CIFAR, a folder, or a description.", show_default=False)
    ],
    device: Annotated[str, typer.Option(help="A device card: file, or name of one that ships.")],
    output: Output,
    array: Annotated[
        Path | None,
        typer.Option(help="Size and wires of a tile (YAML); 128 x 128 with 1 ohm a segment if not given."),
    ] = None,
    hardware: Annotated[
        Path | None, typer.Option(help="Mapping, converters, errors, costs (YAML; see examples/hardware.yaml).")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One of these: converters.adc_bits=8.")
    ] = None,
    sweep: Annotated[
        str | None, typer.Option(metavar="KEY=A,B,...", help="One evaluation for each value, compared in pairs.")
    ] = None,
    trials: Trials = 5,
    seed: Seed = 0,
    limit: Limit = None,
    ideal: Annotated[bool, typer.Option("--ideal", help="Without anything that is not ideal.")] = False,
    calibration: Annotated[
        Path | None, typer.Option(help="Images for ranges and corrections; default: training images of the data.")
    ] = None,
    compensate: Annotated[
        Literal["none", "columns", "conductances"] | None,
        typer.Option(help="Correct what is known: gain and offset of each output, or target conductances."),
    ] = None,
    circuit_tiles: Annotated[
        str, typer.Option(help="Tiles in a circuit simulator: none, auto, all, or LAYER:ROW,COL with * and ?.")
    ] = "none",
    tolerance: Annotated[float, typer.Option(help="Of auto: largest relative error of a tile's outputs.")] = 0.01,
    circuit_engine: Annotated[
        Literal["ngspice", "vacask", "native"] | None, typer.Option(help="Default: VACASK, else ngspice.")
    ] = None,
    export_tile: Annotated[
        tuple[str, Path] | None,
        typer.Option(metavar="LAYER:ROW,COL DIR", help="Write a programmed tile as decks with real activations."),
    ] = None,
    workers: Workers = 1,
) -> None:
    """Accuracy of an ONNX network on simulated passive arrays of a device."""
    from evaluator.circuit import CircuitRequest
    from evaluator.circuit.tile_export import TileExport
    from evaluator.evaluation.evaluate import evaluate
    from evaluator.evaluation.sweep import run_sweep
    from evaluator.reports.evaluation_page import evaluation_page
    from evaluator.reports.sweep_page import sweep_page
    from spicegen.files import output_folder

    if export_tile is not None and sweep is not None:
        raise InputError("--export-tile with --sweep: every value would write the same folder: give one --set instead")
    config = _config(array, hardware, _settings(settings or [], sweep, compensate, ideal=ideal))
    config = config.ideal() if ideal else config
    circuits = CircuitRequest(circuit_tiles, tolerance, circuit_engine or "")
    export = None if export_tile is None else TileExport(*export_tile)
    folder = output_folder(output)

    def one(config: HardwareConfig, folder: Path, calibrated: bool = False) -> Report:
        report = evaluate(
            model, data, device, hardware=config, trials=trials, seed=seed, limit=limit, calibration=calibration,
            calibrated=calibrated, workers=workers, folder=folder, circuits=circuits, export=export, say=typer.echo,
        )  # fmt: skip
        evaluation_page(report).write(folder, report.to_json())
        return report

    with _interruption_named(folder):
        if sweep is None:
            summary = one(config, folder).summary
        else:
            swept = run_sweep(config, sweep, device, one, folder, typer.echo)
            sweep_page(swept).write(folder, swept.to_json())
            summary = swept.summary
    typer.echo(summary)
    typer.echo(f"{folder / 'report.html'}")


def compare_command(
    suite: Annotated[Path, typer.Argument(help="Networks and conditions (YAML; see README).", show_default=False)],
    output: Output,
    device: Annotated[str, typer.Option(help="A device card: file, or name of one that ships.")] = "au-lixcoo2-pt",
    trials: Trials = 5,
    seed: Seed = 0,
    limit: Limit = None,
    workers: Workers = 1,
) -> None:
    """Several networks under several conditions on a device: one table, one picture (the paper's figure 6d)."""
    from evaluator.evaluation.compare import compare, load_suite
    from evaluator.reports.compare_page import comparison_page
    from evaluator.reports.evaluation_page import evaluation_page
    from spicegen.files import output_folder

    loaded = load_suite(suite)
    folder = output_folder(output)

    def save(report: Report, folder: Path) -> None:
        evaluation_page(report).write(folder, report.to_json())

    with _interruption_named(folder):
        comparison = compare(
            loaded, device, folder, trials=trials, seed=seed, limit=limit, workers=workers, say=typer.echo, save=save
        )
        comparison_page(comparison).write(folder, comparison.to_json())
    typer.echo(f"{folder / 'report.html'}")


def train_command(
    data: Annotated[
        Path,
        typer.Argument(
            help="Images to train and to test on: .npz with x_train, y_train, x_test, y_test; or another "
            "format of evaluate.",
            show_default=False,
        ),
    ],
    device: Annotated[str, typer.Option(help="A device card: file, or name of one that ships.")],
    output: Output,
    config: Annotated[
        Path | None,
        typer.Option(
            help="Network, data, schedule, updates, cells (YAML; see examples/train.yaml), or the name of a set-up of "
            "the paper: mnist-continuous."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One of these: schedule.epochs=5.")
    ] = None,
    seed: Seed = 0,
    seeds: Annotated[int, typer.Option(help="Number of trainings, with the seeds from --seed on.")] = 1,
    workers: Annotated[int, typer.Option(help="Trainings at the same time; the result is the same.")] = 1,
) -> None:
    """Train a network by the device's own updates, beside the same network in floating point."""
    from evaluator.reports.training_page import training_page
    from evaluator.settings import split_setting
    from evaluator.training import TrainConfig, train
    from evaluator.training.setups import found_train_config
    from spicegen.files import output_folder

    chosen = TrainConfig() if config is None else found_train_config(config)
    chosen = chosen.with_values(dict(split_setting(text) for text in settings or []))
    folder = output_folder(output)
    with _interruption_named(folder, "the state after the last epoch is"):
        result = train(
            data, device, config=chosen, seed=seed, seeds=seeds, workers=workers, folder=folder, say=typer.echo
        )
        training_page(result).write(folder, result.to_json())
    typer.echo(result.summary)
    typer.echo(f"{folder / 'report.html'}")


def training_study_command(
    config: Annotated[
        Path,
        typer.Argument(
            metavar="CONFIG.yaml", help="What is varied (see examples/study_training.yaml).", show_default=False
        ),
    ],
    output: Output,
    workers: Annotated[int, typer.Option(min=1, help="Trainings at the same time; the result is the same.")] = 1,
) -> None:
    """Accuracy of training against nonlinearity, asymmetry, states, noise, weight range and law of updates."""
    from evaluator.reports.training_study_page import training_study_page
    from evaluator.training.study import study_training
    from spicegen.files import output_folder
    from spicegen.reports.terminal import show_table

    folder = output_folder(output)
    with _interruption_named(folder, "the states after finished epochs are"):
        found = study_training(config, output_folder(folder / "states"), workers=workers, say=typer.echo)
    show_table(found.head, found.rows(), found.summary)
    training_study_page(found).write(folder, found.to_json())
    typer.echo(f"report: {folder / 'report.html'}")


def demo_command(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for report and files.")] = Path("demo-out"),
) -> None:
    """The whole way on an embedded example: card, code, simulators, array, accuracy."""
    from evaluator.demo import demo
    from evaluator.reports.demo_page import demo_page
    from spicegen.files import output_folder

    folder = output_folder(output)
    report = demo(folder, typer.echo)
    demo_page(report).write(folder, report.to_json())
    typer.echo(f"report: {folder / 'report.html'}  [{report.seconds:.0f} s]")
    if not report.passed:
        raise typer.Exit(1)


@contextmanager
def _interruption_named(folder: Path, finished: str = "finished trials are") -> Iterator[None]:
    """Tell whoever interrupts the work where its ``finished`` parts are, and how it goes on."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"spicegen: {finished} in {folder}: the same command goes on there", err=True)
        raise


def _settings(given: list[str], sweep: str | None, compensate: str | None, *, ideal: bool) -> dict[str, str]:
    """Keys and values of --set and --compensate; what --ideal would override is refused, of --sweep too."""
    from evaluator.settings import overridden, split_setting

    values = dict(split_setting(text) for text in given)
    values |= {} if compensate is None else {"compensate": compensate}
    swept = [] if sweep is None else [split_setting(sweep)[0]]
    lost = [key for key in (*values, *swept) if ideal and overridden(key)]
    if lost:
        raise InputError(f"--ideal with a value for {lost[0]}: --ideal sets it: leave one of the two out")
    return values


def _config(array: Path | None, hardware: Path | None, values: dict[str, str]) -> HardwareConfig:
    """What the options ask for, checked before anything is written; the more special option wins."""
    from evaluator.mapping.tiles import check_tiles
    from evaluator.settings import HardwareConfig, read_hardware, unused_entries
    from models_va import read_yaml
    from netlists import ArrayConfig

    config = HardwareConfig() if hardware is None else read_hardware(hardware)
    if array is not None:
        config = config.model_copy(update={"array": read_yaml(array, ArrayConfig)})
        unused = unused_entries(config.array)
        if unused:
            typer.echo(f"{array}: an evaluation takes size, wires and faults, and does not use {', '.join(unused)}")
    config = config.with_values(values)
    with located(array or hardware or "settings"):
        check_tiles(config)
    return config
