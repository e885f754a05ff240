"""Residuals of a card against the paper's figures of merit: every row of its table that one device can show."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard
from spicegen.paper import EXPERIMENTS, Assumptions, Experiment, ProgramRunner, Target, paper_targets
from spicegen.simulate import REFERENCE, SimulationError, simulator

Array = NDArray[np.float64]

FITTED: Sequence[Experiment[Any]] = [
    e for n, e in EXPERIMENTS.items() if n not in ("fig4e", "fig6c", "figS5", "table1")
]
"""4e searches patterns on the finished card, 6c is the programming error, S5 has no numbers: they fix no parameter."""
_SIGMA = 0.04
"""Of the natural log of a figure of merit: what the paper's two digits leave, and what a model may miss."""
_CLOSE = {"pulse_down": 0.02, "endurance": 0.01, "stp_amplitude_reset": 0.01}
"""Rows which say how little changes: the difference from 1 is what counts."""
_CLEAR, _STEP = 0.05, 0.02
"""A trend is clear with this margin, and what is missing counts in these steps."""
_SOFT = 3.0
"""Residuals count in full up to about here."""
_MOST = 15.0
"""A failed simulation, or a figure of merit that does not exist."""


@dataclass(frozen=True, slots=True)
class Term:
    """One residual.

    Attributes:
        experiment: which.
        row: of the paper's table, or a demand of the experiment.
        value: in units of its uncertainty; grows as a logarithm when large.
    """

    experiment: str
    row: str
    value: float


class PaperResiduals:
    """Parameters of a card -> residuals.

    Args:
        card: what is not fitted.
        assumptions: of the experiments.
        experiments: whose numbers, trends and demands count.

    Raises:
        SimulationError: the card itself cannot be simulated; later failures are large residuals.
    """

    def __init__(
        self, card: DeviceCard, assumptions: Assumptions, experiments: Sequence[Experiment[Any]] = FITTED
    ) -> None:
        self._card, self._assumptions, self._experiments = card, assumptions, experiments
        self._counts: Mapping[str, int] = {}
        self._of_card = self.terms({})
        self._counts = Counter(t.experiment for t in self._of_card)

    @property
    def key(self) -> str:
        """What the residuals depend on; those of the card itself show what experiments and equations are now."""
        weights = _SIGMA, _CLOSE, _CLEAR, _STEP, _SOFT, _MOST
        return f"{self._card.hash}|{self._assumptions}|{_targets()}|{weights}|{self._of_card}"

    def __call__(self, values: Mapping[str, float]) -> Array:
        """Residuals by values of parameters; those left out are the card's."""
        return np.array([t.value for t in self.terms(values)])

    def terms(self, values: Mapping[str, float]) -> list[Term]:
        """The same with their labels."""
        runner = ProgramRunner(self._card.with_values(values), simulator(REFERENCE))
        return [term for experiment in self._experiments for term in self._terms(experiment, runner)]

    def _terms(self, experiment: Experiment[Any], runner: ProgramRunner) -> list[Term]:
        name, a = experiment.name, self._assumptions
        try:
            seen = experiment.findings(experiment.measure(runner, a), a)
        except SimulationError:
            if name not in self._counts:
                raise
            return [Term(name, name, _MOST)] * self._counts[name]
        judged = {row: number for row, number in seen.numbers.items() if _targets()[row].kind == "number"}
        found = [Term(name, row, _limited(_distance(row, number))) for row, number in judged.items()]
        for row, trend in [*seen.trends.items(), *seen.demands.items()]:
            missing = np.maximum(0.0, _CLEAR - trend.margins) / _STEP
            found += [Term(name, row, _limited(m)) for m in missing.tolist()]
        return found


@cache
def _targets() -> Mapping[str, Target]:
    return {t.id: t for t in paper_targets()}


def _distance(row: str, number: float) -> float:
    """Of a figure of merit from the paper's, on a log scale."""
    paper = _targets()[row].value
    if paper is None or not number > 0:
        return math.nan
    return math.log(number / paper) / _CLOSE.get(row, _SIGMA)


def _limited(residual: float) -> float:
    """Nearly itself when small, growing as a logarithm when large: far away, a decade less is progress too."""
    return _SOFT * math.asinh(residual / _SOFT) if math.isfinite(residual) else _MOST
