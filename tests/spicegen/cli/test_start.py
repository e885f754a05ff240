"""What people wait for before a help text: nothing that only computing needs."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
COMPUTING = {"matplotlib", "numba", "numpy", "onnx", "onnxruntime", "pandas", "pint", "pydantic", "scipy", "sympy"}
SPICEGEN = "from spicegen.cli.main import main as app\n"
# since 0.29 typer itself checks what is given to a command with pydantic, and loads it for the command's help, too
TYPER = """
import typer
app = typer.Typer()
@app.command()
def one(count: int = 1): pass
@app.command()
def two(): pass
"""
RUN = """
import sys
try:
    app()
finally:
    print("loaded:", *sys.modules)
"""


def loaded(program, *arguments):
    """Modules that a program has loaded when it ends, those that are needed for computing."""
    done = subprocess.run(
        [sys.executable, "-c", program + RUN, *arguments],
        capture_output=True, text=True, timeout=60, cwd=ROOT, check=False,
    )  # fmt: skip
    help_text, found, modules = done.stdout.rpartition("loaded:")
    assert found
    assert "Usage: " in help_text + done.stderr
    return COMPUTING & set(modules.split())


def test_the_help_loads_nothing_that_computes():
    assert loaded(SPICEGEN, "--help") == set()


@pytest.mark.parametrize(
    "arguments", [["fit", "--help"], ["array", "--help"], ["study", "--help"], ["evaluate", "--help"], ["evaluat"]]
)
def test_the_help_of_a_command_loads_nothing_that_typer_does_not(arguments):
    assert loaded(SPICEGEN, *arguments) <= loaded(TYPER, "one", "--help") <= {"pydantic"}
