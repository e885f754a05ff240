"""``spicegen fit``: from the paper's figures of merit to a card, and what they say of each parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from models_va import DeviceCard, Quantity, load_card, parse_yaml
from models_va.errors import InputError
from spicegen import __version__
from spicegen.fit.free_parameter import Free
from spicegen.fit.result.parameters import parameters_json
from spicegen.fit.solve.digits import DIGITS, rounded
from spicegen.fit.solve.least_squares import Solution
from spicegen.paper.assumptions import ASSUMPTION_UNITS, Assumptions
from spicegen.paper.experiment import Experiment
from spicegen.paper.fit_processes import fit_in_processes
from spicegen.paper.fit_residuals import FITTED, PaperResiduals, Term
from spicegen.progress import counter

ENDURANCE_CYCLES = 40
"""Number of endurance cycles that a fit simulates, of 350: the drift is linear from the thirtieth on, and every cycle
costs time at every step of the fit."""
_ITERATIONS = 40


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Range(_Strict):
    start: Annotated[FiniteFloat, Field(gt=0)]
    lower: Annotated[FiniteFloat, Field(gt=0)]
    upper: Annotated[FiniteFloat, Field(gt=0)]


class PaperFit(_Strict):
    """The shipped setting of a fit.

    Attributes:
        card: name of the card that gives what is not fitted.
        parameters: start and bounds of each fitted parameter of the card, in the model's units.
        assumptions: the same of each fitted number of the experiments that the paper leaves open, in SI units.
    """

    card: str
    parameters: dict[str, _Range]
    assumptions: dict[str, _Range] = {}


@dataclass(frozen=True, eq=False)
class PaperFitReport:
    """Result of ``fit_paper``.

    Attributes:
        card: card with the fitted values and their uncertainties.
        assumptions: numbers of the experiments that the paper leaves open, the fitted ones among them.
        solution: solution of the least squares.
        before, after: residuals at the first start and at the end.
        seed: seed of the further starts.
    """

    card: DeviceCard
    assumptions: Assumptions
    solution: Solution
    before: tuple[Term, ...]
    after: tuple[Term, ...]
    seed: int

    @property
    def misfits(self) -> dict[str, tuple[float, float]]:
        """Row of the paper's table -> its part of the sum of squares, at the start and at the end."""
        rows = dict.fromkeys(t.row for t in self.after)
        return {
            row: (
                float(sum(t.value**2 for t in self.before if t.row == row)),
                float(sum(t.value**2 for t in self.after if t.row == row)),
            )
            for row in rows
        }

    def summary(self) -> str:
        """A sentence on the misfit, the parameters that the data fix, and the chosen start."""
        s = self.solution
        before, after = (sum(m[k] for m in self.misfits.values()) for k in (0, 1))
        return (
            f"Misfit {before:.4g} at the start, {after:.4g} at the end (sum of {len(self.after)} squares); "
            f"{int(np.sum(s.is_fixed))} of {len(s.free)} parameters fixed by the data; start {s.chosen + 1} of "
            f"{len(s.misfit)} chosen."
        )

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            "card": self.card.name,
            "card_hash": self.card.hash,
            "seed": self.seed,
            "assumptions": {name: value for name, value, *_ in self.assumptions.rows()},
            **parameters_json(self.solution),
            "misfits": {row: {"before": b, "after": a} for row, (b, a) in self.misfits.items()},
        }


def paper_fit(model: str) -> PaperFit:
    """The shipped setting of the fit of a model.

    Raises:
        InputError: none ships for the model.
    """
    folder = resources.files("spicegen") / "paper" / "fit_starts"
    known = sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))
    if model not in known:
        raise InputError(f"fit: no start for model {model!r} and the paper: there is one for {', '.join(known)}")
    return parse_yaml((folder / f"{model}.yaml").read_text(encoding="utf-8"), f"{model}.yaml", PaperFit)


def fit_paper(
    shipped: PaperFit,
    seed: int = 1,
    starts: int = 1,
    cache_folder: Path | None = None,
    population: int = 0,
    experiments: Sequence[Experiment[Any]] = FITTED,
) -> PaperFitReport:
    """Fit a card to the paper's figures of merit and trends.

    Args:
        shipped: start and bounds of each parameter.
        seed: seed of the starts after the first.
        starts: number of starts.
        cache_folder: folder where computed residuals are kept, so that an interrupted fit resumes; None keeps none.
        population: number of evaluations of a population search before the descents; 0: there is none.
        experiments: experiments whose figures of merit count.

    Raises:
        InputError: a parameter's range is outside the model's.
        SimulationError: the shipped card cannot be simulated.
    """
    card = load_card(shipped.card)
    ranges = shipped.parameters | shipped.assumptions
    free = [Free(name, r.start, r.lower, r.upper) for name, r in ranges.items()]
    for f in free:
        if not f.lower <= f.start <= f.upper:
            raise InputError(f"fit: {f.name}: the start {f.start:g} is outside {f.lower:g} to {f.upper:g}")
    start = {f.name: f.start for f in free}
    assumed = Assumptions(endurance_cycles=ENDURANCE_CYCLES)
    residuals = PaperResiduals(card, assumed, experiments)
    key = f"{__version__}|{card.device_model.version}|{residuals.key}"
    with counter("fit", population + starts * _ITERATIONS) as advance:

        def report(number: int, iteration: int, misfit: float) -> None:
            done = population + number * _ITERATIONS + iteration
            advance(done, f"fit: start {number + 1} of {starts}, misfit {misfit:.2f}")

        def report_population(evaluated: int, misfit: float) -> None:
            advance(min(evaluated, population), f"search: {evaluated} of {population} evaluations, misfit {misfit:.2f}")

        solution = fit_in_processes(
            residuals, free, seed, starts, _ITERATIONS, population, cache_folder, key, report, report_population
        )
    found = dict(zip(start, solution.values.tolist(), strict=True))
    return PaperFitReport(
        card=_fitted(card, solution),
        assumptions=assumed.with_values({name: rounded(found[name], DIGITS) for name in shipped.assumptions}),
        solution=solution,
        before=tuple(residuals.terms(start)),
        after=tuple(residuals.terms(found)),
        seed=seed,
    )


def _fitted(card: DeviceCard, solution: Solution) -> DeviceCard:
    """The card with the values and uncertainties of a solution."""
    parameters: dict[str, Quantity] = {}
    for n, (free, value) in enumerate(zip(solution.free, solution.values.tolist(), strict=True)):
        if free.name in ASSUMPTION_UNITS:
            continue
        note = card.parameters[free.name].note if free.name in card.parameters else ""
        parameters[free.name] = Quantity(
            value=rounded(value, DIGITS), uncertainty=solution.uncertainty(n), provenance="fitted", note=note
        )
    return card.with_parameters(parameters)
