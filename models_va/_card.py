"""DeviceCard: one device's parameter values, each with its provenance, as YAML."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from models_va._device_params import C_PAR, DEVICE_PARAMS
from models_va._model import Model
from models_va._names import RESERVED
from models_va._registry import load_model
from models_va._yaml import dump_yaml, parse_yaml, read_yaml
from models_va.errors import CardError, InputError, UnknownNameError

Provenance = Literal["paper", "fitted", "measured", "assumed"]
_OneLine = Annotated[str, Field(pattern=r"^[^\r\n]*$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("is true or false where a number is needed")
    return value


class Quantity(_Frozen):
    """A number with its origin: taken from a paper, fitted to data, measured directly, or assumed (the note says why).

    Attributes:
        uncertainty: one standard deviation, in the value's unit; None means that it was not estimated, or that the
            data determine the value only up to a factor, whose logarithm is in the card's covariance.
    """

    value: Annotated[float, BeforeValidator(_no_boolean)]
    uncertainty: Annotated[float, BeforeValidator(_no_boolean), Field(ge=0)] | None = None
    provenance: Provenance
    note: _OneLine = ""


class ConductanceWindow(_Frozen):
    """The range of conductances onto which weights are mapped, in S."""

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


class WritePulse(_Frozen):
    """The pulses that write this device: 25 of each polarity move it visibly, and ``spicegen check`` applies them.

    Attributes:
        amplitude_p_volt: potentiation, the amplitude that raises the conductance, whatever its sign, V.
        amplitude_d_volt: depression, the amplitude that lowers it, V.
        width_s: flat time of the pulses of either polarity, s.
    """

    amplitude_p_volt: Quantity
    amplitude_d_volt: Quantity
    width_s: Quantity


class ProgrammingPulse(_Frozen):
    """The pulses that a program-and-verify loop begins with, if they are not the card's write pulses.

    In a passive array half-selected cells are disturbed by every pulse, less by a higher and shorter one.

    Attributes:
        amplitude_p_volt: amplitude of the pulses that raise the conductance, V.
        amplitude_d_volt: amplitude of the pulses that lower the conductance, V.
        width_p_s: flat time of the pulses that raise the conductance, s.
        width_d_s: flat time of the pulses that lower the conductance, s.
        burst_p: number of pulses that raise the conductance between two reads, for a device that keeps what a train
            leaves and loses what a single pulse does; None is one pulse.
    """

    amplitude_p_volt: Quantity
    amplitude_d_volt: Quantity
    width_p_s: Quantity
    width_d_s: Quantity
    burst_p: Quantity | None = None


class MeasuredFile(_Frozen):
    """A file that a card was fitted to.

    Attributes:
        name: name of the measurement file; for a description, with the name of the file that it describes.
        sha256: SHA-256 of the bytes of the file with the numbers, in hex digits.
        error: root mean square error of the fit, dimensionless: relative for conductances, over the rms current for
            sweeps; None for a file that no equation was fitted to.
    """

    name: _OneLine
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    error: Annotated[float, Field(ge=0)] | None = None


class Covariance(_Frozen):
    """Covariance matrix of the fitted parameters, in the order of ``names``.

    Attributes:
        names: names of the parameters.
        logarithmic: for each parameter, whether its entries are those of the natural logarithm of its magnitude.
        values: rows of the covariance matrix.
    """

    names: tuple[str, ...]
    logarithmic: tuple[bool, ...]
    values: tuple[tuple[float, ...], ...]

    @model_validator(mode="after")
    def _is_square(self) -> Covariance:
        count = len(self.names)
        if len(self.logarithmic) != count or [len(row) for row in self.values] != [count] * count:
            raise ValueError(f"needs {count} flags and {count} rows of {count} values, one a name")
        return self


class FitRecord(_Frozen):
    """How the fitted values of a card were found, and where they hold.

    Attributes:
        program: name and version of the program that fitted.
        seed: seed of the random starting points.
        files: the files that the card was fitted to.
        turned: whether the device's top electrode is the bottom electrode of the files.
        valid_from, valid_to: lowest and highest values that the files cover, by quantity (``voltage_volt``,
            ``width_s``, ``g_siemens``, ``temperature_k``).
        covariance: covariance of the fitted parameters.
    """

    program: _OneLine
    seed: int
    files: tuple[MeasuredFile, ...]
    turned: bool = False
    valid_from: dict[str, float]
    valid_to: dict[str, float]
    covariance: Covariance


def _identifier(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "_", name)


_SHORTEST_S, _LONGEST_S = 1e-15, 1e6
"""Shortest and longest pulse that a card may name, s: beyond them, the times of edges and rests would be out of the
range that simulators can tell apart."""
_LONGEST_BURST = 1000
"""Largest number of pulses of a burst."""


def _usable(name: str) -> str:
    if _identifier(name) in RESERVED:
        raise ValueError("is a word reserved by Verilog-A, ngspice or VACASK: choose another name")
    return name


class DeviceCard(_Frozen):
    """A device: the name of its model and every number needed to print, simulate and map it.

    Attributes:
        name: lower-case letters (ngspice folds case), digits, ``_``, ``-`` and ``.``, and no word reserved in
            a printed language; ``identifier`` is its form in netlists.
        parameters: value and provenance of model parameters; those left out keep the model's default.
        conductance_window: range that weights are mapped onto; None if the card is not meant for weights.
        programming_error: standard deviation sigma(G) of programming; None means that programming is exact.
        device_to_device: relative standard deviation of instance parameters from device to device (lognormal, so
            that signs stay); None means that it is not known. It applies only where it is asked for by name.
        write_pulse: pulses that write the device; None if they are not known (see ``spicegen.devices.write_pulses``).
        programming_pulse: pulses that a program-and-verify loop begins with; None means the write pulses.
        electrode_capacitance_farad: capacitance between the electrodes, the default of the printed parameter ``c_par``;
            None is 0 F. The native engine's transients refuse another.
        license: SPDX expression of the licence that printed files state; None is this project's own licence.
        fit: how the fitted values were found; None if the card is not from ``spicegen fit``.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,63}$"), AfterValidator(_usable)]
    title: _OneLine
    model: str
    source: _OneLine
    parameters: dict[str, Quantity] = Field(default_factory=dict)
    conductance_window: ConductanceWindow | None = None
    programming_error: ProgrammingError | None = None
    device_to_device: dict[str, Quantity] | None = None
    write_pulse: WritePulse | None = None
    programming_pulse: ProgrammingPulse | None = None
    electrode_capacitance_farad: Quantity | None = None
    license: Annotated[str, Field(pattern=r"^[A-Za-z0-9.+() -]+$")] | None = None
    fit: FitRecord | None = None

    @property
    def identifier(self) -> str:
        """Name of the card's module, subcircuit and files: all but letters and digits of ``name`` turned into ``_``."""
        return _identifier(self.name)

    @cached_property
    def device_model(self) -> Model:
        """The model that the card is for."""
        return load_model(self.model)

    @cached_property
    def values(self) -> Mapping[str, float]:
        """Every parameter of the model with its value on this card, in the parameter's unit."""
        return self.device_model.values({k: q.value for k, q in self.parameters.items()})

    @property
    def device_values(self) -> Mapping[str, float]:
        """The values of ``DEVICE_PARAMS``, which every printed device has besides its model's parameters."""
        defaults = {p.name: p.default or 0.0 for p in DEVICE_PARAMS}
        capacitance = self.electrode_capacitance_farad
        return defaults if capacitance is None else {**defaults, C_PAR.name: capacitance.value}

    @cached_property
    def hash(self) -> str:
        """The first 12 hex digits of the SHA-256 of the card's content, whatever the order of its keys."""
        content = json.dumps(self.model_dump(mode="json", exclude_none=True), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def with_parameters(self, parameters: Mapping[str, Quantity]) -> DeviceCard:
        """The same device with these parameters instead of, or besides, its own.

        Raises:
            InputError: a parameter unknown or out of range.
        """
        # model_copy is not used, because it would keep results that were computed from the old values.
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        card = type(self)(**{**fields, "parameters": {**self.parameters, **parameters}})
        _ = card.values
        return card

    def with_values(self, values: Mapping[str, float]) -> DeviceCard:
        """The same device with other values of parameters, in their units; their provenance and notes stay.

        Raises:
            InputError: see ``with_parameters``.
        """
        unknown = Quantity(value=0.0, provenance="assumed")
        old = {name: self.parameters.get(name, unknown) for name in values}
        return self.with_parameters({n: q.model_copy(update={"value": values[n]}) for n, q in old.items()})

    def to_yaml(self) -> str:
        """The text of a card file, read back by ``load_card``."""
        return dump_yaml(self.model_dump(mode="json", exclude_none=True, exclude_defaults=True))

    def window(self) -> tuple[float, float]:
        """The ends g_min and g_max of the conductance window, S.

        Raises:
            CardError: the card has no conductance window.
        """
        if self.conductance_window is None:
            raise CardError(f"card {self.name}: has no conductance_window: add g_min_siemens and g_max_siemens")
        return self.conductance_window.g_min_siemens.value, self.conductance_window.g_max_siemens.value


def card_names() -> list[str]:
    """The names of the cards that come with the package."""
    folder = resources.files("models_va") / "cards"
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))


