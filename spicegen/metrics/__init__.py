"""Figures of merit: of curves without noise (``laws``), and of measurements, with confidence intervals.

::

    Pulses       branches (spicegen/branches.py) -> samples of a bootstrap (_bootstrap.py, _trains.py) -> mean curves
                 (_curves.py) with laws (_law.py, _fitting.py), trend (_trend.py), scatter (_scatter.py, _noise.py,
                 _sigma_line.py) -> branch_figures.py, window_figures.py, symmetry_figures.py -> trains.py
    WriteVerify  programming.py;  Sweep  sweeps.py;  Retention  retention.py;  UpdateTable  tables.py
    Pulses       updates.py -> UpdateTable (spicegen/update_table.py)
    -> reports (_metrics.py, report.py, pictures.py)
"""

from spicegen.metrics._metrics import measure_files, whole_json, whole_page, write_tables
from spicegen.metrics.laws import alpha, asymmetric_ratio, beta, decay_time, exponential_law, neurosim_label, power_law
from spicegen.metrics.report import HEAD, Metric, MetricsReport
from spicegen.metrics.updates import update_table

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
    "update_table",
    "whole_json",
    "whole_page",
    "write_tables",
]
