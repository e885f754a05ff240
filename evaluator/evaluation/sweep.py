"""A sweep: the same network and the same random numbers with one setting at several values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluator.evaluation.report import Report
from evaluator.hardware.programmed import Hardware
from evaluator.scores import paired_difference
from evaluator.settings import HardwareConfig, split_setting
from models_va.errors import InputError
from spicegen.files import output_folder

MOST_VALUES = 100


@dataclass(frozen=True, eq=False)
class SweepReport:
    """The result of a sweep.

    Attributes:
        key: name of the swept setting.
        values: its values, as they were written.
        reports: report of the evaluation at each value.
    """

    key: str
    values: tuple[str, ...]
    reports: tuple[Report, ...]

    @property
    def summary(self) -> str:
        """The result in one line."""
        found = ", ".join(f"{v}: {r.accuracy_hardware:.2%}" for v, r in zip(self.values, self.reports, strict=True))
        return f"{self.key} = {found}; {self.reports[0].accuracy_float:.2%} in floating point"

    def rows(self) -> list[tuple[object, ...]]:
        """Rows of a table: value, mean accuracy, its interval, difference from the first value, and its interval."""
        first = self.reports[0]
        return [
            (value, f"{r.accuracy_hardware:.2%}", _interval(r.accuracy_ci95), *_against(first, r))
            for value, r in zip(self.values, self.reports, strict=True)
        ]

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        first, points = self.reports[0], []
        for value, report in zip(self.values, self.reports, strict=True):
            difference, interval = _difference(first, report)
            own = {"difference_from_first": difference, "difference_ci95": interval}
            points.append({"value": value, **report.to_json(), **own})
        return {"sweep": self.key, "values": list(self.values), "points": points}


def run_sweep(
    config: HardwareConfig,
    text: str,
    device: str,
    one: Callable[[HardwareConfig, Path, bool], Report],
    folder: Path,
    say: Callable[[str], None],
) -> SweepReport:
    """Evaluate a network with a setting at each of several values.

    Args:
        config: all other settings.
        text: ``KEY=A,B,...``.
        device: card of the device, which must have what any value takes.
        one: evaluates a config, writes what it writes into a folder, and takes images to calibrate with even if the
            config needs none: if any value needs some, all are judged on the images that are left.
        folder: each value gets a numbered folder in it, with a report of its own.
        say: takes a line for each value.

    Raises:
        InputError: no such setting, or a value that does not fit or that the card lacks something for, found before any
            work.

    """
    key, listed = split_setting(text)
    values = [v.strip() for v in listed.split(",")]
    if not 2 <= len(values) <= MOST_VALUES or "" in values:
        raise InputError(f"sweep {text!r}: give 2 to {MOST_VALUES} values, KEY=A,B,...")
    configs = [config.with_values({key: value}) for value in values]
    for k, changed in enumerate(configs):
        Hardware.of(device, changed, 0)
        if changed in configs[:k]:
            raise InputError(f"sweep {text!r}: {values[k]} stands twice")
    calibrated = any(c.needs_images for c in configs)
    folders = [output_folder(folder / str(number)) for number in range(1, len(values) + 1)]
    reports: list[Report] = []
    for value, changed, own in zip(values, configs, folders, strict=True):
        report = one(changed, own, calibrated)
        say(f"{key} = {value}: {report.summary}")
        reports.append(report)
    return SweepReport(key, tuple(values), tuple(reports))


def _interval(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.2%} to {interval[1]:.2%}"


def _difference(first: Report, other: Report) -> tuple[float | None, tuple[float, float] | None]:
    """``paired_difference`` of two reports; None where trials have no partners, as one is exact or images differ."""
    if first.n_images != other.n_images or len(first.trials) != len(other.trials):
        return None, None
    return paired_difference(first.accuracy_trials, other.accuracy_trials)


def _against(first: Report, other: Report) -> tuple[str, str]:
    difference, interval = _difference(first, other)
    return (
        "" if difference is None else f"{difference:+.2%}",
        "" if interval is None else f"{interval[0]:+.2%} to {interval[1]:+.2%}",
    )
