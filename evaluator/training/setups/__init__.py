"""The paper's set-ups as configurations of ``train``, one YAML file each, found by name."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from evaluator.training.config import TrainConfig, read_train_config
from models_va.errors import UnknownNameError


def setup_names() -> tuple[str, ...]:
    """Names of the set-ups that ship, in alphabetical order."""
    found = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml")))


def read_setup(name: str) -> TrainConfig:
    """The settings of a set-up that ships, such as ``mnist-continuous``.

    Raises:
        UnknownNameError: no set-up has this name.
    """
    if name not in setup_names():
        raise UnknownNameError("set-up of a training", name, setup_names())
    with as_file(files(__name__).joinpath(f"{name}.yaml")) as path:
        return read_train_config(path)


def found_train_config(path: Path) -> TrainConfig:
    """The settings in a file, or those of the set-up of that name where there is no such file.

    Raises:
        InputError: the file cannot be read, or has entries that a training does not know.
    """
    named = str(path) in setup_names() and not path.exists()
    return read_setup(str(path)) if named else read_train_config(path)
