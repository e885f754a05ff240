"""What a fit says of each parameter, as a table, as pictures and as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from models_va import Model
from spicegen.fit.solve.digits import rounded
from spicegen.fit.solve.least_squares import Solution
from spicegen.reports.page import Page
from spicegen.reports.plotting import COLOURS, axes, new_figure

HEAD = ("parameter", "unit", "start", "value", "uncertainty", "share", "fixed by data")
"""Columns of ``parameter_rows``."""
_SHOWN_DIRECTIONS = 12
_STATES = (
    "States where each run begins, which were fitted too; the run of cycles begins one cycle before what is shown. The "
    "card's own is another: with it the card's device shows the first conductance that was measured."
)


def parameter_rows(solution: Solution, model: Model) -> list[tuple[object, ...]]:
    """One a parameter: see ``HEAD``. What is not one of the model's has no unit."""
    found: list[tuple[object, ...]] = []
    for n, free in enumerate(solution.free):
        unit = model.param[free.name].unit if free.name in model.param else "1"
        at_bound = solution.at_bound[n] and not solution.at_wall[n]
        verdict = "at its bound" if at_bound else "yes" if solution.is_fixed[n] else "NO"
        std, value = float(solution.std[n]), float(solution.values[n])
        if solution.uncertainty(n) is None:
            uncertainty = f"a factor of {np.exp(std):.2g}"
        elif free.scale == "log":
            uncertainty = f"{rounded(100 * std, 2):g} %"
        else:
            uncertainty = f"± {float(solution.value_std[n]):.2g}"
        found.append((free.name, unit, free.start, value, uncertainty, float(solution.share[n]), verdict))
    return found


def combinations(solution: Solution) -> list[tuple[float, str]]:
    """The least fixed combinations of parameters: information over the prior's, and the product of powers."""
    names = [f"exp({f.name})" if f.scale == "linear" else f.name for f in solution.free]
    found = []
    for information, direction in solution.directions()[::-1][:_SHOWN_DIRECTIONS]:
        leading = np.argsort(-np.abs(direction))[:5]
        # the sign of a direction is free: its largest exponent is shown positive
        signed = direction * np.sign(direction[leading[0]])
        powers = [f"{names[n]}^{signed[n]:+.2f}" for n in leading if abs(signed[n]) > 0.15]
        found.append((information, " ".join(powers)))
    return found


def parameters_json(solution: Solution) -> dict[str, Any]:
    """Its part of report.json."""
    s = solution
    return {
        "misfit_of_starts": list(s.misfit),
        "chosen": s.chosen,
        "parameters": [
            {
                "name": f.name,
                "scale": f.scale,
                "start": f.start,
                "lower": f.lower,
                "upper": f.upper,
                "value": float(s.values[n]),
                "std": s.uncertainty(n),
                "coordinate_std": float(s.std[n]),
                "prior_std_of_coordinate": float(s.prior[n]),
                "share_from_data": float(s.share[n]),
                "fixed_by_data": bool(s.is_fixed[n]),
                "at_bound": bool(s.at_bound[n]),
            }
            for n, f in enumerate(s.free)
        ],
        "coordinate_covariance": s.covariance.tolist(),
        "directions": [{"information": i, "exponents": d.tolist()} for i, d in s.directions()],
    }


def show_parameters(page: Page, solution: Solution, model: Model) -> None:
    """Add the table of parameters, what the data decide, what they do not, and correlations to a page."""
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
    rows = parameter_rows(solution, model)
    page.table((*HEAD, "meaning"), [(*rows[n], model.param[solution.free[n].name].description) for n in own])
    if states := [row for n, row in enumerate(rows) if n not in own]:
        page.table(("state", *HEAD[1:]), states, _STATES)
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
