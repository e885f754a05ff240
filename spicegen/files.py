"""Output folders, with errors a user can act on."""

from __future__ import annotations

import os
from pathlib import Path

from models_va.errors import InputError


def output_folder(path: Path) -> Path:
    """Create ``path`` (and parents) if needed.

    Raises:
        InputError: it is a file, or cannot be created or written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be used as output folder: {error.strerror}") from error
    if not os.access(path, os.W_OK):
        raise InputError(f"{path}: cannot be used as output folder: no permission to write")
    return path
