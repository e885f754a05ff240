"""Weights of layers as conductances, and conductances as tiles."""
