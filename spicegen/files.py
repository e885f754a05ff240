"""Reading YAML configurations and making output folders, with errors a user can act on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from models_va import first_problem
from models_va.errors import InputError

Config = TypeVar("Config", bound=BaseModel)


def read_yaml(path: Path, kind: type[Config]) -> Config:
    """Read ``path`` as YAML into the pydantic model ``kind``.

    Raises:
        InputError: missing file, not YAML, or a field that is missing, misspelt or out of range.
    """
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(raw, dict):
        raise InputError(f"{path}: expected a mapping with {', '.join(kind.model_fields)}")
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        known = ", ".join(kind.model_fields)
        raise InputError(f"{path}: {first_problem(error)}; known fields are {known}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def output_folder(path: Path) -> Path:
    """Create ``path`` (and parents) if needed.

    Raises:
        InputError: it is a file, or cannot be created.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be used as output folder: {error.strerror}") from error
    return path
