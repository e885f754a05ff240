"""Figure 6e to 6g: networks that learn on the device, accuracy against epoch, and what their gaps come from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from evaluator.paper.trainings import DATA_SETS, FOLDS, WHOLE_EFFORT, Case, Effort, Trained, train_cases
from evaluator.training.effects import EFFECTS, FINER
from models_va import DeviceCard
from spicegen.paper import Assumptions, Experiment, Findings, FindingsTable, PaperTrend, ProgramRunner, paper_value

LAWS = ("accumulate", "continuous")
"""The laws of updates that are compared; the paper's own simulator has the second."""
PAPER_GAPS: Mapping[str, float] = {"file-types": 0.5, "mnist": 0.14, "fashion": 1.7}
"""The paper's gaps to floating point, in points: its text on figure 6e, its table 1, and 86.2 - 84.5 of figure 6g."""
LARGEST_GAPS: Mapping[str, float] = {"file-types": 1.0, "mnist": 0.5, "fashion": 2.0}
"""The largest gaps that reproduce the paper, in points."""
_GAP_ROWS: Mapping[str, str] = {"file-types": "gap_file_types", "mnist": "gap_mnist", "fashion": "gap_fashion"}
_OWN_LAW = "continuous"


def figure_cases(card: DeviceCard) -> list[Case]:
    """The trainings of figure 6e to 6g: each data set by each law."""
    return [Case(f"{data}-{law}", data, card) for data in DATA_SETS for law in LAWS]


def law_of(trained: Trained) -> str:
    """The law of updates of a training."""
    return trained.config.update.law


class _Figure6(Experiment[list[Trained]]):
    """What both experiments on figure 6e to 6g have in common: trainings of its data sets, which run only when named.

    Args:
        effort: numbers of seeds, epochs and processes.
        data_sets: names of data sets; the paper's three by default.
    """

    runs_by_default = False

    def __init__(self, effort: Effort = WHOLE_EFFORT, data_sets: tuple[str, ...] = tuple(DATA_SETS)) -> None:
        self._effort, self._data_sets = effort, data_sets

    def cases(self, card: DeviceCard) -> list[Case]:
        """The trainings of the chosen data sets, by each law."""
        return [case for case in figure_cases(card) if case.data in self._data_sets]

    def observed(self, data: list[Trained]) -> NDArray[np.float64]:
        """Accuracies on the devices after every epoch."""
        return np.concatenate([t.hardware[:, 1:].ravel() for t in data])


class Figure6Training(_Figure6):
    """Accuracy against epoch in floating point and on the device, by two laws of updates, paired by seeds.

    The trainings do not depend on a circuit simulator: another engine beside the native one finds the same again.
    """

    name = "fig6.training"
    title = "Figure 6e to 6g: learning on the device"

    def measure(self, runner: ProgramRunner, a: Assumptions) -> list[Trained]:
        """Train by each law on each data set."""
        return train_cases(self.cases(runner.card), runner, self._effort)

    def findings(self, data: list[Trained], a: Assumptions) -> Findings:
        """Accuracies and gaps by the law of the paper's simulator, and whether both laws keep the gaps small."""
        own = {t.case.data: t for t in data if law_of(t) == _OWN_LAW}
        numbers = {}
        for data_set, row in (("mnist", "mlp_mnist"), ("fashion", "mlp_fashion")):
            if data_set in own:
                numbers[row] = 100 * float(own[data_set].hardware[:, -1].mean())
        if "file-types" in own:
            numbers["mlp_file_types"] = own["file-types"].gap_points
        trends = {_GAP_ROWS[name]: _small_gaps([t for t in data if t.case.data == name]) for name in own}
        return Findings(numbers, trends, remarks=_remarks(data), tables=(_gap_table(data),))


def _small_gaps(trained: list[Trained]) -> PaperTrend:
    shown = ", ".join(f"{t.gap_text} points by {law_of(t)}" for t in trained)
    return PaperTrend(shown, np.array([LARGEST_GAPS[t.case.data] - t.gap_points for t in trained]))


