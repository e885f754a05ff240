"""Reading of write-verify statistics: target conductances, and the conductances that were achieved."""

from __future__ import annotations

import numpy as np

from spicegen.measurements import rows
from spicegen.measurements.kinds import WriteVerify
from spicegen.measurements.table import Table
from spicegen.measurements.thinning import MOST_POINTS


def read_write_verify(table: Table) -> WriteVerify:
    """Read the pairs of a table with columns target and achieved, or target and the conductance after programming.

    Raises:
        InputError: a conductance is not positive, or all achieved conductances are equal.
    """
    rows.check_several(table)
    left = table.column("achieved") if "achieved" in table.quantities else rows.state(table)
    pair = [table.column("target"), left]
    v_read = rows.read_voltage(table) if any(c.unit.dimension == "A" for c in pair) else np.nan
    target, achieved = (rows.conductance(table, column, v_read) for column in pair)
    rows.check_varies(table, achieved, "the achieved conductance", "give what was read after the last pulse")
    n = len(target)
    keep = np.unique(np.linspace(0, n - 1, min(n, MOST_POINTS)).astype(np.int64))
    if len(keep) < n:
        table.notes.append(f"Of {n} pairs {len(keep)} are used, equally spaced.")
    return WriteVerify(rows.origin(table), target[keep], achieved[keep])
