"""Digits of the numbers on a card."""

DIGITS = 4
"""Significant digits of fitted values on a card."""


def rounded(value: float, digits: int) -> float:
    """The number rounded to so many significant digits."""
    return float(f"{value:.{digits - 1}e}")
