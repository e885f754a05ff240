"""The native engine: exact read operator, operating point and transient in numpy and scipy."""

from spicegen.simulate.native.engine import Native
from spicegen.simulate.native.read_operator import read_operator, read_operators
from spicegen.simulate.native.single_device import Drive, slopes_in_steps, states_under

__all__ = ["Drive", "Native", "read_operator", "read_operators", "slopes_in_steps", "states_under"]
