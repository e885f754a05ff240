"""The rooms inside spicegen/ and evaluator/: their order, no circles, no drawing in what computes, one name a thing."""

import ast
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("models_va", "netlists", "spicegen", "evaluator")
ORDER = (
    ("models_va",),
    ("netlists",),
    ("spicegen", "spicegen.files", "spicegen.templating", "spicegen.progress"),
    ("spicegen.lint", "spicegen.printers", "spicegen.measurements"),
    ("spicegen.simulate",),
    ("spicegen.result_cache", "spicegen.devices"),
    ("spicegen.metrics", "spicegen.arrays"),
    ("spicegen.fit", "spicegen.agreement"),
    ("spicegen.paper",),
    ("spicegen.reports",),
    ("spicegen.cli",),
    ("spicegen.__main__",),
    ("evaluator", "evaluator.settings"),
    ("evaluator.data",),
    ("evaluator.network",),
    ("evaluator.scores", "evaluator.mapping"),
    ("evaluator.operators",),
    ("evaluator.hardware",),
    ("evaluator.evaluation_setup",),
    ("evaluator.circuit",),
    ("evaluator.evaluation",),
    ("evaluator.training",),
    ("evaluator.demo",),
    ("evaluator.reports",),
    ("evaluator.cli",),
)
"""The floors of the house, from the lowest upwards: a room imports from lower floors only."""
FLOORS = {room: floor for floor, rooms in enumerate(ORDER) for room in rooms}
MAY_DRAW = ("spicegen.reports", "spicegen.cli", "evaluator.reports", "evaluator.cli")
MOST_LOOSE_FILES = 6


def module_name(path):
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


FILES = {module_name(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}


def imported(tree):
    """Every module or name of a module that a file imports: also inside functions and for type checking."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=module, names=names, level=0):
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.Import(names=names):
                yield from (alias.name for alias in names)


def arrows(trees):
    """Module -> the modules of the project that it imports; a name that is no module stands for where it is."""
    found = {}
    for name, tree in trees.items():
        homes = (target if target in trees else target.rpartition(".")[0] for target in imported(tree))
        found[name] = {home for home in homes if home in trees and home != name}
    return found


def circle(graph):
    """The modules of a circle, the first of them again at the end; none: an empty list."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def room(name):
    package, *inside = name.split(".")
    return ".".join([package, *inside[:1]]) if package in ("spicegen", "evaluator") else package


def draws(tree):
    return [
        target
        for target in imported(tree)
        if target.split(".")[0] == "matplotlib" or target.startswith(("spicegen.reports", "evaluator.reports"))
    ]


def test_no_files_import_each_other():
    assert circle(arrows(TREES)) == []


def test_every_room_has_a_floor():
    assert {room(name) for name in FILES} == set(FLOORS)


def test_rooms_import_from_lower_floors_only():
    upward = [
        f"{name} -> {home}"
        for name, homes in arrows(TREES).items()
        for home in homes
        if room(home) != room(name) and FLOORS[room(home)] >= FLOORS[room(name)]
    ]
    assert upward == []


def test_what_computes_does_not_draw():
    drawing = {name: found for name, tree in TREES.items() if room(name) not in MAY_DRAW and (found := draws(tree))}
    assert drawing == {}


def test_few_files_lie_loose_between_the_rooms():
    assert len(list((ROOT / "spicegen").glob("*.py"))) <= MOST_LOOSE_FILES


def test_no_two_classes_have_one_name():
    classes = Counter(node.name for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert [name for name, count in classes.items() if count > 1] == []


@pytest.mark.parametrize(
    ("sources", "found"),
    [
        ({"a": "import b", "b": "import a"}, True),
        ({"a": "def late():\n    from b import name", "b": "from a import other"}, True),
        ({"a": "if TYPE_CHECKING:\n    import b", "b": "import c", "c": "import a"}, True),
        ({"p": "from p.a import name", "p.a": "from p import other"}, True),
        ({"p": "from p.a import name", "p.a": "from p import b", "p.b": ""}, False),
        ({"a": "import b, c", "b": "import c", "c": "import numpy"}, False),
    ],
)
def test_a_circle_is_found(sources, found):
    assert bool(circle(arrows({name: ast.parse(source) for name, source in sources.items()}))) == found


@pytest.mark.parametrize(
    "source",
    [
        "from matplotlib.figure import Figure",
        "def picture():\n    import matplotlib",
        "from spicegen.reports import page",
        "if TYPE_CHECKING:\n    from evaluator.reports.sweep_page import sweep_page",
    ],
)
def test_drawing_is_found(source):
    assert draws(ast.parse(source))
