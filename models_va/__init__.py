"""WHAT a device is: parameters, models as sympy equations, device cards with provenance, templates."""

from models_va._card import (
    ConductanceWindow,
    Covariance,
    DeviceCard,
    FitRecord,
    MeasuredFile,
    ProgrammingError,
    Quantity,
    WritePulse,
    card_names,
    load_card,
)
from models_va._dimensions import metres, volts_seconds_siemens
from models_va._model import (
    BOLTZMANN,
    CHARGE,
    CONSTANTS,
    GMIN,
    ROOM_TEMPERATURE_K,
    TEMPERATURE,
    VOLTAGE,
    Definition,
    Model,
    State,
    state_symbol,
)
from models_va._param import Param
from models_va._registry import load_model, model_names
from models_va._yaml import dump_yaml, load_yaml, parse_yaml, read_yaml

__all__ = [
    "BOLTZMANN",
    "CHARGE",
    "CONSTANTS",
    "GMIN",
    "ROOM_TEMPERATURE_K",
    "TEMPERATURE",
    "VOLTAGE",
    "ConductanceWindow",
    "Covariance",
    "Definition",
    "DeviceCard",
    "FitRecord",
    "MeasuredFile",
    "Model",
    "Param",
    "ProgrammingError",
    "Quantity",
    "State",
    "WritePulse",
    "card_names",
    "dump_yaml",
    "load_card",
    "load_model",
    "load_yaml",
    "metres",
    "model_names",
    "parse_yaml",
    "read_yaml",
    "state_symbol",
    "volts_seconds_siemens",
]
