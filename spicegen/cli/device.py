"""Commands of whoever measures and models one device."""

from __future__ import annotations

from pathlib import Path
from shutil import get_terminal_size
from typing import Annotated, Literal

import typer

from spicegen.cli.common import Card, Output, finish
from spicegen.files import output_folder
from spicegen.reports.terminal import show_table


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


def render(
    card: Card,
    output: Output,
    target: Annotated[
        Literal["verilog-a", "ngspice", "xyce", "ltspice", "kicad", "xschem", "corners", "spectre", "all"],
        typer.Option(help="Language; all: corners only of a card with device_to_device."),
    ] = "all",
) -> None:
    """Print a card's device: Verilog-A, subcircuits for three simulators, symbols for schematics, corners."""
    from models_va import load_card
    from spicegen.printers.render import render as write

    for path in write(load_card(card), output, target):
        typer.echo(path)


def check(
    card: Card,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Folder for a report.")] = None,
) -> None:
    """Compile a card's device, run it in every simulator here, and compare; exit 1 on disagreement."""
    from models_va import load_card
    from spicegen.agreement.check import HEAD, TOLERANCE
    from spicegen.agreement.check import check as run
    from spicegen.reports.check import check_page

    loaded = load_card(card)
    folder = output_folder(output) if output else None
    report = run(loaded)
    show_table(HEAD, report.rows(), f"{loaded.name}: 25 + 25 write pulses")
    compiler = "not here" if report.warnings is None else f"{len(report.warnings)} warnings"
    typer.echo(f"Verilog-A compiler: {compiler}; largest difference {report.agreement:.2e}, tolerance {TOLERANCE:.0e}")
    finish(report, check_page, folder)


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


def reproduce(
    output: Output,
    only: Annotated[str, typer.Option(help="Comma-separated experiments (fig2d,fig3b,...); all if empty.")] = "",
    engine: Annotated[str, typer.Option(help="Also in these simulators, comma-separated: ngspice, vacask.")] = "",
    card: Annotated[str, typer.Option(metavar="CARD", help="Whose device.")] = "au-lixcoo2-pt",
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="SPICEGEN_SHARED_DATA",
            help="Folder with mnist.npz, fashion_mnist.npz and file_types_900.npz, for what trains networks (fig6, "
            "table1) and runs only when named. Default: ../shared/data.",
        ),
    ] = None,
) -> None:
    """Run the paper's experiments and put its numbers beside the device's; exit 1 if a row is red."""
    from models_va import load_card
    from spicegen.paper.reproduce import reproduce as run
    from spicegen.reports.paper.figures import write_figures
    from spicegen.reports.paper.reproduce import reproduction_page

    names, engines = ([n.strip() for n in text.split(",") if n.strip()] for text in (only, engine))
    loaded = load_card(card)
    measured = output_folder(output_folder(output) / "measured")
    report = run(loaded, engines, names, measured, data_folder=data, say=typer.echo)
    show_table(report.head, report.table(), f"{loaded.name}: {report.summary()}")
    for table in report.tables:
        show_table(table.head, list(table.rows), table.title)
    write_figures(report, output / "figures")
    finish(report, reproduction_page, output)


def lint(
    files: Annotated[list[Path], typer.Argument(metavar="FILE.va...", help="Verilog-A files, anybody's.")],
    ignore: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Leave this rule out; repeatable.")] = None,
    errors_only: Annotated[bool, typer.Option("--errors-only", help="Leave warnings out.")] = False,
) -> None:
    """Read Verilog-A device models for hidden state and other traps; exit 1 if anything is found.

    Under each finding stands the line mended, where there is one to suggest. A file that cannot be read or parsed does
    not keep the findings in others back; the exit code is 2 then.
    """
    from spicegen.files import printable
    from spicegen.lint import describe, lint_files, suggestion

    whole = lint_files(files, ignore or ())
    report = whole.errors() if errors_only else whole
    for path, finding in report.findings:
        typer.echo(describe(path, finding))
        if suggestion(finding):
            typer.echo(suggestion(finding))
    typer.echo(report.summary())
    for error in report.unreadable[:-1]:
        typer.echo(f"spicegen: {printable(' '.join(str(error).split()))}", err=True)
    if report.unreadable:
        raise report.unreadable[-1]
    if report.findings:
        raise typer.Exit(1 if report.all_parsed else 2)
