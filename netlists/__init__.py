"""Circuits and what drives them: crossbars, stimuli and netlist templates; nothing here runs a simulator."""

from models_va.lazy_names import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