def load_card(name_or_path: str | Path) -> DeviceCard:
    """Read and check a device card.

    Args:
        name_or_path: the name of a card that comes with the package, or the path of a YAML file.

    Raises:
        UnknownNameError: there is neither a file nor a card of this name.
        CardError: the file cannot be read, a field is missing, misspelt or of the wrong type, or a parameter is unknown
            or out of range; the message names file, place and remedy.
    """
    name = str(name_or_path)
    try:
        if name in card_names():
            shipped = resources.files("models_va") / "cards" / f"{name}.yaml"
            card = parse_yaml(shipped.read_text(encoding="utf-8"), name, DeviceCard)
        elif os.path.isfile(name):
            card = read_yaml(Path(name), DeviceCard)
        elif "/" in name or name.endswith((".yaml", ".yml")):
            raise CardError(f"{name}: no such file: give a card file or one of {', '.join(card_names())}")
        else:
            raise UnknownNameError("card", name, card_names())
    except (CardError, UnknownNameError):
        raise
    except InputError as error:
        raise CardError(str(error)) from error
    _check(card, name)
    return card


def _check(card: DeviceCard, where: str) -> None:
    """Check what the fields' types cannot express: the demands of the card's model, and relations between fields."""
    try:
        _ = card.values
        C_PAR.check(card.device_values[C_PAR.name])
        _check_mapping(card)
        _check_device_to_device(card)
        _check_pulses(card)
    except InputError as error:
        raise CardError(f"{where}: {error}") from error


