"""Update tables of the first pulse after a change of direction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spicegen.devices.update_table import UpdateTable
from spicegen.metrics._direction_updates import NAMES, DirectionUpdates
from spicegen.metrics._local_lines import shape_quantiles

Array = NDArray[np.float64]
FEWEST_FIRST = 20
_LEAST_STEP = 0.1


def first_table(updates: DirectionUpdates, table: UpdateTable) -> tuple[UpdateTable | None, str]:
    """Table of first pulses on the grid of the table of later ones, or none; and a sentence that says what was done.

    Trains turn at few conductances. So the table is that of later pulses times a random multiple, whose distribution
    is that of first changes over the mean later change at the same conductance, without what reads add. (The device of
    the card au-lixcoo2-pt, turned down between 13 and 28 uS, has multiples of 1.5 to 1.75.)
    """
    name = NAMES[updates.rises]
    if not updates.first_read:
        return None, f"What the first {name} pulse after others does is not known: there is no read before it."
    if not updates.set_apart.any():
        return None, f"The first {name} pulse after others does as later ones do: it has no table of its own."
    first = updates.set_apart
    before, change, added = (v[first] for v in (updates.before, updates.change, updates.added))
    said = (
        f"The first {name} pulse after others changes the conductance by {change.mean():.3g} S, "
        f"{change.mean() / updates.mean_step:.2g} mean steps, and is not in the table of later ones"
    )
    later = table.mean_siemens(before)
    if len(before) < FEWEST_FIRST:
        return None, f"{said}; {FEWEST_FIRST} of them would make a table of their own, and there are {len(before)}."
    if np.min(later / updates.mean_step) < _LEAST_STEP:
        return None, f"{said}; it has no table of its own, because later ones do next to nothing where trains turn."
    multiple = change / later
    variance = float(multiple.var(ddof=1) - np.mean(added / later**2))
    cdf = table.cdf
    values = multiple.mean() + np.sqrt(max(variance, 0.0)) * shape_quantiles(multiple, cdf)
    on_grid = np.sort(values[:, None] * table.mean_siemens(table.g_siemens), axis=0)
    return UpdateTable(table.g_siemens, cdf, on_grid), (
        f"{said}, but in one of its own: measured from {before.min():.4g} to {before.max():.4g} S, and elsewhere taken "
        "as the same multiple of later ones."
    )
