"""Figures of merit: of curves without noise (``laws``), and of measurements, with confidence intervals.

::

    Pulses       branches (measurements/branches.py) -> samples of a bootstrap (_bootstrap.py, trains.py) -> mean curves
                 (_curves.py) with laws (_fitted_laws.py, _fitting.py), trend (_trend.py), scatter (_scatter.py,
                 _noise.py, sigma_line.py) -> branch_figures.py, window_figures.py, symmetry_figures.py
                 -> train_figures.py
    WriteVerify  programming.py;  Sweep  sweeps.py;  Retention  retention.py;  UpdateTable  tables.py
    Pulses       noise (_update_noise.py) -> changes by pulses (_direction_updates.py) -> updates.py, _local_lines.py,
                 _first_pulses.py -> UpdateTable (spicegen/devices/update_table.py)
    -> reports (_from_files.py, metric.py, report.py); the room reports draws their pages and pictures
"""

from spicegen.metrics._from_files import measure_files, tables_of_pulses, whole_json, write_tables
from spicegen.metrics.laws import alpha, asymmetric_ratio, beta, decay_time, exponential_law, neurosim_label, power_law
from spicegen.metrics.metric import HEAD, Metric
from spicegen.metrics.report import MetricsReport

__all__ = [
    "HEAD",
    "Metric",
    "MetricsReport",
    "alpha",
    "asymmetric_ratio",
    "beta",
    "decay_time",
    "exponential_law",
    "measure_files",
    "neurosim_label",
    "power_law",
    "tables_of_pulses",
    "whole_json",
    "write_tables",
]
