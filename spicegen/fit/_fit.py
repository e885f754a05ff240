"""``spicegen fit``: from the paper's figures of merit to a card, and what they say of each parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from models_va import DeviceCard, Quantity, load_card, parse_yaml
from models_va.errors import InputError
from spicegen import __version__
from spicegen.experiments import Assumptions, Experiment
from spicegen.fit.least_squares import PRIOR, Free, Solution
from spicegen.fit.least_squares import fit as minimise
from spicegen.fit.paper import FITTED, PaperResiduals, Term
from spicegen.page import Page
from spicegen.plotting import COLOURS, axes, new_figure
from spicegen.progress import counter

Array = NDArray[np.float64]

ENDURANCE_CYCLES = 40
"""Of the 350: the drift is linear from the thirtieth on, and every cycle costs time at every step of the fit."""
_ITERATIONS = 40
_DIGITS = 4
"""Significant digits of fitted values on a card."""
_SHOWN_DIRECTIONS = 12


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

    @cached_property
    def _names(self) -> list[str]:
        return [f.name for f in self.solution.free]

    def rows(self) -> list[tuple[object, ...]]:
        """One a parameter: see ``HEAD``."""
        s = self.solution
        found: list[tuple[object, ...]] = []
        for n, free in enumerate(s.free):
            param = self.card.device_model.param[free.name]
            verdict = "at its bound" if s.at_bound[n] else "yes" if s.is_fixed[n] else "NO"
            relative = f"{100 * s.log_std[n]:.{0 if s.log_std[n] >= 0.1 else 1}f} %"
            found.append((free.name, param.unit, free.start, float(s.values[n]), relative, float(s.share[n]), verdict))
        return found

    def combinations(self) -> list[tuple[float, str]]:
        """The least fixed combinations of parameters: information over the prior's, and the product of powers."""
        found = []
        for information, direction in self.solution.directions()[::-1][:_SHOWN_DIRECTIONS]:
            leading = np.argsort(-np.abs(direction))[:5]
            # the sign of a direction is free: its largest exponent is shown positive
            signed = direction * np.sign(direction[leading[0]])
            powers = [f"{self._names[n]}^{signed[n]:+.2f}" for n in leading if abs(signed[n]) > 0.15]
            found.append((information, " ".join(powers)))
        return found

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
            f"{len(s.misfit)} chosen after {s.evaluations} evaluations."
        )

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        s = self.solution
        return {
            "card": self.card.name,
            "card_hash": self.card.hash,
            "seed": self.seed,
            "misfit_of_starts": list(s.misfit),
            "chosen": s.chosen,
            "evaluations": s.evaluations,
            "prior_log_std": PRIOR,
            "parameters": [
                {
                    "name": f.name,
                    "start": f.start,
                    "lower": f.lower,
                    "upper": f.upper,
                    "value": float(s.values[n]),
                    "log_std": float(s.log_std[n]),
                    "share_from_data": float(s.share[n]),
                    "fixed_by_data": bool(s.is_fixed[n]),
                    "at_bound": bool(s.at_bound[n]),
                }
                for n, f in enumerate(s.free)
            ],
            "log_covariance": s.covariance.tolist(),
            "directions": [{"information": i, "exponents": d.tolist()} for i, d in s.directions()],
            "misfits": {row: {"before": b, "after": a} for row, (b, a) in self.misfits.items()},
        }

    def page(self) -> Page:
        """The report page."""
        page = Page(f"Fit of {self.card.name}", self.summary())
        page.section(
            "Parameters",
            "The uncertainty is one standard deviation of the natural logarithm. Fixed: the data take away at least "
            f"three quarters of the prior's variance (a factor of {np.exp(PRIOR):.0f} either way). Both are local: a "
            "condition that is met with room to spare says nothing here, though it would forbid larger changes.",
        )
        meanings = [self.card.device_model.param[name].description for name in self._names]
        page.table((*HEAD, "meaning"), [(*row, m) for row, m in zip(self.rows(), meanings, strict=True)])
        page.figure(self._share_figure(), "How much of what the prior leaves open the data decide.")
        page.section(
            "What the data do not fix",
            "Products of powers of parameters, the least fixed first; information is the data's over the prior's: "
            "below 1 the value of such a product is the start's, not the paper's.",
        )
        page.table(("information", "combination"), self.combinations())
        page.figure(self._spectrum_figure(), "All combinations; the line is the prior.")
        page.figure(self._correlation_figure(), "Correlations of the logarithms.")
        page.section("Residuals", "Each row's part of the sum of squares.")
        page.table(("row", "start", "end"), [(row, b, a) for row, (b, a) in self.misfits.items()])
        return page

    def _share_figure(self) -> Any:
        figure = new_figure(9.0, 3.4)
        ax = axes(figure, title="Share of the prior variance removed", y="share")
        order = np.argsort(-self.solution.share)
        colours = [COLOURS[0] if self.solution.is_fixed[n] else COLOURS[1] for n in order]
        ax.bar([self._names[n] for n in order], self.solution.share[order], color=colours)
        ax.tick_params(axis="x", rotation=70)
        ax.set_ylim(0, 1)
        return figure

    def _spectrum_figure(self) -> Any:
        figure = new_figure(6.0, 3.2)
        ax = axes(figure, title="Information of each combination", x="combination", y="data over prior")
        information = [max(i, 1e-6) for i, _ in self.solution.directions()]
        ax.semilogy(range(1, len(information) + 1), information, "o", color=COLOURS[0], ms=4)
        ax.axhline(1.0, color=COLOURS[1], lw=1)
        return figure

    def _correlation_figure(self) -> Any:
        figure = new_figure(7.0, 6.0)
        ax = axes(figure, title="Correlation of log parameters")
        c, std = self.solution.covariance, self.solution.log_std
        image = ax.imshow(c / np.outer(std, std), cmap="RdBu_r", vmin=-1, vmax=1)
        ax.set_xticks(range(len(std)), self._names, rotation=90, fontsize=7)
        ax.set_yticks(range(len(std)), self._names, fontsize=7)
        figure.colorbar(image, ax=ax, shrink=0.8)
        return figure


HEAD = ("parameter", "unit", "start", "value", "uncertainty", "share", "fixed by data")
"""Columns of ``FitReport.rows``."""


def paper_fit(model: str) -> PaperFit:
    """The shipped start for a model.

    Raises:
        InputError: none ships for it.
    """
    folder = resources.files("spicegen") / "fit" / "starts"
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

        solution = minimise(residuals, free, seed, starts, _ITERATIONS, notebook, key, report)
    return FitReport(
        card=_fitted(card, solution),
        solution=solution,
        before=tuple(residuals.terms({})),
        after=tuple(residuals.terms(dict(zip(start, solution.values.tolist(), strict=True)))),
        seed=seed,
    )


def _fitted(card: DeviceCard, solution: Solution) -> DeviceCard:
    found: dict[str, Quantity] = {}
    for free, value, log_std in zip(solution.free, solution.values, solution.log_std, strict=True):
        note = card.parameters[free.name].note if free.name in card.parameters else ""
        found[free.name] = Quantity(
            value=_rounded(value, _DIGITS), uncertainty=_rounded(value * log_std, 2), provenance="fitted", note=note
        )
    return card.with_parameters(found)


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")
