"""What people want to know about a passive array of their device, one module a question; ``spicegen study``."""
