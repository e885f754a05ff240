"""The report pages of ``spicegen study``, one module a study."""
