"""WHAT is connected: crossbars, circuits, stimuli and netlist templates; nothing about running simulators."""

from models_va.lazy_names import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