def _gap_table(data: list[Trained]) -> FindingsTable:
    head = ("data", "law", "weight range", "floating point / %", "device / %", "gap / points", "paper's gap / points")
    rows = [
        (
            DATA_SETS[t.case.data].title,
            law_of(t),
            str(t.config.cell.weight_range),
            f"{100 * t.floating[:, -1].mean():.2f}",
            f"{100 * t.hardware[:, -1].mean():.2f}",
            t.gap_text,
            PAPER_GAPS[t.case.data],
        )
        for t in data
    ]
    return FindingsTable(f"Accuracies after the last epoch, {_seeds(data)}", head, tuple(rows))


def _seeds(data: list[Trained]) -> str:
    n = len(data[0].hardware)
    return f"mean of {n} seeds, gaps paired by seed with their 95 % intervals" if n > 1 else "one seed"


def _remarks(data: list[Trained]) -> tuple[str, ...]:
    remarks = [
        f"The paper's accuracies on the device are {paper_value('mlp_mnist'):g} % on MNIST and "
        f"{paper_value('mlp_fashion'):g} % on Fashion-MNIST. The numbers above are by the law {_OWN_LAW}, which its "
        "simulator has.",
        "A row is judged by the gap to floating point, because two set-ups with other networks, images or rates have "
        "other accuracies.",
    ]
    if any(t.case.data == "file-types" for t in data):
        remarks.append(
            f"File types: the 900 public samples in a stratified cross-validation of {FOLDS} parts. The training part "
            "that the paper used is not public, so that accuracies are not comparable to the last point."
        )
    pulsed = [t for t in data if law_of(t) == "accumulate"][-1:]
    return (*remarks, *(f"{DATA_SETS[t.case.data].title} by {law_of(t)}: {t.interval}" for t in pulsed))


class Figure6Effects(_Figure6):
    """The gaps of figure 6e to 6g with one imperfection of the device off at a time.

    It is a part of ``fig6`` of its own, because it takes four times as long: ``--only fig6.training`` leaves it out.
    """

    name = "fig6.effects"
    title = "Figure 6e to 6g: what the gaps to floating point come from"

    def measure(self, runner: ProgramRunner, a: Assumptions) -> list[Trained]:
        """Train each case as it is and with each imperfection off; what is the same by definition is left out."""
        whole = self.cases(runner.card)
        cases = [c._replace(effect=e) for c in whole for e in ("", *EFFECTS) if not _without_meaning(c, e)]
        return train_cases(cases, runner, self._effort)

    def findings(self, data: list[Trained], a: Assumptions) -> Findings:
        """A table of the gaps."""
        return Findings(remarks=_EFFECT_REMARKS, tables=(_effect_table(data),))


_EFFECT_REMARKS = (
    "Asymmetry off: at every conductance, steps up and down are as large as the mean of both. Nonlinearity off: all "
    "steps up are alike, and all steps down; what remains of asymmetry is the ratio of the two. Granularity off: steps "
    f"are {FINER:g} times smaller, with the same variance for the same way. Noise off: every step is the mean step.",
    "The effects do not add up: one can hide another.",
    "Both networks begin with the same weights and see the same samples, in every column the same.",
)


def _without_meaning(case: Case, effect: str) -> bool:
    """Whether a training with an imperfection off is the training itself: ``continuous`` has no whole steps."""
    return effect == "granularity" and case.setup.endswith("continuous")


def _effect_table(data: list[Trained]) -> FindingsTable:
    head = ("data", "law", "as it is", *(f"{effect} off" for effect in EFFECTS))
    found = {(t.case.setup, t.case.effect): t for t in data}
    rows: list[tuple[object, ...]] = []
    for (setup, effect), t in found.items():
        if not effect:
            gaps = [found[setup, e].gap_text if (setup, e) in found else "no whole steps" for e in EFFECTS]
            rows.append((DATA_SETS[t.case.data].title, law_of(t), t.gap_text, *gaps))
    return FindingsTable(f"Gap to floating point / points, {_seeds(data)}", head, tuple(rows))
