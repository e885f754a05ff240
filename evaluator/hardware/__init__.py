"""Mapped weights on devices: programming, drift, converters' ranges, and corrections."""
