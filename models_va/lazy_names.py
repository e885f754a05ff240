"""Packages whose names are loaded on first use: the import of one module of such a package loads no other module.

The only list of a package's names is ``__init__.pyi`` beside its ``__init__.py``, in lines of the form
``from HOME import NAME as NAME``: type checkers, editors and ``lazy_names`` read it. The library lazy_loader does the
same for names of the package's own modules only; here a package may also show names of other packages.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path


def lazy_names(package: str, init_file: str) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """The functions ``__getattr__`` and ``__dir__`` and the list ``__all__`` of a package, in this order.

    No name may be that of one of the package's own modules: the first import of the module would replace the name.

    Args:
        package: the package's ``__name__``.
        init_file: the package's ``__file__``, beside which ``__init__.pyi`` stands.
    """
    tree = ast.parse(Path(init_file).with_suffix(".pyi").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    homes = {alias.name: str(node.module) for node in imports for alias in node.names}

    def load(name: str) -> object:
        """Load a name from its home; the package keeps it, so that it is loaded once only."""
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        """All names of the package, loaded or not."""
        return sorted({*vars(sys.modules[package]), *homes})

    return load, names, list(homes)
