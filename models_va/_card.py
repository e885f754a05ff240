"""DeviceCard: one device's parameter values, each with its provenance, as YAML."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models_va._model import Model
from models_va._registry import load_model
from models_va.errors import CardError, InputError, UnknownNameError

Provenance = Literal["paper", "fitted", "assumed"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Quantity(_Frozen):
    """A number with its origin: from the paper, fitted to the paper, or assumed (the note says why)."""

    value: float
    provenance: Provenance
    note: Annotated[str, Field(pattern=r"^[^\r\n]*$")] = ""


class ConductanceWindow(_Frozen):
    """The range of conductances that weights are mapped onto, in S."""

    g_min_siemens: Quantity
    g_max_siemens: Quantity


class ProgrammingError(_Frozen):
    """Standard deviation of a programmed conductance: sigma = slope * G + offset, G and offset in one unit.

    Source: Baek et al., Nano-Micro Lett. 15:69 (2023), section 3.4, who do not print that unit: it is
    ``unit_siemens`` here.
    """

    slope: Quantity
    offset: Quantity
    unit_siemens: Quantity

    def sigma_siemens(self, g_siemens: ArrayLike) -> NDArray[np.float64]:
        """Standard deviation in S at conductance ``g_siemens`` (any shape, S)."""
        g = np.asarray(g_siemens, dtype=np.float64)
        return self.slope.value * g + self.offset.value * self.unit_siemens.value


class DeviceCard(_Frozen):
    """A device: the name of its model and every number needed to print, simulate and map it.

    Attributes:
        name: letters, digits, ``_``, ``-`` and ``.``; ``identifier`` is its form in netlists.
        parameters: value and provenance of model parameters; those left out keep the model's default.
        conductance_window: what weights are mapped onto; None if the card is not meant for that.
        programming_error: sigma(G); None means that programming is exact.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]
    title: Annotated[str, Field(pattern=r"^[^\r\n]*$")]
    model: str
    source: Annotated[str, Field(pattern=r"^[^\r\n]*$")]
    parameters: dict[str, Quantity] = Field(default_factory=dict)
    conductance_window: ConductanceWindow | None = None
    programming_error: ProgrammingError | None = None

    @property
    def identifier(self) -> str:
        """The name with everything but letters and digits turned into ``_``: module, subcircuit, files."""
        return re.sub(r"[^A-Za-z0-9]", "_", self.name)

    @cached_property
    def device_model(self) -> Model:
        """The model that the card is for."""
        return load_model(self.model)

    @cached_property
    def values(self) -> Mapping[str, float]:
        """Every parameter of the model with its value on this card, in the parameter's unit."""
        return self.device_model.values({k: q.value for k, q in self.parameters.items()})

    @cached_property
    def hash(self) -> str:
        """The first 12 hex digits of the SHA-256 of the card's content."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    def window(self) -> tuple[float, float]:
        """(g_min, g_max) in S.

        Raises:
            CardError: the card has no conductance window.
        """
        if self.conductance_window is None:
            raise CardError(f"card {self.name}: has no conductance_window: add g_min_siemens and g_max_siemens")
        return self.conductance_window.g_min_siemens.value, self.conductance_window.g_max_siemens.value


def card_names() -> list[str]:
    """The names of the cards that ship."""
    folder = resources.files("models_va") / "cards"
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))


def load_card(name_or_path: str | Path) -> DeviceCard:
    """Read and check a device card.

    Args:
        name_or_path: the name of a card that ships, or the path of a YAML file.

    Raises:
        UnknownNameError: neither a file nor the name of a card.
        CardError: unreadable, a field missing, misspelt or of the wrong type, a parameter unknown or out of
            range; the message names file, place and remedy.
    """
    if str(name_or_path) in card_names():
        resource = resources.files("models_va") / "cards" / f"{name_or_path}.yaml"
        return _parse(resource.read_text(encoding="utf-8"), str(name_or_path))
    path = Path(name_or_path)
    if not path.is_file():
        if path.suffix in (".yaml", ".yml"):
            raise CardError(f"{path}: no such file: give a card file or one of {', '.join(card_names())}")
        raise UnknownNameError("card", str(name_or_path), card_names())
    try:
        return _parse(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise CardError(f"{path}: is not UTF-8 text: a card is a YAML file") from error


def _parse(text: str, where: str) -> DeviceCard:
    try:
        raw: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CardError(f"{where}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(raw, dict):
        raise CardError(f"{where}: expected a mapping with name, title, model, source, parameters")
    try:
        card = DeviceCard.model_validate(raw)
        _check(card)
    except ValidationError as error:
        raise CardError(f"{where}: {first_problem(error)}") from error
    except InputError as error:
        raise CardError(f"{where}: {error}") from error
    return card


def first_problem(error: ValidationError) -> str:
    """The first of pydantic's findings on one line: place, what is wrong, what was found."""
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"])) or "file"
    found = "" if first["type"] == "missing" else f" (found {first['input']!r})"
    return f"{place}: {first['msg']}{found}"


def _check(card: DeviceCard) -> None:
    missing = [p.name for p in card.device_model.params if not p.per_instance and p.name not in card.parameters]
    if missing:
        raise CardError(f"parameters: missing {', '.join(missing)}: state each value with its provenance")
    _ = card.values
    if card.conductance_window is not None:
        g_min, g_max = card.window()
        if not 0 <= g_min < g_max:
            raise CardError(f"conductance_window: needs 0 <= g_min < g_max, found {g_min:g} and {g_max:g} S")
    if (pe := card.programming_error) is not None and (
        pe.slope.value < 0 or pe.offset.value < 0 or pe.unit_siemens.value <= 0
    ):
        raise CardError("programming_error: slope and offset must not be negative, unit_siemens must be positive")
