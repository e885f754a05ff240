"""Studies of a passive array of a device, one question per module; they are the commands of ``spicegen study``."""
