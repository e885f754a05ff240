import pickle
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import models_va

ROOT = Path(__file__).parents[2]
STUBS = [path for room in ("models_va", "netlists", "spicegen", "evaluator") for path in (ROOT / room).rglob("*.pyi")]
FACES = [".".join(path.parent.relative_to(ROOT).parts) for path in STUBS]
THE_OTHER = """
import sys
import models_va, netlists, evaluator
import models_va.errors
print([m for m in ("numpy", "sympy", "pydantic", "models_va._card", "netlists.lines") if m in sys.modules])
models_va.Param
print([m for m in ("models_va._param", "models_va._card", "netlists.lines") if m in sys.modules])
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of two modules and a name of another package: its folder."""
    folder = tmp_path / "lazy_package"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from models_va.lazy_names import lazy_names\n\n"
        "__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)\n"
    )
    (folder / "__init__.pyi").write_text(
        "from lazy_package.broken import lost as lost\n"
        "from lazy_package.one import first as first\n"
        "from models_va.errors import InputError as InputError\n"
    )
    (folder / "one.py").write_text("first = object()\n")
    (folder / "broken.py").write_text("import no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield import_module("lazy_package")
    for name in [name for name in sys.modules if name.split(".")[0] == "lazy_package"]:
        del sys.modules[name]


def test_a_name_is_loaded_on_first_use_and_kept(package):
    assert "lazy_package.one" not in sys.modules
    first = package.first
    assert "lazy_package.one" in sys.modules
    assert vars(package)["first"] is first is package.first


def test_a_package_may_show_names_of_others(package):
    from lazy_package import InputError

    from models_va import errors

    assert InputError is errors.InputError


def test_all_names_are_listed_without_loading_one(package):
    assert package.__all__ == ["lost", "first", "InputError"]
    assert {"first", "lost", "InputError", "__doc__"} <= set(dir(package))
    assert "lazy_package.one" not in sys.modules


def test_a_name_that_is_not_there(package):
    assert not hasattr(package, "second")
    with pytest.raises(AttributeError, match="module 'lazy_package' has no attribute 'second'"):
        _ = package.second
    with pytest.raises(ImportError, match="cannot import name 'second' from 'lazy_package'"):
        exec("from lazy_package import second")


def test_what_breaks_while_loading_is_not_hidden(package):
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        _ = package.lost


def test_errors_load_no_model_and_one_name_not_the_others():
    done = subprocess.run([sys.executable, "-c", THE_OTHER], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines() == ["[]", "['models_va._param']"]


def test_a_class_of_a_face_is_pickled():
    card = models_va.load_card("au-lixcoo2-pt")
    assert pickle.loads(pickle.dumps(card)) == card
    assert pickle.loads(pickle.dumps(models_va.DeviceCard)) is models_va.DeviceCard


@pytest.mark.parametrize("face", FACES)
def test_no_name_of_a_face_is_that_of_one_of_its_modules(face):
    module = import_module(face)
    assert set(module.__all__) & {m.name for m in iter_modules(module.__path__)} == set()


def test_there_are_faces():
    assert {"models_va", "netlists", "evaluator"} <= set(FACES)
