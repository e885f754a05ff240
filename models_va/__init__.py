"""Device models: parameters, equations in sympy, device cards with provenance, and templates."""

from models_va.lazy_names import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
