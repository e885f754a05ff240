"""Reasons to doubt a fitted card: files that the model misses, and held values that the files contradict."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spicegen.fit.model_fit import MeasuredFit
from spicegen.fit.replay.run import outliers
from spicegen.fit.result.card import fixed_by_data

_MISSED, _MISSED_NOISE = 0.2, 1.5
"""Relative error, and its ratio to the noise, from which on a model does not describe a file."""
_BEYOND = 10.0
"""Factor by which a held conductance must be beyond all observed ones to look wrong."""


def doubts(best: MeasuredFit, held: Mapping[str, float]) -> list[str]:
    """Reasons to doubt the card, one sentence each: held values that look wrong, files that the model misses.

    Args:
        best: the best fit.
        held: values of the parameters that the user held, in their units.
    """
    said = {name: f"{name} = {v:g} {best.model.param[name].unit}" for name, v in held.items()}
    found = [f"{said[name]}, which is held, is far from what the files show: is it right?" for name in _far(best, held)]
    remedy = "; ".join([*map("is {} right, which is held?".format, said.values()), "try another model"])
    found += _missed(best, remedy)
    if not fixed_by_data(best)[0]:
        found.append(
            f"The data fix no parameter of {best.model.name} by itself: the card repeats these files, and beyond them "
            "it is a guess"
        )
    return found


def _far(best: MeasuredFit, held: Mapping[str, float]) -> list[str]:
    """Names of held conductances and resistances that are far outside the conductances that were observed."""
    seen = np.concatenate([replay.g_siemens for replay in best.replays])
    low, high = seen.min() / _BEYOND, seen.max() * _BEYOND
    units = {name: best.model.param[name].unit for name in held}
    siemens = {name: 1 / v if units[name] == "ohm" else v for name, v in held.items() if units[name] in ("S", "ohm")}
    return [name for name, g in siemens.items() if not low <= g <= high]


def _missed(best: MeasuredFit, remedy: str) -> list[str]:
    """Sentences on the files that the model misses, outliers left out, and on those that have outliers."""
    found = []
    for replay, relative, left in zip(best.replays, best.relative, best.residuals, strict=True):
        bad = outliers(left)
        error, scale = (float(np.sqrt(np.mean(x[~bad] ** 2))) for x in (relative, left))
        if error > _MISSED or scale > _MISSED_NOISE:
            found.append(
                f"{replay.name}: the model misses it by {percent(error):g} %, {scale:.2g} times the noise: values and "
                f"uncertainties hold only as far as it is right; {remedy}"
            )
        if count := int(bad.sum()):
            found.append(f"{replay.name}: {count} of {len(bad)} points are outliers, which count little")
    return found


def percent(error: float) -> float:
    """An error as a percentage with three significant digits."""
    return float(f"{100 * error:.3g}")
