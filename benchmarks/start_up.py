"""What a help text of spicegen costs beside that of an empty typer program: CPU seconds, ratios.

All programs take turns, and the least of their runs counts: what else the machine does only adds.

    python benchmarks/start_up.py [PROGRAM]

PROGRAM is the script ``spicegen`` of another environment, to compare an older state; the empty program is run with
that environment's Python, too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

RUNS = 15
EMPTY = """
import typer
app = typer.Typer()
@app.command()
def one(count: int = 1): pass
@app.command()
def two(): pass
app()
"""
HELPS = ((), ("fit",), ("study",), ("evaluate",))


def cpu_seconds(command: Sequence[str]) -> float:
    """User and system time of one run; its output is lost."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: ended with status {status}")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    program = Path(sys.argv[1] if len(sys.argv) > 1 else Path(sys.executable).with_name("spicegen"))
    empty = [str(program.with_name("python")), "-c", EMPTY]
    commands = {("typer", *name): [*empty, *name, "--help"] for name in ((), ("one",))}
    commands |= {("spicegen", *name): [str(program), *name, "--help"] for name in HELPS}
    least = dict.fromkeys(commands, float("inf"))
    for _ in range(RUNS):
        for name, command in commands.items():
            least[name] = min(least[name], cpu_seconds(command))
    for name, seconds in least.items():
        beside = least["typer",] if len(name) == 1 else least["typer", "one"]
        print(f"{' '.join(name):20} --help  {seconds:.3f} s CPU  {seconds / beside:5.2f} times the empty program's")


if __name__ == "__main__":
    main()
