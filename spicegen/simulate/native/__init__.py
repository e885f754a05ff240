"""The native engine: exact read operator, operating point and transient in numpy and scipy."""

from spicegen.simulate.native.engine import Native
from spicegen.simulate.native.read_operator import read_operator, read_operators
from spicegen.simulate.native.single_device import AppliedVoltage, slopes_in_steps, states_under

__all__ = ["AppliedVoltage", "Native", "read_operator", "read_operators", "slopes_in_steps", "states_under"]
