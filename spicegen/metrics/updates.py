"""Update tables made from measured trains of pulses, both directions on one regular grid of conductances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from spicegen.devices.update_table import UpdateTable
from spicegen.measurements.branches import Branch
from spicegen.metrics._curves import Curves
from spicegen.metrics._direction_updates import NAMES, DirectionUpdates, direction_updates
from spicegen.metrics._first_pulses import first_table
from spicegen.metrics._local_lines import FEWEST_NEAR, line_weights, near, shape_quantiles, spread_at

Array = NDArray[np.float64]
COLUMNS = 41
_CDF_POINTS = 101
_LEAST_SHARED = 0.1
"""Least share of the narrower direction's conductances that both directions must have been measured at."""


@dataclass(frozen=True, eq=False)
class TrainTables:
    """Update tables of one measurement, all on one regular grid of conductances.

    Attributes:
        tables: what a pulse does, the rising direction first; of a direction for which there is too little, none.
        first: what the first pulse after a change of direction does, where that is another thing and was measured
            often enough.
        notes: sentences on what the tables cover, what was left out, and why a table is missing.
    """

    tables: tuple[UpdateTable, ...]
    first: tuple[UpdateTable, ...]
    notes: tuple[str, ...]


def update_tables(measured: Sequence[Branch], curves: Sequence[Curves], place: str) -> TrainTables:
    """Update tables of a measured train.

    Conductances before pulses, changes and the variance that reads add to changes are those of ``direction_updates``.
    Both directions have one regular grid, from the lowest to the highest conductance before pulses of either; so no
    value is extrapolated. At each of its conductances the mean change is that of a local line, the standard deviation
    is fitted without the variance that reads add, and the shape of the distribution is that of the nearest changes.

    Args:
        measured: the branches of the train, one or two.
        curves: samples of each branch, the first of which is the measurement.
        place: name of the measurement, for the notes.
    """
    both = len(measured) == 2
    found, notes = _measured(measured, curves, place)
    try:
        grid = _grid(found, place) if found else np.empty(0)
    except InputError as error:
        return TrainTables((), (), (*notes, f"No update tables: {error}."))
    tables, first = [], []
    for updates in found:
        try:
            table = _table(updates, grid, place)
        except InputError as error:
            notes.append(f"No update table: {error}.")
            continue
        tables.append(table)
        notes += updates.notes(float(table.sigma_siemens(grid).mean()))
        if both:
            own, note = first_table(updates, table)
            first += [own] if own else []
            notes.append(note)
    covered = [_coverage(found, grid)] if tables else []
    return TrainTables(tuple(tables), tuple(first), (*covered, *notes))


def _measured(
    measured: Sequence[Branch], curves: Sequence[Curves], place: str
) -> tuple[list[DirectionUpdates], list[str]]:
    """What the pulses of each direction did; why that is not known, where it is not."""
    found, notes = [], []
    for branch, curve in zip(measured, curves, strict=True):
        try:
            found.append(direction_updates(branch, curve, place, turned=len(measured) == 2))
        except InputError as error:
            notes.append(f"No update table: {error}.")
    return found, notes


def _grid(found: Sequence[DirectionUpdates], place: str) -> Array:
    """The conductances of all tables, rising, shape (COLUMNS,), S."""
    low, high = max(u.range_siemens[0] for u in found), min(u.range_siemens[1] for u in found)
    if high - low < _LEAST_SHARED * min(u.range_siemens[1] - u.range_siemens[0] for u in found):
        raise InputError(f"{place}: rising and falling pulses were not measured at the same conductances")
    return np.linspace(low, high, COLUMNS)


def _coverage(found: Sequence[DirectionUpdates], grid: Array) -> str:
    where = "both directions" if len(found) > 1 else f"{NAMES[found[0].rises]} pulses"
    beyond = " and ".join(
        f"{np.sum((u.before < grid[0]) | (u.before > grid[-1]))} of {len(u.before)} {NAMES[u.rises]} pulses"
        for u in found
    )
    return (
        f"Update tables: {len(grid)} conductances from {grid[0]:.4g} to {grid[-1]:.4g} S, where {where} were measured; "
        f"clipped: {beyond} from beyond."
    )


def _table(updates: DirectionUpdates, grid: Array, place: str) -> UpdateTable:
    """Table of later pulses on the grid."""
    later = ~updates.set_apart
    before, change, added = (v[later] for v in (updates.before, updates.change, updates.added))
    inside = (before >= grid[0]) & (before <= grid[-1])
    if inside.sum() < FEWEST_NEAR:
        many = f"{inside.sum()} {NAMES[updates.rises]} pulses where both directions were measured"
        raise InputError(f"{place}: {many}: an update table needs {FEWEST_NEAR} or more")
    weights = line_weights(before, grid, updates.least_width)
    mean = weights @ change
    residual = (change - np.interp(before, grid, mean)) / np.sqrt(1 - _own_weight(weights, before, grid))
    x, apart, noise = before[inside], residual[inside], added[inside]
    sigma = spread_at(x, apart, noise, grid, mean)
    expected = np.sqrt(np.interp(x, grid, sigma) ** 2 + noise)
    standard = np.divide(apart, expected, out=np.zeros_like(apart), where=expected > 0)
    cdf, nearest = np.linspace(0, 1, _CDF_POINTS), min(near(len(x)), len(x))
    shapes = [shape_quantiles(standard[np.argpartition(np.abs(x - g), nearest - 1)[:nearest]], cdf) for g in grid]
    table = UpdateTable(grid, cdf, mean + sigma * np.stack(shapes, axis=1))
    if table.rises != updates.rises:
        raise InputError(
            f"{place}: what a pulse does is lost in the noise of reads: an update table needs larger steps"
        )
    return table


def _own_weight(weights: Array, x: Array, grid: Array) -> Array:
    """Weight of each change in the mean that it is compared with, shape (x,), at most one half."""
    place = np.clip((x - grid[0]) / (grid[1] - grid[0]), 0, len(grid) - 1)
    left = np.minimum(place.astype(int), len(grid) - 2)
    right, column = place - left, np.arange(len(x))
    own = weights[left, column] * (1 - right) + weights[left + 1, column] * right
    return np.asarray(np.clip(own, 0, 0.5))
