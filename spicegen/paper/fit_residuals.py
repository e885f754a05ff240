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
from spicegen.paper.activity import SpikeFamily
from spicegen.paper.assumptions import ASSUMPTION_UNITS, Assumptions
from spicegen.paper.experiment import Experiment
from spicegen.paper.program_runner import ProgramRunner
from spicegen.paper.registry import DEVICE_EXPERIMENTS
from spicegen.paper.targets import Target, paper_targets
from spicegen.simulate import REFERENCE, SimulationError, simulator

Array = NDArray[np.float64]

FITTED: Sequence[Experiment[Any]] = [
    type(e)(potentiation_only=True) if isinstance(e, SpikeFamily) else e
    for n, e in DEVICE_EXPERIMENTS.items()
    if n not in ("fig4e", "fig6c", "figS5", "table1")
]
"""Experiments whose figures of merit count. 4e searches patterns on the finished card, 6c is the programming error, S5
has no numbers, and table 1 has cards of its own: they fix no parameter. Nor does the depression of figures 4a to 4d,
which takes three quarters of the time of them all."""
_SIGMA = 0.04
"""Uncertainty of the natural log of a figure of merit: what the paper's two digits leave, and what a model may miss."""
_CLOSE = {"pulse_down": 0.02, "endurance": 0.01, "stp_amplitude_reset": 0.01}
"""Row -> uncertainty, where the row says how little changes: the difference from 1 is what counts."""
_CLEAR, _STEP = 0.05, 0.02
"""Margin at which a trend is clear, and the step in which what is missing of it counts: as a softplus, because least
squares stall on a kink."""
_SOFT = 3.0
"""Size up to about which residuals count in full."""
_MOST = 15.0
"""Residual of a failed simulation, or of a figure of merit that does not exist."""


@dataclass(frozen=True, slots=True)
class Term:
    """One residual with its labels.

    Attributes:
        experiment: name of the experiment.
        row: row of the paper's table, or a demand of the experiment.
        value: residual in units of its uncertainty; it grows as a logarithm when large.
    """

    experiment: str
    row: str
    value: float


class PaperResiduals:
    """Residuals of a card's figures of merit as a function of its parameters and of what the paper leaves open.

    Args:
        card: card that gives the parameters which are not fitted.
        assumptions: numbers of the experiments that the paper leaves open, as far as they are not fitted.
        experiments: experiments whose numbers, trends and demands count.

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
        """Everything that the residuals depend on; those of the card itself stand for equations and experiments."""
        weights = _SIGMA, _CLOSE, _CLEAR, _STEP, _SOFT, _MOST
        return f"{self._card.hash}|{self._assumptions}|{_targets()}|{weights}|{self._of_card}"

    def __call__(self, values: Mapping[str, float]) -> Array:
        """Residuals at values of parameters and assumptions, shape (terms,); those left out are the card's own."""
        return np.array([t.value for t in self.terms(values)])

    def terms(self, values: Mapping[str, float]) -> list[Term]:
        """The same residuals with their labels."""
        assumed = {name: value for name, value in values.items() if name in ASSUMPTION_UNITS}
        a = self._assumptions.with_values(assumed)
        own = {name: value for name, value in values.items() if name not in assumed}
        runner = ProgramRunner(self._card.with_values(own), simulator(REFERENCE))
        return [term for experiment in self._experiments for term in self._terms(experiment, runner, a)]

    def _terms(self, experiment: Experiment[Any], runner: ProgramRunner, a: Assumptions) -> list[Term]:
        name = experiment.name
        try:
            findings = experiment.findings(experiment.measure(runner, a), a)
        except SimulationError:
            if name not in self._counts:
                raise
            return [Term(name, name, _MOST)] * self._counts[name]
        judged = {row: number for row, number in findings.numbers.items() if _targets()[row].kind == "number"}
        terms = [Term(name, row, _limited(_distance(row, number))) for row, number in judged.items()]
        for row, trend in [*findings.trends.items(), *findings.demands.items()]:
            missing = np.logaddexp(0.0, (_CLEAR - trend.margins) / _STEP)
            terms += [Term(name, row, _limited(m)) for m in missing.tolist()]
        return terms


@cache
def _targets() -> Mapping[str, Target]:
    return {t.id: t for t in paper_targets()}


def _distance(row: str, number: float) -> float:
    """Distance of a figure of merit from the paper's on a log scale, in units of its uncertainty, or NaN."""
    paper = _targets()[row].value
    if paper is None or not number > 0:
        return math.nan
    return math.log(number / paper) / _CLOSE.get(row, _SIGMA)


def _limited(residual: float) -> float:
    """The residual, nearly unchanged when small, a logarithm when large: far away, a decade less is progress too."""
    return _SOFT * math.asinh(residual / _SOFT) if math.isfinite(residual) else _MOST
