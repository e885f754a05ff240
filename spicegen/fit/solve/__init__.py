"""Least squares, and what the data say of each parameter."""
