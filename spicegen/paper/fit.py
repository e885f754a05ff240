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
from spicegen.fit.result.parameter_tables import parameters_json
from spicegen.fit.solve.digits import DIGITS, rounded
from spicegen.fit.solve.least_squares import Solution
from spicegen.paper import Assumptions, Experiment
from spicegen.paper.fit_processes import fit_in_processes
from spicegen.paper.fit_residuals import FITTED, PaperResiduals, Term
from spicegen.progress import counter
from spicegen.reports.page import Page
from spicegen.reports.parameter_tables import show_parameters

ENDURANCE_CYCLES = 40
"""Of the 350: the drift is linear from the thirtieth on, and every cycle costs time at every step of the fit."""
_ITERATIONS = 40


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Range(_Strict):
    start: Annotated[FiniteFloat, Field(gt=0)]
    lower: Annotated[FiniteFloat, Field(gt=0)]
    upper: Annotated[FiniteFloat, Field(gt=0)]


class PaperFit(_Strict):
    """The shipped fit: which card gives what is not fitted, and where each parameter starts."""

    card: str
    parameters: dict[str, _Range]


@dataclass(frozen=True, eq=False)
class FitReport:
    """What ``fit_paper`` found.

    Attributes:
        card: with the fitted values and their uncertainties.
        solution: of the least squares.
        before, after: residuals of the first start and of the end.
        seed: of the further starts.
    """

    card: DeviceCard
    solution: Solution
    before: tuple[Term, ...]
    after: tuple[Term, ...]
    seed: int

    @property
    def misfits(self) -> dict[str, tuple[float, float]]:
        """Row of the paper's table -> its part of the sum of squares, before and after."""
        rows = dict.fromkeys(t.row for t in self.after)
        return {
            row: (
                float(sum(t.value**2 for t in self.before if t.row == row)),
                float(sum(t.value**2 for t in self.after if t.row == row)),
            )
            for row in rows
        }

    def summary(self) -> str:
        """One sentence."""
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
            **parameters_json(self.solution),
            "misfits": {row: {"before": b, "after": a} for row, (b, a) in self.misfits.items()},
        }

    def page(self) -> Page:
        """The report page."""
        page = Page(f"Fit of {self.card.name}", self.summary())
        show_parameters(page, self.solution, self.card.device_model)
        page.section("Residuals", "Each row's part of the sum of squares.")
        page.table(("row", "start", "end"), [(row, b, a) for row, (b, a) in self.misfits.items()])
        return page


def paper_fit(model: str) -> PaperFit:
    """The shipped start for a model.

    Raises:
        InputError: none ships for it.
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
    notebook: Path | None = None,
    experiments: Sequence[Experiment[Any]] = FITTED,
) -> FitReport:
    """Fit a card to the paper's figures of merit and trends.

    Args:
        shipped: start and bounds.
        seed: of the starts after the first.
        starts: how many.
        notebook: a folder where computed residuals are kept: an interrupted fit goes on from there.
        experiments: what counts.

    Raises:
        InputError: a parameter's range is outside the model's.
        SimulationError: the first start cannot be simulated.
    """
    card = load_card(shipped.card)
    free = [Free(name, r.start, r.lower, r.upper) for name, r in shipped.parameters.items()]
    for f in free:
        if not f.lower <= f.start <= f.upper:
            raise InputError(f"fit: {f.name}: the start {f.start:g} is outside {f.lower:g} to {f.upper:g}")
    start = {f.name: f.start for f in free}
    residuals = PaperResiduals(card.with_values(start), Assumptions(endurance_cycles=ENDURANCE_CYCLES), experiments)
    key = f"{__version__}|{card.device_model.version}|{residuals.key}"
    with counter("fit", starts * _ITERATIONS) as advance:

        def report(number: int, iteration: int, misfit: float) -> None:
            advance(number * _ITERATIONS + iteration, f"fit: start {number + 1} of {starts}, misfit {misfit:.2f}")

        solution = fit_in_processes(residuals, free, seed, starts, _ITERATIONS, notebook, key, report)
    return FitReport(
        card=_fitted(card, solution),
        solution=solution,
        before=tuple(residuals.terms({})),
        after=tuple(residuals.terms(dict(zip(start, solution.values.tolist(), strict=True)))),
        seed=seed,
    )


def _fitted(card: DeviceCard, solution: Solution) -> DeviceCard:
    found: dict[str, Quantity] = {}
    for n, (free, value) in enumerate(zip(solution.free, solution.values.tolist(), strict=True)):
        note = card.parameters[free.name].note if free.name in card.parameters else ""
        found[free.name] = Quantity(
            value=rounded(value, DIGITS), uncertainty=solution.uncertainty(n), provenance="fitted", note=note
        )
    return card.with_parameters(found)
