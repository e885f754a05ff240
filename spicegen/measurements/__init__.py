"""Measurement files: read, recognised and checked."""

from spicegen.measurements.kinds import Measurement, Origin, Pulses, Retention, Sweep, WriteVerify

__all__ = ["Measurement", "Origin", "Pulses", "Retention", "Sweep", "WriteVerify"]
