"""HardwareConfig: the settings of the hardware that a network runs on, from YAML or from KEY=VALUE."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from models_va import ROOM_TEMPERATURE_K, dump_yaml, load_yaml, parse_yaml, read_yaml
from models_va.errors import InputError
from netlists import ArrayConfig
from spicegen.files import beside

Bits = Annotated[int, Field(ge=2, le=16)]
Levels = Annotated[int, Field(ge=2, le=65536)]
Energy = Annotated[float, Field(ge=0, le=1)]
NoneByName = BeforeValidator(lambda value: None if value == "none" else value)

ARRAY_KEYS = (
    *("rows", "columns", "r_row_ohm", "r_col_ohm", "r_source_ohm", "r_sense_ohm", "drive", "sense"),
    *("faults", "stuck_low", "stuck_high", "v_read_volt"),
)
"""Entries of an array's description that an evaluation uses."""
PROGRAMMINGS = ("card", "exact", "write-verify")
"""Values of errors.programming that are not the name of a file."""
_INSTEAD = {
    "card": "the option --device",
    "seed": "the option --seed",
    "stuck": "array.stuck_low and array.stuck_high",
    "programming_error": "errors.programming",
    "device_to_device": "errors.device_to_device",
}
"""Entries of a single array's description that an evaluation does not use, and what says the same to it."""
_IDEAL_KEYS = ("converters", "errors", "compensate", "mapping.clip_percentile")
_IDEAL_OF_ARRAY = ("r_row_ohm", "r_col_ohm", "r_source_ohm", "r_sense_ohm", "faults", "stuck_low", "stuck_high")
_LONGEST_S = 1e9


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class MappingConfig(_Section):
    """How weights become conductances.

    Attributes:
        scheme: differential: a weight is the difference of two devices in neighbouring columns; reference: one device
            a weight, against a column in the middle of the window that all outputs of a tile share; bit-sliced: the
            digits of a weight on differential pairs of their own.
        scale: which weights share the factor between weights and conductances: all of a layer, or those of an output,
            whose column then has a digital factor of its own. Networks with depthwise convolutions or folded
            BatchNormalization, whose channels differ by orders of magnitude, need the latter.
        clip_percentile: percentile of the magnitudes that share a factor, to which larger ones are cut.
        slices, bits_per_slice: for bit slicing, number of digits of a weight and of bits of each digit. Weights are
            rounded to them, on ideal arrays too.
    """

    scheme: Literal["differential", "reference", "bit-sliced"] = "differential"
    scale: Literal["per-tensor", "per-channel"] = "per-channel"
    clip_percentile: Annotated[float, Field(gt=0, le=100)] = 100.0
    slices: Annotated[int, Field(ge=1, le=8)] = 2
    bits_per_slice: Annotated[int, Field(ge=1, le=6)] = 4


class ConverterConfig(_Section):
    """Converters between the digital side and the arrays; a converter without a number of bits is ideal.

    Attributes:
        dac_bits: number of bits of the row drivers, sign included.
        bit_serial: rows are driven by one bit of the input after the other, at the full read voltage or not at all.
        negative_inputs: bipolar: rows are driven by either sign; two-phase: the negative part of an input is read
            by itself, at positive voltage, and subtracted digitally.
        adc_bits: number of bits of the column converters, sign included; each converts the current of a tile's output
            (of a slice), the minus or reference column already subtracted.
        adc_range: full: the largest current that a tile of this height is designed for: all devices at the window's
            end, all rows at the end of their DAC's range, or without one at the largest input of the calibration data;
            what is programmed or driven beyond these is clipped; calibrated: the range with the smallest mean square
            error to be expected from the calibration data, values beyond theirs included, one for each layer (and
            slice).
    """

    dac_bits: Annotated[Bits | None, NoneByName] = None
    bit_serial: bool = False
    negative_inputs: Literal["bipolar", "two-phase"] = "bipolar"
    adc_bits: Annotated[Bits | None, NoneByName] = None
    adc_range: Literal["full", "calibrated"] = "calibrated"

    @model_validator(mode="after")
    def _bits_to_send(self) -> ConverterConfig:
        if self.bit_serial and self.dac_bits is None:
            raise ValueError("bit_serial needs dac_bits")
        return self


