"""Reading of YAML into checked objects; every fault is a message of one line with file, place and what was found."""

from __future__ import annotations

import re
import reprlib
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from models_va.errors import InputError

Checked = TypeVar("Checked", bound=BaseModel)
_LONGEST_SHOWN = 80
_LARGEST_BYTES = 10_000_000


def read_yaml(path: Path, kind: type[Checked]) -> Checked:
    """Read the YAML file ``path`` as ``kind``.

    Raises:
        InputError: the file cannot be read, is not YAML, or a field is missing, misspelt or out of range.
    """
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: cannot be read: is no file: give a YAML file")
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputError(f"{path}: larger than {_LARGEST_BYTES // 10**6} MB: not a configuration")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}: give a YAML file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 text: expected YAML") from error
    return parse_yaml(text, str(path), kind)


def parse_yaml(text: str, where: str, kind: type[Checked]) -> Checked:
    """Parse YAML ``text`` as ``kind``; ``where`` stands in front of every message.

    Raises:
        InputError: the text is not YAML, or a field is missing, misspelt or out of range.
    """
    try:
        raw = load_yaml(text)
    except InputError as error:
        raise InputError(f"{where}: not valid YAML: {error}") from error
    if not isinstance(raw, dict):
        raise InputError(f"{where}: expected a mapping with {', '.join(kind.model_fields)}")
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        raise InputError(f"{where}: {_first_problem(error, kind)}") from error
    except InputError as error:
        raise InputError(f"{where}: {_one_line(error)}") from error


def load_yaml(text: str) -> Any:
    """The data that a YAML text holds.

    Raises:
        InputError: the text is not YAML.
    """
    try:
        return yaml.load(text, _StrictLoader)
    except Exception as error:  # PyYAML's constructors raise errors of any type for wrong values
        raise InputError(_one_line(error)) from error


def dump_yaml(data: Any) -> str:
    """Write ``data`` as YAML that ``load_yaml`` reads back, keys in their order and lists of numbers in one line."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=1000)


class _StrictLoader(yaml.SafeLoader):
    """Loader of YAML's safe subset without aliases, which can stand for gigabytes, and without keys given twice."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a node as PyYAML does, but refuse aliases: a few lines of them can stand for gigabytes."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Construct a mapping as PyYAML does, but refuse a key that stands twice."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = [key for n, key in enumerate(keys) if key in keys[:n]]
        if twice:
            raise yaml.YAMLError(f"key {twice[0]!r} stands twice")
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """Dumper of YAML that ``_StrictLoader`` reads back unchanged; for example, the word 1e3 is put in quotes."""


# Numbers are as in YAML 1.2; in YAML 1.1, which PyYAML follows, those without a point or a sign of the exponent are
# words.
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+\Z")
for _kind in (_StrictLoader, _Dumper):
    _kind.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+.0123456789"))


def _first_problem(error: ValidationError, kind: type[BaseModel]) -> str:
    """Message of pydantic's first finding: place, fault, what was found and, for an unknown name, the known ones."""
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"])) or "file"
    found = "" if first["type"] == "missing" else f" (found {reprlib.repr(first['input'])})"
    known = _fields_at(kind, first["loc"][:-1]) if first["type"] in ("missing", "extra_forbidden") else ()
    listed = f"; known fields are {', '.join(known)}" if known else ""
    return _one_line(f"{_shortened(place)}: {first['msg']}{found}{listed}")


def _fields_at(kind: Any, place: tuple[int | str, ...]) -> tuple[str, ...]:
    """Names of the fields of the section at ``place``; none if it is not a plain section, such as a list's entry."""
    for name in place:
        field = kind.model_fields.get(name) if _is_section(kind) else None
        kind = None if field is None else field.annotation
    return tuple(kind.model_fields) if _is_section(kind) else ()


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
