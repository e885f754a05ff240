"""Reports from files: each measurement by itself, but a file that only rises together with one that only falls."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from models_va.errors import located
from spicegen.devices.update_table import UpdateTable, is_update_table, read_update_table
from spicegen.files import distinct_names
from spicegen.measurements import Measurement, Origin, Pulses, Retention, Sweep, WriteVerify, read_measurement
from spicegen.measurements.branches import branches
from spicegen.metrics import programming, retention, sweeps, tables, train_figures, trains
from spicegen.metrics._curves import FEW_CYCLES
from spicegen.metrics.laws import MOST_ALPHA, MOST_BETA
from spicegen.metrics.metric import Metric
from spicegen.metrics.report import MetricsReport
from spicegen.metrics.updates import update_tables

_MANY_PROGRAMMINGS = 20


def measure_files(paths: Sequence[Path], seed: int) -> list[MetricsReport]:
    """Compute figures of merit of measurement files, descriptions of them, and update tables.

    Args:
        paths: paths of the files; two successive files of pulses, or tables, of one direction each are one device's.
        seed: seed of the bootstrap.

    Raises:
        InputError: a file cannot be read, or holds too little.
    """
    return [_report(group, seed) for group in _groups(_read(paths))]


def whole_json(reports: Sequence[MetricsReport], seed: int) -> Mapping[str, Any]:
    """The content of report.json: all reports, and the seed of the bootstrap."""
    return {"seed": seed, "measurements": [r.to_json() for r in reports]}


def write_tables(reports: Iterable[MetricsReport], folder: Path) -> list[Path]:
    """Write the update tables that measurements gave; their names have the measurement's number where it is needed.

    ``dG_increasing.txt`` and ``dG_decreasing.txt`` have one grid of conductances, and so have
    ``dG_increasing_first.txt`` and ``dG_decreasing_first.txt``, of first pulses after a change of direction, where
    there are such tables.
    """
    reports = list(reports)
    names = {True: "increasing", False: "decreasing"}
    return [
        table.write(folder / f"dG_{names[table.rises]}{which}{f'_{n}' if len(reports) > 1 else ''}.txt")
        for n, report in enumerate(reports, 1)
        for which, tables in (("", report.tables), ("_first", report.first_tables))
        for table in tables
    ]


def _read(paths: Sequence[Path]) -> Iterator[tuple[Origin, Measurement | UpdateTable]]:
    for path, name in zip(paths, distinct_names(paths), strict=True):
        if is_update_table(path):
            table = read_update_table(path)
            yield Origin(path, hashlib.sha256(path.read_bytes()).hexdigest(), name=name), table
        else:
            found = read_measurement(path)
            origin = replace(found.origin, name=name)
            yield origin, replace(found, origin=origin)


def _groups(found: Iterable[tuple[Origin, Measurement | UpdateTable]]) -> list[list[tuple[Origin, Any]]]:
    groups: list[list[tuple[Origin, Any]]] = []
    for item in found:
        last = groups[-1] if groups else []
        if (
            len(last) == 1
            and type(last[0][1]) is type(item[1])
            and {_side(last[0][1]), _side(item[1])} == {True, False}
        ):
            last.append(item)
        else:
            groups.append([item])
    return groups


def _side(measured: Measurement | UpdateTable) -> bool | None:
    """Whether pulses only raise (True) or only lower (False) the conductance; None for both and for anything else."""
    if isinstance(measured, UpdateTable):
        return measured.rises
    if isinstance(measured, Pulses):
        up, down = branches(measured)
        return None if up and down else up is not None
    return None


def _report(group: Sequence[tuple[Origin, Any]], seed: int) -> MetricsReport:
    origins, measured = [origin for origin, _ in group], [m for _, m in group]
    if isinstance(measured[0], UpdateTable):
        return _of_tables(origins, measured)
    makers: dict[type, Callable[..., MetricsReport]] = {
        Pulses: _of_trains, WriteVerify: _of_programming, Sweep: _of_sweep, Retention: _of_retention,
    }  # fmt: skip
    return makers[type(measured[0])](origins, measured, seed)


def _title(what: str, origins: Sequence[Origin]) -> str:
    return f"{what}: {', '.join(o.name for o in origins)}"


def _counted(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _of_trains(origins: Sequence[Origin], pulses: Sequence[Pulses], seed: int) -> MetricsReport:
    data = trains.trains_of(pulses, seed)
    made = update_tables(data.measured, data.curves, ", ".join(o.name for o in origins))
    found = train_figures.measure(data)
    counts = ", ".join(f"{_counted(b.cycles, 'cycle')} {'up' if b.rises else 'down'}" for b in data.measured)
    notes = [f"{counts}; intervals by bootstrap with seed {seed}.", *_on_cycles(data.samples.smallest), *made.notes]
    notes += _at_limits(found)
    return MetricsReport(_title("Pulses", origins), origins, found, notes, data, made.tables, made.first)


def _on_cycles(fewest: int) -> list[str]:
    # how often intervals hold the truth: benchmarks/metrics_coverage.py
    if fewest == 1:
        return [
            "One cycle: intervals rest on simulated cycles of the same trend, update_sigma and read_noise; of 100 "
            "about 85 hold the truth, and of update_sigma, for which it takes what no law describes, there is none: "
            "measure three cycles or more."
        ]
    if fewest == 2:
        return ["Two cycles: intervals are wide, and of 100 about 90 hold the truth: measure three cycles or more."]
    notes = ["Intervals take cycles as independent: a drift from cycle to cycle makes them too narrow."]
    if fewest < FEW_CYCLES:
        notes.append(
            f"Of noise and scatter, below {FEW_CYCLES} cycles, they take it as normal: rare jumps are not in them."
        )
    return notes


def _at_limits(found: Sequence[Metric]) -> list[str]:
    limits = {"beta": MOST_BETA, "alpha": MOST_ALPHA}
    named = [m.name for m in found if abs(m.value) >= 0.999 * limits.get(m.name[:-2], float("inf"))]
    return [f"{', '.join(named)}: at the limit of the search, the law does not describe this branch."] if named else []


def _of_tables(origins: Sequence[Origin], found: Sequence[UpdateTable]) -> MetricsReport:
    with located(", ".join(str(o.path) for o in origins)):
        metrics = tables.measure(found)
    notes = ["Figures of merit of the curve that mean updates give; a table has no intervals."]
    return MetricsReport(_title("Update table", origins), origins, metrics, notes, found)


def _of_programming(origins: Sequence[Origin], measured: Sequence[WriteVerify], seed: int) -> MetricsReport:
    data = programming.programming_errors(measured[0], seed)
    many = len(data.target_siemens)
    notes = [f"{_counted(many, 'programming')}; intervals by bootstrap with seed {seed}."]
    if many < _MANY_PROGRAMMINGS:
        # how often intervals hold the truth: benchmarks/metrics_coverage.py
        notes.append(
            f"Below {_MANY_PROGRAMMINGS} programmings, the interval of sigma_rms is too narrow: with 10, of 100 about "
            "85 hold the truth."
        )
    found = programming.measure(data)
    return MetricsReport(_title("Write-verify", origins), origins, found, notes, data)


def _of_sweep(origins: Sequence[Origin], measured: Sequence[Sweep], seed: int) -> MetricsReport:
    found = sweeps.loops(measured[0], seed)
    metrics = sweeps.measure(found)
    notes = [*sweeps.notes(found, metrics), f"Intervals by bootstrap over loops with seed {seed}, none of one loop."]
    return MetricsReport(_title("Sweep", origins), origins, metrics, notes, measured[0])


def _of_retention(origins: Sequence[Origin], measured: Sequence[Retention], seed: int) -> MetricsReport:
    found, samples = retention.relaxations(measured[0], seed)
    notes = [f"{_counted(len(found), 'temperature')}; intervals by bootstrap of residuals with seed {seed}."]
    metrics = retention.measure(found, samples)
    by_temperature = {r.temperature_k: r for r in found}
    return MetricsReport(_title("Retention", origins), origins, metrics, notes, by_temperature)


def tables_of_pulses(pulses: Pulses) -> tuple[UpdateTable, ...]:
    """The update tables of a train of pulses on one grid, the one that rises first; fewer if a direction gives none."""
    data = trains.trains_of([pulses], 0)
    return update_tables(data.measured, data.curves, pulses.origin.name).tables
