"""Simulators behind one small interface, and the exact read operator."""

from spicegen.simulate.native.read_operator import read_operator

__all__ = ["read_operator"]
