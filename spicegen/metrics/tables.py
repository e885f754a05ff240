"""Figures of merit of update tables, from the curve that mean updates give pulse after pulse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models_va.errors import InputError
from spicegen.devices.update_table import UpdateTable
from spicegen.metrics import laws
from spicegen.metrics.metric import Metric, described

Array = NDArray[np.float64]
_MOST_PULSES = 100_000
_SATURATED, _NEAR = 0.05, 0.01
"""Shares of a table's range: the distance from its end within which a device may saturate, and the distance from that
point at which its curve ends."""


def trajectory(table: UpdateTable) -> Array:
    """Conductance after 0, 1, ... mean pulses from one end of the table to the other, shape (points,), S.

    Where the device saturates, mean updates of a measured table vanish before its last conductance, the highest or
    lowest that noise led to: within 5 % of the table's range from there, the curve ends 1 % before they do.

    Raises:
        InputError: mean updates do not lead to the other end.
    """
    on = 1 if table.rises else -1
    nodes = table.g_siemens[::on]
    step, width = on * table.mean_siemens(nodes), abs(nodes[-1] - nodes[0])
    end, least = nodes[-1], width / _MOST_PULSES
    if (step <= least).any():
        n = int(np.argmax(step <= least))
        part = (step[n - 1] - least) / (step[n - 1] - step[n]) if n else 0.0
        stuck = nodes[n - 1] + (nodes[n] - nodes[n - 1]) * part if n else nodes[0]
        if abs(end - stuck) > _SATURATED * width:
            raise InputError(
                f"update table: mean updates get stuck at {stuck:.4g} S on their way from {nodes[0]:.4g} to {end:.4g} "
                "S: cut the table there"
            )
        end = stuck - on * _NEAR * width
    g = [float(nodes[0])]
    while on * (end - g[-1]) > 0:
        g.append(g[-1] + float(table.mean_siemens(g[-1])))
    curve = np.array(g)
    return curve if curve[-1] == end else curve[:-1]


def measure(tables: Sequence[UpdateTable]) -> list[Metric]:
    """Compute every figure of merit of one update table, or of a rising and a falling one."""
    found = [metric for table in tables for metric in _of_one(table, "_p" if table.rises else "_d")]
    if len(tables) == 2:
        up, down = sorted(tables, key=lambda t: not t.rises)
        found += [
            _metric("asymmetric_ratio", _asymmetry(trajectory(up), trajectory(down)), "1", laws.asymmetric_ratio),
            _metric("symmetry_point", symmetry_point(up, down), "S", symmetry_point),
        ]
    return found


def mean_step(table: UpdateTable) -> float:
    """Mean change of conductance by a pulse, over the table's conductances alike. Source: arithmetic."""
    g = table.g_siemens
    return float(np.trapezoid(table.mean_siemens(g), g) / (g[-1] - g[0]))


def update_sigma(table: UpdateTable) -> float:
    """Standard deviation of what a pulse does, quadratic mean over the table's conductances. Source: arithmetic."""
    g = table.g_siemens
    return float(np.sqrt(np.trapezoid(table.sigma_siemens(g) ** 2, g) / (g[-1] - g[0])))


def pulses_through(table: UpdateTable) -> float:
    """Mean pulses from one end of the table to the other. Source: arithmetic."""
    return float(len(trajectory(table)) - 1)


def symmetry_point(up: UpdateTable, down: UpdateTable) -> float:
    """Conductance at which mean updates up and down are equally large; none if nowhere in both tables.

    Source: Rasch et al., Nat. Commun. 15, 7133 (2024).
    """
    g = np.union1d(up.g_siemens, down.g_siemens)
    g = g[(g >= max(up.g_siemens[0], down.g_siemens[0])) & (g <= min(up.g_siemens[-1], down.g_siemens[-1]))]
    net = up.mean_siemens(g) + down.mean_siemens(g)
    crossing = np.flatnonzero(np.diff(np.sign(net)))
    if not len(crossing):
        return float("nan")
    n = crossing[0]
    return float(g[n] - net[n] * (g[n + 1] - g[n]) / (net[n + 1] - net[n]))


def _of_one(table: UpdateTable, suffix: str) -> list[Metric]:
    curve = trajectory(table)
    if len(curve) < 3:
        raise InputError(
            f"update table: {len(curve) - 1} mean pulses lead through it: figures of merit need two or more"
        )
    bend = laws.beta(curve)
    return [
        _metric(f"beta{suffix}", bend, "1", laws.beta),
        _metric(f"alpha{suffix}", laws.alpha(curve) if curve.min() > 0 else float("nan"), "1", laws.alpha),
        _metric(f"neurosim_label{suffix}", float(laws.neurosim_label(bend)), "1", laws.neurosim_label),
        _metric(f"mean_step{suffix}", mean_step(table), "S", mean_step),
        _metric(f"update_sigma{suffix}", update_sigma(table), "S", update_sigma),
        _metric(f"pulses_through{suffix}", pulses_through(table), "1", pulses_through),
        Metric(f"dynamic_range{suffix}", float(abs(curve[-1] - curve[0])), None, "S", "Last less first conductance"),
    ]


def _metric(name: str, value: float, unit: str, definition: object) -> Metric:
    return Metric(name, value, None, unit, *described(definition))  # type: ignore[arg-type]


def _asymmetry(up: Array, down: Array) -> float:
    w = np.linspace(0, 1, len(up))
    return laws.asymmetric_ratio(up, np.interp(w, np.linspace(0, 1, len(down)), down))
