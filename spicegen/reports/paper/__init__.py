"""Figures and report pages of the paper's experiments: Baek et al., Nano-Micro Lett. 15:69 (2023)."""
