"""Measurement files: read, recognised and checked.

::

    path, or a description of it (YAML)            description.py
    -> header, separator, decimal mark, numbers     table.py (head.py, header.py, units.py, exports.py, text.py)
    -> the kind follows from the columns           read.py
    -> SI units, signs, directions, checks         sweep.py, pulses.py, retention.py, write_verify.py (rows.py)
    -> where the source meter limited the current  compliance.py
    -> Measurement                                 kinds.py
"""

from spicegen.measurements.compliance import between_compliance
from spicegen.measurements.kinds import Measurement, Origin, Pulses, Retention, Sweep, WriteVerify
from spicegen.measurements.read import read_measurement, read_measurements
from spicegen.measurements.table import Table, read_table

__all__ = [
    "Measurement",
    "Origin",
    "Pulses",
    "Retention",
    "Sweep",
    "Table",
    "WriteVerify",
    "between_compliance",
    "read_measurement",
    "read_measurements",
    "read_table",
]
