"""WHAT a device is: parameters, models as sympy equations, device cards with provenance, templates."""

from models_va.lazy_names import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
