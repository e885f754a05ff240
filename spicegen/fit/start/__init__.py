"""Where a fit to measurements starts."""
