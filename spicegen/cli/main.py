"""The command line. Rooms above this one register their commands as entry points ``spicegen.commands``.

Exit codes: 0 the work is whole; 1 a check did not pass, or lint found something; 2 bad input or a failed
simulator, said in one line; 130 interrupted.
"""

from __future__ import annotations

import signal
import sys
import threading
from importlib.metadata import entry_points
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from models_va import model_names
from models_va.errors import SpicegenError, located
from spicegen.cli.study import study
from spicegen.files import printable
from spicegen.reports.terminal import show_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from models_va import DeviceCard
    from spicegen.agreement.check import CheckReport
    from spicegen.arrays.read import ArrayReport
    from spicegen.arrays.run import ArrayRun
    from spicegen.paper.reproduce import Reproduction
    from spicegen.reports.page import Page

Compared = TypeVar("Compared", "CheckReport", "ArrayReport", "ArrayRun", "Reproduction")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="From the measurements of a memristive synapse to the accuracy of a neural network on arrays of it.",
)

app.add_typer(study, name="study")

Card = Annotated[str, typer.Argument(metavar="CARD", help="A card file, or the name of a card that ships.")]
Output = Annotated[Path, typer.Option("-o", "--output", help="Folder for the results.")]
Engine = Literal["ngspice", "vacask", "native"]
_INTERRUPTED = 130
_SOON_S = 0.1


def main() -> None:
    """Run the command line."""
    sys.unraisablehook = _unraisable
    try:
        for entry in entry_points(group="spicegen.commands"):
            app.command(entry.name)(entry.load())
        app()
    except SpicegenError as error:
        sys.stderr.write(f"spicegen: {printable(' '.join(str(error).split()))}\n")
        sys.exit(2)
    except (KeyboardInterrupt, SystemExit, SystemError) as end:
        if not _is_interrupt(end):
            raise
        sys.stderr.write("spicegen: interrupted\n")
        sys.exit(_INTERRUPTED)


def _unraisable(lost: sys.UnraisableHookArgs) -> None:
    """Ctrl-C that came within a callback of compiled code or a destructor, where it is lost, comes once more."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        main_thread = threading.main_thread().ident or 0
        threading.Timer(_SOON_S, signal.pthread_kill, (main_thread, signal.SIGINT)).start()
    else:
        sys.__unraisablehook__(lost)


def _is_interrupt(end: BaseException) -> bool:
    """Whether it is Ctrl-C: typer makes an exit of it, numba's compiled code a SystemError."""
    if isinstance(end, SystemError):
        return end.__cause__ is not None and _is_interrupt(end.__cause__)
    return isinstance(end, KeyboardInterrupt) or (isinstance(end, SystemExit) and end.code == _INTERRUPTED)


def _finish(report: Compared, page: Callable[[Compared], Page], folder: Path | None) -> None:
    """Write the report of a comparison, then end as its outcome demands: what was computed is never lost."""
    if folder:
        page(report).write(folder, report.to_json())
        typer.echo(f"report: {folder / 'report.html'}")
    if report.failures:
        raise SpicegenError(report.failures[0])
    if not report.passed:
        raise typer.Exit(1)


@app.command()
def doctor() -> None:
    """Say which simulators and compilers are here, their versions, and what they can do."""
    from spicegen.agreement.doctor import examine

    findings = examine()
    show_table(
        ("simulator", "version", "capabilities", "trial"),
        [(f.name, f.version, ", ".join(f.capabilities) or "-", f.trial) for f in findings],
    )
    if any(f.here and not f.works for f in findings):
        raise typer.Exit(1)


@app.command()
def render(
    card: Card,
    output: Output,
    target: Annotated[Literal["verilog-a", "ngspice", "all"], typer.Option(help="Language.")] = "all",
) -> None:
    """Print a card's device as Verilog-A (NAME.va) and ngspice subcircuit (NAME.lib)."""
    from models_va import load_card
    from spicegen.printers.render import render as write

    for path in write(load_card(card), output, target):
        typer.echo(path)


@app.command()
def check(
    card: Card,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Folder for a report.")] = None,
) -> None:
    """Compile a card's device, run it in every simulator here, and compare; exit 1 on disagreement."""
    from models_va import load_card
    from spicegen.agreement.check import HEAD, TOLERANCE
    from spicegen.agreement.check import check as run
    from spicegen.files import output_folder
    from spicegen.reports.check import check_page

    loaded = load_card(card)
    folder = output_folder(output) if output else None
    report = run(loaded)
    show_table(HEAD, report.rows(), f"{loaded.name}: 25 + 25 write pulses")
    compiler = "not here" if report.warnings is None else f"{len(report.warnings)} warnings"
    typer.echo(f"Verilog-A compiler: {compiler}; largest difference {report.agreement:.2e}, tolerance {TOLERANCE:.0e}")
    _finish(report, check_page, folder)


@app.command()
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
        int | None, typer.Option(min=1, help="Of paper only: the shipped start, and others drawn about it.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the starts that are drawn.")] = 1,
) -> None:
    """Fit a device card to measurements, and say which of its parameters they fix."""
    from models_va.errors import InputError
    from spicegen.files import output_file, output_folder
    from spicegen.fit import FILE_HEAD, HEAD, MODEL_HEAD, card_name, fit_measurements, fit_task
    from spicegen.reports.fit import fit_page

    if output.suffix.lower() not in (".yaml", ".yml"):
        raise InputError(f"{output}: a card is YAML: give it a name that ends in .yaml")
    if output.resolve() in {Path(d).resolve() for d in data}:
        raise InputError(f"{output}: is a file to be fitted: give another name for the card")
    if "paper" in data:
        _fit_paper(data, model, output, report, hold, starts or 1, seed)
        return
    if starts is not None:
        raise InputError("fit: --starts is for paper: starts for measurements are found by themselves")
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
    """Write it, and say where, and where another one that was there is now."""
    from spicegen.files import write_keeping

    kept = write_keeping(path, card.to_yaml())
    return f"card: {path}; the one before: {kept}" if kept else f"card: {path}"


