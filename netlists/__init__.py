"""WHAT is connected: crossbars, circuits, stimuli and netlist templates; nothing about running simulators."""

from netlists.array_config import ArrayConfig
from netlists.crossbar import Crossbar, Drive, Sense

__all__ = ["ArrayConfig", "Crossbar", "Drive", "Sense"]
