"""``spicegen study``: questions about passive arrays, each a report with pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import typer

from models_va.errors import InputError, located
from spicegen.cli.common import Output
from spicegen.cli.registered import RegisteredGroup
from spicegen.files import beside, output_folder
from spicegen.reports.terminal import show_table

if TYPE_CHECKING:
    from models_va import DeviceCard
    from netlists import ArrayConfig
    from spicegen.reports.page import Page

Number = TypeVar("Number", int, float)
_AS_CARD = "By default that of the card's write pulses."


class _Studies(RegisteredGroup):
    """The studies of arrays, and those on networks, which evaluator/ registers."""

    entry_points = "spicegen.studies"


study = typer.Typer(cls=_Studies, no_args_is_help=True, help="What a passive array of a device can do, wires included.")

Config = Annotated[Path, typer.Argument(metavar="CONFIG.yaml", help="Description of the array.")]


class StudyResult(Protocol):
    """What every study gives: a sentence, a table, and the content of report.json."""

    @property
    def head(self) -> tuple[str, ...]:
        """Headings of the table's columns."""

    @property
    def summary(self) -> str:
        """What was found, in a sentence."""

    def rows(self) -> list[tuple[object, ...]]:
        """Rows of the table, a cell for each heading."""

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""


def _described(config: Path) -> tuple[ArrayConfig, DeviceCard]:
    """The array that a file describes, and the card of its device.

    Raises:
        InputError: one of the two cannot be read.
    """
    from models_va import load_card, read_yaml
    from netlists import ArrayConfig

    described = read_yaml(config, ArrayConfig)
    with located(f"{config}: card"):
        return described, load_card(beside(config, described.card))


def _finish(found: StudyResult, page: Page, folder: Path) -> None:
    """Print the table of a study, and write its page and report.json into the folder."""
    show_table(found.head, found.rows(), found.summary)
    page.write(folder, found.to_json())
    typer.echo(f"report: {folder / 'report.html'}")


@study.command()
def disturb(
    config: Config,
    output: Output,
    writes: Annotated[int, typer.Option(min=1, max=1_000_000, help="Writes of the one cell.")] = 10_000,
    width_s: Annotated[float | None, typer.Option(help=f"Flat time of each write, s. {_AS_CARD}")] = None,
    v_write: Annotated[float | None, typer.Option(help=f"Amplitude, V; both signs are tried. {_AS_CARD}")] = None,
) -> None:
    """What writes of one cell do to all others, with V/2 and V/3."""
    from spicegen.arrays.studies.disturb import study_disturb
    from spicegen.reports.studies.disturb import disturb_page

    described, card = _described(config)
    folder = output_folder(output)
    with located(config):
        amplitudes = None if v_write is None else (-abs(v_write), abs(v_write))
        found = study_disturb(described, card, writes, amplitudes_volt=amplitudes, width_s=width_s)
    _finish(found, disturb_page(found), folder)


@study.command()
def programming(config: Config, output: Output) -> None:
    """Program the array to its cells' conductances by write-verify, in four orders, against the card's sigma(G)."""
    from spicegen.arrays.studies.write_orders import study_programming
    from spicegen.reports.studies.write_orders import programming_page

    described, card = _described(config)
    folder = output_folder(output)
    with located(config):
        found = study_programming(described, card)
    _finish(found, programming_page(found), folder)


@study.command()
def read_error(
    config: Config,
    output: Output,
    sizes: Annotated[str, typer.Option(help="Rows and columns of the square arrays.")] = "8,16,32,64,128",
    r_ohm: Annotated[str, typer.Option(help="Wire resistances of a segment, ohm.")] = "1,2.5,10",
    error: Annotated[float, typer.Option(help="How large may an array be for this error?")] = 0.05,
) -> None:
    """Error of the vector-matrix product against size, wires and pattern; the largest array for a given error."""
    from spicegen.arrays.studies.read_error import study_read_error
    from spicegen.reports.studies.read_error import read_error_page

    described, card = _described(config)
    counts, ohms = _numbers("--sizes", sizes, int), _numbers("--r-ohm", r_ohm, float)
    folder = output_folder(output)
    with located(config):
        found = study_read_error(described, card, counts, ohms, error)
    _finish(found, read_error_page(found), folder)


@study.command()
def margin(
    config: Config,
    output: Output,
    sizes: Annotated[str, typer.Option(help="Rows and columns of the square arrays.")] = "2,4,8,16,32,64",
) -> None:
    """Read margin and sneak current of one cell against the size, by what the other lines do."""
    from spicegen.arrays.studies.margin import study_margin
    from spicegen.reports.studies.margin import margin_page

    described, card = _described(config)
    counts = _numbers("--sizes", sizes, int)
    folder = output_folder(output)
    with located(config):
        found = study_margin(described, card, counts)
    _finish(found, margin_page(found), folder)


@study.command()
def energy(
    config: Config,
    output: Output,
    sizes: Annotated[str, typer.Option(help="Rows and columns of the square arrays.")] = "2,4,8,16,32",
    v_write: Annotated[
        float | None, typer.Option(help=f"Across the cell that is written, te - be, V. {_AS_CARD}")
    ] = None,
    width_s: Annotated[float | None, typer.Option(help=f"Flat time of the write, s. {_AS_CARD}")] = None,
) -> None:
    """Energy and time of a write by scheme, and of a read, and where the energy goes."""
    from spicegen.arrays.studies.energy import study_energy
    from spicegen.reports.studies.energy import energy_page

    described, card = _described(config)
    counts = _numbers("--sizes", sizes, int)
    folder = output_folder(output)
    with located(config):
        found = study_energy(described, card, counts, v_write, width_s)
    _finish(found, energy_page(found), folder)


def _numbers(option: str, text: str, kind: type[Number]) -> tuple[Number, ...]:
    """The numbers of an option, which stand in its text with commas between them.

    Raises:
        InputError: something between two commas is no number of this kind.
    """
    try:
        return tuple(kind(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"{option} {text!r}: give numbers with commas between them") from error
