"""What a fit says of each parameter, as tables and pictures on a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure

from models_va import Model
from spicegen.fit.result.parameters import HEAD, combinations, parameter_rows
from spicegen.fit.solve.least_squares import Solution
from spicegen.reports.page import Page
from spicegen.reports.plotting import COLOURS, axes, new_figure

_STATES = (
    "States where each run begins, which were fitted too; the run of cycles begins one cycle before what is shown. The "
    "card's own is another: with it the card's device shows the first conductance that was measured."
)


@dataclass(frozen=True)
class Others:
    """What is fitted beside the parameters of the model.

    Attributes:
        head: head of the column of names.
        sentence: sentences on what they are.
        units: name -> unit; what has none here has the unit 1.
    """

    head: str = "state"
    sentence: str = _STATES
    units: Mapping[str, str] = field(default_factory=dict)


def show_parameters(page: Page, solution: Solution, model: Model, others: Others | None = None) -> None:
    """Add the table of parameters, what the data decide, what they do not, and correlations to a page.

    Args:
        page: the page.
        solution: the solution of the fit.
        model: the model whose parameters are fitted.
        others: what is fitted beside them; None: states where replays begin.
    """
    others = others or Others()
    widest = [w for w, f in zip(solution.prior, solution.free, strict=True) if f.scale == "log"]
    factor = f", from a prior of a factor of {np.exp(max(widest)):.0f} either way" if widest else ""
    page.section(
        "Parameters",
        "The uncertainty is one standard deviation, of the natural logarithm where it is in % or a factor. Fixed: the "
        "data leave less than a factor of 1.7 either way (of what may be negative, a fortieth of its range)"
        f"{factor}. Both are local: a condition that is met with room to spare says nothing here, though it would "
        "forbid larger changes.",
    )
    own = [n for n, f in enumerate(solution.free) if f.name in model.param]
    rows = parameter_rows(solution, model, others.units)
    page.table((*HEAD, "meaning"), [(*rows[n], model.param[solution.free[n].name].description) for n in own])
    if further := [row for n, row in enumerate(rows) if n not in own]:
        page.table((others.head, *HEAD[1:]), further, others.sentence)
    page.figure(_share_figure(solution, own), "How much of what the prior leaves open the data decide.")
    page.section(
        "What the data do not fix",
        "Products of powers of parameters, the least fixed first; information is the data's over the prior's: "
        "below 1 the value of such a product is the start's, not the data's.",
    )
    page.table(("information", "combination"), combinations(solution))
    page.figure(_spectrum_figure(solution), "All combinations; the line is the prior.")
    page.figure(_correlation_figure(solution, own), "Correlations of the parameters (of their logarithms).")


def _share_figure(solution: Solution, own: list[int]) -> Figure:
    figure = new_figure(9.0, 3.4)
    ax = axes(figure, title="Share of the prior variance removed", y="share")
    order = sorted(own, key=lambda n: -solution.share[n])
    colours = [COLOURS[0] if solution.is_fixed[n] else COLOURS[1] for n in order]
    ax.bar([solution.free[n].name for n in order], solution.share[order], color=colours)
    ax.tick_params(axis="x", rotation=70)
    ax.set_ylim(0, 1)
    return figure


def _spectrum_figure(solution: Solution) -> Figure:
    figure = new_figure(6.0, 3.2)
    ax = axes(figure, title="Information of each combination", x="combination", y="data over prior")
    information = [max(i, 1e-6) for i, _ in solution.directions()]
    ax.semilogy(range(1, len(information) + 1), information, "o", color=COLOURS[0], ms=4)
    ax.axhline(1.0, color=COLOURS[1], lw=1)
    return figure


def _correlation_figure(solution: Solution, own: list[int]) -> Figure:
    figure = new_figure(7.0, 6.0)
    ax = axes(figure, title="Correlation of parameters")
    names = [solution.free[n].name for n in own]
    image = ax.imshow(solution.correlation[np.ix_(own, own)], cmap="RdBu_r", vmin=-1, vmax=1)
    ax.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
    ax.set_yticks(range(len(names)), names, fontsize=7)
    figure.colorbar(image, ax=ax, shrink=0.8)
    return figure