class ErrorConfig(_Section):
    """Errors of the devices; stuck devices are settings of the array (stuck_low, stuck_high).

    Attributes:
        programming: card: the card's sigma(G); exact; write-verify: what the array's own pulses and reads leave,
            simulated for some tiles of each layer (arrays of at most 8 x 8), with the card's sigma(G) as the tolerance;
            a CSV file with g_siemens and sigma_siemens; or FILE.npz: the conductances that a training left
            (conductances.npz), in the place of mapped ones, without any further error. Whatever is drawn, no device
            goes beyond its reach.
        device_to_device: whether the card's spread of instance parameters applies: programming sees to it that
            conductances do not differ by it, but how far they reach does, and relaxation.
        levels: number of equally spaced conductances that can be programmed; None: any conductance can.
        read_noise: standard deviation of a conductance from one read to the next, relative to it.
        time_s, temperature_k: time, s, and temperature, K, that the arrays rest between programming and reading.
        after: how the weights were written before that rest. verified: by write-verify, which waits, so that they stand
            in the lasting (memory) state alone; pulses: by the card's own write pulses, one after the other from the
            pristine device, so that a part of each is volatile, as large as the card's equations say. Conductances
            that the pulses do not reach are at the end of their reach.
        nonlinearity: whether currents follow the device's I-V curve up to the read voltage.
    """

    programming: str = "card"
    device_to_device: bool = False
    levels: Annotated[Levels | None, NoneByName] = None
    read_noise: Annotated[float, Field(ge=0, le=10)] = 0.0
    time_s: Annotated[float, Field(ge=0, le=_LONGEST_S)] = 0.0
    temperature_k: Annotated[float, Field(ge=200, le=500)] = ROOM_TEMPERATURE_K
    after: Literal["verified", "pulses"] = "verified"
    nonlinearity: bool = False

    @model_validator(mode="after")
    def _written_in_one_way(self) -> ErrorConfig:
        if self.after == "pulses" and self.programming == "write-verify":
            raise ValueError(
                "after: pulses contradicts programming: write-verify, which waits and verifies: "
                "give after: verified, or another programming"
            )
        return self


class CostConfig(_Section):
    """Assumptions of the energy estimate, which are not measured.

    Attributes:
        t_read_s: time that rows are driven for one read, s.
        dac_joule: energy of one row driver in each read, J.
        adc_joule_per_level: energy of one conversion, over 2^bits, J: the figure of merit of Walden (IEEE J. Sel. Areas
            Commun. 17, 539 (1999)); 50 fJ is an ordinary design (Murmann's survey of converters).
        adc_bits_assumed: number of bits of the column converters where none are simulated.
    """

    t_read_s: Annotated[float, Field(gt=0, le=_LONGEST_S)] = 100e-9
    dac_joule: Energy = 100e-15
    adc_joule_per_level: Energy = 50e-15
    adc_bits_assumed: Bits = 8


