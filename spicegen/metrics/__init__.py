"""Figures of merit: of curves without noise (``laws``), and of measurements, with confidence intervals."""

from spicegen.metrics.laws import alpha, asymmetric_ratio, beta, decay_time, exponential_law, neurosim_label, power_law

__all__ = [
    "alpha",
    "asymmetric_ratio",
    "beta",
    "decay_time",
    "exponential_law",
    "neurosim_label",
    "power_law",
]
