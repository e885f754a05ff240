"""Several networks under several conditions: the paper's figure 6d, for any networks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from evaluator.evaluation.evaluate import evaluate
from evaluator.evaluation.report import Report
from evaluator.hardware.programmed import Hardware
from evaluator.mapping.tiles import check_tiles
from evaluator.scores import half_width
from evaluator.settings import HardwareConfig
from models_va import DeviceCard, load_card, read_yaml
from models_va.errors import InputError, located
from spicegen.files import beside, output_folder

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ,._()+-]{0,63}$")]
"""Name of a network or condition, which is the name of its folder too: nothing in it leads out of the folder."""


class NetworkEntry(BaseModel):
    """A network and its data; files beside the suite, or paths.

    Attributes:
        name: name in the table.
        model, data: files of network and images, as ``evaluate`` takes them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    model: str
    data: str


class Condition(BaseModel):
    """Hardware of a column of the table: its name, and settings of HardwareConfig such as ``{array.r_row_ohm: 0}``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    settings: dict[str, Any] = Field(default_factory=dict, alias="set")


class Suite(BaseModel):
    """Networks and conditions that are compared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    networks: Annotated[tuple[NetworkEntry, ...], Field(min_length=1)]
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1)]

    def configs(self, path: Path) -> dict[str, HardwareConfig]:
        """The hardware of each condition, in order; tables of sigma may be beside the suite's file.

        Raises:
            InputError: no such setting, or a name that stands twice.
        """
        for names in ([n.name for n in self.networks], [c.name for c in self.conditions]):
            twice = [n for k, n in enumerate(names) if n in names[:k]]
            if twice:
                raise InputError(f"name {twice[0]!r} stands twice")
        return {
            c.name: HardwareConfig().with_values({key: json.dumps(v) for key, v in c.settings.items()}).beside(path)
            for c in self.conditions
        }


@dataclass(frozen=True, eq=False)
class Comparison:
    """The result of a comparison.

    Attributes:
        suite: networks and conditions that were compared.
        card: card of the device.
        reports: report of each evaluation, by network and condition.
    """

    suite: Suite
    card: DeviceCard
    reports: dict[tuple[str, str], Report]

    def rows(self) -> list[tuple[object, ...]]:
        """Rows of a table, one a network: name, images, accuracy in floating point and under each condition."""
        rows: list[tuple[object, ...]] = []
        for network in self.suite.networks:
            own = [self.reports[network.name, c.name] for c in self.suite.conditions]
            cells = [f"{r.accuracy_hardware:.2%}{_half_width(r)}" for r in own]
            rows.append((network.name, own[0].n_images, f"{own[0].accuracy_float:.2%}", *cells))
        return rows

    def head(self) -> tuple[str, ...]:
        """Head of the table of ``rows``."""
        return ("Network", "Images", "Floating point", *(c.name for c in self.suite.conditions))

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            "card": {"name": self.card.name, "hash": self.card.hash},
            "conditions": {c.name: c.settings for c in self.suite.conditions},
            "results": [{"network": n, "condition": c, **_short(report)} for (n, c), report in self.reports.items()],
        }


def load_suite(path: Path) -> tuple[Suite, Path]:
    """Read a suite, and return it with its path: names of its files may be relative to it.

    Raises:
        InputError: it cannot be read, a setting is of no use, or a file is missing.
    """
    suite = read_yaml(path, Suite)
    with located(path):
        for config in suite.configs(path).values():
            check_tiles(config)
        for network in suite.networks:
            for name in (network.model, network.data):
                if not Path(beside(path, name)).exists():
                    raise InputError(f"{network.name}: {name}: no such file: give a path, or a file beside the suite")
    return suite, path


def compare(
    loaded: tuple[Suite, Path],
    device: str,
    folder: Path,
    *,
    trials: int,
    seed: int,
    limit: int | None,
    workers: int,
    say: Callable[[str], None],
    save: Callable[[Report, Path], None] = lambda report, folder: None,
) -> Comparison:
    """Evaluate every network under every condition; what is finished is found again after an interruption.

    Args:
        loaded: see ``load_suite``.
        device: card of the device.
        folder: each network and condition gets a folder of its own in it.
        trials: see ``evaluate``, as the next three.
        seed: seed of everything that is random.
        limit: use only so many images.
        workers: see ``evaluate``.
        say: takes a line for each.
        save: takes each report as soon as it is finished, and its folder, so that an interruption loses none.

    Raises:
        CardError: the card lacks what a condition takes.
        InputError: a network or data cannot be used.

    """
    suite, path = loaded
    card = load_card(device)
    configs = suite.configs(path)
    for config in configs.values():
        Hardware.of(card, config, seed)  # has what each takes
    calibrated = any(c.needs_images for c in configs.values())  # all conditions are judged on the same images
    reports: dict[tuple[str, str], Report] = {}
    for network in suite.networks:
        for condition, config in configs.items():
            own = output_folder(folder / network.name / condition)
            model, data = (beside(path, name) for name in (network.model, network.data))
            report = evaluate(
                model, data, card, hardware=config, trials=trials, seed=seed, limit=limit, calibrated=calibrated,
                workers=workers, folder=own,
            )  # fmt: skip
            save(report, own)
            say(f"{network.name}, {condition}: {report.summary}  [{report.seconds:.0f} s]")
            reports[network.name, condition] = report
    return Comparison(suite, card, reports)


def _short(report: Report) -> dict[str, Any]:
    """The main numbers of a report, and what its drift assumes, for report.json."""
    accuracies = ("accuracy_float", "accuracy_hardware", "accuracy_trials", "accuracy_ci95", "top5")
    return {key: getattr(report, key) for key in (*accuracies, "drift", "n_images", "seconds")}


def _half_width(report: Report) -> str:
    """Half of the interval of the mean accuracy in percent, for a cell of the table; empty if there is none."""
    half = half_width(report.accuracy_trials)
    return "" if half is None else f" ± {100 * half:.2f}"
