"""The accuracies of table 1: six Li-ion synapses that learn MNIST in one set-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluator.paper.trainings import WHOLE_EFFORT, Case, Effort, Trained, train_cases
from models_va import DeviceCard, load_card
from spicegen.paper import Assumptions, Experiment, Findings, FindingsTable, PaperTrend, ProgramRunner

_SETUP = "table-1"


@dataclass(frozen=True)
class PaperAccuracy:
    """What the paper's table says of a device's learning.

    Attributes:
        title: the device.
        percent: accuracy on MNIST, %; None where the table has none.
        gap_points: its difference from floating point, in points; None where the table has none.
    """

    title: str
    percent: float | None = None
    gap_points: float | None = None


_THIS = PaperAccuracy("Au/LixCoO2/Pt, this device", 95.36, 0.14)
"""The device of the runner's card."""
_OTHERS: Mapping[str, tuple[str, PaperAccuracy]] = {
    "wse2": ("wse2-liclo4", PaperAccuracy("WSe2/LiClO4")),
    "moo3": ("moo3-liclo4", PaperAccuracy("MoO3/LiClO4", 87.3, 10.0)),
    "lipon": ("licoo2-lipon", PaperAccuracy("LiCoO2/LiPON", 97.8, 0.4)),
    "lipose": ("licoo2-li3poxsex", PaperAccuracy("LiCoO2/Li3POxSex", 91.0, 6.1)),
    "wo3": ("wo3-liclo4", PaperAccuracy("WO3/LiClO4", 93.3, 3.7)),
}
"""Label of a device in the table's rows -> its card, and what the table says."""


def table_cases(card: DeviceCard) -> dict[str, Case]:
    """The trainings of table 1 by the labels of the devices, the card's own device as ``this``."""
    cards = {"this": card, **{label: load_card(name) for label, (name, _) in _OTHERS.items()}}
    return {label: Case(_SETUP, "mnist", card) for label, card in cards.items()}


class Table1Training(Experiment[dict[str, Trained]]):
    """Accuracies of six devices on MNIST, in one set-up with one baseline, beside the paper's.

    The experiment ``table1`` measures alpha and the asymmetric ratio on the same devices, and runs when nothing is
    named. This is a part of it with a name of its own, ``table1.training``: whoever names ``table1`` gets both, and
    whoever names nothing gets no training. Without the data set, the figures of merit are shown, and a line says what
    is missing. The accuracy of this device in this set-up is not that of figure 6f: the range of the weights is
    narrower, so that it is no row of its own.

    Args:
        effort: numbers of seeds, epochs and processes.
    """

    name = "table1.training"
    title = "Table 1: six Li-ion synapses that learn MNIST in one set-up"
    runs_by_default = False

    def __init__(self, effort: Effort = WHOLE_EFFORT) -> None:
        self._effort = effort

    def measure(self, runner: ProgramRunner, a: Assumptions) -> dict[str, Trained]:
        """Train on the devices of the table, and on that of the runner's card."""
        cases = table_cases(runner.card)
        return dict(zip(cases, train_cases(list(cases.values()), runner, self._effort), strict=True))

    def observed(self, data: dict[str, Trained]) -> NDArray[np.float64]:
        """Accuracies on the devices after every epoch."""
        return np.concatenate([t.hardware[:, 1:].ravel() for t in data.values()])

    def findings(self, data: dict[str, Trained], a: Assumptions) -> Findings:
        """The accuracies of the devices and their order."""
        reached = {label: 100 * float(t.hardware[:, -1].mean()) for label, t in data.items()}
        numbers = {f"table1_{label}": reached[label] for label in _OTHERS}
        return Findings(numbers, {"table1_order": _order(reached)}, remarks=_REMARKS, tables=(_table(data),))


_REMARKS = (
    "The paper's accuracies came from five papers with five baselines: the accuracies in floating point that they "
    "imply are 95.5 to 98.2 %, so that no single set-up has these numbers. Here all devices learn with the same "
    "network, the same images, rates and range of weights; only their order is compared.",
    "The cards of the five other devices know how the mean of their pulses moves, not how it scatters.",
)


def paper_accuracy(label: str) -> PaperAccuracy:
    """What the paper's table says of the device with this label."""
    return _THIS if label == "this" else _OTHERS[label][1]


def _order(reached: Mapping[str, float]) -> PaperTrend:
    order = [("lipon", "this"), ("this", "wo3"), ("wo3", "moo3"), ("wo3", "lipose")]
    shown = " > ".join(f"{label} {reached[label]:.2f}" for label in sorted(reached, key=lambda k: -reached[k]))
    return PaperTrend(f"{shown} %", np.array([reached[better] - reached[worse] for better, worse in order]))


def _table(data: Mapping[str, Trained]) -> FindingsTable:
    head = (
        "device", "floating point / %", "device / %", "gap / points", "paper / %", "paper's gap / points",
        "paper's floating point / %",
    )  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for label, t in sorted(data.items(), key=lambda item: -item[1].hardware[:, -1].mean()):
        paper = paper_accuracy(label)
        floating, hardware = (f"{100 * a[:, -1].mean():.2f}" for a in (t.floating, t.hardware))
        rows.append((paper.title, floating, hardware, t.gap_text, *_printed(paper)))
    t = next(iter(data.values()))
    title = (
        f"Accuracy on MNIST, law {t.config.update.law}, weight range {t.config.cell.weight_range}, "
        f"{len(t.hardware)} seeds, best device first"
    )
    return FindingsTable(title, head, tuple(rows))


def _printed(paper: PaperAccuracy) -> tuple[str, str, str]:
    if paper.percent is None or paper.gap_points is None:
        return "N/A", "N/A", "N/A"
    return f"{paper.percent:g}", f"{paper.gap_points:g}", f"{paper.percent + paper.gap_points:.1f}"
