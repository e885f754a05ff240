"""The program ``spicegen``: its commands, its errors in one line, and its end by Ctrl-C.

Rooms above this one register their commands as entry points ``spicegen.commands``, their studies as entry points
``spicegen.studies``.

Exit codes: 0 the work is whole; 1 a check did not pass, or lint found something; 2 bad input or a failed
simulator, said in one line; 130 interrupted.
"""

from __future__ import annotations

import signal
import sys
import threading

import typer

from models_va.errors import SpicegenError
from spicegen.cli.array import array
from spicegen.cli.device import check, doctor, lint, metrics, render, reproduce
from spicegen.cli.fit import fit
from spicegen.cli.registered import RegisteredGroup
from spicegen.cli.study import study
from spicegen.files import printable


class _Commands(RegisteredGroup):
    """The commands of spicegen, and those on networks, which evaluator/ registers."""

    entry_points = "spicegen.commands"


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="From the measurements of a memristive synapse to the accuracy of a neural network on arrays of it.",
)
for command in (doctor, render, check, fit, metrics, reproduce, lint, array):
    app.command()(command)
app.add_typer(study, name="study")

_INTERRUPTED = 130
"""Exit code of a program that was interrupted."""
_SOON_S = 0.1
"""After so many seconds a lost Ctrl-C is sent once more."""


def main() -> None:
    """Run the command line."""
    sys.unraisablehook = _unraisable
    try:
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
    """Send Ctrl-C once more if it came within a callback of compiled code or a destructor, where it was lost."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        main_thread = threading.main_thread().ident or 0
        threading.Timer(_SOON_S, signal.pthread_kill, (main_thread, signal.SIGINT)).start()
    else:
        sys.__unraisablehook__(lost)


def _is_interrupt(end: BaseException) -> bool:
    """Whether the program ends because of Ctrl-C: typer makes an exit of it, numba's compiled code a SystemError."""
    if isinstance(end, SystemError):
        return end.__cause__ is not None and _is_interrupt(end.__cause__)
    return isinstance(end, KeyboardInterrupt) or (isinstance(end, SystemExit) and end.code == _INTERRUPTED)
