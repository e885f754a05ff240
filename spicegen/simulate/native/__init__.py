"""The native engine: exact read operator, operating point and transient in numpy and scipy."""

from spicegen.simulate.native.driven import states_at
from spicegen.simulate.native.engine import Native
from spicegen.simulate.native.read_operator import read_operator, read_operators

__all__ = ["Native", "read_operator", "read_operators", "states_at"]