class HardwareConfig(_Section):
    """Hardware that a network runs on; by default with the card's programming error and 1 ohm a wire segment."""

    array: ArrayConfig = ArrayConfig(rows=128, columns=128)
    mapping: MappingConfig = MappingConfig()
    converters: ConverterConfig = ConverterConfig()
    errors: ErrorConfig = ErrorConfig()
    costs: CostConfig = CostConfig()
    compensate: Literal["none", "columns", "conductances"] = "none"

    @property
    def needs_images(self) -> bool:
        """Whether a range or a correction depends on the data that go through the network."""
        bits = (self.converters.dac_bits, self.converters.adc_bits)
        return self.errors.nonlinearity or any(b is not None for b in bits) or self.compensate == "columns"

    def with_values(self, values: Mapping[str, str]) -> HardwareConfig:
        """A configuration with other values, ``{"array.r_row_ohm": "2.5"}``, each written as in YAML.

        Raises:
            InputError: no such key, or a value that does not fit.
        """
        tree = self.model_dump(mode="json")
        for key, text in values.items():
            _section_of(tree, key)[key.rpartition(".")[2]] = _value(key, text)
        return parse_yaml(dump_yaml(tree), "settings", HardwareConfig)

    def beside(self, file: Path) -> HardwareConfig:
        """A configuration whose table of sigma, if it names one, is found beside ``file``."""
        kind = self.errors.programming
        if kind in PROGRAMMINGS:
            return self
        errors = self.errors.model_copy(update={"programming": beside(file, kind)})
        return self.model_copy(update={"errors": errors})

    def ideal(self) -> HardwareConfig:
        """A configuration with the same arrays and everything ideal; the digits of bit slicing still round."""
        devices = {"stuck_low": 0.0, "stuck_high": 0.0}
        return self.model_copy(
            update={
                "array": self.array.without_wires().model_copy(update=devices),
                "mapping": self.mapping.model_copy(update={"clip_percentile": MappingConfig().clip_percentile}),
                "converters": ConverterConfig(),
                "errors": ErrorConfig(programming="exact"),
                "compensate": "none",
            }
        )


def read_hardware(path: Path) -> HardwareConfig:
    """Read a hardware's description; a table of sigma may be beside it.

    Raises:
        InputError: it cannot be read, or has entries that an evaluation does not use.
    """
    config = read_yaml(path, HardwareConfig)
    unused = unused_entries(config.array)
    if unused:
        raise InputError(f"{path}: {_useless(unused[0])}")
    return config.beside(path)


def unused_entries(array: ArrayConfig) -> list[str]:
    """Entries that an array's description gives and an evaluation does not use."""
    return sorted(array.model_fields_set.difference(ARRAY_KEYS))


def overridden(key: str) -> bool:
    """Whether ``HardwareConfig.ideal`` sets this key."""
    section, _, name = key.partition(".")
    of_array = section == "array" and name.partition(".")[0] in _IDEAL_OF_ARRAY
    return of_array or not {key, section}.isdisjoint(_IDEAL_KEYS)


def split_setting(text: str) -> tuple[str, str]:
    """Key and value of a setting, ``KEY=VALUE``.

    Raises:
        InputError: there is no ``=``.
    """
    key, found, value = text.partition("=")
    if not found or not key.strip():
        raise InputError(f"setting {text!r}: give KEY=VALUE, for example converters.adc_bits=8")
    return key.strip(), value.strip()


def _section_of(tree: dict[str, Any], key: str) -> dict[str, Any]:
    """The section of ``tree`` that holds the value of a key, as a dictionary."""
    *path, last = key.split(".")
    place: Any = tree
    for part in path:
        place = place.get(part) if isinstance(place, dict) else None
    found = isinstance(place, dict)
    section: dict[str, Any] = place if found else tree
    known = ARRAY_KEYS if section is tree["array"] else tuple(section)
    if found and last in section and last not in known:
        raise InputError(f"setting {_useless(last)}")
    if not found or last not in known:
        raise InputError(f"setting {key!r}: no such key; there are {', '.join(known)}")
    if isinstance(section[last], dict):
        inner = ARRAY_KEYS if section[last] is tree["array"] else section[last]
        raise InputError(f"setting {key!r}: is a section: give one of {', '.join(f'{key}.{name}' for name in inner)}")
    return section


def _value(key: str, text: str) -> Any:
    """The value of a setting, read as YAML."""
    if not text:
        raise InputError(f"setting {key}: is empty: give KEY=VALUE, with the value null for none")
    try:
        return load_yaml(text)
    except InputError as error:
        raise InputError(f"setting {key}: {text!r} is no YAML value: give a number or a word") from error


def _useless(name: str) -> str:
    """The message for an entry of an array's description that an evaluation does not use, with the remedy."""
    remedy = f"give {_INSTEAD[name]}" if name in _INSTEAD else "leave it out"
    return f"array.{name}: an evaluation does not use it: {remedy}"