def _check_mapping(card: DeviceCard) -> None:
    if card.conductance_window is not None:
        g_min, g_max = card.window()
        if not 0 <= g_min < g_max:
            raise CardError(f"conductance_window: needs 0 <= g_min < g_max, found {g_min:g} and {g_max:g} S")
    error = card.programming_error
    if error is not None and not (error.slope.value >= 0 and error.offset.value >= 0 and error.unit_siemens.value > 0):
        raise CardError("programming_error: slope and offset must not be negative, unit_siemens must be positive")


def lognormal_factor(relative_deviation: float) -> tuple[float, float]:
    """Mean and standard deviation of the logarithm of a factor of mean 1 by which devices differ (device_to_device).

    Args:
        relative_deviation: standard deviation of the factor, 1.
    """
    variance = math.log1p(relative_deviation**2)
    return -variance / 2, math.sqrt(variance)


def _check_device_to_device(card: DeviceCard) -> None:
    model = card.device_model
    initial = {s.initial for s in model.states}
    spreads = [p.name for p in model.params if p.per_instance and p.name not in initial]
    for name, spread in (card.device_to_device or {}).items():
        if name not in spreads:
            raise CardError(
                f"device_to_device: {name!r} cannot vary from device to device: instance parameters of model "
                f"{model.name} that are no initial states: {', '.join(spreads) or 'none'}"
            )
        if not 0 <= spread.value <= 1:
            raise CardError(
                f"device_to_device: {name} = {spread.value:g}: give a relative standard deviation of 0 to 1"
            )


def _check_pulses(card: DeviceCard) -> None:
    for name in ("write_pulse", "programming_pulse"):
        pulse = getattr(card, name)
        if pulse is None:
            continue
        if not pulse.amplitude_p_volt.value * pulse.amplitude_d_volt.value < 0:
            raise CardError(f"{name}: the two amplitudes must differ in sign")
        widths = [value.value for field, value in pulse if field.startswith("width")]
        if not all(_SHORTEST_S <= width <= _LONGEST_S for width in widths):
            raise CardError(f"{name}: widths must be from {_SHORTEST_S:g} to {_LONGEST_S:g} s")
    burst = card.programming_pulse and card.programming_pulse.burst_p
    if burst and burst.value not in range(1, _LONGEST_BURST + 1):
        raise CardError(f"programming_pulse: burst_p = {burst.value:g}: give a whole number from 1 to {_LONGEST_BURST}")