def _fit_paper(
    data: list[str],
    model: list[str],
    output: Path,
    report: Path | None,
    hold: list[str] | None,
    starts: int,
    seed: int,
) -> None:
    """Fit to the published figures of merit; an interrupted fit goes on from the report's folder."""
    from models_va.errors import InputError
    from spicegen.files import output_file, output_folder
    from spicegen.fit import HEAD, parameter_rows
    from spicegen.paper.fit import fit_paper, paper_fit
    from spicegen.reports.paper.fit import paper_fit_page

    if data != ["paper"]:
        raise InputError("fit: paper is fitted alone: leave the files away, or write ./paper for a file of that name")
    if len(model) > 1 or hold:
        raise InputError("fit: paper takes one --model and no --hold: what it holds is the shipped card's")
    shipped = paper_fit(model[0])
    output_file(output)
    folder = output_folder(report) if report else None
    found = fit_paper(shipped, seed, starts, output_folder(folder / "evaluations") if folder else None)
    typer.echo(_write_card(output, found.card))
    show_table(HEAD, parameter_rows(found.solution, found.card.device_model), found.summary())
    if folder:
        paper_fit_page(found).write(folder, found.to_json())
        typer.echo(f"report: {folder / 'report.html'}")


@app.command()
def metrics(
    data: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATA...",
            help="Measurement files, descriptions of them (YAML), or update tables; a file of potentiation and the "
            "next one of depression are one device.",
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder for a report and update tables.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 1,
) -> None:
    """Figures of merit of measurements, with 95 % confidence intervals."""
    from spicegen.files import output_folder
    from spicegen.metrics import HEAD, measure_files, whole_json, write_tables
    from spicegen.reports.metrics import metrics_page
    from spicegen.reports.terminal import fitted_to_width

    folder = output_folder(output) if output else None
    reports = measure_files(data, seed)
    for report in reports:
        show_table(*fitted_to_width(HEAD, report.rows(), get_terminal_size().columns), report.title)
        for note in [*report.notes, *(f"{o.name}: {note}" for o in report.origins for note in o.notes)]:
            typer.echo(note)
    if folder:
        metrics_page(reports).write(folder, whole_json(reports, seed))
        for path in [*write_tables(reports, folder), folder / "report.html"]:
            typer.echo(path)


@app.command()
def reproduce(
    output: Output,
    only: Annotated[str, typer.Option(help="Comma-separated experiments (fig2d,fig3b,...); all if empty.")] = "",
    engine: Annotated[str, typer.Option(help="Also in these simulators, comma-separated: ngspice, vacask.")] = "",
    card: Annotated[str, typer.Option(metavar="CARD", help="Whose device.")] = "au-lixcoo2-pt",
) -> None:
    """Run the paper's experiments and put its numbers beside the device's; exit 1 if a row is red."""
    from models_va import load_card
    from spicegen.files import output_folder
    from spicegen.paper.reproduce import reproduce as run
    from spicegen.reports.paper.figures import write_figures
    from spicegen.reports.paper.reproduce import reproduction_page

    names, engines = ([n.strip() for n in text.split(",") if n.strip()] for text in (only, engine))
    loaded = load_card(card)
    report = run(loaded, engines, names, output_folder(output_folder(output) / "measured"))
    show_table(report.head, report.table(), f"{loaded.name}: {report.summary()}")
    write_figures(report, output / "figures")
    _finish(report, reproduction_page, output)


@app.command()
def lint(
    files: Annotated[list[Path], typer.Argument(metavar="FILE.va...", help="Verilog-A files, anybody's.")],
    ignore: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Leave this rule out; repeatable.")] = None,
) -> None:
    """Read Verilog-A device models for hidden state and other traps; exit 1 if anything is found."""
    from spicegen.lint import describe, lint_files

    report = lint_files(files, ignore or ())
    for path, finding in report.findings:
        typer.echo(describe(path, finding))
    if report.unreadable:
        raise report.unreadable[0]
    if report.findings:
        raise typer.Exit(1)


@app.command()
def array(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.yaml", help="Description of the array.")],
    output: Output,
    engine: Annotated[Engine | None, typer.Option(help="Only this simulator beside the exact operator.")] = None,
) -> None:
    """Read a passive array, wires included, and map where the voltage is lost; or run its program of writes."""
    from models_va import load_card, read_yaml
    from netlists import ArrayConfig
    from spicegen.arrays.read import HEAD, external_engines, read_array
    from spicegen.files import beside, output_folder
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
        _finish(run, array_run_page, folder)
        return
    with located(config):
        report = read_array(described, card, [engine] if engine else external_engines())
    report.write_decks(folder / "decks")
    show_table(HEAD, report.rows(), f"{described.rows} x {described.columns} read: difference from {report.reference}")
    typer.echo(
        f"wires take up to {report.lost.max():.3%} of a cell's voltage, "
        f"{abs(report.current_error).max():.3%} of a column's current"
    )
    _finish(report, array_read_page, folder)
