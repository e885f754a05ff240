"""The figures of merit of one measurement, in the form in which they are shown and written."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spicegen.devices.update_table import UpdateTable
from spicegen.measurements import Origin, Sweep
from spicegen.metrics.metric import Metric
from spicegen.metrics.programming import ProgrammingErrors
from spicegen.metrics.retention import Relaxation
from spicegen.metrics.trains import Trains

Analysed = Trains | ProgrammingErrors | Sweep | Mapping[float, Relaxation] | Sequence[UpdateTable]
"""Data from which figures of merit are computed: samples of trains of pulses or of errors of write-verify, a sweep, the
relaxation at each temperature (K), or tables of updates."""


@dataclass(frozen=True)
class MetricsReport:
    """The figures of merit of one measurement.

    Attributes:
        title: kind of the measurement, and the names of the files.
        origins: the files that were measured, one or two.
        metrics: the figures of merit, in the order in which they are shown.
        notes: sentences on what people should know.
        data: data from which the figures of merit were computed; the report's pictures show it.
        tables: update tables that were made from the measurement, on one grid of conductances; none where it is a table
            itself.
        first_tables: update tables of the first pulse after a change of direction, where that does another thing.
    """

    title: str
    origins: Sequence[Origin]
    metrics: Sequence[Metric]
    notes: Sequence[str]
    data: Analysed
    tables: tuple[UpdateTable, ...] = ()
    first_tables: tuple[UpdateTable, ...] = ()

    def rows(self) -> list[tuple[object, ...]]:
        """Table under ``HEAD`` of the figures of merit that exist for this measurement."""
        return [m.row() for m in self.metrics if math.isfinite(m.value)]

    def to_json(self) -> dict[str, Any]:
        """The measurement's part of report.json."""
        return {
            "title": self.title,
            "files": [{"path": str(o.path), "sha256": o.sha256, "notes": o.notes} for o in self.origins],
            "metrics": [m.to_json() for m in self.metrics],
            "notes": list(self.notes),
        }
