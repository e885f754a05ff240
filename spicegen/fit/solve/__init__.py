"""Least squares, and how far the data determine each parameter."""
