"""HOW a device is fitted, printed and run: printers, simulators, experiments, the command line."""

__version__ = "0.1.0"
