"""What becomes of mapped weights on devices: programming, drift, converters' ranges, corrections."""
