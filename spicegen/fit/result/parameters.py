"""The fitted parameters as rows of a table and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from models_va import Model
from spicegen.fit.solve.digits import rounded
from spicegen.fit.solve.least_squares import Solution

HEAD = ("parameter", "unit", "start", "value", "uncertainty", "share", "fixed by data")
"""Columns of ``parameter_rows``."""
_SHOWN_DIRECTIONS = 12


def parameter_rows(
    solution: Solution, model: Model, units: Mapping[str, str] = MappingProxyType({})
) -> list[tuple[object, ...]]:
    """Table of the fitted parameters under ``HEAD``, one row each.

    Args:
        solution: the solution of the fit.
        model: the model whose parameters are fitted.
        units: name -> unit of what is fitted beside them; what has none here has the unit 1, as a state has.
    """
    found: list[tuple[object, ...]] = []
    for n, free in enumerate(solution.free):
        unit = model.param[free.name].unit if free.name in model.param else units.get(free.name, "1")
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
    """Least fixed combinations of parameters: the data's information over the prior's, and a product of powers."""
    names = [f"exp({f.name})" if f.scale == "linear" else f.name for f in solution.free]
    found = []
    for information, direction in solution.directions()[::-1][:_SHOWN_DIRECTIONS]:
        leading = np.argsort(-np.abs(direction))[:5]
        # The sign of a direction is free, so that its largest exponent is shown as positive.
        signed = direction * np.sign(direction[leading[0]])
        powers = [f"{names[n]}^{signed[n]:+.2f}" for n in leading if abs(signed[n]) > 0.15]
        found.append((information, " ".join(powers)))
    return found


def parameters_json(solution: Solution) -> dict[str, Any]:
    """The part of report.json that is about the fitted parameters."""
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
