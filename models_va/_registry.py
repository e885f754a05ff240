"""The models by name: each module of models_va.models holds one, as MODEL."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from models_va._model import Model
from models_va.errors import UnknownNameError
from models_va.models import model_names


@cache
def load_model(name: str) -> Model:
    """The model called ``name``.

    Raises:
        UnknownNameError: no such model; the known ones are listed.
    """
    if name not in model_names():
        raise UnknownNameError("model", name, model_names())
    model = import_module(f"models_va.models.{name}").MODEL
    if not isinstance(model, Model):
        raise TypeError(f"models_va.models.{name}.MODEL is not a Model")
    return model
