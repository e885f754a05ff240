"""The registry of models by name: each module of models_va.models holds one model, as MODEL."""

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
        UnknownNameError: there is no model of this name; the message lists the known ones.
    """
    if name not in model_names():
        raise UnknownNameError("model", name, model_names())
    model = import_module(f"models_va.models.{name}").MODEL
    if not isinstance(model, Model):
        raise TypeError(f"models_va.models.{name}.MODEL is not a Model")
    return model
