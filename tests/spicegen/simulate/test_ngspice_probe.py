"""The worker: the capability probes against what different builds of ngspice say, and what it imports."""

import ast
from pathlib import Path

import pytest

from spicegen.simulate import _ngspice_worker
from spicegen.simulate._ngspice_worker import _has_klu, _has_osdi


class FakeShared:
    """Answers like an ngspice that says ``said``; refuses commands if told to."""

    def __init__(self, said, refuses=False):
        self.stdout, self.stderr, self.refuses = said, "", refuses

    def exec_command(self, command):
        if self.refuses:
            raise NameError(f"Command '{command}' failed")
        return ""

    def load_circuit(self, deck):
        assert "klu" in deck

    def run(self):
        pass


@pytest.mark.parametrize(
    ("said", "here"),
    [("osdi: no such command available in ngspice", False), ("Error opening osdi lib \"nosuchfile.osdi\"", True)],
)  # fmt: skip
@pytest.mark.parametrize("refuses", [True, False])
def test_osdi(said, here, refuses):
    assert _has_osdi(FakeShared(said, refuses)) is here


@pytest.mark.parametrize(
    ("said", "here"),
    [
        ("Using KLU as Direct Linear Solver", True),
        ("Using SPARSE 1.3 as Direct Linear Solver", False),
        ("Warning: unknown option klu - ignored", False),
    ],
)
def test_klu(said, here):
    assert _has_klu(FakeShared(said)) is here


def test_the_worker_loads_nothing_of_this_project():
    """Each run starts one: sympy and the like would take most of its time."""
    tree = ast.walk(ast.parse(Path(_ngspice_worker.__file__).read_text(encoding="utf-8")))
    modules = {n.module for n in tree if isinstance(n, ast.ImportFrom)}
    assert not {str(m).split(".")[0] for m in modules} & {
        "spicegen",
        "netlists",
        "models_va",
        "evaluator",
        "scipy",
        "sympy",
    }
